#include "services/sponsorship/domain/allocation.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

// How a chunk came out at a peer, slot by slot.
struct Outcome {
  std::vector<Slot> granted;
  std::vector<Slot> refused;
  std::vector<absl::Status> reasons;  // of the refused

  void Refuse(const Slot& slot, const absl::Status& reason) {
    refused.push_back(slot);
    reasons.push_back(reason);
  }
};

// A fault of the pledge's price is not the worker's.
bool IsPriceFault(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kContributionMismatch || reason == Reason::kNoRuleInForce;
}

void List(FillState& state, RefusalRow refusal, Decision& decision) {
  decision.refusals.push_back(std::move(refusal));
  ++state.allocation.refused;
}

// Lists the refused; gives the seats and the money of an allocation back.
void Refuse(FillState& state, const Outcome& outcome, Decision& decision) {
  if (outcome.refused.empty()) return;
  for (size_t i = 0; i < outcome.refused.size(); ++i) {
    const Slot& slot = outcome.refused[i];
    List(state, RefusalOf(slot.worker_id, outcome.reasons[i]), decision);
    if (state.replacing()) continue;
    if (IsPriceFault(outcome.reasons[i])) state.allocation.stop_reason = StopReason::kPriceRefused;
    (slot.held ? decision.skipped : decision.freed).push_back(slot.seat_number);
  }
  if (state.replacing()) return;
  state.allocation.slots_under_way -= static_cast<int>(outcome.refused.size());
  decision.transactions.push_back(Release(state.pledge.pledge_id,
                                          PriceOf(state.pledge.schedule, outcome.refused),
                                          LedgerReferenceOf(state.owner)));
}

// The line of a replacement whose seat it is; every worker of a request holds another seat.
absl::StatusOr<ReplacementLineRow*> LineOfSeat(FillState& state, int seat_number) {
  for (ReplacementLineRow& line : state.lines) {
    if (line.state == ReplacementState::kToFill && line.seat_number == seat_number) return &line;
  }
  return absl::InternalError("a replacement's seat has no line");
}

// Sets the money of the slots aside and claims their seats: the chunk that is owed next.
void Reserve(FillState& state, std::vector<Slot> slots, Rupiah price, Day today,
             Decision& decision) {
  AllocationRow& allocation = state.allocation;
  decision.first_new_seat = allocation.next_seat;
  for (Slot& slot : slots) {
    slot.first_day =
        FirstCoveredDay(state.pledge.first_day, state.pledge.schedule.at(slot.from).month, today);
    allocation.next_seat = std::max(allocation.next_seat, slot.seat_number + 1);
  }
  decision.transactions.push_back(
      sponsorship::Reserve(state.pledge.pledge_id, price, LedgerReferenceOf(state.owner)));
  ++allocation.chunks;
  ++allocation.steps_under_way;
  allocation.slots_under_way += static_cast<int>(slots.size());
  decision.to_enrol = {
      .owner_id = state.owner.id, .number = allocation.chunks, .slots = std::move(slots)};
}

absl::StatusOr<int32_t> LastDay(const PledgeRow& pledge, const PayerRules& rules, Day today) {
  ASSIGN_OR_RETURN(const PayerRule rule, rules.Find(pledge.payer_class, today));
  return DayNumber(today + rule.reservation_days);
}

}  // namespace

std::string LedgerReferenceOf(const ClaimedBy& owner) {
  return absl::StrCat(owner.kind == ClaimedBy::Kind::kReplacement ? "replacement/" : "allocation/",
                      owner.id);
}

RefusalRow RefusalOf(int64_t worker_id, const absl::Status& status) {
  return {.worker_id = worker_id,
          .code = static_cast<int>(status.code()),
          .reason = std::string(ReasonName(ReasonOf(status))),
          .message = std::string(status.message())};
}

absl::StatusOr<AllocationRow> BeginDraw(const PledgeRow& pledge, bool running,
                                        const SeatFunding& funding, const PayerRules& rules,
                                        const std::string& seed, Day today) {
  if (pledge.cancelled) return PledgeCancelled(pledge.pledge_id);
  if (running) return AllocationRunning(pledge.pledge_id);
  if (funding.open.empty() && funding.next_seat > pledge.seats) {
    return SeatsExhausted(pledge.pledge_id);
  }
  AllocationRow allocation{.pledge_id = pledge.pledge_id, .seed = seed};
  allocation.seats_wanted = SeatsPaidFor(pledge.schedule, funding);
  if (allocation.seats_wanted == 0) return FundsExhausted(pledge.pledge_id);
  allocation.next_seat = funding.next_seat;
  ASSIGN_OR_RETURN(allocation.reserve_until, LastDay(pledge, rules, today));
  return allocation;
}

