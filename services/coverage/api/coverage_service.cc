#include "services/coverage/api/coverage_service.h"

// The RPCs, but for the checks: each hands its body to RunRpc. The bodies are in the files that
// service.h names. Writes come in bulk: once they are admitted they run where they give way to
// checks.

namespace lingkaran::coverage {

using grpc::ServerContext;
using grpc::Status;

CoverageServiceImpl::CoverageServiceImpl(const Parts& parts)
    : parts_(parts), checks_{parts.database, parts.near,  parts.misses, parts.rules,
                             parts.sealer,   parts.clock, parts.steady} {
  SetMessageAllocatorFor_CheckEligibility(&check_messages_);
  SetMessageAllocatorFor_BatchCheckEligibility(&batch_messages_);
}

Status CoverageServiceImpl::UpsertMembers(ServerContext* context,
                                          const v1::UpsertMembersRequest* request,
                                          v1::UpsertMembersResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/UpsertMembers",
                [&](const Call& call) {
                  return parts_.bulk.Run([&] { return Upsert(call, *request, response); });
                });
}

Status CoverageServiceImpl::ActivateCoverage(ServerContext* context,
                                             const v1::ActivateCoverageRequest* request,
                                             v1::ActivateCoverageResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/ActivateCoverage",
                [&](const Call& call) {
                  return parts_.bulk.Run([&] { return Activate(call, *request, response); });
                });
}

Status CoverageServiceImpl::RevokeCoverage(ServerContext* context,
                                           const v1::RevokeCoverageRequest* request,
                                           v1::RevokeCoverageResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/RevokeCoverage",
                [&](const Call& call) {
                  return parts_.bulk.Run([&] { return Revoke(call, *request, response); });
                });
}

Status CoverageServiceImpl::ExplainEligibility(ServerContext* context,
                                               const v1::ExplainEligibilityRequest* request,
                                               v1::ExplainEligibilityResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/ExplainEligibility",
                [&](const Call&) { return ExplainOne(*request, response); });
}

Status CoverageServiceImpl::EstimateBenefit(ServerContext* context,
                                            const v1::EstimateBenefitRequest* request,
                                            v1::EstimateBenefitResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/EstimateBenefit",
                [&](const Call&) { return Estimate(*request, response); });
}

Status CoverageServiceImpl::ListCoverage(ServerContext* context,
                                         const v1::ListCoverageRequest* request,
                                         v1::ListCoverageResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/ListCoverage",
                [&](const Call&) { return ListMonths(*request, response); });
}

Status CoverageServiceImpl::ListExpiring(ServerContext* context,
                                         const v1::ListExpiringRequest* request,
                                         v1::ListExpiringResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/ListExpiring",
                [&](const Call& call) { return ListEndings(call, *request, response); });
}

Status CoverageServiceImpl::GetCoverageStatistics(ServerContext* context,
                                                  const v1::GetCoverageStatisticsRequest* request,
                                                  v1::GetCoverageStatisticsResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/GetCoverageStatistics",
                [&](const Call&) { return CountWorkers(*request, response); });
}

Status CoverageServiceImpl::QuoteContribution(ServerContext* context,
                                              const v1::QuoteContributionRequest* request,
                                              v1::QuoteContributionResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/QuoteContribution",
                [&](const Call&) { return MakeQuoteFor(*request, response); });
}

Status CoverageServiceImpl::ListRules(ServerContext* context, const v1::ListRulesRequest* request,
                                      v1::ListRulesResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/ListRules",
                [&](const Call&) { return DescribeRules(*request, response); });
}

Status CoverageServiceImpl::ReloadRules(ServerContext* context, const v1::ReloadRulesRequest*,
                                        v1::ReloadRulesResponse* response) {
  return RunRpc(context, "lingkaran.coverage.v1.CoverageService/ReloadRules",
                [&](const Call&) { return Reload(response); });
}

}  // namespace lingkaran::coverage
