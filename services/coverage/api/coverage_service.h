// CoverageService: validate, translate, call the domain and the store, translate back.
//
//   service_write.cc   members and person-months in, revocations
//   service_check.cc   checks, single and in a batch: check_call.h
//   service_explain.cc why, and what a family gets
//   service_watch.cc   the stream of changes
//   service_report.cc  lists and counts
//   service_rules.cc   quotes and the rule book
// Errors of each RPC are in the contract (coverage.proto).
//
// Checks use gRPC's callback API: what the near cache knows is answered on gRPC's own thread, which
// therefore never waits for anything here; what has to be asked elsewhere goes to the miss pool.
// All other RPCs may block and have a thread each.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/region.h"
#include "common/concurrency/executor.h"
#include "common/crypto/personal_data_vault.h"
#include "common/redis/versioned_cache.h"
#include "common/rpc/message_pool.h"
#include "common/rpc/run_rpc.h"
#include "common/sql/database.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/api/check_call.h"
#include "services/coverage/api/convert.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/lookup_batcher.h"
#include "services/coverage/lookup/reader.h"
#include "services/coverage/replication/log_follower.h"
#include "services/coverage/store/active_rules.h"

namespace lingkaran::coverage {

// The service as generated, with the checks as callback methods.
using CallbackChecks = v1::CoverageService::WithCallbackMethod_CheckEligibility<
    v1::CoverageService::WithCallbackMethod_BatchCheckEligibility<v1::CoverageService::Service>>;

class CoverageServiceImpl final : public CallbackChecks {
 public:
  // What the service works with; all outlive it, and it outlives the server.
  struct Parts {
    sql::Database& database;
    Reader& store;  // SQL itself, past every cache
    VersionedCache& redis;
    NearCache& near;
    LogFollower& follower;
    LookupBatcher& misses;
    ActiveRules& rules;
    Executor& bulk;  // runs writes
    const Regions& regions;
    const PersonalDataVault& sealer;
    const Clock& clock;
    const Clock& steady;  // never jumps; ages only
    int64_t epoch;        // names the database
  };
  explicit CoverageServiceImpl(const Parts& parts);

  grpc::Status QuoteContribution(grpc::ServerContext* context,
                                 const v1::QuoteContributionRequest* request,
                                 v1::QuoteContributionResponse* response) override;
  grpc::Status UpsertMembers(grpc::ServerContext* context, const v1::UpsertMembersRequest* request,
                             v1::UpsertMembersResponse* response) override;
  grpc::Status ActivateCoverage(grpc::ServerContext* context,
                                const v1::ActivateCoverageRequest* request,
                                v1::ActivateCoverageResponse* response) override;
  grpc::Status RevokeCoverage(grpc::ServerContext* context,
                              const v1::RevokeCoverageRequest* request,
                              v1::RevokeCoverageResponse* response) override;
  grpc::ServerUnaryReactor* CheckEligibility(grpc::CallbackServerContext* context,
                                             const v1::CheckEligibilityRequest* request,
                                             v1::CheckEligibilityResponse* response) override;
  grpc::ServerUnaryReactor* BatchCheckEligibility(
      grpc::CallbackServerContext* context, const v1::BatchCheckEligibilityRequest* request,
      v1::BatchCheckEligibilityResponse* response) override;
  // The same for callers in this process, who wait for the answer.
  grpc::Status CheckEligibility(grpc::ServerContext* context,
                                const v1::CheckEligibilityRequest* request,
                                v1::CheckEligibilityResponse* response) override;
  grpc::Status BatchCheckEligibility(grpc::ServerContext* context,
                                     const v1::BatchCheckEligibilityRequest* request,
                                     v1::BatchCheckEligibilityResponse* response) override;
  grpc::Status ExplainEligibility(grpc::ServerContext* context,
                                  const v1::ExplainEligibilityRequest* request,
                                  v1::ExplainEligibilityResponse* response) override;
  grpc::Status WatchCoverage(grpc::ServerContext* context, const v1::WatchCoverageRequest* request,
                             grpc::ServerWriter<v1::WatchCoverageResponse>* writer) override;
  grpc::Status ListCoverage(grpc::ServerContext* context, const v1::ListCoverageRequest* request,
                            v1::ListCoverageResponse* response) override;
  grpc::Status ListExpiring(grpc::ServerContext* context, const v1::ListExpiringRequest* request,
                            v1::ListExpiringResponse* response) override;
  grpc::Status GetCoverageStatistics(grpc::ServerContext* context,
                                     const v1::GetCoverageStatisticsRequest* request,
                                     v1::GetCoverageStatisticsResponse* response) override;
  grpc::Status EstimateBenefit(grpc::ServerContext* context,
                               const v1::EstimateBenefitRequest* request,
                               v1::EstimateBenefitResponse* response) override;
  grpc::Status ListRules(grpc::ServerContext* context, const v1::ListRulesRequest* request,
                         v1::ListRulesResponse* response) override;
  grpc::Status ReloadRules(grpc::ServerContext* context, const v1::ReloadRulesRequest* request,
                           v1::ReloadRulesResponse* response) override;

