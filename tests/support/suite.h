// The three services in one process, over real gRPC on loopback, with a clock set by hand: for
// tests of what only all of them together can show. Each service can be stopped and started again
// on its database, at its address.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "services/coverage/app.h"
#include "services/registry/app.h"
#include "services/sponsorship/app.h"
#include "tests/support/in_process.h"
#include "tests/support/redis_server.h"
#include "tests/support/test_database.h"

namespace lingkaran {

// A second officer, beside kBudi.
inline constexpr char kSiti[] = "siti;role=officer";

class Suite {
 public:
  struct Options {
    sql::Dialect dialect = sql::Dialect::kSqlite;
    bool redis = false;                                     // an own Redis, on a socket
    absl::Time now = absl::FromUnixSeconds(1'573'092'000);  // 7 November 2019, 09:00 WIB
  };
  explicit Suite(const Options& options);

  ManualClock& clock() { return clock_; }
  // Moves the clock to 09:00 WIB of the day.
  void GoTo(int year, int month, int day);

  void StartRegistry() { registry_->Start(); }
  void StopRegistry() { registry_->Stop(); }
  void StartCoverage() { coverage_->Start(); }
  void StopCoverage() { coverage_->Stop(); }
  void StartSponsorship() { sponsorship_->Start(); }
  void StopSponsorship() { sponsorship_->Stop(); }

  registry::v1::RegistryService::Stub& registry() { return registry_->stub(); }
  coverage::v1::CoverageService::Stub& coverage() { return coverage_->stub(); }
  sponsorship::v1::SponsorshipService::Stub& sponsorship() { return sponsorship_->stub(); }
  // Adds sponsorship's whole ledger anew; it must run.
  absl::Status Audit() { return sponsorship_->app().Audit(); }
  // The other side of each service: what it owes, and its audit.
  ops::v1::OperationsService::Stub& registry_ops() { return registry_->operations(); }
  ops::v1::OperationsService::Stub& coverage_ops() { return coverage_->operations(); }
  ops::v1::OperationsService::Stub& sponsorship_ops() { return sponsorship_->operations(); }
  // "127.0.0.1:41233".
  const std::string& registry_address() const { return registry_->address(); }
  const std::string& coverage_address() const { return coverage_->address(); }
  const std::string& sponsorship_address() const { return sponsorship_->address(); }
  // URLs of the databases, for a look past the services.
  const std::string& registry_database() const { return registry_->config().database; }
  const std::string& coverage_database() const { return coverage_->config().database; }
  const std::string& sponsorship_database() const { return sponsorship_->config().database; }
  // How to start a replica of sponsorship beside it.
  ServiceConfig sponsorship_config() const {
    ServiceConfig config = sponsorship_->config();
    config.listen = ServiceConfig().listen;
    return config;
  }
  // "unix:PATH" of the Redis; empty if there is none.
  const std::string& redis() const { return redis_address_; }

 private:
  // With a new database; peers are those that run already.
  ServiceConfig Config(sql::Dialect dialect);

  TempDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<RedisServer> redis_server_;
  std::string redis_address_;
  std::vector<TestDatabase> databases_;
  // In the order of start: what is stopped first stands last.
  std::unique_ptr<InProcess<coverage::CoverageApp, coverage::v1::CoverageService>> coverage_;
  std::unique_ptr<InProcess<registry::RegistryApp, registry::v1::RegistryService>> registry_;
  std::unique_ptr<InProcess<sponsorship::SponsorshipApp, sponsorship::v1::SponsorshipService>>
      sponsorship_;
};

// Sends a list of candidates of Surakarta and has it approved: working adults, every `disabled`th
// with a disability. `first` makes lists differ. Gives the worker ids in the order of the list.
std::vector<int64_t> AddWorkers(Suite& suite, int count, int disabled = 10, int first = 0);

// Waits for the end of an allocation and gives it.
sponsorship::v1::Allocation WaitForEnd(Suite& suite, int64_t allocation_id);

}  // namespace lingkaran
