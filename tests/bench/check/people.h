// A generated nation: who its people are, what was paid for them, and so what a check must answer.
// The same for the same id on every machine; people have ids from 1 on, without end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "common/crypto/personal_data_vault.h"
#include "services/coverage/domain/cover.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::bench {

// Counted up whenever the same id becomes somebody else, or nations are written in another way.
inline constexpr int kNationVersion = 1;
// When the questions are asked: an evening on which it is tomorrow already in the east.
inline constexpr char kNationClock[] = "2019-11-07T22:30:00+07:00";
// Position and epoch of coverage's log in a written nation.
inline constexpr int64_t kNationEpoch = 1'572'000'000'000'000;
inline constexpr int64_t kNationPosition = kNationEpoch + 1;

struct Citizen {
  int64_t worker_id = 0;
  std::string nik;
  std::string membership_number;  // 11 digits
  std::string_view region_code;   // of a district, in all three time zones
  int utc_offset_hours = 7;
  std::optional<Day> death_day;
  std::optional<Day> withdraw_day;
  // By programme and month. Most people have one month of two programmes; one in five up to
  // twelve, a few two spans with a gap, and a few none.
  absl::InlinedVector<coverage::PersonMonth, 4> months;
};

std::string NikOf(int64_t worker_id);
Citizen MakeCitizen(int64_t worker_id);

// What coverage knows of the person, as of kNationPosition.
coverage::Facts FactsOf(const Citizen& citizen);
coverage::MemberRecord RecordOf(const Citizen& citizen, const PersonalDataVault& sealer);

// A key file (common/crypto/personal_data_vault.h) that is the same for all nations.
std::string NationKeys();

// Numbers that look random and are the same for the same `i`.
uint64_t Scatter(uint64_t i);

}  // namespace lingkaran::bench
