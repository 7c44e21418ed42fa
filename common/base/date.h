// Civil days and months: the calendar of cover. No time zone hides in here; LocalDay is the only
// way from an instant to a day.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace lingkaran {

using Day = absl::CivilDay;
using Month = absl::CivilMonth;

// 20191107 <-> 2019-11-07. The way in refuses what is no day (20190230) and years outside
// 1900-2199.
int32_t DayNumber(Day day);
absl::StatusOr<Day> DayFromNumber(int32_t yyyymmdd);

// 201911 <-> November 2019.
int32_t MonthNumber(Month month);
absl::StatusOr<Month> MonthFromNumber(int32_t yyyymm);

// Last day of the month.
Day LastDayOf(Month month);

// The same day of the month `months` later; the month's last day if it has no such day
// (31 January + 1 month = 28 or 29 February).
Day AddMonths(Day day, int months);

// Months from the month of `from` to that of `to`; negative if `to` is earlier.
int MonthsBetween(Month from, Month to);

// Full years from birth to `on`; born on 29 February counts from 1 March in other years.
int AgeOn(Day birth, Day on);

// Reads dd/mm/yyyy, dd-mm-yyyy, dd.mm.yyyy, yyyy-mm-dd and "7 November 1980" or "07-Nov-1980" with
// Indonesian or English month names, long or short, in any case. INVALID_ARGUMENT for anything
// else, two-digit years included (they are ambiguous).
absl::StatusOr<Day> ParseDay(std::string_view text);

// "7 November 2019", in Indonesian.
std::string FormatDay(Day day);
// "November 2019", in Indonesian.
std::string FormatMonth(Month month);

// The civil day at an instant, so many hours east of UTC (WIB 7, WITA 8, WIT 9).
Day LocalDay(absl::Time time, int utc_offset_hours);

}  // namespace lingkaran
