// Allocations, their draw and their refusals in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/allocation.h"

namespace lingkaran::sponsorship {

// A second running allocation of a pledge is a unique violation. Gives the id.
int64_t InsertAllocation(sql::Tx& tx, const AllocationRow& allocation);
// NOT_FOUND/ALLOCATION_NOT_FOUND.
absl::StatusOr<AllocationRow> GetAllocation(sql::Tx& tx, int64_t allocation_id);
// The one of the pledge that runs; nullopt if none.
std::optional<AllocationRow> FindRunning(sql::Tx& tx, int64_t pledge_id);
// True if one of the pledge runs.
bool HasRunningAllocation(sql::Tx& tx, int64_t pledge_id);
// The latest allocation of the pledge that has been drawn: its reserve list counts.
std::optional<AllocationRow> LatestDraw(sql::Tx& tx, int64_t pledge_id);
// Writes all fields that change.
void UpdateAllocation(sql::Tx& tx, const AllocationRow& allocation);

// Stores the draw, from the place `first` on.
void InsertDraw(sql::Tx& tx, int64_t allocation_id, absl::Span<const Ranked> ranked, int first = 0);
// Places [from, from + count) of the draw.
std::vector<Ranked> ListDraw(sql::Tx& tx, int64_t allocation_id, int from, int count);

// `first` is the ordinal of the first of them: the refusals so far.
void InsertRefusals(sql::Tx& tx, int64_t allocation_id, int first,
                    absl::Span<const RefusalRow> refusals);
std::vector<RefusalRow> ListRefusals(sql::Tx& tx, int64_t allocation_id, int limit);
// By reason.
std::vector<std::pair<std::string, int>> CountRefusals(sql::Tx& tx, int64_t allocation_id);

}  // namespace lingkaran::sponsorship
