#include "services/sponsorship/workflow/fill_workflow.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/seats.h"
#include "services/sponsorship/store/store.h"
#include "services/sponsorship/store/work_items.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

// Reads the owner, and its pledge with `get`.
template <typename GetPledgeFunction>
absl::StatusOr<FillState> Read(Tx& tx, const ClaimedBy& owner, GetPledgeFunction get) {
  FillState state;
  state.owner = owner;
  if (!state.replacing()) {
    ASSIGN_OR_RETURN(state.allocation, GetAllocation(tx, owner.id));
    ASSIGN_OR_RETURN(state.pledge, get(tx, state.allocation.pledge_id));
    // Again: a replacement may have drawn from the list until we had the lock.
    ASSIGN_OR_RETURN(state.allocation, GetAllocation(tx, owner.id));
    return state;
  }
  ASSIGN_OR_RETURN(state.replacement, GetReplacement(tx, owner.id));
  ASSIGN_OR_RETURN(state.pledge, get(tx, state.replacement.pledge_id));
  state.lines = ListReplacementLines(tx, owner.id);
  state.allocation = LatestDraw(tx, state.pledge.pledge_id).value_or(AllocationRow());
  return state;
}

SeatFunding FundingOf(const FillState& state, absl::Span<const OpenSeat> open) {
  return {open, state.allocation.next_seat, state.pledge.seats, state.pledge.funds.available};
}

absl::flat_hash_set<int64_t> SeatedOf(Tx& tx, const FillState& state,
                                      absl::Span<const Ranked> ranked) {
  std::vector<int64_t> workers;
  for (const Ranked& one : ranked) workers.push_back(one.worker_id);
  return Seated(tx, state.pledge.pledge_id, workers);
}

std::vector<ActivationOrder> OrdersOf(const PriceSchedule& schedule, absl::Span<const Slot> slots) {
  std::vector<ActivationOrder> orders;
  orders.reserve(slots.size());
  for (const Slot& slot : slots) {
    orders.push_back({slot.worker_id, slot.first_day,
                      std::vector<SeatMonth>(schedule.months().begin() + slot.from,
                                             schedule.months().begin() + slot.to)});
  }
  return orders;
}

}  // namespace

std::string AllocationKey(int64_t allocation_id) {
  return absl::StrCat("allocation/", allocation_id);
}

std::string ActivationKey(int64_t allocation_id) {
  return absl::StrCat(AllocationKey(allocation_id), "/activate");
}

std::string ReplacementKey(int64_t pledge_id) { return absl::StrCat("replace/", pledge_id); }

void FillWorkflow::Register() {
  const auto add = [&](const char* kind, Kind owner,
                       Committed (FillWorkflow::*deliver)(Kind, const OutboxMessage&)) {
    context_.outbox->Register(kind, [this, owner, deliver](const OutboxMessage& message) {
      return (this->*deliver)(owner, message);
    });
  };
  add("enrol", Kind::kAllocation, &FillWorkflow::Enrol);
  add("activate", Kind::kAllocation, &FillWorkflow::Activate);
  add("replace_enrol", Kind::kReplacement, &FillWorkflow::Enrol);
  add("replace_activate", Kind::kReplacement, &FillWorkflow::Activate);
}

absl::StatusOr<FillState> FillWorkflow::Load(const ClaimedBy& owner) const {
  absl::StatusOr<FillState> state;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) {
    state = Read(tx, owner, GetPledge);
    return state.status();
  }));
  return state;
}

absl::StatusOr<FillState> FillWorkflow::Lock(Tx& tx, const ClaimedBy& owner) const {
  return Read(tx, owner, LockPledge);
}

