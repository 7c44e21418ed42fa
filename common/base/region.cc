#include "common/base/region.h"

#include <fstream>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

// "33", "33.72" or "33.72.01".
bool IsCode(std::string_view code) {
  if (code.size() != 2 && code.size() != 5 && code.size() != 8) {
    return false;
  }
  for (size_t i = 0; i < code.size(); ++i) {
    if (i % 3 == 2 ? code[i] != '.' : !absl::ascii_isdigit(code[i])) {
      return false;
    }
  }
  return true;
}

// The area one level up; empty for a province.
std::string_view Parent(std::string_view code) {
  return code.size() <= 2 ? std::string_view() : code.substr(0, code.size() - 3);
}

// What is left of a district's name when offices have spelled it their way: letters and digits in
// lower case, without the word for district.
std::string NormalName(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(AbslView(name)));
  std::string_view rest = lower;
  for (const std::string_view word : {"kecamatan", "kec"}) {
    if (rest.size() > word.size() && rest.substr(0, word.size()) == word &&
        !absl::ascii_isalnum(rest[word.size()])) {
      rest.remove_prefix(word.size());
      break;
    }
  }
  std::string normal;
  for (const char c : rest) {
    if (absl::ascii_isalnum(c)) {
      normal.push_back(c);
    }
  }
  return normal;
}

// Hands each row of "a,b" to `row`, which says what is wrong with it, or ""; comments (#) and the
// header are left out.
absl::Status ReadRows(
    const std::string& path, absl::string_view header,
    absl::FunctionRef<std::string(std::string_view first, std::string_view second)> row) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": can't be read"));
  }
  bool header_seen = false;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (absl::StartsWith(line, "#")) continue;
    std::string fault;
    const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
    if (!std::exchange(header_seen, true)) {
      if (line != header) fault = absl::StrCat("the header must be ", header);
    } else if (cells.size() != 2 || cells[1].empty()) {
      fault = absl::StrCat("a row is ", header, ", both filled");
    } else {
      fault = row(StdView(cells[0]), StdView(cells[1]));
    }
    if (!fault.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": ", fault));
    }
  }
  if (!header_seen || stream.bad()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is empty or can't be read"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Regions> Regions::Load(const std::string& directory) {
  Regions regions;
  const std::string zones = directory + "/timezones.csv";
  RETURN_IF_ERROR(regions.LoadZones(zones));
  RETURN_IF_ERROR(regions.LoadTree(directory + "/regions.csv"));
  RETURN_IF_ERROR(regions.LoadFormer(directory + "/former.csv"));
  for (const auto& [province, hours] : regions.offsets_) {
    if (!regions.Contains(province)) {
      return absl::InvalidArgumentError(
          absl::StrCat(zones, ": province ", province, " is not in regions.csv"));
    }
  }
  return regions;
}

absl::Status Regions::LoadZones(const std::string& path) {
  return ReadRows(path, "province,utc_offset",
                  [&](std::string_view province, std::string_view text) {
                    int hours = 0;
                    if (!IsCode(province) || province.size() != 2 ||
                        !absl::SimpleAtoi(AbslView(text), &hours) || hours < 7 || hours > 9) {
                      return std::string("a row is a province of two digits and 7, 8 or 9");
                    }
                    const bool added = offsets_.emplace(province, hours).second;
                    return added ? "" : absl::StrCat(AbslView(province), " stands here twice");
                  });
}

absl::Status Regions::LoadTree(const std::string& path) {
  names_.reserve(8192);
  districts_.reserve(8192);
  return ReadRows(path, "code,name", [&](std::string_view code, std::string_view name) {
    if (!IsCode(code)) return std::string("a code looks like 33, 33.72 or 33.72.01");
    const std::string_view parent = Parent(code);
    if (!parent.empty() && !Contains(parent)) {
      return absl::StrCat(AbslView(code), " comes before ", AbslView(parent), ", in which it lies");
    }
    if (parent.empty() && !offsets_.contains(AbslView(code))) {
      return absl::StrCat("province ", AbslView(code), " has no time zone in timezones.csv");
    }
    if (!names_.emplace(code, name).second) {
      return absl::StrCat(AbslView(code), " stands here twice");
    }
    if (code.size() == 8) districts_[NormalName(name)].emplace_back(code);
    return std::string();
  });
}

absl::Status Regions::LoadFormer(const std::string& path) {
  return ReadRows(path, "code,province", [&](std::string_view code, std::string_view province) {
    if (!IsCode(code) || code.size() != 5 || province.size() != 2 || !Contains(province) ||
        Contains(code)) {
      return "a row is the code of a city that is not in regions.csv, and a province that is";
    }
    former_.emplace(code, province);
    return "";
  });
}

bool Regions::Contains(std::string_view code) const { return names_.contains(AbslView(code)); }

bool Regions::KnowsCity(std::string_view code) const {
  return code.size() == 5 && (Contains(code) || former_.contains(AbslView(code)));
}

std::string_view Regions::Name(std::string_view code) const {
  const auto place = names_.find(AbslView(code));
  return place == names_.end() ? std::string_view() : std::string_view(place->second);
}

std::string Regions::FindDistrict(std::string_view within, std::string_view name) const {
  const auto place = districts_.find(NormalName(name));
  if (place == districts_.end()) return "";
  std::string found;
  for (const std::string& code : place->second) {
    if (!InRegion(code, within)) continue;
    if (!found.empty()) return "";  // no answer is better than a guess
    found = code;
  }
  return found;
}

int Regions::UtcOffsetHours(std::string_view code) const {
  const auto place = offsets_.find(AbslView(code.substr(0, 2)));
  return place == offsets_.end() ? 7 : place->second;
}

bool InRegion(std::string_view code, std::string_view area) {
  return area.empty() || (code.substr(0, area.size()) == area &&
                          (code.size() == area.size() || code[area.size()] == '.'));
}

}  // namespace lingkaran
