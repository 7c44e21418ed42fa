// A row of a candidates' list for tests.
#pragma once

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lingkaran/registry/v1/registry.pb.h"

namespace lingkaran {

// A valid adult of Surakarta; each `number` is another person.
inline registry::v1::CandidateRow Candidate(int line, int number, bool disabled) {
  const int year = 70 + number % 20;
  const int month = 1 + number / 20 % 12;
  const int day = 1 + number / 240 % 28;
  registry::v1::CandidateRow row;
  row.set_line_number(line);
  row.set_nik(absl::StrFormat("337201%02d%02d%02d%04d", day, month, year, 1 + number / 6'720));
  row.set_full_name(absl::StrCat("Warga Nomor ", number));
  row.set_birth_place("Surakarta");
  row.set_birth_date(absl::StrFormat("%02d/%02d/19%02d", day, month, year));
  row.set_sex("L");
  row.set_address(absl::StrCat("Jalan Slamet Riyadi ", number));
  row.set_village("Sondakan");
  row.set_district("Laweyan");
  row.set_occupation("Pedagang");
  row.set_disability(disabled ? "Tuna daksa" : "");
  row.set_monthly_income("900000");
  return row;
}

}  // namespace lingkaran
