// CoverageService: validate, translate, call the domain and the store, translate back.
//
//   service_write.cc   members and person-months in, revocations
//   service_check.cc   checks, single and in a batch
//   service_explain.cc why, and what a family gets
//   service_report.cc  lists and counts
//   service_rules.cc   quotes and the rule book
// Errors of each RPC are in the contract (coverage.proto).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/region.h"
#include "common/rpc.h"
#include "common/sealer.h"
#include "common/sql/database.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/reader.h"
#include "services/coverage/rule_shelf.h"
#include "services/coverage/service_translate.h"

namespace lingkaran::coverage {

class CoverageServiceImpl final : public v1::CoverageService::Service {
 public:
  // What the service works with; all outlive it.
  struct Parts {
    sql::Database& database;
    Reader& reader;  // the chain of links, nearest first
    RuleShelf& rules;
    const Regions& regions;
    const Sealer& sealer;
    const Clock& clock;
  };
  explicit CoverageServiceImpl(const Parts& parts) : parts_(parts) {}

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
  grpc::Status CheckEligibility(grpc::ServerContext* context,
                                const v1::CheckEligibilityRequest* request,
                                v1::CheckEligibilityResponse* response) override;
  grpc::Status BatchCheckEligibility(grpc::ServerContext* context,
                                     const v1::BatchCheckEligibilityRequest* request,
                                     v1::BatchCheckEligibilityResponse* response) override;
  grpc::Status ExplainEligibility(grpc::ServerContext* context,
                                  const v1::ExplainEligibilityRequest* request,
                                  v1::ExplainEligibilityResponse* response) override;
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

 private:
  // One check, read and understood.
  struct Question {
    Person person;
    std::vector<Programme> programmes;
    std::optional<Day> day;  // none: today where the person lives
  };
  // Its answer, before or after Disclose.
  struct Reply {
    std::vector<Answer> answers;
    int64_t worker_id = 0;
    Day day;
    int64_t position = 0;  // the facts are at least as fresh
  };

  absl::Status Upsert(const Call& call, const v1::UpsertMembersRequest& request,
                      v1::UpsertMembersResponse* response);
  absl::Status Activate(const Call& call, const v1::ActivateCoverageRequest& request,
                        v1::ActivateCoverageResponse* response);
  absl::Status Revoke(const Call& call, const v1::RevokeCoverageRequest& request,
                      v1::RevokeCoverageResponse* response);
  absl::Status Check(const Call& call, const v1::CheckEligibilityRequest& request,
                     v1::CheckEligibilityResponse* response);
  absl::Status BatchCheck(const Call& call, const v1::BatchCheckEligibilityRequest& request,
                          v1::BatchCheckEligibilityResponse* response);
  absl::Status ExplainOne(const v1::ExplainEligibilityRequest& request,
                          v1::ExplainEligibilityResponse* response);
  absl::Status Estimate(const v1::EstimateBenefitRequest& request,
                        v1::EstimateBenefitResponse* response);

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

  absl::StatusOr<Question> ReadQuestion(const v1::PersonRef& person,
                                        const google::protobuf::RepeatedField<int>& programmes,
                                        int32_t day, const std::string& field) const;
  // How fresh an answer must be. UNAVAILABLE/TOKEN_NOT_YET_APPLIED while owed effects are missing.
  absl::StatusOr<Freshness> ReadConsistency(const common::v1::Consistency& consistency);
  absl::StatusOr<Freshness> FreshnessOf(const Token& token);
  // Answers all questions with at most one look-up of identities and one of facts.
  absl::StatusOr<std::vector<Reply>> AnswerAll(const std::vector<const Question*>& questions,
                                               const Freshness& fresh, const Rules& rules);
  // The worker's id, past every cache; 0 if nobody.
  absl::StatusOr<int64_t> Resolve(const Person& person);
  // Hands facts to the caches once the transaction has committed.
  void LearnAfterCommit(sql::Tx& tx, std::vector<Identity> identities, std::vector<FactsPtr> facts);

  int64_t NowMs() const { return absl::ToUnixMillis(parts_.clock.Now()); }
  // Today 7 hours east of UTC, where nobody's own zone is known.
  Day TodayWib() const { return LocalDay(parts_.clock.Now(), 7); }

  const Parts parts_;
};

// UNAVAILABLE/TOKEN_NOT_YET_APPLIED if the database that `tx` sees lacks what the token names.
absl::Status CheckApplied(sql::Tx& tx, const Token& token, int64_t position);

}  // namespace lingkaran::coverage
