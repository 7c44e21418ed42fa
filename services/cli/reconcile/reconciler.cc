#include "services/cli/reconcile/reconciler.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "services/cli/reconcile/audit_reader.h"

namespace lingkaran {
namespace {

using Kind = ReconcileDifference::Kind;

// Why two looks decide. In each round sponsorship's snapshot is taken before coverage's, so
// coverage's of round n lies between sponsorship's of rounds n and n+1. A source that has nothing
// under way in both, and the same last transaction, did not change between them, and coverage had
// to agree. Likewise what registry did not owe in round n coverage had to know in round n+1.
struct Suspicions {
  struct OfSource {
    int64_t last_transaction;  // -1: sponsorship did not know the source
    ReconcileDifference difference;
  };
  struct OfMember {
    int64_t version;  // that coverage should have had
    ReconcileDifference difference;
  };
  std::map<SourceKey, OfSource> sources;
  std::map<int64_t, OfMember> members;
  bool empty() const { return sources.empty() && members.empty(); }
};

// A worker's month in 8 bytes: programmes are below 4, months count from the year 1900.
uint64_t MonthKey(int64_t worker, const ops::v1::PaidMonth& month) {
  const uint64_t months = month.month() / 100 * 12 + month.month() % 100 - 1900 * 12;
  return (static_cast<uint64_t>(worker) << 16) | (months << 2) |
         static_cast<uint64_t>(month.programme());
}

// In the order of a worker's months.
std::pair<int, int> PlaceOf(const ops::v1::PaidMonth& month) {
  return {month.programme(), month.month()};
}

SourceKey KeyOf(const ops::v1::WorkerMonths& line) {
  return {line.pledge_id(), line.contribution_id()};
}

std::string SourceName(const ReconcileDifference& d) {
  return d.pledge_id != 0 ? absl::StrCat("pledge ", d.pledge_id)
                          : absl::StrCat("contribution ", d.contribution_id);
}

// By Kind: $0 is the source, $1 the month of a worker, $2 the worker, $3 and $4 are left and right,
// $5 the service and $6 its finding.
constexpr const char* kDifferences[] = {
    "no difference",
    "$5: $6",
    "$0: has person-months at coverage and is unknown to sponsorship",
    "$0: sponsorship spent $3 rupiah, person-months at coverage cost $4",
    "$0: sponsorship paid $3 person-months, coverage has $4",
    "$1: paid $3 rupiah, and not covered",
    "$1: covered for $4 rupiah, and not paid",
    "$1: paid $3 rupiah, covered for $4",
    "$1: another source covers the same month",
    "worker $2: known to coverage, never enrolled by registry",
    "worker $2: enrolled by registry, unknown to coverage",
    "worker $2: version $3 at registry, $4 at coverage",
    "worker $2: version $3 at registry, $4 at coverage",
    "worker $2: membership numbers differ",
};
static_assert(std::size(kDifferences) == static_cast<int>(Kind::kMembershipNumber) + 1);

// Where the books are read, and how.
struct Services {
  OperationsStub& registry;
  OperationsStub& sponsorship;
  OperationsStub& coverage;
  CallOptions options;
};

// The three books, read once.
class Round {
 public:
  Round(const Services& services, const Suspicions& before, ReconcileSummary* summary)
      : before_(before),
        summary_(*summary),
        report_(summary->report),
        sponsorship_("sponsorship", services.sponsorship, services.options),
        coverage_("coverage", services.coverage, services.options),
        registry_("registry", services.registry, services.options) {}

  // DATA_LOSS for a true difference, which is in the summary then.
  absl::Status Run() {
    absl::Status status = Compare();
    for (const AuditLineReader* reader : {&sponsorship_, &coverage_, &registry_}) {
      if (!reader->finding().has_value()) continue;
      return Differ(
          {.kind = Kind::kFinding, .service = reader->service(), .text = *reader->finding()});
    }
    return status;
  }

  Suspicions& suspicions() { return suspicions_; }
  // The first thing that differs while it is under way; empty if none does.
  const std::string& open() const { return open_; }

