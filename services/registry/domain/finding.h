// What can be found in a row of a list, how much it weighs, and what an office is told about it.
// Numbers of FindingCode and RowField are those of lingkaran.registry.v1 (FindingCode, the field
// numbers of CandidateRow); service code relies on it and checks it at compile time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lingkaran::registry {

enum class FindingCode : int8_t {
  kNikMissing = 1,
  kNikFormat = 2,
  kNikDigitsLost = 3,
  kNikImpossible = 4,
  kNikBirthDateDiffers = 5,
  kNikSexDiffers = 6,
  kNikRegionDiffers = 7,
  kNameMissing = 8,
  kBirthDateUnreadable = 9,
  kOverAge = 10,
  kUnderAge = 11,
  kOccupationMissing = 12,
  kDuplicateInList = 13,
  kDuplicateCandidate = 14,
  kAlreadyMember = 15,
  kSexUnreadable = 16,
  kIncomeUnreadable = 17,
  kPhoneUnreadable = 18,
  kDistrictUnknown = 19,
  kDeceased = 20,
  kMembershipNumberMissing = 21,
  kMembershipNumberTaken = 22,
  kTextUnreadable = 23,
};
inline constexpr int kLastFindingCode = 23;

// A column of a list.
enum class RowField : int8_t {
  kNone = 0,
  kNik = 2,
  kFullName = 3,
  kBirthPlace = 4,
  kBirthDate = 5,
  kSex = 6,
  kAddress = 7,
  kVillage = 8,
  kDistrict = 9,
  kOccupation = 10,
  kDisability = 11,
  kMonthlyIncome = 12,
  kPhone = 13,
  kMembershipNumber = 14,
};
inline constexpr int kLastRowField = 14;

struct Finding {
  FindingCode code{};
  RowField field = RowField::kNone;

  friend bool operator==(const Finding&, const Finding&) = default;
};

// A finding about the column that its code is usually about.
Finding FindingOf(FindingCode code);

// True if the row is accepted all the same.
bool IsWarning(FindingCode code);

// Field name of CandidateRow: "nik".
std::string_view FieldName(RowField field);

// What an office reads, in Indonesian and without personal data.
struct FindingText {
  std::string message;
  std::string hint;  // what to do about it
};
// `other_line` is named by kDuplicateInList; the ages by kOverAge and kUnderAge.
FindingText TextOf(const Finding& finding, int other_line, int min_age_years, int age_limit_years);

// True if one of them is an error.
bool HasErrors(const std::vector<Finding>& findings);

}  // namespace lingkaran::registry
