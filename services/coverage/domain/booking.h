// Booking paid months: which days they cover, and when a line is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/coverage/domain/cover.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// What coverage knows of a member; pushed by registry.
struct Member {
  int64_t worker_id = 0;
  std::string nik_hash;           // 22 characters, see common/crypto/personal_data_vault.h
  std::string membership_number;  // opaque; empty if none
  std::string region_code;
  int utc_offset_hours = 7;
  Sector sector = Sector::kOther;
  std::optional<Day> death_day;
  std::optional<Day> withdraw_day;
  int64_t version = 0;    // in registry
  int64_t position = 0;   // of the change log when this was recorded
  int64_t record_ms = 0;  // the same in milliseconds since 1970

  // Last day on which the member takes part; max() if open.
  Day UntilDay() const;
};

// One paid month of a line.
struct PaidMonth {
  Programme programme = Programme::kUnspecified;
  Month month;
  Rupiah amount;
};

// The paid months of one worker.
struct PaidLine {
  int64_t worker_id = 0;
  Day first_day;
  Rupiah wage_base;
  Sector sector = Sector::kUnspecified;  // kNone: the member's
  std::vector<PaidMonth> months;
};

// The person-months to book for a line, all or nothing. `standing` are the member's months that
// stand. Errors:
//   ALREADY_EXISTS/MONTH_ALREADY_PAID        by whomever, also by another branch;
//   FAILED_PRECONDITION/AFTER_DEATH          the month's first covered day is after the death;
//   FAILED_PRECONDITION/WORKER_WITHDRAWN     it is not before the day of withdrawal;
//   FAILED_PRECONDITION/CONTRIBUTION_MISMATCH  not what the rules give for that month;
//   FAILED_PRECONDITION/NO_RULE_IN_FORCE;
//   INVALID_ARGUMENT/INVALID_FIELD           a month before the first day.
absl::StatusOr<std::vector<PersonMonth>> BookLine(const Rules& rules, const Member& member,
                                                  const PaidLine& line, const Funding& source,
                                                  absl::Span<const PersonMonth> standing);

}  // namespace lingkaran::coverage
