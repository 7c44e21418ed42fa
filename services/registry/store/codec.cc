#include "services/registry/store/codec.h"

#include <google/protobuf/unknown_field_set.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "lingkaran/internal/v1/registry.pb.h"

namespace lingkaran::registry {
namespace {

namespace internal = lingkaran::internal::v1;

absl::Status Unreadable() { return absl::DataLossError("personal data of a worker can't be read"); }

// -- the forms of release 0.1 --

// A person: this byte; birth day (4 bytes), sex (1), monthly income (8), all little endian; then
// eight texts, each with its length in two bytes.
constexpr char kOldPerson = 1;
constexpr size_t kOldHead = 1 + 4 + 1 + 8;

int64_t NumberAt(std::string_view text, size_t at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  }
  return static_cast<int64_t>(value);
}

void PutNumber(std::string& out, int64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>((static_cast<uint64_t>(value) >> (8 * i)) & 0xFF));
  }
}

bool TakeText(std::string_view& in, std::string& text) {
  if (in.size() < 2) return false;
  const size_t length = NumberAt(in, 0, 2);
  if (in.size() < 2 + length) return false;
  text.assign(in.substr(2, length));
  in.remove_prefix(2 + length);
  return true;
}

std::string EncodeOldPerson(const Person& person) {
  std::string out(1, kOldPerson);
  PutNumber(out, person.birth_day, 4);
  out.push_back(person.sex);
  PutNumber(out, person.monthly_income_rupiah, 8);
  for (const std::string* text :
       {&person.disability, &person.nik, &person.full_name, &person.birth_place, &person.address,
        &person.village, &person.district, &person.phone}) {
    const std::string_view kept = std::string_view(*text).substr(0, UINT16_MAX);
    PutNumber(out, static_cast<int64_t>(kept.size()), 2);
    out.append(kept);
  }
  return out;
}

absl::StatusOr<Person> DecodeOldPerson(std::string_view encoded) {
  if (encoded.size() < kOldHead) return Unreadable();
  Person person;
  person.birth_day = static_cast<int32_t>(NumberAt(encoded, 1, 4));
  person.sex = encoded[5];
  person.monthly_income_rupiah = NumberAt(encoded, 6, 8);
  std::string_view rest = encoded.substr(kOldHead);
  for (std::string* text : {&person.disability, &person.nik, &person.full_name, &person.birth_place,
                            &person.address, &person.village, &person.district, &person.phone}) {
    if (!TakeText(rest, *text)) return Unreadable();
  }
  if (!rest.empty()) return Unreadable();
  return person;
}

// Findings: "9 23/3", code and, if it is not the code's usual one, column.
internal::RowFindings ReadOldFindings(std::string_view packed) {
  internal::RowFindings findings;
  const absl::string_view text(packed.data(), packed.size());
  for (absl::string_view part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(part, absl::MaxSplits('/', 1));
    int code = 0;
    int field = 0;
    if (!absl::SimpleAtoi(halves.first, &code)) continue;
    internal::RowFinding* finding = findings.add_findings();
    finding->set_code(code);
    finding->set_field(absl::SimpleAtoi(halves.second, &field) ? field : -1);
  }
  return findings;
}

constexpr char kFindings = '.';

}  // namespace

PlainPersonalData EncodePerson(const Person& person) {
  if (person.later_fields.empty()) return PlainPersonalData(EncodeOldPerson(person));
  internal::Person message;
  message.set_birth_day(person.birth_day);
  if (person.sex != ' ') message.set_sex(std::string(1, person.sex));
  message.set_monthly_income_rupiah(person.monthly_income_rupiah);
  message.set_disability(person.disability);
  message.set_nik(person.nik);
  message.set_full_name(person.full_name);
  message.set_birth_place(person.birth_place);
  message.set_address(person.address);
  message.set_village(person.village);
  message.set_district(person.district);
  message.set_phone(person.phone);
  return PlainPersonalData(message.SerializeAsString() + person.later_fields);
}

absl::StatusOr<Person> DecodePerson(const PlainPersonalData& plain) {
  const std::string& bytes = plain.Reveal();
  if (!bytes.empty() && bytes[0] == kOldPerson) return DecodeOldPerson(bytes);
  internal::Person message;
  if (bytes.empty() || !message.ParseFromString(bytes)) return Unreadable();
  Person person;
  person.birth_day = message.birth_day();
  if (!message.sex().empty()) person.sex = message.sex()[0];
  person.monthly_income_rupiah = message.monthly_income_rupiah();
  person.disability = std::move(*message.mutable_disability());
  person.nik = std::move(*message.mutable_nik());
  person.full_name = std::move(*message.mutable_full_name());
  person.birth_place = std::move(*message.mutable_birth_place());
  person.address = std::move(*message.mutable_address());
  person.village = std::move(*message.mutable_village());
  person.district = std::move(*message.mutable_district());
  person.phone = std::move(*message.mutable_phone());
  message.GetReflection()->GetUnknownFields(message).SerializeToString(&person.later_fields);
  return person;
}

SealedPersonalData SealPerson(const PersonalDataVault& vault, int64_t worker_id,
                              const PlainPersonalData& plain) {
  return SealedPersonalData(
      vault.Seal(absl::StrCat("workers.personal/", worker_id), plain.Reveal()));
}

absl::StatusOr<Person> OpenPerson(const PersonalDataVault& vault, int64_t worker_id,
                                  const SealedPersonalData& sealed) {
  ASSIGN_OR_RETURN(std::string plain,
                   vault.Open(absl::StrCat("workers.personal/", worker_id), sealed.text()));
  return DecodePerson(PlainPersonalData(std::move(plain)));
}

std::string PackFindings(const std::vector<Finding>& findings) {
  std::string packed;
  for (const Finding& finding : findings) {
    absl::StrAppend(&packed, packed.empty() ? "" : " ", static_cast<int>(finding.code));
    if (finding.field != FindingOf(finding.code).field) {
      absl::StrAppend(&packed, "/", static_cast<int>(finding.field));
    }
  }
  return packed;
}

std::vector<Finding> UnpackFindings(std::string_view packed) {
  internal::RowFindings message;
  if (packed.substr(0, 1) == std::string_view(&kFindings, 1)) {
    const absl::StatusOr<std::string> bytes = FromBase64Url(packed.substr(1));
    if (!bytes.ok() || !message.ParseFromString(*bytes)) return {};
  } else {
    message = ReadOldFindings(packed);
  }
  std::vector<Finding> findings;
  for (const internal::RowFinding& one : message.findings()) {
    if (one.code() < 1 || one.code() > kLastFindingCode) continue;
    Finding& finding = findings.emplace_back(FindingOf(static_cast<FindingCode>(one.code())));
    if (one.field() >= 0 && one.field() <= kLastRowField) {
      finding.field = static_cast<RowField>(one.field());
    }
  }
  return findings;
}

}  // namespace lingkaran::registry
