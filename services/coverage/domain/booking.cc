#include "services/coverage/domain/booking.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/coverage/domain/contribution.h"

namespace lingkaran::coverage {
namespace {

Metadata Names(const PaidLine& line, const PaidMonth& paid) {
  return {{"worker_id", absl::StrCat(line.worker_id)},
          {"programme", std::string(ProgrammeName(paid.programme))},
          {"month", absl::StrCat(MonthNumber(paid.month))}};
}

std::string MonthText(const PaidMonth& paid) {
  return absl::StrCat(std::string(ProgrammeName(paid.programme)), " ", MonthNumber(paid.month));
}

absl::Status CheckNotPaid(const PaidLine& line, const PaidMonth& paid,
                          absl::Span<const PersonMonth> standing) {
  for (const PersonMonth& month : standing) {
    if (month.programme == paid.programme && month.month == paid.month && month.stands()) {
      return Error(absl::StatusCode::kAlreadyExists, Reason::kMonthAlreadyPaid,
                   absl::StrCat(MonthText(paid),
                                " of this worker is paid already; pay a later month instead"),
                   Names(line, paid));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTakesPart(const Member& member, const PaidLine& line, const PaidMonth& paid,
                            Day first_day) {
  const bool dead = member.death_day && first_day > *member.death_day;
  const bool gone = member.withdraw_day && first_day >= *member.withdraw_day;
  if (!dead && !gone) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition,
               dead ? Reason::kAfterDeath : Reason::kWorkerWithdrawn,
               absl::StrCat(MonthText(paid), " begins after the worker's ",
                            dead ? "death" : "withdrawal", "; give the seat to another worker"),
               Names(line, paid));
}

absl::Status CheckAmount(const PaidLine& line, const PaidMonth& paid, Rupiah due) {
  if (paid.amount == due) return absl::OkStatus();
  Metadata names = Names(line, paid);
  names.emplace_back("due_rupiah", absl::StrCat(due.amount()));
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kContributionMismatch,
               absl::StrCat(MonthText(paid), " costs ", FormatRupiah(due), ", not ",
                            FormatRupiah(paid.amount), "; ask for a new quote"),
               std::move(names));
}

}  // namespace

Day Member::UntilDay() const {
  Day until = death_day.value_or((Day::max)());
  if (withdraw_day) until = std::min(until, *withdraw_day - 1);
  return until;
}

absl::StatusOr<std::vector<PersonMonth>> BookLine(const Rules& rules, const Member& member,
                                                  const PaidLine& line, const Funding& source,
                                                  absl::Span<const PersonMonth> standing) {
  ASSIGN_OR_RETURN(const Boundary* boundary,
                   InForce(rules.BoundaryOn(line.first_day), "the cover boundary", line.first_day));
  const Sector sector = line.sector == Sector::kNone ? member.sector : line.sector;
  std::vector<PersonMonth> booked;
  booked.reserve(line.months.size());
  for (const PaidMonth& paid : line.months) {
    RETURN_IF_ERROR(CheckNotPaid(line, paid, standing));
    ASSIGN_OR_RETURN(const DaySpan days, CoveredDays(boundary->kind, line.first_day, paid.month));
    RETURN_IF_ERROR(CheckTakesPart(member, line, paid, days.first));
    ASSIGN_OR_RETURN(const Contribution due, ContributionOf(rules, paid.programme, paid.month,
                                                            line.wage_base, sector, source.payer));
    RETURN_IF_ERROR(CheckAmount(line, paid, due.amount));
    PersonMonth month;
    month.worker_id = line.worker_id;
    month.programme = paid.programme;
    month.month = paid.month;
    month.first_day = days.first;
    month.last_day = days.last;
    month.amount = paid.amount;
    month.wage_base = line.wage_base;
    month.sector = sector;
    month.source = source;
    booked.push_back(std::move(month));
  }
  return booked;
}

}  // namespace lingkaran::coverage