 private:
  absl::Status Compare() {
    RETURN_IF_ERROR(sponsorship_.Begin());
    RETURN_IF_ERROR(coverage_.Begin());
    RETURN_IF_ERROR(registry_.Begin());
    RETURN_IF_ERROR(ReadTotals());
    RETURN_IF_ERROR(CompareTotals());
    RETURN_IF_ERROR(CompareWorkers());
    RETURN_IF_ERROR(CompareMembers());
    ASSIGN_OR_RETURN(const ops::v1::AuditSummary sponsorship, sponsorship_.End());
    ASSIGN_OR_RETURN(const ops::v1::AuditSummary coverage, coverage_.End());
    ASSIGN_OR_RETURN(const ops::v1::AuditSummary registry, registry_.End());
    report_.set_journal_entries(sponsorship.entries());
    report_.set_booked_person_months(coverage.entries());
    report_.set_list_rows(registry.entries());
    report_.set_owed(sponsorship.owed() + registry.owed());
    return absl::OkStatus();
  }

  absl::Status Differ(ReconcileDifference difference) {
    summary_.difference = std::move(difference);
    report_.set_difference(summary_.difference.ToString());
    return absl::DataLossError(report_.difference());
  }

  absl::Status ReadTotals() {
    for (;;) {
      ASSIGN_OR_RETURN(const ops::v1::SourceTotal* total, sponsorship_.NextTotal());
      if (total == nullptr) break;
      paid_[{total->pledge_id(), total->contribution_id()}] = *total;
      report_.set_sources(report_.sources() + 1);
      report_.set_received_rupiah(report_.received_rupiah() + total->received_rupiah());
      report_.set_spent_rupiah(report_.spent_rupiah() + total->spent_rupiah());
      report_.set_reserved_rupiah(report_.reserved_rupiah() + total->reserved_rupiah());
      report_.set_sources_under_way(report_.sources_under_way() + total->under_way());
    }
    for (const auto& [key, suspicion] : before_.sources) {
      const auto now = paid_.find(key);
      const int64_t last = now == paid_.end() ? -1 : now->second.last_transaction();
      const bool idle = now == paid_.end() || !now->second.under_way();
      if (idle && last == suspicion.last_transaction) return Differ(suspicion.difference);
    }
    return absl::OkStatus();
  }

  // Notes a difference in what a source pays: for the next round to confirm, or as under way.
  void Note(const SourceKey& key, ReconcileDifference difference) {
    difference.pledge_id = key.first;
    difference.contribution_id = key.second;
    const auto source = paid_.find(key);
    if (source != paid_.end() && source->second.under_way()) {
      if (open_.empty() || (difference.worker_id != 0 && !open_names_worker_)) {
        open_names_worker_ = difference.worker_id != 0;
        open_ = difference.ToString();
      }
      return;
    }
    const int64_t last = source == paid_.end() ? -1 : source->second.last_transaction();
    auto [place, fresh] =
        suspicions_.sources.try_emplace(key, Suspicions::OfSource{last, difference});
    // The worker and month say more than the sum that they are missing from.
    ReconcileDifference& known = place->second.difference;
    const bool sum = known.kind == Kind::kMoney || known.kind == Kind::kPersonMonths;
    if (!fresh && sum && difference.worker_id != 0) known = std::move(difference);
  }

  absl::Status CompareTotals() {
    std::map<SourceKey, ops::v1::SourceTotal> covered;
    for (;;) {
      ASSIGN_OR_RETURN(const ops::v1::SourceTotal* total, coverage_.NextTotal());
      if (total == nullptr) break;
      covered[{total->pledge_id(), total->contribution_id()}] = *total;
      report_.set_person_months(report_.person_months() + total->person_months());
    }
    for (const auto& [key, total] : covered) {
      if (!paid_.contains(key)) Note(key, {.kind = Kind::kSource});
    }
    for (const auto& [key, paid] : paid_) {
      const ops::v1::SourceTotal& cover = covered[key];
      if (paid.spent_rupiah() != cover.spent_rupiah()) {
        Note(key,
             {.kind = Kind::kMoney, .left = paid.spent_rupiah(), .right = cover.spent_rupiah()});
      } else if (paid.person_months() != cover.person_months()) {
        Note(key, {.kind = Kind::kPersonMonths,
                   .left = paid.person_months(),
                   .right = cover.person_months()});
      }
    }
    return absl::OkStatus();
  }

