// Replacements in SQL.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/replacement.h"

namespace lingkaran::sponsorship {

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
