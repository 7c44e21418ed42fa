#include "services/registry/domain/nik.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/base/string_views.h"

namespace lingkaran::registry {
namespace {

// What may stand between digits: space, dot, hyphen, the no-break space, zero-width characters, the
// dashes that word processors make, and the byte order mark.
constexpr absl::string_view kNoise[] = {" ",      "\t",     "\r",     "\n",     ".",      "-",
                                        "\u00A0", "\u200B", "\u200C", "\u200D", "\u2010", "\u2011",
                                        "\u2012", "\u2013", "\u202F", "\u2060", "\uFEFF"};
// How a spreadsheet marks a number as text; typographic quotes come from word processors.
constexpr absl::string_view kApostrophes[] = {"'", "`", "\u2018", "\u2019"};

// Takes one of the marks from the start of the text.
bool TakeOne(absl::string_view& text, absl::Span<const absl::string_view> marks) {
  return absl::c_any_of(marks, [&](auto mark) { return absl::ConsumePrefix(&text, mark); });
}

void SkipNoise(absl::string_view& text) {
  while (!text.empty() && !absl::ascii_isdigit(text[0]) && TakeOne(text, kNoise)) {
  }
}

bool TakeDigits(absl::string_view& text) {
  const size_t before = text.size();
  while (!text.empty() && absl::ascii_isdigit(text[0])) text.remove_prefix(1);
  return text.size() < before;
}

// "3.37201E+15", "3,37201e15": how a spreadsheet shows a number that it took for an amount.
bool IsScientific(absl::string_view text) {
  if (!TakeDigits(text)) return false;
  if (TakeOne(text, {".", ","})) TakeDigits(text);
  while (absl::ConsumePrefix(&text, " ")) {
  }
  if (!TakeOne(text, {"e", "E"})) return false;
  TakeOne(text, {"+", "-"});
  if (!TakeDigits(text)) return false;
  SkipNoise(text);
  return text.empty();
}

}  // namespace

std::string Nik::city() const { return {digits_[0], digits_[1], '.', digits_[2], digits_[3]}; }

bool Nik::MatchesBirthDay(Day birth) const {
  return birth.day() == day() && birth.month() == month() &&
         birth.year() % 100 == year_of_century();
}

bool Nik::IsPossible(const Regions* regions) const {
  const bool day_may_be =
      (AddedDay() >= 1 && AddedDay() <= 31) || (AddedDay() >= 41 && AddedDay() <= 71);
  if (!day_may_be || month() < 1 || month() > 12 || serial() < 1) {
    return false;
  }
  // 29 February must have been in one of the centuries that a living person can be born in.
  const Month in_1900s(1900 + year_of_century(), month());
  const Month in_2000s(2000 + year_of_century(), month());
  if (day() > LastDayOf(in_1900s).day() && day() > LastDayOf(in_2000s).day()) {
    return false;
  }
  // Districts are renumbered often and NIKs keep the old number, so only 00 is wrong.
  if (Pair(4) == 0) {
    return false;
  }
  return regions == nullptr ? Pair(0) > 10 && Pair(2) > 0 : regions->KnowsCity(city());
}

NikReading ReadNik(std::string_view text, const Regions* regions) {
  absl::string_view rest = AbslView(text);
  SkipNoise(rest);
  TakeOne(rest, kApostrophes);
  SkipNoise(rest);
  if (rest.empty()) {
    return {std::nullopt, FindingCode::kNikMissing};
  }
  if (IsScientific(rest)) {
    return {std::nullopt, FindingCode::kNikDigitsLost};
  }
  Nik nik;
  size_t count = 0;
  for (; !rest.empty(); SkipNoise(rest)) {
    if (!absl::ascii_isdigit(rest[0]) || count == nik.digits_.size()) {
      return {std::nullopt, FindingCode::kNikFormat};
    }
    nik.digits_[count++] = rest[0];
    rest.remove_prefix(1);
  }
  if (count != nik.digits_.size()) {
    return {std::nullopt, FindingCode::kNikFormat};
  }
  if (!nik.IsPossible(regions)) {
    return {std::nullopt, FindingCode::kNikImpossible};
  }
  return {nik, {}};
}

std::vector<FindingCode> CompareNik(const Nik& nik, std::optional<Day> birth, char sex,
                                    std::string_view area) {
  std::vector<FindingCode> warnings;
  if (birth.has_value() && !nik.MatchesBirthDay(*birth)) {
    warnings.push_back(FindingCode::kNikBirthDateDiffers);
  }
  if (sex != ' ' && sex != nik.sex()) {
    warnings.push_back(FindingCode::kNikSexDiffers);
  }
  if (!InRegion(nik.city(), area.substr(0, 5))) {
    warnings.push_back(FindingCode::kNikRegionDiffers);
  }
  return warnings;
}

}  // namespace lingkaran::registry
