// Replacements in SQL.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/money.h"
#include "common/sql/database.h"

namespace lingkaran::sponsorship {

struct ReplacementRow {
  int64_t replacement_id = 0;
  int64_t pledge_id = 0;
  bool done = false;
  int rounds = 0;     // of newcomers tried
  std::string token;  // consistency token of what coverage did last
  int64_t create_time = 0;
};

enum class ReplacementState : int { kToRevoke = 0, kToFill = 1, kDone = 2 };

struct ReplacementLineRow {
  int line = 0;
  int64_t worker_id = 0;
  int32_t from_month = 0;
  std::string reason;
  ReplacementState state = ReplacementState::kToRevoke;
  int seat_number = 0;
  int cut = 0;  // person-months [cut, to) of the seat move
  int to = 0;
  int64_t new_worker_id = 0;
  std::string membership_number;
  Rupiah moved;
  Rupiah released;
  int code = 0;
  std::string error_reason;
  std::string message;
};

// Inserts the replacement and its lines. Gives the id.
int64_t InsertReplacement(sql::Tx& tx, const ReplacementRow& replacement,
                          const std::vector<ReplacementLineRow>& lines);
absl::StatusOr<ReplacementRow> GetReplacement(sql::Tx& tx, int64_t replacement_id);
void UpdateReplacement(sql::Tx& tx, const ReplacementRow& replacement);
// In the order of the request.
std::vector<ReplacementLineRow> ListReplacementLines(sql::Tx& tx, int64_t replacement_id);
// Writes all fields that change; at most 500 lines of one request.
void UpdateReplacementLine(sql::Tx& tx, int64_t replacement_id, const ReplacementLineRow& line);
// True if one of the pledge is under way.
bool HasRunningReplacement(sql::Tx& tx, int64_t pledge_id);
// Seats of the pledge that got a newcomer.
int CountReplacements(sql::Tx& tx, int64_t pledge_id);

}  // namespace lingkaran::sponsorship
