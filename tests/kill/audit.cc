#include "tests/kill/audit.h"

#include <algorithm>
#include <set>
#include <vector>

#include "services/cli/reconcile/reconciler.h"
#include "tests/kill/places.h"

namespace lingkaran::kill {
namespace {

namespace sv = sponsorship::v1;
namespace rv = registry::v1;
namespace ov = ops::v1;

constexpr char kAuditor[] = "auditor;role=admin";
constexpr int kPage = 1'000;

// A read that must come.
template <typename Response, typename Stub, typename Request>
absl::StatusOr<Response> Get(Stub& stub,
                             grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                       Response*),
                             const Request& request) {
  CallOptions options;
  options.actor = kAuditor;
  Response response;
  RETURN_IF_ERROR(
      AskUntilKnown(options, absl::Seconds(20), nullptr, [&](grpc::ClientContext* context) {
        response.Clear();
        return (stub.*rpc)(context, request, &response);
      }));
  return response;
}

class Comparison {
 public:
  Comparison(Stubs& stubs, World& world) : stubs_(stubs), world_(world) {}

  Verdict Run() {
    Try(Sponsors());
    Try(Agencies());
    Try(Pledges());
    Try(Allocations());
    Try(Deaths());
    Replay();
    return verdict_;
  }

 private:
  void Lost(const std::string& text) { Differ(++verdict_.lost, "lost: " + text); }
  void Doubled(const std::string& text) { Differ(++verdict_.doubled, "doubled: " + text); }
  void Differ(int64_t, const std::string& text) {
    if (verdict_.difference.empty()) verdict_.difference = text;
  }
  void Try(const absl::Status& status) {
    if (!status.ok()) Differ(++verdict_.faults, status.ToString());
  }

  // `there` against `told`, where only these numbers are known.
  void Compare(const std::string& what, int64_t there, int64_t told) {
    const std::string text = absl::StrCat(what, ": ", there, " is there, ", told, " was told");
    if (there < told) Lost(text);
    if (there > told) Doubled(text);
  }

  template <typename Ids>
  void CompareIds(const std::string& what, const std::set<int64_t>& there, const Ids& told) {
    const std::set<int64_t> known(told.begin(), told.end());
    for (const int64_t id : known) {
      if (!there.contains(id)) Lost(absl::StrCat(what, " ", id, " is not there"));
    }
    for (const int64_t id : there) {
      if (!known.contains(id)) Doubled(absl::StrCat(what, " ", id, " was never told"));
    }
  }

