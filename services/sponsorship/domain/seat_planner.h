// Who gets the seats, and which person-months the money pays for. Pure: the same candidates, seed
// and money give the same answer on every machine.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::sponsorship {

// What the draw needs to know of a worker, and no more.
struct Candidate {
  int64_t worker_id = 0;
  bool disabled = false;
  Sector sector = Sector::kUnspecified;
  int age_years = 0;
  Rupiah income;  // 0: unknown
};

// True if the candidate meets the criteria (region and batch are the registry's part).
bool Meets(const Criteria& criteria, const Candidate& candidate);

// A place in the draw.
struct Ranked {
  int64_t worker_id = 0;
  bool disabled = false;
  friend bool operator==(const Ranked&, const Ranked&) = default;
};

// The draw: those who meet the criteria; disabled first if asked for, then by
// SHA-256(seed ":" worker id) ascending, then by worker id. The order of `candidates` is of no
// account, so anybody with the published seed and the ids can repeat it.
std::vector<Ranked> Rank(const Criteria& criteria, std::string_view seed,
                         const std::vector<Candidate>& candidates);

// A seat of which person-months from `paid_to` on are not paid yet.
struct OpenSeat {
  int seat_number = 0;
  int64_t worker_id = 0;  // who holds it; 0 if vacant
  bool disabled = false;
  int paid_to = 0;
};

// Person-months [from, to) of one seat for one worker: the unit of a chunk.
struct Slot {
  int seat_number = 0;
  int64_t worker_id = 0;
  bool disabled = false;
  bool held = false;      // the worker holds the seat already: only months are added
  int from = 0;           // index in the price schedule
  int to = 0;             //
  int32_t first_day = 0;  // first covered day at the earliest, yyyymmdd
  friend bool operator==(const Slot&, const Slot&) = default;
};

// Which work has a claim on a seat: nobody else changes it meanwhile.
struct ClaimedBy {
  enum class Kind { kNobody, kAllocation, kReplacement };
  Kind kind = Kind::kNobody;
  int64_t id = 0;
  friend bool operator==(const ClaimedBy&, const ClaimedBy&) = default;
};

// Where seats and money stand when a chunk is planned.
struct SeatFunding {
  absl::Span<const OpenSeat> open;  // by seat number
  int next_seat = 1;                // lowest number never given
  int seats = 0;                    // of the pledge
  Rupiah money;                     // available
};

// What comes next.
struct ChunkPlan {
  std::vector<Slot> slots;
  int drawn = 0;  // candidates used up, from the front
  Rupiah price;   // of all slots; never above SeatFunding.money
};

// The next up to `most` slots in the stated order: open seats first, then new ones; the last may
// get only the first of its months. A vacant seat takes the next candidate and is left out when
// there is none.
ChunkPlan PlanChunk(const PriceSchedule& schedule, const SeatFunding& funding,
                    absl::Span<const Ranked> candidates, int most);

// Seats for workers who were named, call by call.
struct NamedPlan {
  std::vector<absl::Status> verdicts;  // one for each call: OK, or why it gets nothing
  std::vector<Slot> slots;             // of the calls that are OK, in their order
  Rupiah price;                        // of all slots; never above SeatFunding.money
};

// Each worker gets a seat to its end, the vacant ones first; those that are held are
// left alone. A call gets seats for all of its workers or takes nothing. `seated`: who has a seat
// of the pledge or is about to get one. Verdicts: ALREADY_EXISTS/SEAT_HELD (also for who was named
// in a call before), FAILED_PRECONDITION/SEATS_EXHAUSTED, FUNDS_EXHAUSTED.
NamedPlan PlanNamed(const PriceSchedule& schedule, const SeatFunding& funding,
                    absl::flat_hash_set<int64_t> seated,
                    absl::Span<const std::vector<int64_t>> calls);

// How many seats the money pays for, in full or in part, if candidates don't run out.
int SeatsPaidFor(const PriceSchedule& schedule, const SeatFunding& funding);

// Price of the slots.
Rupiah PriceOf(const PriceSchedule& schedule, absl::Span<const Slot> slots);

}  // namespace lingkaran::sponsorship
