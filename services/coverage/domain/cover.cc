#include "services/coverage/domain/cover.h"

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

bool Run::calendar() const {
  const int32_t month = MonthIndex(last_day.year(), last_day.month());
  return month == MonthIndex(first_month) + months - 1 &&
         last_day.day() == FirstOf(month + 1) - FirstOf(month);
}

int Run::MonthsBegunBy(SerialDay day) const {
  if (day < Serial(first_day)) return 0;
  const int32_t month = PartsOf(day).month_index();
  int begun = month - MonthIndex(first_month) + 1;
  if (!calendar()) {
    begun = month - MonthIndex(first_day.year(), first_day.month()) + 1;
    if (begun > 1 && day < SerialStartOf(begun - 1)) --begun;
  }
  return std::clamp(begun, 1, months);
}

SerialDay Run::SerialStartOf(int index) const {
  if (index == 0) return Serial(first_day);
  if (calendar()) return FirstOf(MonthIndex(first_month) + index);
  return DayOfMonth(MonthIndex(first_day.year(), first_day.month()) + index, first_day.day());
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

SerialDay SerialGraceUntil(Day last_day, const Arrears& arrears) {
  const int32_t month = MonthIndex(last_day.year(), last_day.month());
  const int32_t end = month + arrears.lapse_after_months;
  const bool ends_month = last_day.day() >= 28 && Serial(last_day) + 1 == FirstOf(month + 1);
  return ends_month ? FirstOf(end + 1) - 1 : DayOfMonth(end, last_day.day());
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
