#include "services/registry/domain/candidate_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/base/money.h"
#include "services/registry/domain/nik.h"
#include "services/registry/domain/text.h"
#include "services/registry/domain/worker.h"

namespace lingkaran::registry {
namespace {

// Reads one row; each member reads a column or a group that belongs together.
class Reader {
 public:
  Reader(const RawRow& row, const ReadingRules& rules) : row_(row), rules_(rules) {}

  Candidate Read() {
    ReadNumbers();
    ReadName();
    ReadBirth();
    ReadSexColumn();
    ReadDomicile();
    ReadOccupation();
    ReadDisability();
    ReadIncome();
    ReadPhoneColumn();
    CompareWithNik();
    std::stable_partition(candidate_.findings.begin(), candidate_.findings.end(),
                          [](const Finding& finding) { return !IsWarning(finding.code); });
    return std::move(candidate_);
  }

 private:
  void Note(FindingCode code) { candidate_.findings.push_back(FindingOf(code)); }

  // A text column; a damaged one is an error about that column.
  std::string Text(std::string_view text, RowField field) {
    if (!IsReadable(text)) {
      candidate_.findings.push_back({FindingCode::kTextUnreadable, field});
      return "";
    }
    return OneLine(text);
  }

  void ReadNumbers() {
    NikReading reading = ReadNik(row_.nik, rules_.regions);
    nik_ = reading.nik;
    if (nik_) {
      candidate_.person.nik = std::string(nik_->digits());
    } else {
      Note(reading.problem);
    }
    if (rules_.kind != BatchKind::kExistingMembers) return;
    candidate_.membership_number = ReadMembershipNumber(row_.membership_number);
    if (candidate_.membership_number.empty()) Note(FindingCode::kMembershipNumberMissing);
  }

  void ReadName() {
    const size_t before = candidate_.findings.size();
    candidate_.person.full_name = Text(row_.full_name, RowField::kFullName);
    if (candidate_.person.full_name.empty() && candidate_.findings.size() == before) {
      Note(FindingCode::kNameMissing);
    }
  }

  void ReadBirth() {
    candidate_.person.birth_place = Text(row_.birth_place, RowField::kBirthPlace);
    const absl::StatusOr<Day> birth = ParseDay(Trim(row_.birth_date));
    if (!birth.ok() || *birth > rules_.list_day) {
      Note(FindingCode::kBirthDateUnreadable);
      return;
    }
    birth_ = *birth;
    candidate_.person.birth_day = DayNumber(*birth);
    if (!rules_.entry_tests) return;
    const int age = AgeOn(*birth, rules_.list_day);
    if (age >= rules_.test->age_limit_years) Note(FindingCode::kOverAge);
    if (age < rules_.test->min_age_years) Note(FindingCode::kUnderAge);
  }

  void ReadSexColumn() {
    candidate_.person.sex = ReadSex(row_.sex);
    if (candidate_.person.sex == ' ') Note(FindingCode::kSexUnreadable);
  }

  void ReadDomicile() {
    Person& person = candidate_.person;
    person.address = Text(row_.address, RowField::kAddress);
    person.village = Text(row_.village, RowField::kVillage);
    person.district = Text(row_.district, RowField::kDistrict);
    candidate_.region_code = rules_.agency_region;
    if (person.district.empty()) return;
    std::string code = rules_.regions->FindDistrict(rules_.agency_region, person.district);
    if (code.empty()) {
      Note(FindingCode::kDistrictUnknown);
    } else {
      candidate_.region_code = std::move(code);
    }
  }

  // Stands in the clear, so it must not hold a NIK that slipped over a column.
  void ReadOccupation() {
    if (!IsReadable(row_.occupation) || HoldsNik(row_.occupation)) {
      candidate_.findings.push_back({FindingCode::kTextUnreadable, RowField::kOccupation});
      return;
    }
    const std::string folded = FoldWords(row_.occupation);
    const bool none = folded.empty() || rules_.rules->no_occupation_words.Is(folded);
    if (none && rules_.entry_tests) Note(FindingCode::kOccupationMissing);
    if (none) return;
    candidate_.occupation = OneLine(row_.occupation);
    if (rules_.rules->transport_occupations.StandsIn(folded)) {
      candidate_.sector = Sector::kTransport;
    }
  }

  void ReadDisability() {
    std::string text = Text(row_.disability, RowField::kDisability);
    if (text.empty()) return;
    const std::string folded = FoldWords(text);
    if (folded.empty() || rules_.rules->no_disability_words.Is(folded)) return;
    candidate_.person.disability = std::move(text);
  }

  void ReadIncome() {
    const std::string_view text = Trim(row_.monthly_income);
    if (text.empty() || text == "-") return;
    const absl::StatusOr<Rupiah> income = ParseRupiah(text);
    if (income.ok()) {
      candidate_.person.monthly_income_rupiah = income->amount();
    } else {
      Note(FindingCode::kIncomeUnreadable);
    }
  }

  void ReadPhoneColumn() {
    const std::string_view text = Trim(row_.phone);
    if (text.empty() || text == "-") return;
    candidate_.person.phone = ReadPhone(text);
    if (candidate_.person.phone.empty()) Note(FindingCode::kPhoneUnreadable);
  }

  void CompareWithNik() {
    if (!nik_) return;
    for (const FindingCode code :
         CompareNik(*nik_, birth_, candidate_.person.sex, rules_.agency_region)) {
      Note(code);
    }
  }

  const RawRow& row_;
  const ReadingRules& rules_;
  Candidate candidate_;
  std::optional<Nik> nik_;
  std::optional<Day> birth_;
};

}  // namespace

Candidate ReadCandidate(const RawRow& row, const ReadingRules& rules) {
  return Reader(row, rules).Read();
}

std::string ReadPhone(std::string_view text) {
  std::string digits;
  bool plus = false;
  for (const char c : Trim(text)) {
    if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '\'') continue;
    if (c == '+' && digits.empty() && !plus) {
      plus = true;
    } else if (c >= '0' && c <= '9') {
      digits.push_back(c);
    } else {
      return "";
    }
  }
  if (digits.size() < 8 || digits.size() > 15) return "";
  if (plus) return "+" + digits;
  if (digits[0] == '0') return digits;
  // A spreadsheet drops the leading zero, and some write the country first.
  if (digits[0] == '8') return "0" + digits;
  return digits.substr(0, 2) == "62" ? "+" + digits : "";
}

char ReadSex(std::string_view text) {
  const std::string folded = FoldWords(text);
  for (const std::string_view word : {"l", "lk", "laki laki", "laki", "pria", "male", "m"}) {
    if (folded == word) return 'L';
  }
  for (const std::string_view word : {"p", "pr", "perempuan", "wanita", "female", "f"}) {
    if (folded == word) return 'P';
  }
  return ' ';
}

}  // namespace lingkaran::registry
