// The three services in one process, over real gRPC on loopback, with a clock set by hand: for
// tests of what only all of them together can show. Each service can be stopped and started again
// on its database, at its address.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/rpc/client.h"
#include "common/server/config.h"
#include "common/server/server.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "services/coverage/app.h"
#include "services/registry/app.h"
#include "services/sponsorship/app.h"
#include "tests/support/process.h"
#include "tests/support/test_database.h"

namespace lingkaran {

// Whom the tests call as.
inline constexpr char kBudi[] = "budi;role=officer";
inline constexpr char kSiti[] = "siti;role=officer";

class Suite {
 public:
  struct Options {
    sql::Dialect dialect = sql::Dialect::kSqlite;
    bool redis = false;  // an own Redis, on a socket in the temporary directory
    absl::Time now = absl::FromUnixSeconds(1'573'092'000);  // 7 November 2019, 09:00 WIB
  };
  explicit Suite(const Options& options);
  ~Suite();

  ManualClock& clock() { return clock_; }
  // Moves the clock to 09:00 WIB of the day.
  void GoTo(int year, int month, int day);

  void StartRegistry();
  void StopRegistry();
  void StartCoverage();
  void StopCoverage();
  void StartSponsorship();
  void StopSponsorship();

  registry::v1::RegistryService::Stub& registry() { return *registry_stub_; }
  coverage::v1::CoverageService::Stub& coverage() { return *coverage_stub_; }
  sponsorship::v1::SponsorshipService::Stub& sponsorship() { return *sponsorship_stub_; }
  // Adds sponsorship's whole book anew; it must run.
  absl::Status Audit() { return sponsorship_->Audit(); }
  // The other side of each service: what it owes, and its book.
  ops::v1::OperationsService::Stub& registry_ops() { return *ops_stubs_[0]; }
  ops::v1::OperationsService::Stub& coverage_ops() { return *ops_stubs_[1]; }
  ops::v1::OperationsService::Stub& sponsorship_ops() { return *ops_stubs_[2]; }
  // "127.0.0.1:41233" of registry (0), coverage (1) and sponsorship (2).
  const std::string& address(int service) const { return addresses_[service]; }
  // URLs of the databases, for a look past the services.
  const std::string& registry_database() const { return databases_[0].url; }
  const std::string& coverage_database() const { return databases_[1].url; }
  const std::string& sponsorship_database() const { return databases_[2].url; }
  // How sponsorship is started, for a replica of it beside.
  ServiceConfig sponsorship_config() const { return Config(2); }
  // "unix:PATH" of the Redis; empty if there is none.
  const std::string& redis() const { return redis_address_; }

 private:
  ServiceConfig Config(int service) const;
  void Serve(int service, std::function<absl::Status()> healthy,
             std::vector<grpc::Service*> handlers);

  TempDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<Process> redis_process_;
  std::string redis_address_;
  std::array<TestDatabase, 3> databases_;
  std::array<std::string, 3> addresses_;
  std::unique_ptr<registry::RegistryApp> registry_;
  std::unique_ptr<coverage::CoverageApp> coverage_;
  std::unique_ptr<sponsorship::SponsorshipApp> sponsorship_;
  std::array<std::unique_ptr<Server>, 3> servers_;
  std::unique_ptr<registry::v1::RegistryService::Stub> registry_stub_;
  std::unique_ptr<coverage::v1::CoverageService::Stub> coverage_stub_;
  std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> sponsorship_stub_;
  std::array<std::unique_ptr<ops::v1::OperationsService::Stub>, 3> ops_stubs_;
};

// Calls an RPC once, on a connection that stands: after a restart the test's own channel may still
// pause before it connects anew, and that is not what is tested.
//   Ask(suite.sponsorship(), &SponsorshipService::Stub::GetPledge, request)
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Ask(Stub& stub,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                             const Request& request, const std::string& actor = kBudi);

// Sends a list of candidates of Surakarta and has it approved: working adults, every `disabled`th
// with a disability. `first` makes lists differ. Gives the worker ids in the order of the list.
std::vector<int64_t> AddWorkers(Suite& suite, int count, int disabled = 10, int first = 0);

// Waits for the end of an allocation and gives it.
sponsorship::v1::Allocation WaitForEnd(Suite& suite, int64_t allocation_id);

namespace suite_internal {
absl::Status FromCall(const grpc::Status& status);
}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Ask(Stub& stub,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                             const Request& request, const std::string& actor) {
  grpc::ClientContext context;
  Prepare(context, {.actor = actor, .timeout = absl::Seconds(60)});
  context.set_wait_for_ready(true);
  Response response;
  const absl::Status status =
      suite_internal::FromCall((stub.*method)(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

}  // namespace lingkaran
