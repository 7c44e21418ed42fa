// From person-months to covered days: the boundary rule, runs and spans.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// Who paid for a person-month.
struct Funding {
  PayerClass payer = PayerClass::kUnspecified;
  int64_t pledge_id = 0;
  int64_t contribution_id = 0;
};

// One worker, one programme, one month, one amount: the atom of money and of cover.
struct PersonMonth {
  int64_t worker_id = 0;
  Programme programme = Programme::kUnspecified;
  Month month;
  Day first_day;  // covered
  Day last_day;   // covered, inclusive
  Rupiah amount;
  Rupiah wage_base;
  Sector sector = Sector::kUnspecified;
  Funding source;
  int64_t record_ms = 0;         // when it was booked, ms since 1970
  int64_t booked_position = 0;   // of the change log
  int64_t revoke_ms = 0;         // when it was taken back; 0 while it stands
  int64_t revoked_position = 0;  // 0 while it stands
  std::string revoke_reason;

  bool stands() const { return revoked_position == 0; }
};

// Days from the first to the last, both inclusive.
struct DaySpan {
  Day first;
  Day last;
  friend bool operator==(const DaySpan& a, const DaySpan& b) {
    return a.first == b.first && a.last == b.last;
  }
};

// The days that contribution month `month` covers when cover starts on `start`.
// Calendar month: max(start, first of the month) to the end of the month. Day to day: from the day
// of `start` in that month to the day before in the next; a month's key is that of its first day.
// INVALID_ARGUMENT/INVALID_FIELD "months" for a month before that of `start`: it would cover
// nothing.
absl::StatusOr<DaySpan> CoveredDays(BoundaryKind kind, Day start, Month month);

// Consecutive person-months of one programme under one boundary: what the cache holds.
struct Run {
  Programme programme = Programme::kUnspecified;
  Day first_day;
  Day last_day;
  Month first_month;
  int months = 0;

  Month last_month() const { return first_month + (months - 1); }
  // True if its months end with calendar months; else they run day to day from first_day.
  bool calendar() const;
  // How many of its months have begun by `day`; 0 to months.
  int MonthsBegunBy(Day day) const { return MonthsBegunBy(ToSysDays(day)); }
  int MonthsBegunBy(sys_days day) const;
  // First covered day of its month number `index`, from 0.
  Day StartOf(int index) const { return CivilOf(SysStartOf(index)); }
  sys_days SysStartOf(int index) const;
  friend bool operator==(const Run& a, const Run& b) {
    return a.programme == b.programme && a.first_day == b.first_day && a.last_day == b.last_day &&
           a.first_month == b.first_month && a.months == b.months;
  }
};

// Nearly everybody has at most this many, which then take no memory of their own.
using Runs = absl::InlinedVector<Run, 4>;

// Runs of standing person-months. `months` must be sorted by programme and month; revoked ones are
// left out.
Runs ToRuns(absl::Span<const PersonMonth> months);

// Days without a hole between, from runs that touch or overlap.
struct CoverSpan {
  Programme programme = Programme::kUnspecified;
  Day first_day;
  Day last_day;
  int months = 0;
};

// Spans of runs sorted by programme and day.
std::vector<CoverSpan> ToSpans(absl::Span<const Run> runs);

// Last day on which paying on keeps a membership whose cover ended on `last_day`: the end of the
// last unpaid month that the arrears rule allows.
sys_days SysGraceUntil(Day last_day, const Arrears& arrears);
inline Day GraceUntil(Day last_day, const Arrears& arrears) {
  return CivilOf(SysGraceUntil(last_day, arrears));
}

// The end of one worker's cover.
struct Ending {
  int64_t worker_id = 0;
  Day last_day;                       // covered
  std::vector<Programme> programmes;  // that are covered on that day and no longer
  Funding source;                     // of the last month
};

// The end of the cover that standing `months` of one worker (by programme and month) add up to, cut
// at `until`, the last day of the part in the programme; nullopt if nothing is covered.
std::optional<Ending> EndingOf(absl::Span<const PersonMonth> months, Day until);

}  // namespace lingkaran::coverage