  // The server is about to stop: streams end now.
  void Drain();

 private:
  absl::Status Upsert(const Call& call, const v1::UpsertMembersRequest& request,
                      v1::UpsertMembersResponse* response);
  absl::Status Activate(const Call& call, const v1::ActivateCoverageRequest& request,
                        v1::ActivateCoverageResponse* response);
  absl::Status Revoke(const Call& call, const v1::RevokeCoverageRequest& request,
                      v1::RevokeCoverageResponse* response);
  absl::Status ExplainOne(const v1::ExplainEligibilityRequest& request,
                          v1::ExplainEligibilityResponse* response);
  absl::Status Estimate(const v1::EstimateBenefitRequest& request,
                        v1::EstimateBenefitResponse* response);
  absl::Status Watch(const Call& call, const v1::WatchCoverageRequest& request,
                     grpc::ServerWriter<v1::WatchCoverageResponse>* writer);
  absl::Status ListMonths(const v1::ListCoverageRequest& request,
                          v1::ListCoverageResponse* response);
  absl::Status ListEndings(const Call& call, const v1::ListExpiringRequest& request,
                           v1::ListExpiringResponse* response);
  absl::Status CountWorkers(const v1::GetCoverageStatisticsRequest& request,
                            v1::GetCoverageStatisticsResponse* response);
  absl::Status MakeQuoteFor(const v1::QuoteContributionRequest& request,
                            v1::QuoteContributionResponse* response);
  absl::Status DescribeRules(const v1::ListRulesRequest& request, v1::ListRulesResponse* response);
  absl::Status Reload(v1::ReloadRulesResponse* response);

  // The worker's id, past every cache; 0 if nobody.
  absl::StatusOr<int64_t> Resolve(const PersonKey& person);

  int64_t NowMs() const { return absl::ToUnixMillis(parts_.clock.Now()); }
  // Today 7 hours east of UTC, where nobody's own zone is known.
  Day TodayWib() const { return LocalDay(parts_.clock.Now(), 7); }

  const Parts parts_;
  const CheckParts checks_;
  MessagePool<v1::CheckEligibilityRequest, v1::CheckEligibilityResponse, 64, EmptyResponse>
      check_messages_;
  MessagePool<v1::BatchCheckEligibilityRequest, v1::BatchCheckEligibilityResponse, 4, EmptyResponse>
      batch_messages_;
  std::atomic<bool> draining_{false};
};

// UNAVAILABLE/TOKEN_NOT_YET_APPLIED if the database that `tx` sees lacks what the token names.
absl::Status CheckApplied(sql::Tx& tx, const Token& token, int64_t position);

}  // namespace lingkaran::coverage
