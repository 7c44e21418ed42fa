// Seats of a pledge in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "common/sql/database.h"
#include "services/sponsorship/domain/replacement.h"
#include "services/sponsorship/domain/seat_planner.h"

namespace lingkaran::sponsorship {

// A seat that gets a (new) holder.
struct SeatFill {
  int seat_number = 0;
  int64_t worker_id = 0;
  bool disabled = false;
  int from = 0;           // the holder's person-months [from, paid_to)
  int paid_to = 0;        //
  int32_t first_day = 0;  // covered days, as coverage answered
  int32_t last_day = 0;   //
  bool open = false;      // more can be paid
};

// Seats on which more can be paid, by number; not those that somebody is at work on, nor those
// whose holder was refused further months by this allocation (0: by none).
std::vector<OpenSeat> OpenSeats(sql::Tx& tx, int64_t pledge_id, int64_t allocation_id);
// The first `most` of them that nobody holds.
std::vector<OpenSeat> VacantSeats(sql::Tx& tx, int64_t pledge_id, int most);
// Those of the workers who hold a seat of the pledge or are about to get one.
absl::flat_hash_set<int64_t> Seated(sql::Tx& tx, int64_t pledge_id,
                                    absl::Span<const int64_t> workers);
// The lowest number never given.
int NextSeat(sql::Tx& tx, int64_t pledge_id);

// Seats are being filled as the slots say, by `busy`; those from `first_new` on are new.
void TakeSeats(sql::Tx& tx, int64_t pledge_id, absl::Span<const Slot> slots, int first_new,
               int64_t busy);
// Gives the seats to their new holders; they are free for other work afterwards.
void FillSeats(sql::Tx& tx, int64_t pledge_id, absl::Span<const SeatFill> fills);
// Further months for the holder of a seat.
void ExtendSeat(sql::Tx& tx, int64_t pledge_id, int seat_number, int paid_to, int32_t last_day,
                bool open);
// The seat has nobody; [0, paid_to) stays paid. `busy`: who works on it, 0 if nobody.
void VacateSeat(sql::Tx& tx, int64_t pledge_id, int seat_number, int paid_to, int64_t busy);
// Nobody got the seat: it is free, whether it stood before or not.
void InsertVacantSeat(sql::Tx& tx, int64_t pledge_id, int seat_number);
// Marks a seat as being worked on by `busy`, or as free (0).
void SetBusy(sql::Tx& tx, int64_t pledge_id, int seat_number, int64_t busy);
// This allocation does not try the seat again.
void SkipSeat(sql::Tx& tx, int64_t pledge_id, int seat_number, int64_t allocation_id);

// The seat of a worker; nullopt if he holds none. `busy` as above.
struct SeatOfWorker {
  HeldSeat seat;
  int64_t busy = 0;
};
std::optional<SeatOfWorker> FindSeat(sql::Tx& tx, int64_t pledge_id, int64_t worker_id);

// For the report: how many seats are paid up to each index, as (paid_to, seats).
std::vector<std::pair<int, int64_t>> CountByPaidTo(sql::Tx& tx, int64_t pledge_id);
int CountDisabled(sql::Tx& tx, int64_t pledge_id);
// Holders and the last day that the pledge pays, by worker id.
std::vector<std::pair<int64_t, int32_t>> ListHolders(sql::Tx& tx, int64_t pledge_id);

// A number that rises with each commit that changes seats: the version of their cache records.
int64_t NextSeatVersion(sql::Tx& tx);

}  // namespace lingkaran::sponsorship
