#include "services/sponsorship/domain/replacement.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace lingkaran::sponsorship {

absl::StatusOr<int> CutOf(const PriceSchedule& schedule, const HeldSeat& seat, int32_t from_month) {
  const int cut = std::max(seat.from, schedule.IndexOf(from_month));
  if (cut >= seat.paid_to) {
    return Error(absl::StatusCode::kFailedPrecondition, Reason::kSeatNotHeld,
                 absl::StrCat("the pledge pays this worker no month from ", from_month, " on"),
                 {{"from_month", absl::StrCat(from_month)}});
  }
  return cut;
}

absl::Status CheckRevoked(const PriceSchedule& schedule, const HeldSeat& seat, int cut,
                          std::vector<SeatMonth> revoked) {
  std::vector<SeatMonth> expected(schedule.months().begin() + cut,
                                  schedule.months().begin() + seat.paid_to);
  auto order = [](const SeatMonth& a, const SeatMonth& b) {
    return a.month != b.month ? a.month < b.month : a.programme < b.programme;
  };
  std::sort(revoked.begin(), revoked.end(), order);
  if (revoked == expected) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, Reason::kInternal,
               absl::StrCat("seat ", seat.seat_number, ": coverage took back ", revoked.size(),
                            " person-months, the seat holds ", expected.size()));
}

}  // namespace lingkaran::sponsorship
