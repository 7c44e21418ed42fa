// The national identity number (NIK): reading it from what offices type, and what its digits tell.
//
//   33 72 01 | 55 05 80 | 0001        province, city, district | birth day, month, year | serial
//
// Women have 40 added to the day. There is no check digit. The region is
// where the number was first issued and the birth date the one known then: neither is corrected
// later, so a difference to the person's papers of today is a warning, never a reason to reject.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/date.h"
#include "common/base/region.h"
#include "services/registry/domain/finding.h"

namespace lingkaran::registry {

// A NIK that may exist. Secret data: no log, error or key may hold digits().
class Nik {
 public:
  // 16 digits.
  std::string_view digits() const { return {digits_.data(), digits_.size()}; }
  // Where it was first issued, "33.72".
  std::string city() const;
  // 1-31.
  int day() const { return AddedDay() > 40 ? AddedDay() - 40 : AddedDay(); }
  // 1-12.
  int month() const { return Pair(8); }
  // 0-99: the century is not in the number.
  int year_of_century() const { return Pair(10); }
  // 'L' man, 'P' woman.
  char sex() const { return AddedDay() > 40 ? 'P' : 'L'; }
  // 1-9999, among those of the same region and birth date.
  int serial() const { return Pair(12) * 100 + Pair(14); }
  // True if a person born on this day can have it.
  bool MatchesBirthDay(Day birth) const;

 private:
  friend struct NikReading ReadNik(std::string_view text, const Regions* regions);
  int Pair(size_t at) const { return (digits_[at] - '0') * 10 + (digits_[at + 1] - '0'); }
  int AddedDay() const { return Pair(6); }
  bool IsPossible(const Regions* regions) const;

  std::array<char, 16> digits_{};
};

// What came of reading one.
struct NikReading {
  std::optional<Nik> nik;
  // If there is none: kNikMissing, kNikFormat, kNikDigitsLost or kNikImpossible.
  FindingCode problem{};
};

// Reads a NIK as it stands in a list. A leading apostrophe, spaces (no-break and zero-width ones
// too), dots and hyphens are left out; digits are never guessed: 3.37201E+15 is kNikDigitsLost.
// `regions`: the province and city must be in it, or have been before a province was divided; null:
// not checked.
NikReading ReadNik(std::string_view text, const Regions* regions);

// The warnings that come of comparing a NIK with the rest of the row, in this order:
// kNikBirthDateDiffers, kNikSexDiffers, kNikRegionDiffers. What the row does not say (no birth day,
// sex ' ', empty area) is not compared. `area` is the agency's: province, city or district, of
// which the city counts.
std::vector<FindingCode> CompareNik(const Nik& nik, std::optional<Day> birth, char sex,
                                    std::string_view area);

}  // namespace lingkaran::registry