absl::StatusOr<AllocationRow> JoinNamed(const PledgeRow& pledge,
                                        std::optional<AllocationRow> running, int next_seat,
                                        const PayerRules& rules, Day today) {
  if (pledge.cancelled) return PledgeCancelled(pledge.pledge_id);
  if (running.has_value()) {
    // What is left of one that has stopped is on its way to its end.
    if (!running->named || StopReasonOn(*running, today) != StopReason::kNone) {
      return AllocationRunning(pledge.pledge_id);
    }
    running->next_seat = std::max(running->next_seat, next_seat);
    return *std::move(running);
  }
  AllocationRow allocation{.pledge_id = pledge.pledge_id, .named = true, .next_seat = next_seat};
  ASSIGN_OR_RETURN(allocation.reserve_until, LastDay(pledge, rules, today));
  return allocation;
}

StopReason StopReasonOn(const AllocationRow& allocation, Day today) {
  if (allocation.stop_reason != StopReason::kNone) return allocation.stop_reason;
  return DayNumber(today) > allocation.reserve_until ? StopReason::kLastDayOver : StopReason::kNone;
}

bool MayPlan(FillState& state, const SeatFunding& funding, Day today) {
  AllocationRow& allocation = state.allocation;
  const int paid_for = SeatsPaidFor(state.pledge.schedule, funding);
  allocation.seats_wanted = allocation.seats_filled + allocation.slots_under_way + paid_for;
  return paid_for > 0 && allocation.steps_under_way < kMostChunks &&
         StopReasonOn(allocation, today) == StopReason::kNone;
}

PlannedChunk PlanNext(FillState& state, const SeatFunding& funding, absl::Span<const Ranked> drawn,
                      const absl::flat_hash_set<int64_t>& seated, int most, Day today) {
  std::vector<Ranked> free;
  std::vector<int> places;  // of the free in `drawn`
  for (size_t i = 0; i < drawn.size(); ++i) {
    if (seated.contains(drawn[i].worker_id)) continue;
    free.push_back(drawn[i]);
    places.push_back(static_cast<int>(i));
  }
  ChunkPlan plan = PlanChunk(state.pledge.schedule, funding, free, most);
  PlannedChunk planned;
  if (plan.drawn == static_cast<int>(free.size())) {
    planned.used = static_cast<int>(drawn.size());
  } else if (plan.drawn > 0) {
    planned.used = places[plan.drawn - 1] + 1;
  }
  TakeReserve(state, drawn.subspan(0, planned.used), seated, planned.decision);
  if (!plan.slots.empty()) {
    Reserve(state, std::move(plan.slots), plan.price, today, planned.decision);
  }
  return planned;
}

Decision PlanForNamed(FillState& state, NamedPlan plan, Day today) {
  AllocationRow& allocation = state.allocation;
  const int named = static_cast<int>(plan.slots.size());
  allocation.drawn += named;
  allocation.candidates = allocation.drawn;
  allocation.seats_wanted += named;
  Decision decision;
  Reserve(state, std::move(plan.slots), plan.price, today, decision);
  return decision;
}

void End(FillState& state, const SeatFunding& funding, int64_t now) {
  AllocationRow& allocation = state.allocation;
  const bool complete = allocation.named ? allocation.refused == 0
                                         : SeatsPaidFor(state.pledge.schedule, funding) == 0;
  allocation.state = complete ? AllocationState::kComplete : AllocationState::kShort;
  allocation.end_time = now;
}

absl::StatusOr<Decision> DecideEnrolment(FillState& state, const WorkItem& item,
                                         const Enrolment& enrolment) {
  Decision decision;
  Outcome outcome;
  size_t next = 0;
  for (const Slot& slot : item.slots) {
    if (slot.held) {
      outcome.granted.push_back(slot);
      continue;
    }
    const size_t place = next++;
    if (!enrolment.statuses[place].ok()) {
      outcome.Refuse(slot, enrolment.statuses[place]);
      continue;
    }
    outcome.granted.push_back(slot);
    if (!state.replacing()) continue;
    ASSIGN_OR_RETURN(ReplacementLineRow * line, LineOfSeat(state, slot.seat_number));
    line->membership_number = enrolment.membership_numbers[place];
    decision.lines.push_back(line->line);
  }
  Refuse(state, outcome, decision);
  if (!state.replacing() && outcome.granted.empty()) --state.allocation.steps_under_way;
  decision.to_activate = {item.owner_id, item.number, enrolment.token, std::move(outcome.granted)};
  return decision;
}