  absl::Status CompareWorkers() {
    months_.reserve(report_.person_months());
    ASSIGN_OR_RETURN(const ops::v1::WorkerMonths* paid, sponsorship_.NextWorker());
    ASSIGN_OR_RETURN(const ops::v1::WorkerMonths* cover, coverage_.NextWorker());
    static const ops::v1::WorkerMonths& nothing = *new ops::v1::WorkerMonths();
    const auto key = [](const ops::v1::WorkerMonths& line) {
      return std::pair(KeyOf(line), line.worker_id());
    };
    while (paid != nullptr || cover != nullptr) {
      const bool left = paid != nullptr && (cover == nullptr || key(*paid) <= key(*cover));
      const bool right = cover != nullptr && (paid == nullptr || key(*cover) <= key(*paid));
      CompareMonths(left ? *paid : *cover, left ? *paid : nothing, right ? *cover : nothing);
      if (right) RETURN_IF_ERROR(AddCover(*cover));
      if (left) {
        ASSIGN_OR_RETURN(paid, sponsorship_.NextWorker());
      }
      if (right) {
        ASSIGN_OR_RETURN(cover, coverage_.NextWorker());
      }
    }
    report_.set_workers(static_cast<int64_t>(workers_.size()));
    return absl::OkStatus();
  }

  // Compares the months `who` is paid with those covered, both in order; notes the first
  // difference.
  void CompareMonths(const ops::v1::WorkerMonths& who, const ops::v1::WorkerMonths& paid,
                     const ops::v1::WorkerMonths& cover) {
    const auto same = [](const ops::v1::PaidMonth& a, const ops::v1::PaidMonth& b) {
      return PlaceOf(a) == PlaceOf(b) && a.amount_rupiah() == b.amount_rupiah();
    };
    const auto& left = paid.months();
    const auto& right = cover.months();
    const auto [p, c] = std::mismatch(left.begin(), left.end(), right.begin(), right.end(), same);
    if (p == left.end() && c == right.end()) return;
    const bool is_paid = p != left.end() && (c == right.end() || PlaceOf(*p) <= PlaceOf(*c));
    const bool is_covered = c != right.end() && (p == left.end() || PlaceOf(*c) <= PlaceOf(*p));
    const ops::v1::PaidMonth& month = is_paid ? *p : *c;
    Note(KeyOf(who), {.kind = is_paid && is_covered ? Kind::kAmount
                              : is_paid             ? Kind::kPaidNotCovered
                                                    : Kind::kCoveredNotPaid,
                      .worker_id = who.worker_id(),
                      .programme = month.programme(),
                      .month = month.month(),
                      .left = is_paid ? p->amount_rupiah() : 0,
                      .right = is_covered ? c->amount_rupiah() : 0});
  }

  absl::Status AddCover(const ops::v1::WorkerMonths& cover) {
    workers_.insert(cover.worker_id());
    for (const ops::v1::PaidMonth& month : cover.months()) {
      if (months_.insert(MonthKey(cover.worker_id(), month)).second) continue;
      return Differ({.kind = Kind::kTwice,
                     .pledge_id = cover.pledge_id(),
                     .contribution_id = cover.contribution_id(),
                     .worker_id = cover.worker_id(),
                     .programme = month.programme(),
                     .month = month.month()});
    }
    return absl::OkStatus();
  }

  absl::Status CompareMembers() {
    ASSIGN_OR_RETURN(const ops::v1::MemberLine* here, registry_.NextMember());
    ASSIGN_OR_RETURN(const ops::v1::MemberLine* there, coverage_.NextMember());
    while (here != nullptr || there != nullptr) {
      const bool left =
          here != nullptr && (there == nullptr || here->worker_id() <= there->worker_id());
      const bool right =
          there != nullptr && (here == nullptr || there->worker_id() <= here->worker_id());
      if (!left) return NoMember(there->worker_id());
      RETURN_IF_ERROR(CompareMember(*here, right ? there : nullptr));
      report_.set_members(report_.members() + 1);
      workers_.erase(here->worker_id());
      ASSIGN_OR_RETURN(here, registry_.NextMember());
      if (right) {
        ASSIGN_OR_RETURN(there, coverage_.NextMember());
      }
    }
    if (!workers_.empty()) {
      return NoMember(*std::min_element(workers_.begin(), workers_.end()));
    }
    return absl::OkStatus();
  }

  // Registry's snapshot is the younger one, and it enrols before anybody covers.
  absl::Status NoMember(int64_t worker_id) {
    return Differ({.kind = Kind::kNoMember, .worker_id = worker_id});
  }

