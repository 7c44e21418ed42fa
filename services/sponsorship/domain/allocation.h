// Filling the seats of a pledge, by an allocation or by a replacement: what is decided at each step
// of the chain, and what that changes. Pure: a workflow loads a FillState, asks one of the
// functions below, and saves state and Decision in one transaction.
//
// Money is set aside (available -> reserved) in the transaction that takes the seats of a chunk,
// and from then on who gets a seat stands in the seat. What coverage activates is spent (reserved
// -> spent). A worker who is refused is listed with the reason. What becomes of the seat then
// depends on whose chunk it was:
//   allocation   the seat is free and its money available again; the next chunk may take both
//   replacement  the seat and its money wait for the next of the reserve list; they are free only
//                when nobody is left there
// So the reserved balance of a pledge always equals the price of the allocations' work items that
// wait and of the replacements' lines that wait for a newcomer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/date.h"
#include "services/sponsorship/domain/accounts.h"
#include "services/sponsorship/domain/replacement.h"
#include "services/sponsorship/domain/rules.h"
#include "services/sponsorship/domain/seat_planner.h"

namespace lingkaran::sponsorship {

// Chunks of an allocation that are under way at once.
inline constexpr int kMostChunks = 2;

enum class AllocationState : int { kRunning = 1, kComplete = 2, kShort = 3 };

// Why no further money is set aside for an allocation.
enum class StopReason {
  kNone,
  kPriceRefused,  // coverage refuses the pledge's price: nobody else would fare better
  kLastDayOver,   // the reservation ended by its date
};

struct AllocationRow {
  int64_t allocation_id = 0;
  int64_t pledge_id = 0;
  AllocationState state = AllocationState::kRunning;
  bool named = false;  // its workers were named: the draw is those who came so far
  std::string seed = "";
  bool ranked = false;  // the draw has been made
  int candidates = 0;   // in the draw
  int drawn = 0;        // taken from its front; the rest is the reserve list
  int seats_wanted = 0;
  int seats_filled = 0;
  int refused = 0;
  int64_t person_months = 0;
  Rupiah spent = Rupiah();
  int chunks = 0;                              // planned so far
  int steps_under_way = 0;                     // chunks that are planned and not decided yet
  int slots_under_way = 0;                     // of them
  int next_seat = 1;                           // lowest seat number that was never planned
  std::string token = "";                      // consistency token of what was activated last
  int32_t reserve_until = 0;                   // last day on which money may be set aside for it
  StopReason stop_reason = StopReason::kNone;  // kLastDayOver is never kept: see StopReasonOn
  int64_t create_time = 0;
  int64_t end_time = 0;  // 0 while it runs
};

// Who was drawn or named and got nothing, and why.
struct RefusalRow {
  int64_t worker_id = 0;
  int code = 0;             // of absl::StatusCode
  std::string reason = "";  // name of a Reason
  std::string message = "";
};
RefusalRow RefusalOf(int64_t worker_id, const absl::Status& status);

// A chunk on its way: the body of an outbox row.
struct WorkItem {
  int64_t owner_id = 0;    // allocation or replacement
  int number = 0;          // counts the chunks of the owner, from 1
  std::string token = "";  // consistency token of the enrolment; empty before
  std::vector<Slot> slots = {};
};

// How each worker's enrolment came out, in the order of the request.
struct Enrolment {
  std::vector<absl::Status> statuses;
  std::vector<std::string> membership_numbers;
  std::string token;
};

// How each worker's person-months came out, in the order of the request.
struct Activation {
  struct Result {
    absl::Status status;
    int32_t first_day = 0;
    int32_t last_day = 0;
  };
  std::vector<Result> results;
  std::string token;
};

// A seat that gets a (new) holder, or further months for the one it has.
struct SeatFill {
  int seat_number = 0;
  int64_t worker_id = 0;
  bool disabled = false;
  int from = 0;           // the holder's person-months [from, paid_to)
  int paid_to = 0;        //
  int32_t first_day = 0;  // covered days, as coverage answered
  int32_t last_day = 0;   //
  bool open = false;      // more can be paid
  friend bool operator==(const SeatFill&, const SeatFill&) = default;
};

// Whose chunks are decided, and the pledge they are for.
struct FillState {
  ClaimedBy owner;             // the allocation or the replacement
  AllocationRow allocation;    // the owner; of a replacement the one whose reserve list it draws
                               // from, id 0 if there is none
  ReplacementRow replacement;  // the owner, and its lines
  std::vector<ReplacementLineRow> lines;
  PledgeRow pledge;