  absl::Status Sponsors() {
    sv::ListSponsorsRequest request;
    request.set_page_size(kPage);
    std::set<int64_t> there;
    do {
      ASSIGN_OR_RETURN(const auto page, Get<sv::ListSponsorsResponse>(
                                            *stubs_.sponsorship,
                                            &sv::SponsorshipService::Stub::ListSponsors, request));
      for (const sv::Sponsor& sponsor : page.sponsors()) {
        there.insert(sponsor.sponsor_id());
        credit_[sponsor.sponsor_id()] = sponsor.credit_rupiah();
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    CompareIds("sponsor", there, world_.sponsors());
    return absl::OkStatus();
  }

  absl::Status Agencies() {
    rv::ListAgenciesRequest request;
    request.set_page_size(kPage);
    ASSIGN_OR_RETURN(const auto page,
                     Get<rv::ListAgenciesResponse>(
                         *stubs_.registry, &rv::RegistryService::Stub::ListAgencies, request));
    std::set<int64_t> there;
    for (const rv::Agency& agency : page.agencies()) there.insert(agency.agency_id());
    CompareIds("agency", there, world_.agencies());
    return absl::OkStatus();
  }

  // The money of every pledge, and the credit that it leaves to its sponsor, to the rupiah.
  absl::Status Pledges() {
    const std::map<int64_t, PledgeFacts> told = world_.pledges();
    std::map<int64_t, int64_t> credit;
    std::set<int64_t> there, known;
    for (const auto& [id, facts] : told) known.insert(id);
    sv::ListPledgesRequest request;
    request.set_page_size(kPage);
    do {
      ASSIGN_OR_RETURN(const auto page, Get<sv::ListPledgesResponse>(
                                            *stubs_.sponsorship,
                                            &sv::SponsorshipService::Stub::ListPledges, request));
      for (const sv::Pledge& pledge : page.pledges()) {
        there.insert(pledge.pledge_id());
        const auto facts = told.find(pledge.pledge_id());
        if (facts != told.end()) ComparePledge(pledge, facts->second, &credit);
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    CompareIds("pledge", there, known);
    for (const auto& [sponsor_id, amount] : credit) {
      Compare(absl::StrCat("credit of sponsor ", sponsor_id), credit_[sponsor_id], amount);
    }
    return absl::OkStatus();
  }

  void ComparePledge(const sv::Pledge& pledge, const PledgeFacts& facts,
                     std::map<int64_t, int64_t>* credit) {
    const std::string name = absl::StrCat("pledge ", facts.pledge_id);
    const sv::Funds& funds = pledge.funds();
    Compare(absl::StrCat(name, ", received"), funds.received_rupiah(), facts.received);
    Compare(absl::StrCat(name, ", cancelled"), pledge.state() == sv::PLEDGE_STATE_CANCELLED,
            facts.cancelled);
    if (funds.reserved_rupiah() != 0) {
      Try(absl::InternalError(absl::StrCat(name, " keeps ", funds.reserved_rupiah(),
                                           " reserved though nothing is under way")));
    }
    // What was refunded beyond its own money came out of the credit that it left.
    const int64_t from_credit = facts.refunded - funds.refunded_rupiah();
    if (from_credit < 0)
      Compare(absl::StrCat(name, ", refunded"), funds.refunded_rupiah(), facts.refunded);
    (*credit)[facts.sponsor_id] +=
        facts.credit + funds.moved_to_credit_rupiah() - std::max<int64_t>(0, from_credit);
  }

  absl::Status Allocations() {
    for (const int64_t id : world_.TakeAllocations()) {
      sv::GetAllocationRequest request;
      request.set_allocation_id(id);
      const auto found = Get<sv::GetAllocationResponse>(
          *stubs_.sponsorship, &sv::SponsorshipService::Stub::GetAllocation, request);
      if (absl::IsNotFound(found.status())) {
        Lost(absl::StrCat("allocation ", id, " is not there"));
        continue;
      }
      RETURN_IF_ERROR(found.status());
      if (found->allocation().state() == sv::ALLOCATION_STATE_RUNNING) {
        return absl::InternalError(absl::StrCat(
            "allocation ", id, " never ended: ", found->allocation().ShortDebugString()));
      }
    }
    return absl::OkStatus();
  }

  // A few each time; all of them in the course of many audits.
  absl::Status Deaths() {
    const std::map<int64_t, int> told = world_.deaths();
    int looked = 0;
    for (auto death = told.rbegin(); death != told.rend() && looked < 3; ++death, ++looked) {
      rv::GetWorkerRequest request;
      request.set_worker_id(death->first);
      ASSIGN_OR_RETURN(const auto found,
                       Get<rv::GetWorkerResponse>(*stubs_.registry,
                                                  &rv::RegistryService::Stub::GetWorker, request));
      if (found.worker().death_day() != death->second) {
        Lost(absl::StrCat("the death of worker ", death->first));
      }
    }
    return absl::OkStatus();
  }

  void Replay() {
    for (const Acknowledged& entry : world_.TakeJournal()) {
      const std::string wrong = entry.again();
      if (!wrong.empty()) {
        Lost(absl::StrCat("the answer to ", entry.method, " with the same request_id: ", wrong));
      }
    }
  }

  Stubs& stubs_;
  World& world_;
  std::map<int64_t, int64_t> credit_;
  Verdict verdict_;
};

// Paid, and not there to whom it was paid for; or the other way round.
bool IsLoss(const ReconcileDifference& difference) {
  return difference.kind == ReconcileDifference::Kind::kPaidNotCovered ||
         difference.kind == ReconcileDifference::Kind::kMemberMissing;
}
bool IsDouble(const ReconcileDifference& difference) {
  return difference.kind == ReconcileDifference::Kind::kCoveredNotPaid ||
         difference.kind == ReconcileDifference::Kind::kTwice;
}

// OK if nothing is owed, UNAVAILABLE if something is, an error if it won't be delivered.
absl::Status LookAtOwed(Stubs& stubs) {
  for (auto& [service, stub] : stubs.operations) {
    ov::ListOwedRequest request;
    ASSIGN_OR_RETURN(const auto owed, Get<ov::ListOwedResponse>(
                                          *stub, &ov::OperationsService::Stub::ListOwed, request));
    const std::vector<std::string>& kinds = OwedKinds(service);
    for (const ov::OwedRow& row : owed.rows()) {
      if (std::find(kinds.begin(), kinds.end(), row.kind()) == kinds.end()) {
        return absl::InternalError(absl::StrCat("the list of places lacks the kind ", row.kind()));
      }
    }
    // The rows and their number are read one after the other.
    const std::string first = owed.rows().empty() ? "" : owed.rows(0).ShortDebugString();
    if (owed.parked() > 0) {
      return absl::InternalError(absl::StrCat(service, " gave up on: ", first));
    }
    if (owed.waiting() > 0) {
      return absl::UnavailableError(absl::StrCat(service, " still owes: ", first));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WaitUntilSettled(Stubs& stubs, World&, absl::Duration bound) {
  const absl::Time end = absl::Now() + bound;
  while (true) {
    const absl::Status status = LookAtOwed(stubs);
    if (!absl::IsUnavailable(status) || absl::Now() >= end) return status;
    absl::SleepFor(absl::Milliseconds(10));  // other processes are awaited
  }
}

Verdict Audit(Stubs& stubs, World& world, absl::Duration bound) {
  Verdict verdict;
  if (const absl::Status settled = WaitUntilSettled(stubs, world, bound); !settled.ok()) {
    verdict.faults = 1;
    verdict.difference = settled.ToString();
    return verdict;
  }
  verdict = Comparison(stubs, world).Run();
  ReconcileSummary summary;
  const absl::Status books =
      Reconcile(*stubs.operations.at("registry"), *stubs.operations.at("sponsorship"),
                *stubs.operations.at("coverage"), kAuditor, {.wait = bound}, &summary);
  if (!books.ok()) {
    ++(IsLoss(summary.difference)     ? verdict.lost
       : IsDouble(summary.difference) ? verdict.doubled
                                      : verdict.faults);
    if (verdict.difference.empty()) verdict.difference = books.ToString();
  }
  if (!world.failure().empty()) {
    ++verdict.faults;
    if (verdict.difference.empty()) verdict.difference = world.failure();
  }
  return verdict;
}

}  // namespace lingkaran::kill