  absl::Status CompareMember(const ops::v1::MemberLine& here, const ops::v1::MemberLine* there) {
    ReconcileDifference difference{
        .kind = there == nullptr ? Kind::kMemberMissing : Kind::kMemberBehind,
        .worker_id = here.worker_id(),
        .left = here.version(),
        .right = there == nullptr ? 0 : there->version()};
    const auto before = before_.members.find(here.worker_id());
    if (before != before_.members.end() && difference.right < before->second.version) {
      return Differ(before->second.difference);
    }
    if (difference.right > difference.left) {
      difference.kind = Kind::kMemberAhead;
      return Differ(std::move(difference));
    }
    if (there != nullptr && there->membership_number() != here.membership_number()) {
      difference.kind = Kind::kMembershipNumber;
      return Differ(std::move(difference));
    }
    if (difference.right == difference.left) return absl::OkStatus();
    if (here.registering() && there != nullptr) return absl::OkStatus();
    if (here.owed()) {
      if (open_.empty()) open_ = difference.ToString();
    } else {
      suspicions_.members.try_emplace(
          here.worker_id(),
          Suspicions::OfMember{here.registering() ? 1 : here.version(), std::move(difference)});
    }
    return absl::OkStatus();
  }

  const Suspicions& before_;
  ReconcileSummary& summary_;
  ops::v1::BooksReport& report_;
  AuditLineReader sponsorship_;
  AuditLineReader coverage_;
  AuditLineReader registry_;
  std::map<SourceKey, ops::v1::SourceTotal> paid_;
  absl::flat_hash_set<uint64_t> months_;  // that are covered
  absl::flat_hash_set<int64_t> workers_;  // with cover; later those of them registry did not name
  Suspicions suspicions_;
  std::string open_;
  bool open_names_worker_ = false;
};

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

// What is owed, as far as somebody can say; for the message of a comparison that could not be made.
std::string OwedText(const Services& services) {
  std::string text;
  const std::pair<const char*, OperationsStub*> owing[] = {{"registry", &services.registry},
                                                           {"sponsorship", &services.sponsorship}};
  for (const auto& [name, stub] : owing) {
    grpc::ClientContext context;
    Prepare(context, services.options);
    ops::v1::ListOwedRequest request;
    request.set_page_size(1);
    ops::v1::ListOwedResponse response;
    const bool ok = stub->ListOwed(&context, request, &response).ok();
    absl::StrAppend(&text, "; ", name,
                    ok ? absl::StrCat(" owes ", response.waiting(), " rows") : " does not answer");
  }
  return text;
}

}  // namespace

std::string ReconcileDifference::ToString() const {
  const std::string source = SourceName(*this);
  const std::string month_of =
      absl::StrCat(source, ", worker ", worker_id, ", programme ", programme, ", month ", month);
  return absl::Substitute(kDifferences[static_cast<int>(kind)], source, month_of, worker_id, left,
                          right, service, text);
}

absl::Status Reconcile(ops::v1::OperationsService::StubInterface& registry,
                       ops::v1::OperationsService::StubInterface& sponsorship,
                       ops::v1::OperationsService::StubInterface& coverage,
                       const std::string& actor, const ReconcileOptions& options,
                       ReconcileSummary* summary) {
  // Long enough for the largest book; a service that hangs is given up on with the others.
  const Services services{
      registry,
      sponsorship,
      coverage,
      {.actor = actor, .timeout = std::max(options.wait, absl::Duration(absl::Minutes(10)))}};
  const absl::Time end = absl::Now() + options.wait;
  Suspicions suspicions;
  // A suspicion is decided in the next round, also when time is over; but load that never rests
  // makes new ones for ever.
  int late_rounds = 0;
  for (int round = 1;; ++round) {
    *summary = ReconcileSummary();
    summary->report.set_rounds(round);
    Round look(services, suspicions, summary);
    const absl::Status status = look.Run();
    if (!status.ok() && !MayPass(status)) return status;
    if (status.ok()) {
      suspicions = std::move(look.suspicions());
      if (suspicions.empty() && look.open().empty()) {
        summary->report.set_agree(true);
        return absl::OkStatus();
      }
    }
    const bool over = absl::Now() >= end;
    if (over && !status.ok()) {
      return absl::UnavailableError(
          absl::StrCat("the books can't be compared: ", status.message(), OwedText(services)));
    }
    if (over && (suspicions.empty() || ++late_rounds > 3)) {
      const std::string what = look.open().empty()
                                   ? suspicions.sources.empty()
                                         ? suspicions.members.begin()->second.difference.ToString()
                                         : suspicions.sources.begin()->second.difference.ToString()
                                   : look.open();
      return absl::UnavailableError(
          absl::StrCat("work is still under way: ", what, OwedText(services)));
    }
    absl::SleepFor(options.pause);
  }
}

}  // namespace lingkaran