absl::StatusOr<Decision> DecideActivation(FillState& state, const WorkItem& item,
                                          const Activation& activation) {
  const PriceSchedule& schedule = state.pledge.schedule;
  Decision decision;
  Outcome outcome;
  int64_t person_months = 0;
  for (size_t i = 0; i < item.slots.size(); ++i) {
    const Slot& slot = item.slots[i];
    const Activation::Result& result = activation.results[i];
    if (!result.status.ok()) {
      outcome.Refuse(slot, result.status);
      continue;
    }
    outcome.granted.push_back(slot);
    person_months += slot.to - slot.from;
    (slot.held ? decision.extended : decision.filled)
        .push_back({slot.seat_number, slot.worker_id, slot.disabled, slot.from, slot.to,
                    result.first_day, result.last_day, slot.to < schedule.size()});
    if (!state.replacing()) continue;
    ASSIGN_OR_RETURN(ReplacementLineRow * line, LineOfSeat(state, slot.seat_number));
    line->state = ReplacementState::kDone;
    line->new_worker_id = slot.worker_id;
    line->moved = schedule.Price(slot.from, slot.to);
    decision.lines.push_back(line->line);
  }
  const Rupiah spent = PriceOf(schedule, outcome.granted);
  if (spent > Rupiah()) {
    decision.transactions.push_back(
        Spend(state.pledge.pledge_id, spent, LedgerReferenceOf(state.owner)));
  }
  if (state.replacing()) {
    state.replacement.token = activation.token;
  } else {
    AllocationRow& allocation = state.allocation;
    allocation.token = activation.token;
    allocation.spent += spent;
    allocation.person_months += person_months;
    allocation.seats_filled += static_cast<int>(outcome.granted.size());
    allocation.slots_under_way -= static_cast<int>(outcome.granted.size());
    --allocation.steps_under_way;
  }
  Refuse(state, outcome, decision);
  return decision;
}

Decision DecideExpiry(FillState& state, const WorkItem& item, Day today) {
  const absl::Status ended = StopReasonOn(state.allocation, today) == StopReason::kPriceRefused
                                 ? PriceRefused()
                                 : ReservationEnded(state.allocation.reserve_until);
  Decision decision;
  --state.allocation.steps_under_way;
  Refuse(state, {{}, item.slots, std::vector<absl::Status>(item.slots.size(), ended)}, decision);
  return decision;
}

absl::StatusOr<Decision> DecideRevocation(FillState& state, absl::Span<const int> lines,
                                          const Revocation& revocation) {
  const PriceSchedule& schedule = state.pledge.schedule;
  Decision decision;
  Rupiah taken_back;
  for (size_t i = 0; i < lines.size(); ++i) {
    ReplacementLineRow& line = state.lines[lines[i]];
    const HeldSeat seat{line.seat_number, line.worker_id, false, line.cut, line.to};
    RETURN_IF_ERROR(CheckRevoked(schedule, seat, line.cut, revocation.revoked[i]));
    taken_back += schedule.Price(line.cut, line.to);
    line.state = ReplacementState::kToFill;
    decision.vacated.push_back({line.seat_number, line.worker_id, line.cut});
    decision.lines.push_back(line.line);
  }
  decision.transactions.push_back(
      Revoke(state.pledge.pledge_id, taken_back, LedgerReferenceOf(state.owner)));
  state.replacement.token = revocation.token;
  return decision;
}

int LinesToFill(const FillState& state) {
  return static_cast<int>(std::count_if(
      state.lines.begin(), state.lines.end(),
      [](const ReplacementLineRow& line) { return line.state == ReplacementState::kToFill; }));
}

std::vector<Ranked> TakeReserve(FillState& state, absl::Span<const Ranked> drawn,
                                const absl::flat_hash_set<int64_t>& seated, Decision& decision) {
  std::vector<Ranked> free;
  for (const Ranked& one : drawn) {
    if (seated.contains(one.worker_id)) {
      List(state, RefusalOf(one.worker_id, SeatHeld(one.worker_id)), decision);
    } else {
      free.push_back(one);
    }
  }
  state.allocation.drawn += static_cast<int>(drawn.size());
  return free;
}

Decision PlanRound(FillState& state, absl::Span<const Ranked> reserve, Day today) {
  const PledgeRow& pledge = state.pledge;
  Decision decision;
  decision.first_new_seat = std::numeric_limits<int>::max();
  decision.to_enrol = {.owner_id = state.owner.id, .number = ++state.replacement.rounds};
  for (ReplacementLineRow& line : state.lines) {
    if (line.state != ReplacementState::kToFill) continue;
    if (reserve.empty()) {
      EndLine(ReserveEmpty(), line);
      line.released = pledge.schedule.Price(line.cut, line.to);
      decision.transactions.push_back(
          Release(pledge.pledge_id, line.released, LedgerReferenceOf(state.owner)));
      decision.freed.push_back(line.seat_number);
      decision.lines.push_back(line.line);
      continue;
    }
    decision.to_enrol.slots.push_back(
        {.seat_number = line.seat_number,
         .worker_id = reserve.front().worker_id,
         .disabled = reserve.front().disabled,
         .from = line.cut,
         .to = line.to,
         .first_day =
             FirstCoveredDay(pledge.first_day, pledge.schedule.at(line.cut).month, today)});
    reserve.remove_prefix(1);
  }
  state.replacement.done = decision.to_enrol.slots.empty();
  return decision;
}

}  // namespace lingkaran::sponsorship
