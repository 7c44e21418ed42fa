#include "tests/support/cluster.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/client.h"

namespace lingkaran {
namespace {

constexpr int kStartSeconds = 60;
constexpr char kNobody[] = "127.0.0.1:1";

}  // namespace

const std::vector<std::string>& ServiceNames() {
  static const auto& names = *new std::vector<std::string>{"coverage", "registry", "sponsorship"};
  return names;
}

std::string ReplicaName(const std::string& service, int number) {
  return number == 0 ? service : absl::StrCat(service, "-", number);
}

Cluster::Cluster(Options options) : options_(std::move(options)) {
  static std::atomic<int> clusters = 0;
  suffix_ = absl::StrCat("_cluster_", getpid(), "_", ++clusters);
  std::ofstream(keys()) << PersonalDataVault::NewKeyFile();
  chmod(keys().c_str(), 0600);
  for (const std::string& service : options_.services) {
    if (!options_.postgres.empty()) {
      ExecuteSql(options_.postgres, absl::StrCat("CREATE DATABASE ", service, suffix_));
    }
    for (int i = 0; i < options_.replicas + options_.without_redis; ++i) Add(service, i);
    const auto channel = MakeChannel(address(service));
    if (service == "registry") registry_ = registry::v1::RegistryService::NewStub(channel);
    if (service == "coverage") coverage_ = coverage::v1::CoverageService::NewStub(channel);
    if (service == "sponsorship") {
      sponsorship_ = sponsorship::v1::SponsorshipService::NewStub(channel);
    }
    operations_[service] = ops::v1::OperationsService::NewStub(channel);
  }
  if (!options_.start) return;
  for (const std::string& name : names()) Start(name);
}

Cluster::~Cluster() {
  for (auto& [name, replica] : replicas_) replica.process.reset();
  if (options_.postgres.empty() || !options_.drop_databases) return;
  for (const std::string& service : options_.services) {
    ExecuteSql(options_.postgres, absl::StrCat("DROP DATABASE ", service, suffix_, " (FORCE)"));
  }
}

void Cluster::Add(const std::string& service, int number) {
  Replica replica;
  replica.service = service;
  replica.number = number;
  replica.listen = absl::StrCat("127.0.0.1:", FreePort());
  if (options_.proxies) {
    replica.front = std::make_unique<FaultProxy>(replica.listen);
    for (const auto& [name, peer] : replicas_) {
      if (peer.service == service || peer.number != number) continue;
      replica.peers[peer.service] = std::make_unique<FaultProxy>(peer.listen);
    }
  }
  if (options_.redis_proxies && number < options_.replicas) {
    replica.redis = std::make_unique<FaultProxy>(options_.redis);
  }
  replicas_[ReplicaName(service, number)] = std::move(replica);
}

std::string Cluster::Database(const std::string& service) const {
  if (options_.postgres.empty()) return absl::StrCat("sqlite:", directory(), "/", service, ".db");
  const std::string& url = options_.postgres;
  return absl::StrCat(url.substr(0, url.rfind('/') + 1), service, suffix_);
}

std::string Cluster::AddressFile(const std::string& name) const {
  return absl::StrCat(directory(), "/", name, ".address");
}

std::string Cluster::Peer(const Replica& caller, const std::string& peer) const {
  const auto proxy = caller.peers.find(peer);
  if (proxy != caller.peers.end()) return proxy->second->address();
  const auto found = replicas_.find(ReplicaName(peer, caller.number));
  return found == replicas_.end() ? kNobody : found->second.listen;
}

void Cluster::Launch(const std::string& name, const StartOptions& options) {
  Replica& replica = replicas_.at(name);
  const std::string& service = replica.service;
  const std::string address_file = AddressFile(name);
  std::remove(address_file.c_str());
  // A port that was left for a moment may be another's by now: behind a proxy each start takes a
  // new one.
  std::vector<std::string> flags = {
      "--listen",       replica.front ? "127.0.0.1:0" : replica.listen,
      "--database",     Database(service),
      "--clock",        options_.clock,
      "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules",
      "--regions",      LINGKARAN_SOURCE_DIR "/deploy/regions",
      "--log",          options_.log,
      "--address-file", address_file};
  if (!options_.redis.empty() && replica.number < options_.replicas) {
    flags.insert(flags.end(),
                 {"--redis", replica.redis ? replica.redis->address() : options_.redis});
  }
  if (service != "sponsorship") flags.insert(flags.end(), {"--keys", keys()});
  if (service != "coverage") {
    flags.insert(flags.end(), {"--coverage", Peer(replica, "coverage")});
  }
  if (service == "sponsorship") {
    flags.insert(flags.end(), {"--registry", Peer(replica, "registry")});
  }
  flags.insert(flags.end(), options_.flags.begin(), options_.flags.end());
  flags.insert(flags.end(), options.flags.begin(), options.flags.end());
  replica.process = std::make_unique<Process>(
      absl::StrCat(options_.bin.empty() ? LINGKARAN_BIN_DIR : options_.bin, "/lingkaran-", service),
      flags, absl::StrCat(directory(), "/", name, ".log"),
      Process::Options{.environment = options.environment});
}

void Cluster::Start(const std::string& name, const StartOptions& options) {
  Launch(name, options);
  Moved(replicas_.at(name), process(name).WaitForAddress(AddressFile(name), kStartSeconds));
}

bool Cluster::TryStart(const std::string& name, const StartOptions& options) {
  Launch(name, options);
  const auto address = process(name).AwaitAddress(AddressFile(name), kStartSeconds);
  if (address.has_value()) Moved(replicas_.at(name), *address);
  return address.has_value();
}

void Cluster::Moved(Replica& replica, const std::string& address) {
  replica.listen = address;
  if (replica.front) replica.front->SetTarget(address);
  for (const auto& [name, caller] : replicas_) {
    const auto peer = caller.peers.find(replica.service);
    if (peer != caller.peers.end() && caller.number == replica.number) {
      peer->second->SetTarget(address);
    }
  }
}

std::vector<std::string> Cluster::names() const {
  std::vector<std::string> names;
  for (const auto& [name, replica] : replicas_) names.push_back(name);
  return names;
}

bool Cluster::running(const std::string& name) const {
  const auto& process = replicas_.at(name).process;
  return process != nullptr && process->running();
}

const std::string& Cluster::address(const std::string& name) const {
  const Replica& replica = replicas_.at(name);
  return replica.front ? replica.front->address() : replica.listen;
}

std::vector<FaultProxy*> Cluster::peer_proxies(const std::string& name) const {
  std::vector<FaultProxy*> proxies;
  for (const auto& [peer, proxy] : replicas_.at(name).peers) proxies.push_back(proxy.get());
  return proxies;
}

double Cluster::PeakMegabytes() const {
  double peak = 0;
  for (const auto& [name, replica] : replicas_) {
    if (replica.process) peak = std::max(peak, replica.process->PeakMegabytes());
  }
  return peak;
}

}  // namespace lingkaran
