#include "services/registry/domain/person.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace lingkaran::registry {
namespace {

constexpr char kFormat = 1;
constexpr size_t kHead = 1 + 4 + 1 + 8;
constexpr char kDot[] = "•";

template <typename T>
void PutNumber(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>((static_cast<uint64_t>(value) >> (8 * i)) & 0xFF));
  }
}

template <typename T>
T NumberAt(std::string_view text, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  }
  return static_cast<T>(value);
}

void PutText(std::string& out, std::string_view text) {
  text = text.substr(0, UINT16_MAX);
  PutNumber(out, static_cast<uint16_t>(text.size()));
  out.append(text);
}

bool TakeText(std::string_view& in, std::string& text) {
  if (in.size() < 2) return false;
  const size_t length = NumberAt<uint16_t>(in, 0);
  if (in.size() < 2 + length) return false;
  text.assign(in.substr(2, length));
  in.remove_prefix(2 + length);
  return true;
}

absl::Status Unreadable() { return absl::DataLossError("personal data of a worker can't be read"); }

bool HasHead(std::string_view encoded) {
  return encoded.size() >= kHead + 2 && encoded[0] == kFormat;
}

// Bytes of the first character of a word.
size_t FirstCharacter(std::string_view word) {
  size_t length = 1;
  while (length < word.size() && (static_cast<unsigned char>(word[length]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

}  // namespace

std::string EncodePerson(const Person& person) {
  std::string out;
  out.reserve(kHead + 16 + person.disability.size() + person.nik.size() + person.full_name.size() +
              person.birth_place.size() + person.address.size() + person.village.size() +
              person.district.size() + person.phone.size());
  out.push_back(kFormat);
  PutNumber(out, person.birth_day);
  out.push_back(person.sex);
  PutNumber(out, person.monthly_income_rupiah);
  for (const std::string* text :
       {&person.disability, &person.nik, &person.full_name, &person.birth_place, &person.address,
        &person.village, &person.district, &person.phone}) {
    PutText(out, *text);
  }
  return out;
}

absl::StatusOr<Person> DecodePerson(std::string_view encoded) {
  if (!HasHead(encoded)) return Unreadable();
  Person person;
  person.birth_day = NumberAt<int32_t>(encoded, 1);
  person.sex = encoded[5];
  person.monthly_income_rupiah = NumberAt<int64_t>(encoded, 6);
  std::string_view rest = encoded.substr(kHead);
  for (std::string* text : {&person.disability, &person.nik, &person.full_name, &person.birth_place,
                            &person.address, &person.village, &person.district, &person.phone}) {
    if (!TakeText(rest, *text)) return Unreadable();
  }
  if (!rest.empty()) return Unreadable();
  return person;
}

absl::StatusOr<PersonSummary> SummarizePerson(std::string_view encoded) {
  if (!HasHead(encoded)) return Unreadable();
  return PersonSummary{NumberAt<int32_t>(encoded, 1), NumberAt<int64_t>(encoded, 6),
                       NumberAt<uint16_t>(encoded, kHead) != 0};
}

std::string PersonContext(int64_t worker_id) {
  return absl::StrCat("workers.personal/", worker_id);
}

std::string MaskNik(std::string_view nik) {
  if (nik.size() != 16) return "";
  std::string masked(nik.substr(0, 4));
  for (int i = 0; i < 8; ++i) masked += kDot;
  return masked.append(nik.substr(12));
}

std::string MaskName(std::string_view full_name) {
  std::string masked;
  const absl::string_view name(full_name.data(), full_name.size());
  for (absl::string_view word : absl::StrSplit(name, ' ', absl::SkipEmpty())) {
    const std::string_view view(word.data(), word.size());
    const size_t first = FirstCharacter(view);
    if (!masked.empty()) masked.push_back(' ');
    masked.append(view.substr(0, first));
    const size_t hidden =
        std::count_if(view.begin() + static_cast<ptrdiff_t>(first), view.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    for (size_t i = 0; i < hidden; ++i) masked += kDot;
  }
  return masked;
}

}  // namespace lingkaran::registry
