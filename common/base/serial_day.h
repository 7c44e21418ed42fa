// Days as numbers, for arithmetic in bulk: civil days are for people, and adding one to them costs
// as much as finding a member. Months are numbers too (MonthIndex). All inline, no allocation.
#pragma once

#include <compare>
#include <cstdint>

#include "common/base/date.h"

namespace lingkaran {

// Days since 1 January 1970. Days of other years than -9999 to 9999 become kFirst or kLast.
struct SerialDay {
  int32_t number = 0;

  friend auto operator<=>(const SerialDay& a, const SerialDay& b) = default;
  friend SerialDay operator+(SerialDay a, int days) { return {a.number + days}; }
  friend SerialDay operator-(SerialDay a, int days) { return {a.number - days}; }
  friend int operator-(SerialDay a, SerialDay b) { return a.number - b.number; }
};
// Beyond every day, with room to add to.
inline constexpr SerialDay kFirstSerialDay{-1'000'000'000};
inline constexpr SerialDay kLastSerialDay{1'000'000'000};

// Months since the year 0.
inline int32_t MonthIndex(int64_t year, int month) {
  return static_cast<int32_t>(year) * 12 + month - 1;
}
inline int32_t MonthIndex(Month month) { return MonthIndex(month.year(), month.month()); }

namespace serial_day_internal {

// Of 1 March of a year that begins in March, by the length of the Gregorian cycle.
inline int32_t DaysBeforeYear(int32_t march_year) {
  const int32_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
  const int32_t of_era = march_year - era * 400;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 - 719468;
}
// Days from 1 March to the first of the month that comes `index` months later.
inline int32_t DaysBeforeMonth(int32_t index) { return (153 * index + 2) / 5; }

}  // namespace serial_day_internal

// `day` may be more or less than the month has.
inline SerialDay Serial(int64_t year, int month, int day) {
  const int32_t index = month > 2 ? month - 3 : month + 9;
  const auto march_year = static_cast<int32_t>(year) - (month <= 2 ? 1 : 0);
  return {serial_day_internal::DaysBeforeYear(march_year) +
          serial_day_internal::DaysBeforeMonth(index) + day - 1};
}
inline SerialDay Serial(Day day) {
  if (day.year() > 9999) return kLastSerialDay;
  if (day.year() < -9999) return kFirstSerialDay;
  return Serial(day.year(), day.month(), day.day());
}
// First day of the month.
inline SerialDay FirstOf(int32_t month_index) {
  const int32_t year = (month_index >= 0 ? month_index : month_index - 11) / 12;
  return Serial(year, month_index - year * 12 + 1, 1);
}

// The parts of a day; must not be beyond kFirst or kLast.
struct DayParts {
  int32_t year;
  int32_t month;
  int32_t day;
  int32_t month_index() const { return MonthIndex(year, month); }
};
inline DayParts PartsOf(SerialDay serial) {
  const int32_t days = serial.number + 719468;
  const int32_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int32_t of_era = days - era * 146097;
  const int32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int32_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const int32_t index = (5 * of_year + 2) / 153;
  const int32_t month = index < 10 ? index + 3 : index - 9;
  return {year + era * 400 + (month <= 2 ? 1 : 0), month,
          of_year - serial_day_internal::DaysBeforeMonth(index) + 1};
}
inline Day CivilOf(SerialDay serial) {
  const DayParts parts = PartsOf(serial);
  return Day(parts.year, parts.month, parts.day);
}

// The same day of another month, or its last day if it has no such day.
inline SerialDay DayOfMonth(int32_t month_index, int day) {
  const SerialDay first = FirstOf(month_index);
  if (day > 28) {
    const int length = FirstOf(month_index + 1) - first;
    if (day > length) day = length;
  }
  return first + (day - 1);
}

}  // namespace lingkaran
