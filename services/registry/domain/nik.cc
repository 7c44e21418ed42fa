#include "services/registry/domain/nik.h"

namespace lingkaran::registry {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Length of what may stand between digits at the start of `text`: space, dot, hyphen, and in UTF-8
// the no-break space, zero-width characters, the dashes that word processors make, and the byte
// order mark. 0 if it is something else.
size_t NoiseLength(std::string_view text) {
  const char c = text[0];
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '.' || c == '-') {
    return 1;
  }
  if (static_cast<unsigned char>(c) < 0x80) {
    return 0;
  }
  if (text.substr(0, 2) == "\u00A0") {
    return 2;
  }
  for (const std::string_view noise : {"\u200B", "\u200C", "\u200D", "\u2010", "\u2011", "\u2012",
                                       "\u2013", "\u202F", "\u2060", "\uFEFF"}) {
    if (text.substr(0, noise.size()) == noise) {
      return noise.size();
    }
  }
  return 0;
}

// How a spreadsheet marks a number as text; typographic quotes come from word processors.
size_t ApostropheLength(std::string_view text) {
  for (const std::string_view quote : {"'", "`", "\u2018", "\u2019"}) {
    if (text.substr(0, quote.size()) == quote) {
      return quote.size();
    }
  }
  return 0;
}

std::string_view SkipNoise(std::string_view text) {
  while (!text.empty()) {
    const size_t length = NoiseLength(text);
    if (length == 0) {
      break;
    }
    text.remove_prefix(length);
  }
  return text;
}

size_t CountDigits(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) {
    ++count;
  }
  return count;
}

// "3.37201E+15", "3,37201e15": how a spreadsheet shows a number that it took for an amount.
bool IsScientific(std::string_view text) {
  size_t at = CountDigits(text);
  if (at == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
    ++at;
    at += CountDigits(text.substr(at));
  }
  while (at < text.size() && text[at] == ' ') {
    ++at;
  }
  if (at == text.size() || (text[at] != 'e' && text[at] != 'E')) {
    return false;
  }
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    ++at;
  }
  const size_t exponent = CountDigits(text.substr(at));
  return exponent > 0 && SkipNoise(text.substr(at + exponent)).empty();
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
  std::string_view rest = SkipNoise(text);
  rest.remove_prefix(ApostropheLength(rest));
  rest = SkipNoise(rest);
  if (rest.empty()) {
    return {std::nullopt, FindingCode::kNikMissing};
  }
  if (IsScientific(rest)) {
    return {std::nullopt, FindingCode::kNikDigitsLost};
  }
  Nik nik;
  size_t count = 0;
  for (; !rest.empty(); rest = SkipNoise(rest)) {
    if (!IsDigit(rest[0]) || count == nik.digits_.size()) {
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