FillWorkflow::Committed FillWorkflow::Enrol(Kind kind, const OutboxMessage& message) {
  ASSIGN_OR_RETURN(const WorkItem item, ReadWorkItem(message.body));
  const ClaimedBy owner{kind, item.owner_id};
  ASSIGN_OR_RETURN(const FillState state, Load(owner));
  std::vector<int64_t> workers;
  for (const Slot& slot : item.slots) {
    if (!slot.held) workers.push_back(slot.worker_id);
  }
  bool ended =
      !state.replacing() && StopReasonOn(state.allocation, context_.Today()) != StopReason::kNone;
  if (ended && !workers.empty()) {
    ASSIGN_OR_RETURN(const bool enrolled, context_.peers->ResolveEnrolment(message.request_id));
    ended = !enrolled;
  }
  absl::StatusOr<Enrolment> enrolment = Enrolment();  // of nobody, if all seats are held
  if (!ended && !workers.empty()) {
    enrolment = context_.peers->Enrol(message.request_id, state.pledge.pledge_id, workers);
    // The id was resolved to be never used, and then the clock was set back.
    ended = !state.replacing() && ReasonOf(enrolment.status()) == Reason::kRequestIdReused;
  }
  if (!ended) RETURN_IF_ERROR(enrolment.status());
  return [this, owner, item, ended, enrolment = std::move(enrolment)](Tx& tx) {
    return Commit(tx, owner, [&](FillState& locked) -> absl::StatusOr<Decision> {
      if (ended) return DecideExpiry(locked, item, context_.Today());
      return DecideEnrolment(locked, item, *enrolment);
    });
  };
}

FillWorkflow::Committed FillWorkflow::Activate(Kind kind, const OutboxMessage& message) {
  ASSIGN_OR_RETURN(const WorkItem item, ReadWorkItem(message.body));
  const ClaimedBy owner{kind, item.owner_id};
  ASSIGN_OR_RETURN(const FillState state, Load(owner));
  const PledgeRow& pledge = state.pledge;
  ASSIGN_OR_RETURN(
      const Activation activation,
      context_.peers->Activate(message.request_id, {pledge.payer_class, pledge.pledge_id, 0},
                               pledge.wage_base, pledge.sector,
                               OrdersOf(pledge.schedule, item.slots), item.token));
  return [this, owner, item, activation](Tx& tx) {
    return Commit(tx, owner,
                  [&](FillState& locked) { return DecideActivation(locked, item, activation); });
  };
}

absl::Status FillWorkflow::Commit(Tx& tx, const ClaimedBy& owner,
                                  absl::FunctionRef<absl::StatusOr<Decision>(FillState&)> decide) {
  ASSIGN_OR_RETURN(FillState state, Lock(tx, owner));
  ASSIGN_OR_RETURN(const Decision decision, decide(state));
  RETURN_IF_ERROR(Save(tx, state, decision));
  return Continue(tx, state, decision.to_activate);
}

absl::Status FillWorkflow::Save(Tx& tx, FillState& state, const Decision& decision) const {
  const int64_t pledge_id = state.pledge.pledge_id;
  const int64_t allocation_id = state.allocation.allocation_id;
  FillSeats(tx, pledge_id, decision.filled);
  for (const SeatFill& seat : decision.extended) ExtendSeat(tx, pledge_id, seat);
  for (const SeatCut& cut : decision.vacated) VacateSeat(tx, pledge_id, cut, state.owner);
  for (const int seat : decision.freed) FreeSeat(tx, pledge_id, seat);
  for (const int seat : decision.skipped) SkipSeat(tx, pledge_id, seat, allocation_id);
  AddSeatsFilled(
      tx, pledge_id,
      static_cast<int>(decision.filled.size()) - static_cast<int>(decision.vacated.size()));
  ClaimSeats(tx, pledge_id, decision.to_enrol.slots, decision.first_new_seat, state.owner);
  if (allocation_id != 0) {
    InsertRefusals(tx, allocation_id,
                   state.allocation.refused - static_cast<int>(decision.refusals.size()),
                   decision.refusals);
  }
  for (const int line : decision.lines) {
    UpdateReplacementLine(tx, state.owner.id, state.lines[line]);
  }
  for (const LedgerTransaction& transaction : decision.transactions) {
    RETURN_IF_ERROR(Post(tx, transaction, context_.Now(), &state.pledge.funds));
  }
  return absl::OkStatus();
}

