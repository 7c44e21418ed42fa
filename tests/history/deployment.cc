#include "tests/history/deployment.h"

#include <array>

#include "absl/strings/match.h"

namespace lingkaran::history {
namespace {

// Services call each other seldom, and what goes wrong between them is the harder case.
constexpr int kPeersWorse = 4;

}  // namespace

Deployment::Deployment(const Options& options)
    : cluster_({.replicas = options.replicas,
                .postgres = options.postgres,
                .redis = options.redis,
                .clock = options.clock,
                .proxies = true}),
      names_(cluster_.names()) {}

Targets Deployment::targets() const {
  Targets targets;
  for (const std::string& name : names_) {
    std::vector<std::string>& addresses = absl::StartsWith(name, "registry") ? targets.registry
                                          : absl::StartsWith(name, "coverage")
                                              ? targets.coverage
                                              : targets.sponsorship;
    addresses.push_back(cluster_.address(name));
  }
  return targets;
}

std::vector<FaultProxy*> Deployment::Proxies() const {
  std::vector<FaultProxy*> proxies;
  for (const std::string& name : names_) {
    proxies.push_back(&cluster_.front(name));
    for (FaultProxy* proxy : cluster_.peer_proxies(name)) proxies.push_back(proxy);
  }
  return proxies;
}

void Deployment::PlayFaults(uint64_t seed, absl::Duration length, absl::Duration gap) {
  for (const std::string& name : names_) {
    cluster_.front(name).Play(MakeFaults(seed++, length, gap));
    for (FaultProxy* proxy : cluster_.peer_proxies(name)) {
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
  const std::string& victim = names_[random % names_.size()];
  cluster_.Kill(victim);
  cluster_.Start(victim);
}

}  // namespace lingkaran::history
