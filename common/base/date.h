// Civil days and months: the calendar of cover. No time zone hides in here; LocalDay is the only
// way from an instant to a day.
#pragma once

#include <chrono>
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

// Days to compute with in bulk, counted since 1 January 1970: to add one to a civil day, which is
// for people, costs as much as to find a member. Days of other years than -9999 to 9999 become
// kFirst or kLast, which lie beyond every day and have room to add to.
using std::chrono::sys_days;
inline constexpr sys_days kFirstSysDay{std::chrono::days{-1'000'000'000}};
inline constexpr sys_days kLastSysDay{std::chrono::days{1'000'000'000}};

// Month of a civil day within those years.
inline std::chrono::year_month YearMonthOf(Day day) {
  return {std::chrono::year(static_cast<int>(day.year())),
          std::chrono::month(static_cast<unsigned>(day.month()))};
}
inline sys_days ToSysDays(Day day) {
  if (day.year() > 9999) return kLastSysDay;
  if (day.year() < -9999) return kFirstSysDay;
  return YearMonthOf(day) / std::chrono::day(static_cast<unsigned>(day.day()));
}
// Of a day that is not beyond kFirst or kLast.
inline Day CivilOf(sys_days serial) {
  const std::chrono::year_month_day day(serial);
  return Day(static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
             static_cast<unsigned>(day.day()));
}
// That day of a month, or its last day if it has no such day.
inline sys_days DayOfMonth(std::chrono::year_month month, int day) {
  const std::chrono::year_month_day it = month / day;
  return it.ok() ? sys_days(it) : sys_days(month / std::chrono::last);
}

// The civil day at an instant, so many hours east of UTC (WIB 7, WITA 8, WIT 9).
Day LocalDay(absl::Time time, int utc_offset_hours);

}  // namespace lingkaran
