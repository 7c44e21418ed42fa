// CoverageService: each RPC validates, translates, calls the domain and the store, and translates
// back. Errors of each RPC are in the contract (coverage.proto). The bodies:
//
//   writes.cc          members and person-months in, revocations
//   check_handlers.cc  checks, single and in a batch: check_call.h
//   explain.cc         why, and what a family gets
//   watch.cc           the stream of changes
//   reports.cc         lists and counts
//   rules.cc           quotes and the rule book
//
// Checks use gRPC's callback API: what the near cache knows is answered on gRPC's own thread, which
// therefore never waits for anything here; what has to be asked elsewhere goes to the lookup
// batcher. All other RPCs may block and have a thread each. Writes come in bulk: once they are
// admitted they run where they give way to checks.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/rpc/message_pool.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/api/check_call.h"
#include "services/coverage/api/convert.h"

namespace lingkaran::coverage {

// The service as generated, with the checks as callback methods.
using CallbackChecks = v1::CoverageService::WithCallbackMethod_CheckEligibility<
    v1::CoverageService::WithCallbackMethod_BatchCheckEligibility<v1::CoverageService::Service>>;

// The RPC of this service with this name in the contract.
inline const RpcMethod& Rpc(std::string_view name) { return RpcOf<v1::CoverageService>(name); }

class CoverageServiceImpl final : public CallbackChecks {
 public:
  explicit CoverageServiceImpl(const ServiceParts& parts);

  template <typename Message>
  using In = const Message*;
  using Context = grpc::ServerContext;
  using CallbackContext = grpc::CallbackServerContext;

  grpc::Status QuoteContribution(Context*, In<v1::QuoteContributionRequest>,
                                 v1::QuoteContributionResponse*) override;
  grpc::Status UpsertMembers(Context*, In<v1::UpsertMembersRequest>,
                             v1::UpsertMembersResponse*) override;
  grpc::Status ActivateCoverage(Context*, In<v1::ActivateCoverageRequest>,
                                v1::ActivateCoverageResponse*) override;
  grpc::Status RevokeCoverage(Context*, In<v1::RevokeCoverageRequest>,
                              v1::RevokeCoverageResponse*) override;
  grpc::ServerUnaryReactor* CheckEligibility(CallbackContext*, In<v1::CheckEligibilityRequest>,
                                             v1::CheckEligibilityResponse*) override;
  grpc::ServerUnaryReactor* BatchCheckEligibility(CallbackContext*,
                                                  In<v1::BatchCheckEligibilityRequest>,
                                                  v1::BatchCheckEligibilityResponse*) override;
  // The same for callers in this process, who wait for the answer.
  grpc::Status CheckEligibility(Context*, In<v1::CheckEligibilityRequest>,
                                v1::CheckEligibilityResponse*) override;
  grpc::Status BatchCheckEligibility(Context*, In<v1::BatchCheckEligibilityRequest>,
                                     v1::BatchCheckEligibilityResponse*) override;
  grpc::Status ExplainEligibility(Context*, In<v1::ExplainEligibilityRequest>,
                                  v1::ExplainEligibilityResponse*) override;
  grpc::Status WatchCoverage(Context*, In<v1::WatchCoverageRequest>,
                             grpc::ServerWriter<v1::WatchCoverageResponse>*) override;
  grpc::Status ListCoverage(Context*, In<v1::ListCoverageRequest>,
                            v1::ListCoverageResponse*) override;
  grpc::Status ListExpiring(Context*, In<v1::ListExpiringRequest>,
                            v1::ListExpiringResponse*) override;
  grpc::Status GetCoverageStatistics(Context*, In<v1::GetCoverageStatisticsRequest>,
                                     v1::GetCoverageStatisticsResponse*) override;
  grpc::Status EstimateBenefit(Context*, In<v1::EstimateBenefitRequest>,
                               v1::EstimateBenefitResponse*) override;
  grpc::Status ListRules(Context*, In<v1::ListRulesRequest>, v1::ListRulesResponse*) override;
  grpc::Status ReloadRules(Context*, In<v1::ReloadRulesRequest>, v1::ReloadRulesResponse*) override;

  // The server is about to stop: streams end now.
  void Drain() { draining_ = true; }

 private:
  // Runs a write where it gives way to checks.
  grpc::Status RunBulk(Context* context, const RpcMethod& method,
                       absl::FunctionRef<absl::Status(const Call&)> body) {
    return RunRpc(context, method,
                  [&](const Call& call) { return parts_.bulk.Run([&] { return body(call); }); });
  }

  // The worker's id, past every cache; 0 if nobody.
  absl::StatusOr<int64_t> Resolve(const PersonKey& person);

  int64_t NowMs() const { return absl::ToUnixMillis(parts_.clock.Now()); }
  // Today 7 hours east of UTC, where no zone of a person is known.
  Day TodayWib() const { return LocalDay(parts_.clock.Now(), 7); }

  const ServiceParts parts_;
  MessagePool<v1::CheckEligibilityRequest, v1::CheckEligibilityResponse, 64, EmptyResponse>
      check_messages_;
  MessagePool<v1::BatchCheckEligibilityRequest, v1::BatchCheckEligibilityResponse, 4, EmptyResponse>
      batch_messages_;
  std::atomic<bool> draining_{false};
};

}  // namespace lingkaran::coverage
