// The personal data of a worker and how they stand in the one sealed column workers.personal.
//
// Encoding, before sealing: one byte of format (1), birth day (4 bytes), sex (1), monthly income
// (8), all little endian; then the eight texts in the order of the struct, disability first, each
// with its length in two bytes. Numbers and disability come first so that what allocation asks of
// many workers is read without touching the rest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lingkaran::registry {

struct Person {
  int32_t birth_day = 0;              // yyyymmdd
  char sex = ' ';                     // 'L' man, 'P' woman, ' ' unknown
  int64_t monthly_income_rupiah = 0;  // 0 unknown
  std::string disability;             // empty: none
  std::string nik;                    // 16 digits
  std::string full_name;
  std::string birth_place;
  std::string address;
  std::string village;
  std::string district;
  std::string phone;

  friend bool operator==(const Person&, const Person&) = default;
};

// What allocation criteria need.
struct PersonSummary {
  int32_t birth_day = 0;
  int64_t monthly_income_rupiah = 0;
  bool disabled = false;
};

// Person <-> text for the PersonalDataVault. DATA_LOSS for what Encode did not make.
std::string EncodePerson(const Person& person);
absl::StatusOr<Person> DecodePerson(std::string_view encoded);
absl::StatusOr<PersonSummary> SummarizePerson(std::string_view encoded);

// The context that binds the sealed value to its row: "workers.personal/17".
std::string PersonContext(int64_t worker_id);

// For people who need to recognise, not to know: "3372••••••••0001", "S••• W••••".
std::string MaskNik(std::string_view nik);
std::string MaskName(std::string_view full_name);

}  // namespace lingkaran::registry
