// Calls to registry and coverage. PeerClient speaks sponsorship's own types, but for the quote,
// which is passed on as coverage's message. PeerCalls are the RPCs under it, for tests to replace.
//
// Every call takes the request_id of what causes it, so it may be made again. An error of a call as
// a whole means "not decided"; what is decided stands in the results, line by line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/enums.h"
#include "services/sponsorship/domain/allocation.h"
#include "services/sponsorship/domain/continuation.h"

#define LINGKARAN_X(name) \
  class name##Request;    \
  class name##Response;

// The RPCs that are made.
#define LINGKARAN_REGISTRY_PEER_RPCS(X) \
  X(ListWorkers)                        \
  X(EnrolWorkers)                       \
  X(ResolveRequest)
#define LINGKARAN_COVERAGE_PEER_RPCS(X) \
  X(QuoteContribution)                  \
  X(ActivateCoverage)                   \
  X(RevokeCoverage)                     \
  X(BatchCheckEligibility)              \
  X(ListExpiring)

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc
namespace lingkaran::registry::v1 {
LINGKARAN_REGISTRY_PEER_RPCS(LINGKARAN_X)
}  // namespace lingkaran::registry::v1
namespace lingkaran::coverage::v1 {
LINGKARAN_COVERAGE_PEER_RPCS(LINGKARAN_X)
}  // namespace lingkaran::coverage::v1
#undef LINGKARAN_X

namespace lingkaran::sponsorship {

// Who pays for person-months.
struct Funding {
  PayerClass payer_class = PayerClass::kUnspecified;
  int64_t pledge_id = 0;
  int64_t contribution_id = 0;
};

// Person-months for one worker.
struct ActivationOrder {
  int64_t worker_id = 0;
  int32_t first_day = 0;
  std::vector<SeatMonth> months;
};

// What is paid of a worker's months so far.
struct PaidSoFar {
  absl::Status status;
  int32_t last_day = 0;  // last covered day; 0 if never
  bool member = false;   // paying on is possible: covered, or not lapsed yet
  bool unknown = false;  // coverage does not know the worker
};

// The RPCs that PeerClient makes, each called on the thread of PeerClient's caller.
class PeerCalls {
 public:
  virtual ~PeerCalls() = default;
  // False: a question is tried once, since between two tries a thread would wait. For tests that
  // have one thread.
  virtual bool MayWait() const { return true; }
#define LINGKARAN_X(ns, name)                                                                   \
  virtual grpc::Status name(grpc::ClientContext* context, const ns::v1::name##Request& request, \
                            ns::v1::name##Response* response) = 0;
#define LINGKARAN_Y(name) LINGKARAN_X(registry, name)
#define LINGKARAN_Z(name) LINGKARAN_X(coverage, name)
  LINGKARAN_REGISTRY_PEER_RPCS(LINGKARAN_Y)
  LINGKARAN_COVERAGE_PEER_RPCS(LINGKARAN_Z)
#undef LINGKARAN_X
#undef LINGKARAN_Y
#undef LINGKARAN_Z
};

// Calls at the addresses of registry and coverage; never waits for them here.
std::unique_ptr<PeerCalls> CallsTo(const std::string& registry, const std::string& coverage);

class PeerClient {
 public:
  // `calls` outlives it.
  explicit PeerClient(PeerCalls& calls) : calls_(calls) {}

  // Verified workers in the region and batch of the criteria; ages as of the day.
  absl::StatusOr<std::vector<Candidate>> ListCandidates(const Criteria& criteria, int32_t day);
  absl::StatusOr<Enrolment> Enrol(const std::string& request_id, int64_t pledge_id,
                                  const std::vector<int64_t>& workers);
  // True if the enrolment of this request_id reached the registry. If not, it never will: the id
  // is used up.
  absl::StatusOr<bool> ResolveEnrolment(const std::string& request_id);

  absl::StatusOr<coverage::v1::QuoteContributionResponse> Quote(
      const coverage::v1::QuoteContributionRequest& request);
  // UNAVAILABLE/TOKEN_NOT_YET_APPLIED while coverage does not know yet what `after` names.
  absl::StatusOr<Activation> Activate(const std::string& request_id, const Funding& funding,
                                      Rupiah wage_base, Sector sector,
                                      const std::vector<ActivationOrder>& orders,
                                      const std::string& after);
  // `from_months[i]` as in RevocationLine. A worker that coverage does not know is an error.
  absl::StatusOr<Revocation> Revoke(const std::string& request_id, const Funding& funding,
                                    const std::vector<int64_t>& workers,
                                    const std::vector<int32_t>& from_months,
                                    const std::string& reason);
  // For up to 500 workers, the latest over the programmes, in the order of the request.
  absl::StatusOr<std::vector<PaidSoFar>> PaidUntil(const std::vector<int64_t>& workers,
                                                   const std::vector<Programme>& programmes,
                                                   int32_t day);
  // Of every worker of whom the pledge pays a month: the end of all cover and who pays it.
  // pledge_last_day is left 0.
  absl::StatusOr<std::vector<Continuation>> ListEnds(int64_t pledge_id);

 private:
  PeerCalls& calls_;
};

}  // namespace lingkaran::sponsorship
