#include "services/coverage/cover.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lingkaran::coverage {
namespace {

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

bool Run::calendar() const { return last_day == LastDayOf(last_month()); }

int Run::MonthsBegunBy(Day day) const {
  if (day < first_day) return 0;
  int begun = MonthsBetween(first_month, Month(day)) + 1;
  if (!calendar()) {
    begun = MonthsBetween(Month(first_day), Month(day)) + 1;
    if (begun > 1 && day < AddMonths(first_day, begun - 1)) --begun;
  }
  return std::clamp(begun, 1, months);
}

Day Run::StartOf(int index) const {
  if (index == 0) return first_day;
  return calendar() ? Day(first_month + index) : AddMonths(first_day, index);
}

std::vector<Run> ToRuns(absl::Span<const PersonMonth> months) {
  std::vector<Run> runs;
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

Day GraceUntil(Day last_day, const Arrears& arrears) {
  const Month month(last_day);
  if (last_day == LastDayOf(month)) return LastDayOf(month + arrears.lapse_after_months);
  return AddMonths(last_day, arrears.lapse_after_months);
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
