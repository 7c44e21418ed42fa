// Where a seed plays: some coverage processes on one database, and a Redis that each of them
// reaches through a fault proxy of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/crypto/personal_data_vault.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/freshness/redis_box.h"
#include "tests/support/cluster.h"

namespace lingkaran::freshness {

// Processes are started, killed and stopped by the thread that made it; the stubs are for all.
class World {
 public:
  struct Options {
    std::string postgres = "";  // URL of a server, superuser; empty: SQLite
    std::string bin = "";       // where lingkaran-coverage is; empty: this build's
    int replicas = 2;
    int near_members = 20'000;  // of each replica; 0: the program's default
    int without_redis = 0;      // so many more replicas, the last ones, that have no Redis
  };
  explicit World(const Options& options);

  int replicas() const { return static_cast<int>(stubs_.size()); }
  coverage::v1::CoverageService::Stub& stub(int replica) { return *stubs_[replica]; }
  FaultProxy& proxy(int replica) { return cluster_.redis_proxy(Name(replica)); }
  RedisBox& redis() { return redis_; }
  const PersonalDataVault& sealer() const { return *sealer_; }

  // kill -9.
  void Kill(int replica) { cluster_.Kill(Name(replica)); }
  // Starts it if it does not run and waits until it serves; `fail_point` as in
  // common/base/failpoint.h. False if it died before it served.
  bool Start(int replica, const std::string& fail_point = "");
  // Waits until it died by itself; false if it lives on.
  bool WaitForEnd(int replica, absl::Duration time);
  void Pause(int replica) { cluster_.process(Name(replica)).Pause(); }
  void Resume(int replica) { cluster_.process(Name(replica)).Resume(); }
  // Ends all of PostgreSQL's sessions on this database; nothing for SQLite.
  void CutDatabase();
  // Logs, for a look after a failure.
  const std::string& directory() const { return cluster_.directory(); }
  void Keep() { cluster_.Keep(); }

 private:
  static std::string Name(int replica) { return ReplicaName("coverage", replica); }

  const std::string postgres_;
  RedisBox redis_;
  Cluster cluster_;
  std::unique_ptr<PersonalDataVault> sealer_;
  std::vector<std::unique_ptr<coverage::v1::CoverageService::Stub>> stubs_;
};

}  // namespace lingkaran::freshness
