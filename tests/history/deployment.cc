#include "tests/history/deployment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/crypto/personal_data_vault.h"
#include "tests/support/stack.h"

namespace lingkaran::history {
namespace {

// Services call each other seldom, and what goes wrong between them is the harder case.
constexpr int kPeersWorse = 4;

}  // namespace

Deployment::Deployment(const Options& options) : options_(options) {
  static std::atomic<int> deployments = 0;
  suffix_ = absl::StrCat("_history_", getpid(), "_", ++deployments);
  const std::string keys = directory_.path() + "/keys.json";
  std::ofstream(keys) << PersonalDataVault::NewKeyFile();
  chmod(keys.c_str(), 0600);
  for (const std::string& service : ServiceNames()) {
    if (!options.postgres.empty()) {
      ExecuteSql(options.postgres, absl::StrCat("CREATE DATABASE ", service, suffix_));
    }
    for (int number = 0; number < options.replicas; ++number) {
      Replica replica{service, number, absl::StrCat("127.0.0.1:", FreePort()),
                      nullptr, {},     nullptr};
      replica.front = std::make_unique<FaultProxy>(replica.address);
      for (const Replica& peer : replicas_) {
        if (peer.service == service || peer.number != number) continue;
        replica.peers[peer.service] = std::make_unique<FaultProxy>(peer.address);
      }
      Start(replica);
      replicas_.push_back(std::move(replica));
    }
  }
}

Deployment::~Deployment() {
  for (Replica& replica : replicas_) replica.process->Kill();
  if (options_.postgres.empty()) return;
  for (const std::string& service : ServiceNames()) {
    ExecuteSql(options_.postgres, absl::StrCat("DROP DATABASE ", service, suffix_, " (FORCE)"));
  }
}

std::string Deployment::Database(const std::string& service) const {
  if (options_.postgres.empty()) {
    return absl::StrCat("sqlite:", directory_.path(), "/", service, ".db");
  }
  const std::string& url = options_.postgres;
  return absl::StrCat(url.substr(0, url.rfind('/') + 1), service, suffix_);
}

// Peers are those that were started before: coverage, then registry, then sponsorship.
void Deployment::Start(Replica& replica) {
  const std::string name = absl::StrCat(directory_.path(), "/", replica.service, replica.number);
  const std::string ready = name + ".address";
  std::remove(ready.c_str());
  std::vector<std::string> flags = {"--listen",       "127.0.0.1:0",
                                    "--database",     Database(replica.service),
                                    "--clock",        options_.clock,
                                    "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules",
                                    "--regions",      LINGKARAN_SOURCE_DIR "/deploy/regions",
                                    "--log",          "warning",
                                    "--address-file", ready};
  if (!options_.redis.empty()) flags.insert(flags.end(), {"--redis", options_.redis});
  if (replica.service != "sponsorship") {
    flags.insert(flags.end(), {"--keys", directory_.path() + "/keys.json"});
  }
  if (replica.service != "coverage") {
    flags.insert(flags.end(), {"--coverage", replica.peers.at("coverage")->address()});
  }
  if (replica.service == "sponsorship") {
    flags.insert(flags.end(), {"--registry", replica.peers.at("registry")->address()});
  }
  replica.process =
      std::make_unique<Process>(absl::StrCat(LINGKARAN_BIN_DIR "/lingkaran-", replica.service),
                                std::move(flags), name + ".log");
  replica.address = replica.process->WaitForAddress(ready, 60);
  // A port that was left for a moment may be another's by now, so each start takes a new one.
  if (replica.front == nullptr) replica.front = std::make_unique<FaultProxy>(replica.address);
  replica.front->SetTarget(replica.address);
  for (const Replica& caller : replicas_) {
    const auto peer = caller.peers.find(replica.service);
    if (peer == caller.peers.end() || caller.number != replica.number) continue;
    peer->second->SetTarget(replica.address);
  }
}

Targets Deployment::targets() const {
  Targets targets;
  for (const Replica& replica : replicas_) {
    std::vector<std::string>& addresses = replica.service == "registry"   ? targets.registry
                                          : replica.service == "coverage" ? targets.coverage
                                                                          : targets.sponsorship;
    addresses.push_back(replica.front->address());
  }
  return targets;
}

std::vector<FaultProxy*> Deployment::Proxies() const {
  std::vector<FaultProxy*> proxies;
  for (const Replica& replica : replicas_) {
    proxies.push_back(replica.front.get());
    for (const auto& [peer, proxy] : replica.peers) proxies.push_back(proxy.get());
  }
  return proxies;
}

void Deployment::PlayFaults(uint64_t seed, absl::Duration length, absl::Duration gap) {
  for (const Replica& replica : replicas_) {
    replica.front->Play(MakeFaults(seed++, length, gap));
    for (const auto& [peer, proxy] : replica.peers) {
      proxy->Play(MakeFaults(seed++, length, gap / kPeersWorse));
    }
  }
}

void Deployment::Heal() {
  for (FaultProxy* proxy : Proxies()) proxy->Heal();
}

std::map<std::string, int64_t> Deployment::FaultCounts() const {
  std::map<std::string, int64_t> counts;
  for (const FaultProxy* proxy : Proxies()) {
    const auto own = proxy->counts();
    for (int i = 0; i < kFaults; ++i) {
      counts[std::string(FaultName(static_cast<Fault>(i)))] += own[i];
    }
  }
  return counts;
}

void Deployment::KillOne(uint64_t random) {
  Replica& victim = replicas_[random % replicas_.size()];
  victim.process->Kill();
  Start(victim);
}

}  // namespace lingkaran::history
