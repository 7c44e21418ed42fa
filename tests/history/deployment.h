// The suite as it runs in production: several processes of each service on one database, and a bad
// network between all of them: every connection of clients and of services goes through a fault
// proxy.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/history/workload.h"
#include "tests/support/cluster.h"

namespace lingkaran::history {

// Not for several threads at once; processes live no longer than the thread that started them.
class Deployment {
 public:
  struct Options {
    std::string postgres = "";  // URL of a server, or empty for SQLite
    std::string redis = "";     // HOST:PORT, or empty for none
    std::string clock = "2019-11-07T08:00:00+07:00";
    int replicas = 2;  // of each service
  };
  explicit Deployment(const Options& options);

  // Where clients find the services: the proxies.
  Targets targets() const;

  // All proxies play faults for so long, on average one in each `gap` at each of them, and more
  // often between services.
  void PlayFaults(uint64_t seed, absl::Duration length, absl::Duration gap);
  // The network is good again.
  void Heal();
  // Connections that felt a fault, by its name.
  std::map<std::string, int64_t> FaultCounts() const;

  // kill -9 of one of the processes, which is then started again behind its proxies.
  void KillOne(uint64_t random);

 private:
  std::vector<FaultProxy*> Proxies() const;

  Cluster cluster_;
  const std::vector<std::string> names_;
};

}  // namespace lingkaran::history
