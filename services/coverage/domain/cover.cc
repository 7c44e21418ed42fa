#include "services/coverage/domain/cover.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lingkaran::coverage {
namespace {

using Months = std::chrono::months;

bool EndsMonth(Day day) {
  return day.day() >= 28 && static_cast<unsigned>(day.day()) ==
                                static_cast<unsigned>((YearMonthOf(day) / std::chrono::last).day());
}

// True if `month` goes on where `run` ends, under the same boundary.
bool GoesOn(const Run& run, const PersonMonth& month) {
  if (run.programme != month.programme || month.month != run.last_month() + 1) return false;
  if (month.first_day != run.last_day + 1) return false;
  if (run.calendar()) return month.last_day == LastDayOf(month.month);
  return month.first_day == AddMonths(run.first_day, run.months) &&
         month.last_day == AddMonths(run.first_day, run.months + 1) - 1;
}

}  // namespace

absl::StatusOr<DaySpan> CoveredDays(BoundaryKind kind, Day start, Month month) {
  const int index = MonthsBetween(Month(start), month);
  if (index < 0) {
    return InvalidField(
        "months", absl::StrCat("month ", MonthNumber(month), " lies before the first day of cover ",
                               DayNumber(start), "; pay months from there on"));
  }
  if (kind == BoundaryKind::kDayToDay) {
    return DaySpan{AddMonths(start, index), AddMonths(start, index + 1) - 1};
  }
  return DaySpan{std::max(start, Day(month)), LastDayOf(month)};
}

bool Run::calendar() const {
  return YearMonthOf(last_day) == YearMonthOf(Day(first_month)) + Months(months - 1) &&
         EndsMonth(last_day);
}

int Run::MonthsBegunBy(sys_days day) const {
  if (day < ToSysDays(first_day)) return 0;
  const std::chrono::year_month_day on(day);
  const bool by_calendar = calendar();
  const Day start = by_calendar ? Day(first_month) : first_day;
  auto begun = (on.year() / on.month() - YearMonthOf(start)).count() + 1;
  if (!by_calendar && begun > 1 && day < SysStartOf(static_cast<int>(begun) - 1)) --begun;
  return std::clamp(static_cast<int>(begun), 1, months);
}

sys_days Run::SysStartOf(int index) const {
  if (index == 0) return ToSysDays(first_day);
  if (calendar()) return (YearMonthOf(Day(first_month)) + Months(index)) / 1;
  return DayOfMonth(YearMonthOf(first_day) + Months(index), first_day.day());
}

Runs ToRuns(absl::Span<const PersonMonth> months) {
  Runs runs;
  for (const PersonMonth& month : months) {
    if (!month.stands()) continue;
    if (!runs.empty() && GoesOn(runs.back(), month)) {
      runs.back().last_day = month.last_day;
      ++runs.back().months;
    } else {
      runs.push_back({month.programme, month.first_day, month.last_day, month.month, 1});
    }
  }
  return runs;
}

std::vector<CoverSpan> ToSpans(absl::Span<const Run> runs) {
  std::vector<CoverSpan> spans;
  for (const Run& run : runs) {
    if (!spans.empty() && spans.back().programme == run.programme &&
        run.first_day <= spans.back().last_day + 1) {
      spans.back().last_day = std::max(spans.back().last_day, run.last_day);
      spans.back().months += run.months;
    } else {
      spans.push_back({run.programme, run.first_day, run.last_day, run.months});
    }
  }
  return spans;
}

sys_days SysGraceUntil(Day last_day, const Arrears& arrears) {
  const std::chrono::year_month end = YearMonthOf(last_day) + Months(arrears.lapse_after_months);
  return DayOfMonth(end, EndsMonth(last_day) ? 31 : last_day.day());
}

std::optional<Ending> EndingOf(absl::Span<const PersonMonth> months, Day until) {
  std::optional<Ending> ending;
  const auto covered_until = [&](const PersonMonth& month) {
    return std::min(month.last_day, until);
  };
  for (const PersonMonth& month : months) {
    if (!month.stands() || month.first_day > until) continue;
    if (!ending) ending.emplace();
    if (ending->worker_id == 0 || covered_until(month) > ending->last_day) {
      ending->worker_id = month.worker_id;
      ending->last_day = covered_until(month);
    }
  }
  if (!ending) return std::nullopt;
  for (const PersonMonth& month : months) {
    if (!month.stands() || month.first_day > until || covered_until(month) != ending->last_day) {
      continue;
    }
    if (ending->programmes.empty() || ending->programmes.back() != month.programme) {
      ending->programmes.push_back(month.programme);
    }
    ending->source = month.source;
  }
  return ending;
}

}  // namespace lingkaran::coverage
