// The personal data of a worker. They are kept sealed, in one column (store/codec.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
  // What a later release knows of the worker and this one does not: kept as it is.
  std::string later_fields;

  friend bool operator==(const Person&, const Person&) = default;
};

// For people who need to recognise, not to know: "3372••••••••0001", "S••• W••••".
std::string MaskNik(std::string_view nik);
std::string MaskName(std::string_view full_name);

}  // namespace lingkaran::registry
