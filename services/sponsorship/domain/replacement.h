// Giving a seat from one worker to another: which person-months move. Pure.
//
// What is paid of a seat is a first part of its price schedule, so a replacement cuts it in two:
// the worker who leaves keeps [from, cut), the newcomer gets exactly [cut, paid_to), the same
// person-months and the same rupiah. Nobody is paid twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/sponsorship/domain/pledge.h"
#include "services/sponsorship/domain/seat_planner.h"

namespace lingkaran::sponsorship {

struct ReplacementRow {
  int64_t replacement_id = 0;
  int64_t pledge_id = 0;
  bool done = false;
  int rounds = 0;          // of newcomers tried
  std::string token = "";  // consistency token of what coverage did last
  int64_t create_time = 0;
};

enum class ReplacementState : int { kToRevoke = 0, kToFill = 1, kDone = 2 };

struct ReplacementLineRow {
  int line = 0;
  int64_t worker_id = 0;
  int32_t from_month = 0;
  std::string reason = "";
  ReplacementState state = ReplacementState::kToRevoke;
  int seat_number = 0;
  int cut = 0;  // person-months [cut, to) of the seat move
  int to = 0;
  int64_t new_worker_id = 0;
  std::string membership_number = "";
  Rupiah moved = Rupiah();
  Rupiah released = Rupiah();
  int code = 0;
  std::string error_reason = "";
  std::string message = "";
};

// A seat as it is held.
struct HeldSeat {
  int seat_number = 0;
  int64_t worker_id = 0;
  bool disabled = false;
  int from = 0;     // first person-month that the holder got
  int paid_to = 0;  // the holder got [from, paid_to)
  ClaimedBy claimed_by = {};
};

// A seat was taken from a worker, who kept the months before `at`.
struct SeatCut {
  int seat_number = 0;
  int64_t worker_id = 0;
  int at = 0;
  friend bool operator==(const SeatCut&, const SeatCut&) = default;
};

// What was taken back from each worker, in the order of the request.
struct Revocation {
  std::vector<std::vector<SeatMonth>> revoked;
  std::string token;
};

// Where the seat is cut when all months from `from_month` (yyyymm; 0: all) on move.
// FAILED_PRECONDITION/SEAT_NOT_HELD if none of the holder's months is that late.
absl::StatusOr<int> CutOf(const PriceSchedule& schedule, const HeldSeat& seat, int32_t from_month);

// Decides how the line begins: with the cut of its worker's seat (null: holds none), or done with
// the error that it can't be replaced.
void BeginLine(const PriceSchedule& schedule, const HeldSeat* seat, ReplacementLineRow& line);
// The line is done, with this error.
void EndLine(const absl::Status& error, ReplacementLineRow& line);

// OK if what coverage took back is exactly [cut, paid_to). INTERNAL otherwise: then the ledgers of
// the two services differ and a person has to look.
absl::Status CheckRevoked(const PriceSchedule& schedule, const HeldSeat& seat, int cut,
                          std::vector<SeatMonth> revoked);

}  // namespace lingkaran::sponsorship
