#include "tests/support/stack.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/client.h"

namespace lingkaran {

const std::vector<std::string>& ServiceNames() {
  static const auto& names = *new std::vector<std::string>{"coverage", "registry", "sponsorship"};
  return names;
}

std::string Stack::Database(const std::string& service) const {
  if (options_.postgres.empty()) {
    return absl::StrCat("sqlite:", directory_.path(), "/", service, ".db");
  }
  const std::string& url = options_.postgres;
  return absl::StrCat(url.substr(0, url.rfind('/') + 1), service, suffix_);
}

std::string Stack::AddressFile(const std::string& service) const {
  return absl::StrCat(directory_.path(), "/", service, ".address");
}

std::string Stack::Peer(const std::string& caller, const std::string& peer) const {
  const auto found = options_.peers.find(absl::StrCat(caller, "/", peer));
  return found == options_.peers.end() ? addresses_.at(peer) : found->second;
}

Stack::Stack(Options options) : options_(std::move(options)) {
  static std::atomic<int> stacks = 0;
  suffix_ = absl::StrCat("_stack_", getpid(), "_", ++stacks);
  const std::string keys = absl::StrCat(directory_.path(), "/keys.json");
  std::ofstream(keys) << PersonalDataVault::NewKeyFile();
  chmod(keys.c_str(), 0600);
  for (const std::string& service : ServiceNames()) {
    if (!options_.postgres.empty()) {
      ExecuteSql(options_.postgres, absl::StrCat("CREATE DATABASE ", service, suffix_));
    }
    addresses_[service] = absl::StrCat("127.0.0.1:", FreePort());
  }
  if (options_.start) {
    for (const std::string& service : ServiceNames()) Start(service);
  }
  registry_ = registry::v1::RegistryService::NewStub(MakeChannel(addresses_["registry"]));
  sponsorship_ =
      sponsorship::v1::SponsorshipService::NewStub(MakeChannel(addresses_["sponsorship"]));
  coverage_ = coverage::v1::CoverageService::NewStub(MakeChannel(addresses_["coverage"]));
  for (const std::string& service : ServiceNames()) {
    operations_[service] = ops::v1::OperationsService::NewStub(MakeChannel(addresses_[service]));
  }
}

void Stack::Launch(const std::string& service, const StartOptions& options) {
  const std::string address_file = AddressFile(service);
  std::remove(address_file.c_str());
  std::vector<std::string> flags = {"--listen",       addresses_[service],
                                    "--database",     Database(service),
                                    "--clock",        options_.clock,
                                    "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules",
                                    "--regions",      LINGKARAN_SOURCE_DIR "/deploy/regions",
                                    "--log",          "warning",
                                    "--address-file", address_file};
  if (!options_.redis.empty()) flags.insert(flags.end(), {"--redis", options_.redis});
  if (service != "sponsorship") {
    flags.insert(flags.end(), {"--keys", absl::StrCat(directory_.path(), "/keys.json")});
  }
  if (service != "coverage") flags.insert(flags.end(), {"--coverage", Peer(service, "coverage")});
  if (service == "sponsorship") {
    flags.insert(flags.end(), {"--registry", Peer(service, "registry")});
  }
  flags.insert(flags.end(), options_.flags.begin(), options_.flags.end());
  flags.insert(flags.end(), options.flags.begin(), options.flags.end());
  processes_[service] = std::make_unique<Process>(
      absl::StrCat(options_.bin.empty() ? LINGKARAN_BIN_DIR : options_.bin, "/lingkaran-", service),
      flags, absl::StrCat(directory_.path(), "/", service, ".log"),
      Process::Options{.environment = options.environment});
}

void Stack::Start(const std::string& service, const StartOptions& options) {
  Launch(service, options);
  process(service).WaitForAddress(AddressFile(service));
}

bool Stack::TryStart(const std::string& service, const StartOptions& options) {
  Launch(service, options);
  return process(service).AwaitAddress(AddressFile(service)).has_value();
}

std::optional<int> Stack::WaitForEnd(const std::string& service, std::chrono::milliseconds time) {
  return process(service).WaitForEnd(time);
}

bool Stack::running(const std::string& service) const {
  const auto found = processes_.find(service);
  return found != processes_.end() && found->second->running();
}

void Stack::Kill(const std::string& service) { process(service).Kill(); }

int Stack::Stop(const std::string& service) { return process(service).Stop(); }

double Stack::PeakMegabytes() const {
  double peak = 0;
  for (const auto& [name, process] : processes_) peak = std::max(peak, process->PeakMegabytes());
  return peak;
}

Stack::~Stack() {
  for (auto& [name, process] : processes_) process->Terminate();
  for (auto& [name, process] : processes_) process->Stop();
  if (options_.postgres.empty() || !options_.drop_databases) return;
  for (const std::string& service : ServiceNames()) {
    ExecuteSql(options_.postgres, absl::StrCat("DROP DATABASE ", service, suffix_));
  }
}

}  // namespace lingkaran
