// One row of a list, as it stands in the office's file -> a person who may be proposed, or
// findings. Pure. The entry tests are those of Permenaker 5/2021, their values in EntryRules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/date.h"
#include "common/base/enums.h"
#include "common/base/region.h"
#include "services/registry/domain/finding.h"
#include "services/registry/domain/list_row.h"
#include "services/registry/domain/person.h"
#include "services/registry/domain/rules.h"

namespace lingkaran::registry {

// What a row is read against.
struct ReadingRules {
  const EntryRules* rules = nullptr;
  const EntryTest* test = nullptr;  // in force on list_day
  const Regions* regions = nullptr;
  std::string agency_region;
  Day list_day;  // day on which ages are counted
  BatchKind kind = BatchKind::kCandidates;
  // False for people who have joined already: members from before, corrections. Someone who joined
  // under the age limit may stay past it.
  bool entry_tests = true;
};

// A row after reading.
struct Candidate {
  Person person;            // person.nik is empty if the NIK can't be read
  std::string region_code;  // domicile: the district in the agency's area, else that area
  std::string occupation;
  Sector sector = Sector::kOther;
  std::string membership_number;  // existing members only
  std::vector<Finding> findings;  // errors first
};

// Reads a row. Values that can't be read and only warn are left out of the person.
Candidate ReadCandidate(const RawRow& row, const ReadingRules& rules);

// "0812-3456 789" -> "08123456789", "62812..." -> "+62812..."; empty if it can't be read.
std::string ReadPhone(std::string_view text);

// 'L' or 'P'; ' ' if it can't be read.
char ReadSex(std::string_view text);

}  // namespace lingkaran::registry
