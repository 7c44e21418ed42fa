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
#include "services/sponsorship/domain/seat_planner.h"

namespace lingkaran::sponsorship {

enum class AllocationState : int { kRunning = 1, kComplete = 2, kShort = 3 };

struct AllocationRow {
  int64_t allocation_id = 0;
  int64_t pledge_id = 0;
  AllocationState state = AllocationState::kRunning;
  bool named = false;  // its workers were named: the draw is those who came so far
  std::string seed;
  bool ranked = false;  // the draw has been made
  int candidates = 0;   // in the draw
  int drawn = 0;        // taken from its front; the rest is the reserve list
  int seats_wanted = 0;
  int seats_filled = 0;
  int refused = 0;
  int64_t person_months = 0;
  Rupiah spent;
  int chunks = 0;             // planned so far
  int steps_under_way = 0;    // chunks that are planned and not decided yet
  int slots_under_way = 0;    // of them
  int next_seat = 1;          // lowest seat number that was never planned
  std::string token;          // consistency token of what was activated last
  int32_t reserve_until = 0;  // last day on which money may be set aside for it
  int64_t create_time = 0;
  int64_t end_time = 0;  // 0 while it runs
};

struct RefusalRow {
  int64_t worker_id = 0;
  int code = 0;        // of absl::StatusCode
  std::string reason;  // name of a Reason
  std::string message;
};

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
