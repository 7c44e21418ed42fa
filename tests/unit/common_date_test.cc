#include "common/base/date.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_format.h"

namespace lingkaran {
namespace {

const Day kFirst(1900, 1, 1);
const Day kLast(2199, 12, 31);

rc::Gen<Day> AnyDay() {
  return rc::gen::map(rc::gen::inRange<int>(0, static_cast<int>(kLast - kFirst) + 1),
                      [](int days) { return kFirst + days; });
}

TEST(DayNumber, RoundTrip) {
  EXPECT_EQ(DayNumber(Day(2019, 11, 7)), 20191107);
  EXPECT_EQ(MonthNumber(Month(2019, 11)), 201911);
  EXPECT_TRUE(rc::check("days come back", [] {
    const Day day = *AnyDay();
    RC_ASSERT(*DayFromNumber(DayNumber(day)) == day);
    RC_ASSERT(*MonthFromNumber(MonthNumber(Month(day))) == Month(day));
  }));
}

TEST(DayNumber, OnlyRealDaysComeIn) {
  EXPECT_TRUE(rc::check("what is accepted is that day", [](int32_t number) {
    const absl::StatusOr<Day> day = DayFromNumber(number);
    RC_ASSERT((!day.ok() || DayNumber(*day) == number));
    const absl::StatusOr<Month> month = MonthFromNumber(number);
    RC_ASSERT((!month.ok() || MonthNumber(*month) == number));
  }));
  for (const int32_t number : {0, -20191107, 20190230, 20190229, 20191301, 20190001, 20190100,
                               20190132, 18991231, 22000101, 201911, 19000229}) {
    EXPECT_EQ(DayFromNumber(number).status().code(), absl::StatusCode::kInvalidArgument) << number;
  }
  EXPECT_TRUE(DayFromNumber(20200229).ok());
  EXPECT_TRUE(DayFromNumber(20000229).ok());
  EXPECT_TRUE(DayFromNumber(19000101).ok());
  EXPECT_TRUE(DayFromNumber(21991231).ok());
  for (const int32_t number : {0, 201900, 201913, 189912, 220001, -201911, 20191107}) {
    EXPECT_EQ(MonthFromNumber(number).status().code(), absl::StatusCode::kInvalidArgument)
        << number;
  }
}

TEST(Months, LastDay) {
  EXPECT_EQ(LastDayOf(Month(2019, 2)), Day(2019, 2, 28));
  EXPECT_EQ(LastDayOf(Month(2020, 2)), Day(2020, 2, 29));
  EXPECT_EQ(LastDayOf(Month(2100, 2)), Day(2100, 2, 28));
  EXPECT_EQ(LastDayOf(Month(2019, 12)), Day(2019, 12, 31));
  EXPECT_TRUE(rc::check("the day after is the next month's first", [] {
    const Month month(*AnyDay());
    RC_ASSERT(LastDayOf(month) + 1 == Day(month + 1));
    RC_ASSERT(Month(LastDayOf(month)) == month);
  }));
}

TEST(SysDays, CountsAsCivilDaysDo) {
  EXPECT_EQ(ToSysDays(Day(1970, 1, 1)).time_since_epoch().count(), 0);
  EXPECT_EQ(ToSysDays(Day(2000, 3, 1)).time_since_epoch().count(), 11017);
  EXPECT_TRUE(rc::check("there and back, and the same distances", [] {
    // Two whole cycles of the calendar on both sides.
    const Day a = Day(1970, 1, 1) + *rc::gen::inRange(-300'000, 300'000);
    const Day b = Day(1970, 1, 1) + *rc::gen::inRange(-300'000, 300'000);
    RC_ASSERT((ToSysDays(a) - ToSysDays(b)).count() == a - b);
    RC_ASSERT(CivilOf(ToSysDays(a)) == a);
    RC_ASSERT((ToSysDays(a) < ToSysDays(b)) == (a < b));
    RC_ASSERT((YearMonthOf(a) - YearMonthOf(b)).count() == Month(a) - Month(b));
  }));
  EXPECT_TRUE(rc::check("months", [] {
    const Day day = Day(1970, 1, 1) + *rc::gen::inRange(-300'000, 300'000);
    const int months = *rc::gen::inRange(-1200, 1200);
    const std::chrono::year_month month = YearMonthOf(day) + std::chrono::months(months);
    RC_ASSERT(CivilOf(month / 1) == Day(Month(day) + months));
    RC_ASSERT(CivilOf(DayOfMonth(month, day.day())) == AddMonths(day, months));
  }));
}

TEST(SysDays, TheFarthestDaysHaveRoomToAddTo) {
  EXPECT_EQ(ToSysDays((Day::max)()), kLastSysDay);
  EXPECT_EQ(ToSysDays((Day::min)()), kFirstSysDay);
  EXPECT_LT(ToSysDays(Day(9999, 12, 31)), kLastSysDay);
  EXPECT_GT(kLastSysDay + std::chrono::days(1'000'000), kLastSysDay);
}

TEST(LocalDay, IsTheDayThatAClockThereShows) {
  const absl::Time midnight =
      absl::FromCivil(absl::CivilDay(2019, 11, 8), absl::FixedTimeZone(7 * 3600));
  EXPECT_EQ(LocalDay(midnight - absl::Nanoseconds(1), 7), Day(2019, 11, 7));
  EXPECT_EQ(LocalDay(midnight, 7), Day(2019, 11, 8));
  EXPECT_TRUE(rc::check("as the time zone says", [] {
    const absl::Time time = absl::FromUnixSeconds(*rc::gen::inRange<int64_t>(-5e9, 5e9)) +
                            absl::Nanoseconds(*rc::gen::inRange(0, 1'000'000'000));
    const int hours = *rc::gen::inRange(7, 10);
    RC_ASSERT(LocalDay(time, hours) == absl::ToCivilDay(time, absl::FixedTimeZone(hours * 3600)));
  }));
}

TEST(AddMonths, Table) {
  EXPECT_EQ(AddMonths(Day(2019, 1, 31), 1), Day(2019, 2, 28));
  EXPECT_EQ(AddMonths(Day(2020, 1, 31), 1), Day(2020, 2, 29));
  EXPECT_EQ(AddMonths(Day(2019, 11, 7), 3), Day(2020, 2, 7));
  EXPECT_EQ(AddMonths(Day(2020, 2, 29), 12), Day(2021, 2, 28));
  EXPECT_EQ(AddMonths(Day(2019, 1, 31), -2), Day(2018, 11, 30));
  EXPECT_EQ(AddMonths(Day(2019, 5, 31), 0), Day(2019, 5, 31));
}

TEST(AddMonths, Laws) {
  EXPECT_TRUE(rc::check("month and day of the result", [] {
    const Day day = *AnyDay();
    const int months = *rc::gen::inRange(-1200, 1200);
    const Day later = AddMonths(day, months);
    RC_ASSERT(MonthsBetween(Month(day), Month(later)) == months);
    RC_ASSERT((later.day() == day.day() ||
               (later.day() < day.day() && later == LastDayOf(Month(later)))));
  }));
  EXPECT_TRUE(rc::check("there and back, up to the 28th", [] {
    const Day day = *rc::gen::suchThat(AnyDay(), [](Day d) { return d.day() <= 28; });
    const int months = *rc::gen::inRange(-1200, 1200);
    RC_ASSERT(AddMonths(AddMonths(day, months), -months) == day);
  }));
  EXPECT_TRUE(rc::check("keeps the order of days", [] {
    const Day a = *AnyDay();
    const Day b = a + *rc::gen::inRange(0, 400);
    const int months = *rc::gen::inRange(-1200, 1200);
    RC_ASSERT(AddMonths(a, months) <= AddMonths(b, months));
  }));
}

TEST(MonthsBetween, Laws) {
  EXPECT_EQ(MonthsBetween(Month(2019, 11), Month(2020, 1)), 2);
  EXPECT_TRUE(rc::check("additive and antisymmetric", [] {
    const Month a(*AnyDay());
    const Month b(*AnyDay());
    const Month c(*AnyDay());
    RC_ASSERT(MonthsBetween(a, b) == -MonthsBetween(b, a));
    RC_ASSERT(MonthsBetween(a, b) + MonthsBetween(b, c) == MonthsBetween(a, c));
    RC_ASSERT(a + MonthsBetween(a, b) == b);
  }));
}

TEST(AgeOn, Table) {
  const Day birth(1954, 11, 7);
  EXPECT_EQ(AgeOn(birth, Day(2019, 11, 6)), 64);
  EXPECT_EQ(AgeOn(birth, Day(2019, 11, 7)), 65);
  const Day leap(1980, 2, 29);
  EXPECT_EQ(AgeOn(leap, Day(2019, 2, 28)), 38);
  EXPECT_EQ(AgeOn(leap, Day(2019, 3, 1)), 39);
  EXPECT_EQ(AgeOn(leap, Day(2020, 2, 28)), 39);
  EXPECT_EQ(AgeOn(leap, Day(2020, 2, 29)), 40);
}

TEST(AgeOn, GrowsByOneAYear) {
  EXPECT_TRUE(rc::check("never falls, steps of one", [] {
    const Day birth = *AnyDay();
    const Day on = birth + *rc::gen::inRange(0, 40000);
    RC_ASSERT(AgeOn(birth, birth) == 0);
    const int step = AgeOn(birth, on + 1) - AgeOn(birth, on);
    RC_ASSERT((step == 0 || step == 1));
    // A birthday is the only day on which a step falls; that of 29 February may fall on 1 March.
    const bool birthday = (on + 1).month() == birth.month() && (on + 1).day() == birth.day();
    const bool leap_instead = birth.month() == 2 && birth.day() == 29 &&
                              on == LastDayOf(Month(on)) && on.month() == 2 && on.day() == 28;
    RC_ASSERT((step == 1) == (birthday || leap_instead));
  }));
}

TEST(ParseDay, EveryAcceptedFormOfAnyDay) {
  EXPECT_TRUE(rc::check("reads back", [] {
    const Day day = *AnyDay();
    const int y = static_cast<int>(day.year());
    const int m = day.month();
    const int d = day.day();
    RC_ASSERT(*ParseDay(FormatDay(day)) == day);
    RC_ASSERT(*ParseDay("  " + FormatDay(day) + "\t") == day);
    RC_ASSERT(*ParseDay(absl::StrFormat("%02d/%02d/%04d", d, m, y)) == day);
    RC_ASSERT(*ParseDay(absl::StrFormat("%d/%d/%d", d, m, y)) == day);
    RC_ASSERT(*ParseDay(absl::StrFormat("%02d-%02d-%04d", d, m, y)) == day);
    RC_ASSERT(*ParseDay(absl::StrFormat("%d.%d.%d", d, m, y)) == day);
    RC_ASSERT(*ParseDay(absl::StrFormat("%04d-%02d-%02d", y, m, d)) == day);
  }));
}

TEST(ParseDay, MonthNames) {
  const std::vector<std::string> kNames[12] = {
      {"Januari", "JAN", "january"},
      {"Februari", "Pebruari", "feb", "February"},
      {"Maret", "mar", "March"},
      {"April", "APR"},
      {"Mei", "May"},
      {"Juni", "jun", "June"},
      {"Juli", "Jul", "July"},
      {"Agustus", "agu", "Agt", "AGS", "Aug", "August"},
      {"September", "Sep", "Sept"},
      {"Oktober", "Okt", "October", "Oct"},
      {"November", "Nopember", "nov", "Nop"},
      {"Desember", "Des", "December", "Dec"},
  };
  for (int month = 1; month <= 12; ++month) {
    for (const std::string& name : kNames[month - 1]) {
      EXPECT_EQ(*ParseDay("7 " + name + " 1980"), Day(1980, month, 7)) << name;
      EXPECT_EQ(*ParseDay("07-" + name + "-1980"), Day(1980, month, 7)) << name;
    }
  }
}

TEST(ParseDay, RefusesTheRest) {
  for (const char* text : {"",
                           " ",
                           "7/11/80",
                           "07-11-80",
                           "80-11-07",
                           "30/02/2019",
                           "31 April 1980",
                           "29/02/1900",
                           "1/13/2019",
                           "0/1/2000",
                           "1/0/2000",
                           "32/1/2000",
                           "7/11-1980",
                           "7/11/1980/1",
                           "7 11 1980",
                           "7 Novembre 1980",
                           "November 1980",
                           "7 November",
                           "7 November 1980 M",
                           "19801107",
                           "1980/11/07",
                           "1980.11.07",
                           "+7/11/1980",
                           "7/-11/1980",
                           "007/11/1980",
                           "7/11/01980",
                           "31/12/1899",
                           "1/1/2200",
                           "29526",
                           "-",
                           "7--1980",
                           "\xD9\xA7/11/1980"}) {
    EXPECT_EQ(ParseDay(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_TRUE(rc::check("any text gives a day in range or an error", [](const std::string& text) {
    const absl::StatusOr<Day> day = ParseDay(text);
    RC_ASSERT((!day.ok() || (*day >= kFirst && *day <= kLast)));
  }));
}

TEST(Format, Indonesian) {
  EXPECT_EQ(FormatDay(Day(2019, 11, 7)), "7 November 2019");
  EXPECT_EQ(FormatDay(Day(1980, 5, 31)), "31 Mei 1980");
  EXPECT_EQ(FormatMonth(Month(2020, 8)), "Agustus 2020");
}

}  // namespace
}  // namespace lingkaran
