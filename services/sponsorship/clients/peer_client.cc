#include "services/sponsorship/clients/peer_client.h"

#include <algorithm>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"

namespace lingkaran::sponsorship {
namespace {

namespace cv = coverage::v1;
namespace rv = registry::v1;
namespace wire = common::v1;

constexpr int kPage = 5'000;

// What is owed is tried again by the outbox, so one try is enough; a handler's
// question gets a few.
const CallOptions kOwed{"sponsorship;role=service", absl::Seconds(60), 1};
// A caller waits behind a question, so our patience with a peer that restarts is short.
const CallOptions kAsk{"sponsorship;role=service", absl::Seconds(10), 3, {}, absl::Seconds(3)};

wire::Programme ToWire(Programme programme) { return static_cast<wire::Programme>(programme); }

absl::Status Uneven(const char* call) {
  return absl::InternalError(absl::StrCat(call, " did not answer one result per line"));
}

// The error of a line that the peer could not decide (an inner failure, a store out of reach): it
// leaves the whole chunk undecided, which is sent again with the same request_id. OK for a line
// that is decided, for or against.
absl::Status FailIfUndecided(const absl::Status& line) {
  if (IsRetryable(line) || absl::IsInternal(line) || absl::IsUnknown(line)) return line;
  return absl::OkStatus();
}

cv::FundingSource ToWire(const Funding& funding) {
  cv::FundingSource source;
  source.set_payer_class(static_cast<wire::PayerClass>(funding.payer_class));
  source.set_pledge_id(funding.pledge_id);
  source.set_contribution_id(funding.contribution_id);
  return source;
}

Candidate FromWire(const rv::WorkerSummary& worker) {
  return {worker.worker_id(), worker.disabled(), static_cast<Sector>(worker.sector()),
          worker.age_years(), Rupiah(worker.monthly_income_rupiah())};
}

class ChannelCalls final : public PeerCalls {
 public:
  ChannelCalls(const std::string& registry, const std::string& coverage)
      : registry_(rv::RegistryService::NewStub(MakeChannel(registry))),
        coverage_(cv::CoverageService::NewStub(MakeChannel(coverage))) {}

#define LINGKARAN_X(ns, name)                                                           \
  grpc::Status name(grpc::ClientContext* context, const ns::v1::name##Request& request, \
                    ns::v1::name##Response* response) override {                        \
    return ns##_->name(context, request, response);                                     \
  }
#define LINGKARAN_Y(name) LINGKARAN_X(registry, name)
#define LINGKARAN_Z(name) LINGKARAN_X(coverage, name)
  LINGKARAN_REGISTRY_PEER_RPCS(LINGKARAN_Y)
  LINGKARAN_COVERAGE_PEER_RPCS(LINGKARAN_Z)
#undef LINGKARAN_X
#undef LINGKARAN_Y
#undef LINGKARAN_Z

