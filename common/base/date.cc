#include "common/base/date.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2199;

constexpr std::array<const char*, 12> kMonthNames = {
    "Januari", "Februari", "Maret",     "April",   "Mei",      "Juni",
    "Juli",    "Agustus",  "September", "Oktober", "November", "Desember"};

struct MonthWord {
  std::string_view word;
  int month;
};
constexpr MonthWord kMonthWords[] = {
    {"januari", 1},   {"january", 1},  {"jan", 1},       {"februari", 2},  {"pebruari", 2},
    {"february", 2},  {"feb", 2},      {"peb", 2},       {"maret", 3},     {"march", 3},
    {"mar", 3},       {"april", 4},    {"apr", 4},       {"mei", 5},       {"may", 5},
    {"juni", 6},      {"june", 6},     {"jun", 6},       {"juli", 7},      {"july", 7},
    {"jul", 7},       {"agustus", 8},  {"august", 8},    {"agu", 8},       {"agt", 8},
    {"ags", 8},       {"aug", 8},      {"september", 9}, {"sept", 9},      {"sep", 9},
    {"oktober", 10},  {"october", 10}, {"okt", 10},      {"oct", 10},      {"november", 11},
    {"nopember", 11}, {"nov", 11},     {"nop", 11},      {"desember", 12}, {"december", 12},
    {"des", 12},      {"dec", 12}};

absl::Status NoDay() {
  return absl::InvalidArgumentError(
      "this is no date; write it as dd/mm/yyyy, yyyy-mm-dd or 7 November 1980, with a year of four "
      "digits");
}

absl::StatusOr<Day> MakeDay(int64_t year, int month, int day) {
  if (year < kFirstYear || year > kLastYear || month < 1 || month > 12 || day < 1 ||
      (day > 28 && day > LastDayOf(Month(year, month)).day())) {
    return NoDay();
  }
  return Day(year, month, day);
}

// A number of `least` to `most` digits and nothing else.
std::optional<int> Number(absl::string_view text, size_t least, size_t most) {
  if (text.size() < least || text.size() > most) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<int> MonthOfWord(absl::string_view text) {
  const std::string word = absl::AsciiStrToLower(text);
  for (const MonthWord& known : kMonthWords) {
    if (known.word == word) {
      return known.month;
    }
  }
  return std::nullopt;
}

// Day, month, year, or year, month, day where `year_first` allows.
absl::StatusOr<Day> FromParts(const std::vector<absl::string_view>& parts, bool year_first) {
  if (parts.size() != 3) {
    return NoDay();
  }
  const bool is_year_first = year_first && parts[0].size() == 4;
  const std::optional<int> year = Number(parts[is_year_first ? 0 : 2], 4, 4);
  const std::optional<int> day = Number(parts[is_year_first ? 2 : 0], 1, 2);
  std::optional<int> month = Number(parts[1], 1, 2);
  if (!month && !is_year_first) {
    month = MonthOfWord(parts[1]);
  }
  if (!year || !month || !day) {
    return NoDay();
  }
  return MakeDay(*year, *month, *day);
}

}  // namespace

int32_t DayNumber(Day day) {
  return static_cast<int32_t>(day.year()) * 10000 + day.month() * 100 + day.day();
}

absl::StatusOr<Day> DayFromNumber(int32_t yyyymmdd) {
  return MakeDay(yyyymmdd / 10000, yyyymmdd / 100 % 100, yyyymmdd % 100);
}

int32_t MonthNumber(Month month) {
  return static_cast<int32_t>(month.year()) * 100 + month.month();
}

absl::StatusOr<Month> MonthFromNumber(int32_t yyyymm) {
  const int year = yyyymm / 100;
  const int month = yyyymm % 100;
  if (year < kFirstYear || year > kLastYear || month < 1 || month > 12) {
    return absl::InvalidArgumentError("this is no month; write it as yyyymm, e.g. 201911");
  }
  return Month(year, month);
}

Day LastDayOf(Month month) { return Day(month + 1) - 1; }

Day AddMonths(Day day, int months) {
  const Month month = Month(day) + months;
  return Day(month.year(), month.month(), std::min(day.day(), LastDayOf(month).day()));
}

int MonthsBetween(Month from, Month to) { return static_cast<int>(to - from); }

int AgeOn(Day birth, Day on) {
  const bool before_birthday =
      on.month() < birth.month() || (on.month() == birth.month() && on.day() < birth.day());
  return static_cast<int>(on.year() - birth.year()) - (before_birthday ? 1 : 0);
}

absl::StatusOr<Day> ParseDay(std::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(AbslView(text));
  for (const char separator : {'/', '.'}) {
    if (absl::StrContains(trimmed, separator)) {
      return FromParts(absl::StrSplit(trimmed, separator), /*year_first=*/false);
    }
  }
  if (absl::StrContains(trimmed, '-')) {
    return FromParts(absl::StrSplit(trimmed, '-'), /*year_first=*/true);
  }
  const std::vector<absl::string_view> words =
      absl::StrSplit(trimmed, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() == 3 && !MonthOfWord(words[1])) {
    return NoDay();
  }
  return FromParts(words, /*year_first=*/false);
}

std::string FormatDay(Day day) { return absl::StrCat(day.day(), " ", FormatMonth(Month(day))); }

std::string FormatMonth(Month month) {
  return absl::StrCat(kMonthNames[month.month() - 1], " ", month.year());
}

Day LocalDay(absl::Time time, int utc_offset_hours) {
  const int64_t seconds = absl::ToUnixSeconds(time) + utc_offset_hours * 3600;
  return CivilOf(sys_days(std::chrono::floor<std::chrono::days>(std::chrono::seconds(seconds))));
}

}  // namespace lingkaran
