#include "tests/kill/client.h"

#include <utility>
#include <vector>

#include "common/base/failpoint.h"

namespace lingkaran::kill {
namespace {

constexpr absl::Duration kBound = absl::Seconds(30);

}  // namespace

Stubs::Stubs(const Addresses& addresses)
    : registry(registry::v1::RegistryService::NewStub(MakeChannel(addresses.at("registry")))),
      sponsorship(
          sponsorship::v1::SponsorshipService::NewStub(MakeChannel(addresses.at("sponsorship")))),
      coverage(coverage::v1::CoverageService::NewStub(MakeChannel(addresses.at("coverage")))) {
  for (const auto& [service, address] : addresses) {
    operations[service] = ops::v1::OperationsService::NewStub(MakeChannel(address));
  }
}

bool IsOpen(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsResourceExhausted(status) ||
         (absl::IsAborted(status) && ReasonOf(status) == Reason::kUnspecified);
}

absl::Status AskUntilKnown(const CallOptions& options, absl::Duration bound,
                           std::atomic<int64_t>* asked_again,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  const absl::Time end = absl::Now() + bound;
  while (true) {
    const absl::Status status = CallWithRetry(options, rpc);
    if (!IsOpen(status) || absl::Now() >= end) return status;
    if (asked_again != nullptr) ++*asked_again;
    absl::SleepFor(absl::Milliseconds(10));  // another process is awaited
  }
}

Client::Client(const Addresses& addresses, World* world, uint64_t seed, Options options)
    : world_(*world), options_(options), random_(seed), stubs_(addresses) {}

std::string Client::Reference() { return absl::StrCat("TRX-", NewRequestId()); }

CallOptions Client::OptionsFor(const std::string& actor, const std::string& request_id) const {
  CallOptions options;
  options.actor = actor;
  options.request_id = request_id;
  // Who asks again himself need not wait long at a time.
  if (options_.ask_again) options.timeout = absl::Seconds(5);
  return options;
}

absl::Status Client::Call(const CallOptions& options,
                          absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  if (!options_.ask_again) return CallWithRetry(options, rpc);
  return AskUntilKnown(options, kBound, &world_.asked_again, rpc);
}

bool Client::Note(const std::string& method, const absl::Status& status) {
  if (status.ok()) return true;
  if (IsOpen(status)) {
    world_.Fail(absl::StrCat(method, " got no answer: ", status.ToString()));
  } else if (ReasonOf(status) == Reason::kUnspecified || ReasonOf(status) == Reason::kInternal) {
    world_.Fail(absl::StrCat(method, " got an answer that no fault explains: ", status.ToString()));
  } else {
    ++world_.refused;
  }
  return false;
}

void Client::Step(const std::string& prefer) {
  struct Kind {
    int weight;
    void (Client::*step)();
    std::vector<std::string> reaches;  // mutations and owed RPCs
  };
  static const auto& kinds = *new std::vector<Kind>{
      {1, &Client::CreateAgency, {"CreateAgency"}},
      {2, &Client::CreateBatch, {"CreateBatch"}},
      {10, &Client::GoOnWithBatch, {"SubmitCandidates", "ReviewBatch"}},
      {4, &Client::CorrectWorker, {"CorrectWorker", "UpsertMembers", "upsert_members"}},
      {1, &Client::ReportDeath, {"ReportDeath", "UpsertMembers", "upsert_members"}},
      {1, &Client::WithdrawWorker, {"WithdrawWorker", "UpsertMembers", "upsert_members"}},
      {3, &Client::EnrolWorkers, {"EnrolWorkers", "UpsertMembers", "upsert_members"}},
      {3, &Client::IssueCards, {"IssueCards"}},
      {2, &Client::CreateSponsor, {"CreateSponsor"}},
      {8, &Client::CreatePledge, {"CreatePledge"}},
      {14, &Client::RecordPayment, {"RecordPayment"}},
      {12,
       &Client::AllocatePledge,
       {"AllocatePledge", "ActivateCoverage", "rank", "enrol", "activate"}},
      {10, &Client::AllocateNamed, {"AllocatePledge", "ActivateCoverage", "enrol", "activate"}},
      {8,
       &Client::ReplaceWorkers,
       {"ReplaceWorkers", "RevokeCoverage", "replace_revoke", "replace_enrol", "replace_activate"}},
      {3, &Client::RefundPledge, {"RefundPledge"}},
      {1, &Client::CancelPledge, {"CancelPledge"}},
      {10, &Client::PayContribution, {"PayContribution", "ActivateCoverage", "contribute"}},
      {7, &Client::Check, {}}};
  if (prefer == "RetryOwed") {
    for (const auto& [service, stub] : stubs_.operations) RetryOwed(service);
    return;
  }
  std::vector<const Kind*> fitting;
  for (const Kind& kind : kinds) {
    for (const std::string& reached : kind.reaches) {
      if (reached == prefer) fitting.push_back(&kind);
    }
  }
  if (!fitting.empty() && Chance(60)) return (this->*fitting[Roll(fitting.size())]->step)();
  if (Chance(2)) return RetryOwed(std::next(stubs_.operations.begin(), Roll(3))->first);
  int sum = 0;
  for (const Kind& kind : kinds) sum += kind.weight;
  int at = Roll(sum);
  for (const Kind& kind : kinds) {
    if ((at -= kind.weight) < 0) return (this->*kind.step)();
  }
}

void Client::RetryOwed(const std::string& service) {
  ops::v1::RetryOwedRequest request;
  request.set_reason("diminta ulang oleh petugas");
  Do(*stubs_.operations.at(service), &ops::v1::OperationsService::Stub::RetryOwed, request,
     "ops;role=admin");
}

void Client::Check() {
  coverage::v1::CheckEligibilityRequest request;
  request.mutable_person()->set_worker_id(std::max<int64_t>(1, world_.PickWorker(random_)));
  coverage::v1::CheckEligibilityResponse response;
  const absl::Status status =
      Call(OptionsFor("klinik;role=clinic", ""), [&](grpc::ClientContext* context) {
        response.Clear();
        return stubs_.coverage->CheckEligibility(context, request, &response);
      });
  if (Note("CheckEligibility", status)) ++world_.checks;
}

}  // namespace lingkaran::kill
