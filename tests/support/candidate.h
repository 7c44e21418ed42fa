// People on a candidates' list, for tests and benchmarks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lingkaran/registry/v1/registry.pb.h"

namespace lingkaran {

// A valid adult of Surakarta; each `number` (0 to 67 million) is another person, always the same.
inline registry::v1::CandidateRow Candidate(int line, int64_t number, bool disabled) {
  const int64_t year = 70 + number % 20;
  const int64_t month = 1 + number / 20 % 12;
  const int64_t day = 1 + number / 240 % 28;
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

// `count` of them from number `first` on as a whole list in chunks, every `disabled`th with a
// disability (0: nobody).
inline std::vector<registry::v1::SubmitCandidatesRequest> CandidateList(int64_t batch_id,
                                                                        int64_t first, int count,
                                                                        int disabled = 10,
                                                                        int chunk_rows = 1'000) {
  std::vector<registry::v1::SubmitCandidatesRequest> chunks;
  for (int i = 0; i < count; ++i) {
    if (i % chunk_rows == 0) {
      chunks.emplace_back().set_batch_id(batch_id);
      chunks.back().set_chunk_number(i / chunk_rows);
    }
    *chunks.back().add_rows() = Candidate(i + 2, first + i, disabled > 0 && i % disabled == 0);
  }
  chunks.back().set_complete(true);
  return chunks;
}

}  // namespace lingkaran
