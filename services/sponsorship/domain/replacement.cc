#include "services/sponsorship/domain/replacement.h"

#include <algorithm>

#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {

absl::StatusOr<int> CutOf(const PriceSchedule& schedule, const HeldSeat& seat, int32_t from_month) {
  const int cut = std::max(seat.from, schedule.IndexOf(from_month));
  if (cut >= seat.paid_to) return NoMonthFrom(from_month);
  return cut;
}

void BeginLine(const PriceSchedule& schedule, const HeldSeat* seat, ReplacementLineRow& line) {
  if (seat == nullptr) return EndLine(SeatNotHeld(), line);
  if (seat->claimed_by != ClaimedBy()) return EndLine(SeatBusy(), line);
  const absl::StatusOr<int> cut = CutOf(schedule, *seat, line.from_month);
  if (!cut.ok()) return EndLine(cut.status(), line);
  line.seat_number = seat->seat_number;
  line.cut = *cut;
  line.to = seat->paid_to;
}

void EndLine(const absl::Status& error, ReplacementLineRow& line) {
  line.state = ReplacementState::kDone;
  line.code = static_cast<int>(error.code());
  line.error_reason = std::string(ReasonName(ReasonOf(error)));
  line.message = std::string(error.message());
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
  return RevokedOtherMonths(seat.seat_number, revoked.size(), expected.size());
}

}  // namespace lingkaran::sponsorship
