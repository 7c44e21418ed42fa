// What the tests of failing machines share: real services on a machine whose faults are switched,
// verified workers, paid pledges, and calls that try once or go on until they are answered.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "tests/support/ask.h"
#include "tests/support/cluster.h"
#include "tests/support/faulty_machine.h"
#include "tests/support/requests.h"

namespace lingkaran {

namespace rv1 = registry::v1;
namespace sv1 = sponsorship::v1;
namespace cv1 = coverage::v1;
using Registries = rv1::RegistryService::Stub;
using Sponsorships = sv1::SponsorshipService::Stub;
using Coverages = cv1::CoverageService::Stub;

inline constexpr int64_t kPerSeat = 3 * 16'800;

// The machine that service processes run on.
class FaultyMachine {
 public:
  FaultyMachine();
  ~FaultyMachine();
  // For the start of a process.
  std::vector<std::string> Environment() const;
  // The faults, all off at first.
  MachineFaults& faults() { return *faults_; }
  void FillDisk(const std::string& folder);

 private:
  TempDirectory directory_;
  MachineFaults* faults_ = nullptr;
};

// The three services on such a machine. A database server stands elsewhere: it has no faults.
class ResourcesCluster {
 public:
  // `postgres`: URL of a server, or empty for SQLite.
  explicit ResourcesCluster(const std::string& postgres);

  Cluster& cluster() { return cluster_; }
  FaultyMachine& machine() { return machine_; }
  void Start(const std::string& service);

  // One try; the answer, or the error, comes within `timeout`.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Try(Stub& stub, StubMethod<Stub, Request, Response> rpc,
                               const Request& request, const std::string& actor = kOfficer,
                               absl::Duration timeout = absl::Seconds(3)) {
    CallOptions options;
    options.actor = actor;
    options.timeout = timeout;
    options.tries = 1;
    options.patience = absl::ZeroDuration();
    return AskWithRetry(stub, rpc, request, options);
  }

  // Tries until it is answered with OK, which must be within `limit`.
  template <typename Stub, typename Request, typename Response>
  Response Must(Stub& stub, StubMethod<Stub, Request, Response> rpc, const Request& request,
                const std::string& actor = kOfficer, absl::Duration limit = absl::Minutes(1)) {
    const absl::Time end = absl::Now() + limit;
    while (true) {
      absl::StatusOr<Response> response = Try(stub, rpc, request, actor);
      if (response.ok()) return *std::move(response);
      if (absl::Now() >= end) {
        ADD_FAILURE() << request.GetTypeName() << ": " << response.status();
        return {};
      }
    }
  }

  // `count` verified workers of Surakarta, numbered from `from` on.
  void AddWorkers(int from, int count);
  sv1::Pledge UnpaidPledge(int seats);
  sv1::Pledge PaidPledge(int seats);
  sv1::Pledge GetPledge(int64_t pledge_id);
  // True if some worker of the pledge is covered, asked past every cache.
  bool IsCovered(int64_t worker_id);

  int64_t Allocate(const sv1::AllocatePledgeRequest& request);
  int64_t Allocate(int64_t pledge_id) { return Allocate(AllocationOf(pledge_id)); }
  // Stops coverage where it is (the caller lets it go on) and allocates: returns in the middle,
  // when activations are under way to it. Until it goes on the allocation can't end.
  int64_t AllocateUntilCoverage(int64_t pledge_id);
  absl::StatusOr<sv1::Allocation> GetAllocation(int64_t allocation_id);
  // Looks until the allocation has filled that many seats, or ended, which must be within `limit`.
  sv1::Allocation WaitForSeats(int64_t allocation_id, int seats, absl::Duration limit);
  // Ended complete, with all money spent once and all cover there once.
  void ExpectComplete(const sv1::Pledge& pledge, const sv1::Allocation& done);
  // The audit of all three services agrees; asks again while something is under way.
  void ExpectBooksAgree();

  static constexpr char kOfficer[] = "sari;role=officer";
  static constexpr char kReviewer[] = "budi;role=officer";

 private:
  FaultyMachine machine_;
  Cluster cluster_;
};

}  // namespace lingkaran
