#include "services/coverage/domain/errors.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran::coverage {
namespace {

using absl::StatusCode;

Metadata Names(const PaidLine& line, const PaidMonth& paid) {
  return {{"worker_id", absl::StrCat(line.worker_id)},
          {"programme", ProgrammeName(paid.programme)},
          {"month", absl::StrCat(MonthNumber(paid.month))}};
}

std::string MonthText(const PaidMonth& paid) {
  return absl::StrCat(ProgrammeName(paid.programme), " ", MonthNumber(paid.month));
}

absl::Status BeginsAfter(const char* what, Reason reason, const PaidLine& line,
                         const PaidMonth& paid) {
  return Error(StatusCode::kFailedPrecondition, reason,
               absl::StrCat(MonthText(paid), " begins after the worker's ", what,
                            "; give the seat to another worker"),
               Names(line, paid));
}

}  // namespace

absl::Status MemberNotFound(int64_t worker_id) {
  if (worker_id == 0) {
    return Error(StatusCode::kNotFound, Reason::kMemberNotFound,
                 "coverage knows no such member; check the number");
  }
  return Error(StatusCode::kNotFound, Reason::kMemberNotFound,
               absl::StrCat("coverage knows no member ", worker_id, "; enrol the worker first"),
               {{"worker_id", absl::StrCat(worker_id)}});
}

absl::Status NoRule(std::string_view what, Day day) {
  return Error(StatusCode::kFailedPrecondition, Reason::kNoRuleInForce,
               absl::StrCat("no rule for ", AbslView(what), " is in force on ", FormatDay(day),
                            "; add it to the rule book or ask about another day"),
               {{"rule", std::string(what)}, {"day", absl::StrCat(DayNumber(day))}});
}

absl::Status NotCovered(Programme programme, Day day) {
  return Error(StatusCode::kFailedPrecondition, Reason::kNotCovered,
               absl::StrCat("not covered by ", ProgrammeName(programme), " on ", FormatDay(day),
                            ", so no benefit is due; ExplainEligibility says why"),
               {{"programme", ProgrammeName(programme)}, {"day", absl::StrCat(DayNumber(day))}});
}

absl::Status MonthAlreadyPaid(const PaidLine& line, const PaidMonth& paid) {
  return Error(
      StatusCode::kAlreadyExists, Reason::kMonthAlreadyPaid,
      absl::StrCat(MonthText(paid), " of this worker is paid already; pay a later month instead"),
      Names(line, paid));
}

absl::Status AfterDeath(const PaidLine& line, const PaidMonth& paid) {
  return BeginsAfter("death", Reason::kAfterDeath, line, paid);
}

absl::Status WorkerWithdrawn(const PaidLine& line, const PaidMonth& paid) {
  return BeginsAfter("withdrawal", Reason::kWorkerWithdrawn, line, paid);
}

absl::Status ContributionMismatch(const PaidLine& line, const PaidMonth& paid, Rupiah due) {
  Metadata names = Names(line, paid);
  names.emplace_back("due_rupiah", absl::StrCat(due.amount()));
  return Error(StatusCode::kFailedPrecondition, Reason::kContributionMismatch,
               absl::StrCat(MonthText(paid), " costs ", FormatRupiah(due), ", not ",
                            FormatRupiah(paid.amount), "; ask for a new quote"),
               std::move(names));
}

absl::Status BatchTooLarge(std::string_view field, int size, int most) {
  return Error(StatusCode::kInvalidArgument, Reason::kBatchTooLarge,
               absl::StrCat(size, " ", AbslView(field),
                            " are more than one call takes; send at most ", most, " at a time"),
               {{"size", absl::StrCat(size)}, {"most", absl::StrCat(most)}});
}

absl::Status MonthsNotPermitted(int months, const PermittedMonths& permitted) {
  const std::string choice = absl::StrJoin(permitted.months, ",");
  return Error(StatusCode::kFailedPrecondition, Reason::kMonthsNotPermitted,
               absl::StrCat(months, " months can't be paid at once; choose one of ", choice),
               {{"months", absl::StrCat(months)}, {"permitted", choice}});
}

absl::Status KeyStillTaken() {
  return Error(StatusCode::kUnavailable, Reason::kTokenNotYetApplied,
               "another member still has one of these NIKs or numbers; send it again once that "
               "member's own change has arrived");
}

absl::Status ResumeTokenInvalid() {
  return Error(StatusCode::kInvalidArgument, Reason::kTokenInvalid,
               "this is no resume_token; send the last one that WatchCoverage gave, or none");
}

absl::Status ResumeTooOld() {
  return Error(StatusCode::kFailedPrecondition, Reason::kResumeTooOld,
               "the change log does not reach back to this resume_token; take a new one with an "
               "empty request, list everybody afresh, then watch from that one");
}

}  // namespace lingkaran::coverage