 private:
  const std::unique_ptr<rv::RegistryService::Stub> registry_;
  const std::unique_ptr<cv::CoverageService::Stub> coverage_;
};

// A question by a handler.
CallOptions Ask(const PeerCalls& calls) {
  CallOptions options = kAsk;
  if (!calls.MayWait()) options.tries = 1;
  return options;
}

}  // namespace

std::unique_ptr<PeerCalls> CallsTo(const std::string& registry, const std::string& coverage) {
  return std::make_unique<ChannelCalls>(registry, coverage);
}

absl::StatusOr<std::vector<Candidate>> PeerClient::ListCandidates(const Criteria& criteria,
                                                                  int32_t day) {
  std::vector<Candidate> candidates;
  rv::ListWorkersRequest request;
  request.set_state(rv::WORKER_STATE_VERIFIED);
  request.set_region_code(criteria.region_code);
  request.set_batch_id(criteria.batch_id);
  request.set_as_of_day(day);
  request.set_page_size(kPage);
  do {
    rv::ListWorkersResponse page;
    RETURN_IF_ERROR(CallWithRetry(kOwed, [&](grpc::ClientContext* context) {
      return calls_.ListWorkers(context, request, &page);
    }));
    for (const rv::WorkerSummary& worker : page.workers()) candidates.push_back(FromWire(worker));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return candidates;
}

absl::StatusOr<Enrolment> PeerClient::Enrol(const std::string& request_id, int64_t pledge_id,
                                            const std::vector<int64_t>& workers) {
  rv::EnrolWorkersRequest request;
  request.set_request_id(request_id);
  request.set_pledge_id(pledge_id);
  request.mutable_worker_ids()->Add(workers.begin(), workers.end());
  rv::EnrolWorkersResponse response;
  RETURN_IF_ERROR(CallWithRetry(kOwed, [&](grpc::ClientContext* context) {
    return calls_.EnrolWorkers(context, request, &response);
  }));
  if (response.results_size() != request.worker_ids_size()) return Uneven("EnrolWorkers");
  Enrolment enrolment;
  enrolment.token = response.consistency_token();
  for (rv::EnrolResult& result : *response.mutable_results()) {
    absl::Status status = FromProto(result.status());
    RETURN_IF_ERROR(FailIfUndecided(status));
    enrolment.statuses.push_back(std::move(status));
    enrolment.membership_numbers.push_back(std::move(*result.mutable_membership_number()));
  }
  return enrolment;
}

absl::StatusOr<bool> PeerClient::ResolveEnrolment(const std::string& request_id) {
  rv::ResolveRequestRequest request;
  request.set_resolved_request_id(request_id);
  request.set_method("EnrolWorkers");
  rv::ResolveRequestResponse response;
  const absl::Status status = CallWithRetry(kOwed, [&](grpc::ClientContext* context) {
    return calls_.ResolveRequest(context, request, &response);
  });
  if (status.ok() && response.outcome() == rv::REQUEST_OUTCOME_APPLIED) return true;
  if (status.ok() && response.outcome() == rv::REQUEST_OUTCOME_ABANDONED) return false;
  // Money follows the answer: one that is not understood is no answer.
  if (status.ok() || absl::IsUnimplemented(status)) {
    return Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable,
                 "the registry is of another release and can't say what became of an enrolment; "
                 "bring both to the same release");
  }
  return status;
}

absl::StatusOr<cv::QuoteContributionResponse> PeerClient::Quote(
    const cv::QuoteContributionRequest& request) {
  cv::QuoteContributionResponse response;
  RETURN_IF_ERROR(CallWithRetry(Ask(calls_), [&](grpc::ClientContext* context) {
    return calls_.QuoteContribution(context, request, &response);
  }));
  return response;
}

absl::StatusOr<Activation> PeerClient::Activate(const std::string& request_id,
                                                const Funding& funding, Rupiah wage_base,
                                                Sector sector,
                                                const std::vector<ActivationOrder>& orders,
                                                const std::string& after) {
  cv::ActivateCoverageRequest request;
  request.set_request_id(request_id);
  *request.mutable_source() = ToWire(funding);
  request.set_after_token(after);
  for (const ActivationOrder& order : orders) {
    cv::ActivationLine* line = request.add_lines();
    line->set_worker_id(order.worker_id);
    line->set_first_day(order.first_day);
    line->set_wage_base_rupiah(wage_base.amount());
    line->set_sector(static_cast<wire::Sector>(sector));
    for (const SeatMonth& month : order.months) {
      cv::PaidMonth* paid = line->add_months();
      paid->set_programme(ToWire(month.programme));
      paid->set_month(month.month);
      paid->set_amount_rupiah(month.price.amount());
    }
  }
  cv::ActivateCoverageResponse response;
  RETURN_IF_ERROR(CallWithRetry(kOwed, [&](grpc::ClientContext* context) {
    return calls_.ActivateCoverage(context, request, &response);
  }));
  if (response.results_size() != request.lines_size()) return Uneven("ActivateCoverage");
  Activation activation;
  activation.token = response.consistency_token();
  for (const cv::ActivationResult& result : response.results()) {
    absl::Status status = FromProto(result.status());
    RETURN_IF_ERROR(FailIfUndecided(status));
    activation.results.push_back({std::move(status), result.first_day(), result.last_day()});
  }
  return activation;
}

absl::StatusOr<Revocation> PeerClient::Revoke(const std::string& request_id, const Funding& funding,
                                              const std::vector<int64_t>& workers,
                                              const std::vector<int32_t>& from_months,
                                              const std::string& reason) {
  cv::RevokeCoverageRequest request;
  request.set_request_id(request_id);
  *request.mutable_source() = ToWire(funding);
  request.set_reason(reason);
  for (size_t i = 0; i < workers.size(); ++i) {
    cv::RevocationLine* line = request.add_lines();
    line->set_worker_id(workers[i]);
    line->set_from_month(from_months[i]);
  }
  cv::RevokeCoverageResponse response;
  RETURN_IF_ERROR(CallWithRetry(kOwed, [&](grpc::ClientContext* context) {
    return calls_.RevokeCoverage(context, request, &response);
  }));
  if (response.results_size() != request.lines_size()) return Uneven("RevokeCoverage");
  Revocation revocation;
  revocation.token = response.consistency_token();
  for (const cv::RevocationResult& result : response.results()) {
    RETURN_IF_ERROR(FromProto(result.status()));
    std::vector<SeatMonth>& months = revocation.revoked.emplace_back();
    for (const cv::PaidMonth& month : result.revoked()) {
      months.push_back({static_cast<Programme>(month.programme()), month.month(),
                        Rupiah(month.amount_rupiah())});
    }
  }
  return revocation;
}

absl::StatusOr<std::vector<PaidSoFar>> PeerClient::PaidUntil(
    const std::vector<int64_t>& workers, const std::vector<Programme>& programmes, int32_t day) {
  cv::BatchCheckEligibilityRequest request;
  request.mutable_consistency()->set_fully_consistent(true);
  for (int64_t worker : workers) {
    cv::BatchCheckItem* item = request.add_items();
    item->mutable_person()->set_worker_id(worker);
    item->set_day(day);
    for (Programme programme : programmes) item->add_programmes(ToWire(programme));
  }
  cv::BatchCheckEligibilityResponse response;
  RETURN_IF_ERROR(CallWithRetry(Ask(calls_), [&](grpc::ClientContext* context) {
    return calls_.BatchCheckEligibility(context, request, &response);
  }));
  if (response.results_size() != request.items_size()) return Uneven("BatchCheckEligibility");
  std::vector<PaidSoFar> paid;
  for (const cv::BatchCheckResult& result : response.results()) {
    PaidSoFar& one = paid.emplace_back();
    one.status = FromProto(result.status());
    for (const cv::ProgrammeAnswer& answer : result.answers()) {
      if (answer.verdict() == cv::VERDICT_UNKNOWN) {
        one.status = Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable,
                           "coverage can't tell now; ask again with the same request_id");
      }
      one.unknown |= answer.reason() == cv::ANSWER_REASON_PERSON_UNKNOWN;
      one.last_day = std::max(one.last_day, answer.last_day());
      one.member |= answer.last_day() > 0 && answer.reason() != cv::ANSWER_REASON_LAPSED;
    }
  }
  return paid;
}

absl::StatusOr<std::vector<Continuation>> PeerClient::ListEnds(int64_t pledge_id) {
  std::vector<Continuation> ends;
  cv::ListExpiringRequest request;
  request.set_from_day(19000101);
  request.set_to_day(21991231);
  request.set_pledge_id(pledge_id);
  request.set_page_size(kPage);
  do {
    cv::ListExpiringResponse page;
    RETURN_IF_ERROR(CallWithRetry(Ask(calls_), [&](grpc::ClientContext* context) {
      return calls_.ListExpiring(context, request, &page);
    }));
    for (const cv::ExpiringCover& cover : page.covers()) {
      ends.push_back({cover.worker_id(), 0, cover.last_day(), cover.grace_until(),
                      cover.source().pledge_id() == pledge_id,
                      static_cast<PayerClass>(cover.source().payer_class())});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return ends;
}

}  // namespace lingkaran::sponsorship
