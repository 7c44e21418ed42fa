#include "services/coverage/domain/booking.h"

#include <algorithm>

#include "services/coverage/domain/errors.h"
#include "services/coverage/domain/quote.h"

namespace lingkaran::coverage {
namespace {

absl::Status CheckNotPaid(const PaidLine& line, const PaidMonth& paid,
                          absl::Span<const PersonMonth> standing) {
  for (const PersonMonth& month : standing) {
    if (month.programme == paid.programme && month.month == paid.month && month.stands()) {
      return MonthAlreadyPaid(line, paid);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTakesPart(const Member& member, const PaidLine& line, const PaidMonth& paid,
                            Day first_day) {
  if (member.death_day && first_day > *member.death_day) return AfterDeath(line, paid);
  if (member.withdraw_day && first_day >= *member.withdraw_day) return WorkerWithdrawn(line, paid);
  return absl::OkStatus();
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
  const Sector sector = line.sector == Sector::kUnspecified ? member.sector : line.sector;
  std::vector<PersonMonth> booked;
  booked.reserve(line.months.size());
  for (const PaidMonth& paid : line.months) {
    RETURN_IF_ERROR(CheckNotPaid(line, paid, standing));
    ASSIGN_OR_RETURN(const DaySpan days, CoveredDays(boundary->kind, line.first_day, paid.month));
    RETURN_IF_ERROR(CheckTakesPart(member, line, paid, days.first));
    ASSIGN_OR_RETURN(const Contribution due, ContributionOf(rules, paid.programme, paid.month,
                                                            line.wage_base, sector, source.payer));
    if (paid.amount != due.amount) return ContributionMismatch(line, paid, due.amount);
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
