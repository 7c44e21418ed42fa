#include "common/base/region.h"

#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

absl::Status BadRow(const std::string& path, int line, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", text));
}

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

// Hands each row of "a,b" to `row` with its line; comments (#) and the header are left out.
template <typename Row>
absl::Status ReadRows(const std::string& path, std::string_view header, Row row) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": can't be read"));
  }
  bool header_seen = false;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (!line.empty() && line[0] == '#') {
      continue;
    }
    if (!header_seen) {
      if (line != header) {
        return BadRow(path, number, absl::StrCat("the header must be ", AbslView(header)));
      }
      header_seen = true;
      continue;
    }
    const size_t comma = line.find(',');
    if (comma == std::string::npos || comma + 1 == line.size() ||
        line.find(',', comma + 1) != std::string::npos) {
      return BadRow(path, number, absl::StrCat("a row is ", AbslView(header), ", both filled"));
    }
    const std::string_view text = line;
    RETURN_IF_ERROR(row(number, text.substr(0, comma), text.substr(comma + 1)));
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
                  [&](int line, std::string_view province, std::string_view text) -> absl::Status {
                    int hours = 0;
                    if (!IsCode(province) || province.size() != 2 ||
                        !absl::SimpleAtoi(AbslView(text), &hours) || hours < 7 || hours > 9) {
                      return BadRow(path, line, "a row is a province of two digits and 7, 8 or 9");
                    }
                    if (!offsets_.emplace(province, hours).second) {
                      return BadRow(path, line,
                                    absl::StrCat(AbslView(province), " stands here twice"));
                    }
                    return absl::OkStatus();
                  });
}

absl::Status Regions::LoadTree(const std::string& path) {
  names_.reserve(8192);
  districts_.reserve(8192);
  return ReadRows(path, "code,name",
                  [&](int line, std::string_view code, std::string_view name) -> absl::Status {
                    if (!IsCode(code)) {
                      return BadRow(path, line, "a code looks like 33, 33.72 or 33.72.01");
                    }
                    const std::string_view parent = Parent(code);
                    if (!parent.empty() && !Contains(parent)) {
                      return BadRow(path, line,
                                    absl::StrCat(AbslView(code), " comes before ", AbslView(parent),
                                                 ", in which it lies"));
                    }
                    if (parent.empty() && !offsets_.contains(AbslView(code))) {
                      return BadRow(path, line,
                                    absl::StrCat("province ", AbslView(code),
                                                 " has no time zone in timezones.csv"));
                    }
                    if (!names_.emplace(code, name).second) {
                      return BadRow(path, line, absl::StrCat(AbslView(code), " stands here twice"));
                    }
                    if (code.size() == 8) {
                      districts_[NormalName(name)].emplace_back(code);
                    }
                    return absl::OkStatus();
                  });
}

absl::Status Regions::LoadFormer(const std::string& path) {
  return ReadRows(path, "code,province",
                  [&](int line, std::string_view code, std::string_view province) -> absl::Status {
                    if (!IsCode(code) || code.size() != 5 || province.size() != 2 ||
                        !Contains(province) || Contains(code)) {
                      return BadRow(
                          path, line,
                          "a row is the code of a city that is not in regions.csv, and a province "
                          "that is");
                    }
                    former_.emplace(code, province);
                    return absl::OkStatus();
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
  std::string found;
  if (place != districts_.end()) {
    for (const std::string& code : place->second) {
      if (!InRegion(code, within)) {
        continue;
      }
      if (!found.empty()) {
        return "";  // no answer is better than a guess
      }
      found = code;
    }
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