void FillWorkflow::PutEnrolment(Tx& tx, const FillState& state, const WorkItem& item) {
  if (item.slots.empty()) return;
  const std::string key =
      state.replacing() ? ReplacementKey(state.pledge.pledge_id) : AllocationKey(state.owner.id);
  context_.outbox->Put(tx, key, state.replacing() ? "replace_enrol" : "enrol", WriteWorkItem(item));
}

absl::Status FillWorkflow::Continue(Tx& tx, FillState& state, const WorkItem& to_activate) {
  NotifyAfterCommit(tx, context_);
  return state.replacing() ? ContinueReplacement(tx, state, to_activate)
                           : ContinueAllocation(tx, state, to_activate);
}

absl::Status FillWorkflow::ContinueAllocation(Tx& tx, FillState& state,
                                              const WorkItem& to_activate) {
  AllocationRow& allocation = state.allocation;
  ASSIGN_OR_RETURN(const WorkItem next, PlanFromDraw(tx, state));
  if (allocation.steps_under_way == 0) {
    End(state, FundingOf(state, OpenSeats(tx, state.pledge.pledge_id, 0)),
        absl::ToUnixMillis(context_.Now()));
  }
  UpdateAllocation(tx, allocation);
  if (!to_activate.slots.empty()) {
    context_.outbox->Put(tx, ActivationKey(allocation.allocation_id), "activate",
                         WriteWorkItem(to_activate));
  }
  PutEnrolment(tx, state, next);
  return absl::OkStatus();
}

absl::StatusOr<WorkItem> FillWorkflow::PlanFromDraw(Tx& tx, FillState& state) {
  if (state.allocation.named) return WorkItem();  // nobody follows those who were named
  const std::vector<OpenSeat> open =
      OpenSeats(tx, state.pledge.pledge_id, state.allocation.allocation_id);
  const SeatFunding funding = FundingOf(state, open);
  if (!MayPlan(state, funding, context_.Today())) return WorkItem();
  while (true) {
    const std::vector<Ranked> drawn =
        ListDraw(tx, state.allocation.allocation_id, state.allocation.drawn, context_.chunk);
    const PlannedChunk planned = PlanNext(state, funding, drawn, SeatedOf(tx, state, drawn),
                                          context_.chunk, context_.Today());
    RETURN_IF_ERROR(Save(tx, state, planned.decision));
    if (!planned.decision.to_enrol.slots.empty() || planned.used == 0) {
      return planned.decision.to_enrol;
    }
  }
}

absl::Status FillWorkflow::ContinueReplacement(Tx& tx, FillState& state,
                                               const WorkItem& to_activate) {
  WorkItem next;
  if (to_activate.slots.empty()) {
    ASSIGN_OR_RETURN(const std::vector<Ranked> reserve,
                     TakeFromReserve(tx, state, LinesToFill(state)));
    const Decision round = PlanRound(state, reserve, context_.Today());
    RETURN_IF_ERROR(Save(tx, state, round));
    next = round.to_enrol;
  }
  if (state.allocation.allocation_id != 0) UpdateAllocation(tx, state.allocation);
  UpdateReplacement(tx, state.replacement);
  if (!to_activate.slots.empty()) {
    context_.outbox->Put(tx, ReplacementKey(state.pledge.pledge_id), "replace_activate",
                         WriteWorkItem(to_activate));
  }
  PutEnrolment(tx, state, next);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Ranked>> FillWorkflow::TakeFromReserve(Tx& tx, FillState& state,
                                                                  int count) {
  std::vector<Ranked> reserve;
  while (state.allocation.allocation_id != 0 && static_cast<int>(reserve.size()) < count) {
    const std::vector<Ranked> drawn =
        ListDraw(tx, state.allocation.allocation_id, state.allocation.drawn,
                 count - static_cast<int>(reserve.size()));
    if (drawn.empty()) break;
    Decision decision;
    const std::vector<Ranked> free =
        TakeReserve(state, drawn, SeatedOf(tx, state, drawn), decision);
    RETURN_IF_ERROR(Save(tx, state, decision));
    reserve.insert(reserve.end(), free.begin(), free.end());
  }
  return reserve;
}

}  // namespace lingkaran::sponsorship
