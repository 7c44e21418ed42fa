// Seats of a pledge in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/allocation.h"

namespace lingkaran::sponsorship {

// Seats on which more can be paid, by number; not those that are claimed, nor those
// whose holder was refused further months by this allocation (0: by none).
std::vector<OpenSeat> OpenSeats(sql::Tx& tx, int64_t pledge_id, int64_t allocation_id);
// The first `most` of them that nobody holds.
std::vector<OpenSeat> VacantSeats(sql::Tx& tx, int64_t pledge_id, int most);
// Those of the workers who hold a seat of the pledge or are about to get one.
absl::flat_hash_set<int64_t> Seated(sql::Tx& tx, int64_t pledge_id,
                                    absl::Span<const int64_t> workers);
// The lowest number never given.
int NextSeat(sql::Tx& tx, int64_t pledge_id);

// Seats are being filled as the slots say; those from `first_new` on are new.
void ClaimSeats(sql::Tx& tx, int64_t pledge_id, absl::Span<const Slot> slots, int first_new,
                const ClaimedBy& claimed_by);
// Gives the seats to their new holders; they are free for other work afterwards.
void FillSeats(sql::Tx& tx, int64_t pledge_id, absl::Span<const SeatFill> fills);
// Further months for the holder of a seat.
void ExtendSeat(sql::Tx& tx, int64_t pledge_id, const SeatFill& seat);
// The seat has nobody; the months before the cut stay paid.
void VacateSeat(sql::Tx& tx, int64_t pledge_id, const SeatCut& cut, const ClaimedBy& claimed_by);
// Nobody got the seat: it is free, whether it stood before or not.
void FreeSeat(sql::Tx& tx, int64_t pledge_id, int seat_number);
// The seat stays as it is, and is claimed.
void ClaimSeat(sql::Tx& tx, int64_t pledge_id, int seat_number, const ClaimedBy& claimed_by);
// This allocation does not try the seat again.
void SkipSeat(sql::Tx& tx, int64_t pledge_id, int seat_number, int64_t allocation_id);

// The seat of a worker; nullopt if there is none.
std::optional<HeldSeat> FindSeat(sql::Tx& tx, int64_t pledge_id, int64_t worker_id);

// For the report: how many seats are paid up to each index, as (paid_to, seats).
std::vector<std::pair<int, int64_t>> CountByPaidTo(sql::Tx& tx, int64_t pledge_id);
int CountDisabled(sql::Tx& tx, int64_t pledge_id);
// Holders and the last day that the pledge pays, by worker id.
std::vector<std::pair<int64_t, int32_t>> ListHolders(sql::Tx& tx, int64_t pledge_id);

}  // namespace lingkaran::sponsorship