  bool replacing() const { return owner.kind == ClaimedBy::Kind::kReplacement; }
};

// What changes beside the state itself. Transactions are posted in their order.
struct Decision {
  std::vector<LedgerTransaction> transactions;
  std::vector<SeatFill> filled;
  std::vector<SeatFill> extended;
  std::vector<SeatCut> vacated;      // taken from their holders, still claimed
  std::vector<int> freed;            // nobody got these seats, and nobody works on them
  std::vector<int> skipped;          // the holder was refused: not tried again by this allocation
  std::vector<RefusalRow> refusals;  // for the list of the state's allocation
  std::vector<int> lines;            // of the replacement that changed
  WorkItem to_activate;              // without slots if there is none
  WorkItem to_enrol;                 // a new chunk whose seats are claimed; likewise
  int first_new_seat = 0;            // of the new chunk: seats from here on never stood before
};

// What the ledger transactions of an allocation or replacement refer to: "allocation/3",
// "replacement/1".
std::string LedgerReferenceOf(const ClaimedBy& owner);

// A draw for a locked pledge on which `running` says whether another allocation runs.
// FAILED_PRECONDITION/PLEDGE_STATE, ALLOCATION_RUNNING, SEATS_EXHAUSTED, FUNDS_EXHAUSTED,
// NO_RULE_IN_FORCE.
absl::StatusOr<AllocationRow> BeginDraw(const PledgeRow& pledge, bool running,
                                        const SeatFunding& funding, const PayerRules& rules,
                                        const std::string& seed, Day today);
// The named allocation that takes further workers today: the one that runs, or a new one with id 0.
// FAILED_PRECONDITION/PLEDGE_STATE, ALLOCATION_RUNNING, NO_RULE_IN_FORCE.
absl::StatusOr<AllocationRow> JoinNamed(const PledgeRow& pledge,
                                        std::optional<AllocationRow> running, int next_seat,
                                        const PayerRules& rules, Day today);

// Why nothing more is set aside for it today.
StopReason StopReasonOn(const AllocationRow& allocation, Day today);
// Sets how many seats are wanted in all; true if a chunk of the draw can be planned today.
bool MayPlan(FillState& state, const SeatFunding& funding, Day today);
// The next chunk of up to `most` out of `drawn`, the front of the reserve list. Those of them who
// are `seated` are refused as they are met. Gives also how many of the list were used up: if any
// were and no chunk came of it, there may be one further down.
struct PlannedChunk {
  Decision decision;
  int used = 0;
};
PlannedChunk PlanNext(FillState& state, const SeatFunding& funding, absl::Span<const Ranked> drawn,
                      const absl::flat_hash_set<int64_t>& seated, int most, Day today);
// A chunk for workers who were named; they join the draw.
Decision PlanForNamed(FillState& state, NamedPlan plan, Day today);
// Nothing is under way and nothing can be planned. `funding` counts the seats that were skipped
// too: their money is still there.
void End(FillState& state, const SeatFunding& funding, int64_t now);

// Outcomes of a chunk.
absl::StatusOr<Decision> DecideEnrolment(FillState& state, const WorkItem& item,
                                         const Enrolment& enrolment);
absl::StatusOr<Decision> DecideActivation(FillState& state, const WorkItem& item,
                                          const Activation& activation);
// The chunk was never sent, and will not be.
Decision DecideExpiry(FillState& state, const WorkItem& item, Day today);

// Coverage took back the months of these lines. INTERNAL if they are not those of the seats.
absl::StatusOr<Decision> DecideRevocation(FillState& state, absl::Span<const int> lines,
                                          const Revocation& revocation);
// Lines that wait for a newcomer.
int LinesToFill(const FillState& state);
// Takes `drawn`, the front of the reserve list, off it: those who are not `seated` are given, the
// others refused.
std::vector<Ranked> TakeReserve(FillState& state, absl::Span<const Ranked> drawn,
                                const absl::flat_hash_set<int64_t>& seated, Decision& decision);
// The next round of a replacement: a newcomer of the reserve for each line that waits, in their
// order; lines for which there is nobody end, and with the last of them the replacement.
Decision PlanRound(FillState& state, absl::Span<const Ranked> reserve, Day today);

}  // namespace lingkaran::sponsorship
