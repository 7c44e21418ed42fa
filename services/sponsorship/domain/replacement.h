// Giving a seat from one worker to another: which person-months move. Pure.
//
// What is paid of a seat is a first part of its price schedule, so a replacement cuts it in two:
// the worker who leaves keeps [from, cut), the newcomer gets exactly [cut, paid_to), the same
// person-months and the same rupiah. Nobody is paid twice.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/date.h"
#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::sponsorship {

// A seat as it is held.
struct HeldSeat {
  int seat_number = 0;
  int64_t worker_id = 0;
  bool disabled = false;
  int from = 0;     // first person-month that the holder got
  int paid_to = 0;  // the holder got [from, paid_to)
};

// Where the seat is cut when all months from `from_month` (yyyymm; 0: all) on move.
// FAILED_PRECONDITION/SEAT_NOT_HELD if none of the holder's months is that late.
absl::StatusOr<int> CutOf(const PriceSchedule& schedule, const HeldSeat& seat, int32_t from_month);

// OK if what coverage took back is exactly [cut, paid_to). INTERNAL otherwise: then the books of
// the two services differ and a person has to look.
absl::Status CheckRevoked(const PriceSchedule& schedule, const HeldSeat& seat, int cut,
                          std::vector<SeatMonth> revoked);

}  // namespace lingkaran::sponsorship
