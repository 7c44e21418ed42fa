#include "services/sponsorship/workflow/allocation_workflow.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/seats.h"

namespace lingkaran::sponsorship {

using sql::Tx;

std::string AllocationKey(int64_t allocation_id) {
  return absl::StrCat("allocation/", allocation_id);
}

std::string ActivationKey(int64_t allocation_id) {
  return absl::StrCat(AllocationKey(allocation_id), "/activate");
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

namespace {

// An id that no worker has.
constexpr int64_t kNobody = std::numeric_limits<int64_t>::max();

absl::Status Running(int64_t pledge_id) {
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kAllocationRunning,
               absl::StrCat("an allocation of pledge ", pledge_id, " runs already"),
               {{"pledge_id", absl::StrCat(pledge_id)}});
}

// Why an allocation's chunk is not sent any more.
absl::Status Ended(const AllocationRow& allocation) {
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kReservationEnded,
               allocation.reserve_until == 0
                   ? "the price of the pledge was refused for others, so nobody was tried any more"
                   : absl::StrCat("the money was set aside until ", allocation.reserve_until));
}

std::vector<int64_t> WorkersOf(absl::Span<const Ranked> ranked) {
  std::vector<int64_t> workers;
  for (const Ranked& one : ranked) workers.push_back(one.worker_id);
  return workers;
}

}  // namespace

absl::Status NotCancelled(const PledgeRow& pledge) {
  if (!pledge.cancelled) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kPledgeState,
               absl::StrCat("pledge ", pledge.pledge_id, " was cancelled"),
               {{"pledge_id", absl::StrCat(pledge.pledge_id)}});
}

RefusalRow RefusalOf(int64_t worker_id, const absl::Status& status) {
  return {worker_id, static_cast<int>(status.code()), std::string(ReasonName(ReasonOf(status))),
          std::string(status.message())};
}

void AllocationWorkflow::Register() {
  context_.outbox->Register("rank", [this](const OutboxMessage& m) { return Rank(m); });
  context_.outbox->Register("enrol", [this](const OutboxMessage& m) { return Enrol(m); });
  context_.outbox->Register("activate", [this](const OutboxMessage& m) { return Activate(m); });
}

absl::StatusOr<int64_t> AllocationWorkflow::Start(Tx& tx, const PledgeRow& pledge,
                                                  const std::string& seed) {
  RETURN_IF_ERROR(NotCancelled(pledge));
  if (HasRunningAllocation(tx, pledge.pledge_id)) return Running(pledge.pledge_id);
  const std::vector<OpenSeat> open = OpenSeats(tx, pledge.pledge_id, 0);
  const int next_seat = NextSeat(tx, pledge.pledge_id);
  const Metadata about = {{"pledge_id", absl::StrCat(pledge.pledge_id)}};
  if (open.empty() && next_seat > pledge.seats) {
    return Error(absl::StatusCode::kFailedPrecondition, Reason::kSeatsExhausted,
                 absl::StrCat("all seats of pledge ", pledge.pledge_id, " are taken"), about);
  }
  AllocationRow allocation;
  allocation.seats_wanted =
      SeatsPaidFor(pledge.schedule, {open, next_seat, pledge.seats, pledge.funds.available});
  if (allocation.seats_wanted == 0) {
    return Error(
        absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted,
        absl::StrCat("no money is left on pledge ", pledge.pledge_id, "; record a payment first"),
        about);
  }
  ASSIGN_OR_RETURN(const PayerRule rule,
                   context_.rules->Find(pledge.payer_class, context_.Today()));
  allocation.pledge_id = pledge.pledge_id;
  allocation.seed = seed;
  allocation.next_seat = next_seat;
  allocation.reserve_until = DayNumber(context_.Today() + rule.reservation_days);
  allocation.create_time = absl::ToUnixMillis(context_.Now());
  const int64_t id = InsertAllocation(tx, allocation);
  context_.outbox->Put(tx, AllocationKey(id), "rank", absl::StrCat(id));
  return id;
}

absl::StatusOr<AllocationRow> AllocationWorkflow::NamedAllocation(Tx& tx,
                                                                  const PledgeRow& pledge) const {
  RETURN_IF_ERROR(NotCancelled(pledge));
  const Day today = context_.Today();
  if (std::optional<AllocationRow> running = FindRunning(tx, pledge.pledge_id)) {
    // What is left of one whose last day is over is on its way to its end.
    if (!running->named || DayNumber(today) > running->reserve_until) {
      return Running(pledge.pledge_id);
    }
    running->next_seat = std::max(running->next_seat, NextSeat(tx, pledge.pledge_id));
    return *std::move(running);
  }
  ASSIGN_OR_RETURN(const PayerRule rule, context_.rules->Find(pledge.payer_class, today));
  AllocationRow allocation;
  allocation.pledge_id = pledge.pledge_id;
  allocation.named = true;
  allocation.next_seat = NextSeat(tx, pledge.pledge_id);
  allocation.reserve_until = DayNumber(today + rule.reservation_days);
  allocation.create_time = absl::ToUnixMillis(context_.Now());
  return allocation;
}

absl::StatusOr<AllocationWorkflow::NamedOutcome> AllocationWorkflow::StartNamed(
    Tx& tx, const PledgeRow& pledge, absl::Span<const std::vector<int64_t>> calls) {
  absl::StatusOr<AllocationRow> allocation = NamedAllocation(tx, pledge);
  if (!allocation.ok()) {
    return NamedOutcome{std::vector<absl::Status>(calls.size(), allocation.status()), {}};
  }
  std::vector<int64_t> workers;
  for (const auto& call : calls) workers.insert(workers.end(), call.begin(), call.end());
  const std::vector<OpenSeat> vacant =
      VacantSeats(tx, pledge.pledge_id, static_cast<int>(workers.size()));
  NamedPlan plan = PlanNamed(pledge.schedule,
                             {vacant, allocation->next_seat, pledge.seats, pledge.funds.available},
                             Seated(tx, pledge.pledge_id, workers), calls);
  LockedAllocation locked{*std::move(allocation), pledge};
  if (!plan.slots.empty()) {
    AllocationRow& row = locked.allocation;
    if (row.allocation_id == 0) row.allocation_id = InsertAllocation(tx, row);
    std::vector<Ranked> named;
    for (const Slot& slot : plan.slots) named.push_back({slot.worker_id, slot.disabled});
    InsertDraw(tx, row.allocation_id, named, row.drawn);
    row.drawn += static_cast<int>(named.size());
    row.candidates = row.drawn;
    row.seats_wanted += static_cast<int>(named.size());
    ASSIGN_OR_RETURN(const WorkItem step, Reserve(tx, locked, std::move(plan.slots), plan.price));
    UpdateAllocation(tx, row);
    context_.outbox->Put(tx, AllocationKey(row.allocation_id), "enrol", WorkItemToText(step));
    NotifyAfterCommit(tx, context_);
  }
  return NamedOutcome{std::move(plan.verdicts), std::move(locked.allocation)};
}

absl::StatusOr<AllocationWorkflow::LockedAllocation> AllocationWorkflow::Lock(
    Tx& tx, int64_t allocation_id) const {
  LockedAllocation locked;
  ASSIGN_OR_RETURN(locked.allocation, GetAllocation(tx, allocation_id));
  ASSIGN_OR_RETURN(locked.pledge, LockPledge(tx, locked.allocation.pledge_id));
  // Again: a replacement may have drawn from the list until we had the lock.
  ASSIGN_OR_RETURN(locked.allocation, GetAllocation(tx, allocation_id));
  return locked;
}

absl::StatusOr<AllocationWorkflow::LockedAllocation> AllocationWorkflow::Load(
    int64_t allocation_id) const {
  LockedAllocation locked;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(locked.allocation, GetAllocation(tx, allocation_id));
    ASSIGN_OR_RETURN(locked.pledge, GetPledge(tx, locked.allocation.pledge_id));
    return absl::OkStatus();
  }));
  return locked;
}

AllocationWorkflow::Settled AllocationWorkflow::Rank(const OutboxMessage& message) {
  int64_t id = 0;
  if (!absl::SimpleAtoi(message.body, &id)) return absl::DataLossError("no allocation in the row");
  ASSIGN_OR_RETURN(const LockedAllocation locked, Load(id));
  const Criteria& criteria = locked.pledge.criteria;
  const Day drawn_on = LocalDay(absl::FromUnixMillis(locked.allocation.create_time), 7);
  ASSIGN_OR_RETURN(const std::vector<Candidate> candidates,
                   context_.peers->ListCandidates(criteria, DayNumber(drawn_on)));
  auto ranked = std::make_shared<const std::vector<Ranked>>(
      sponsorship::Rank(criteria, locked.allocation.seed, candidates));
  return [this, id, ranked](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(LockedAllocation locked, Lock(tx, id));
    InsertDraw(tx, id, *ranked);
    locked.allocation.ranked = true;
    locked.allocation.candidates = static_cast<int>(ranked->size());
    return Continue(tx, locked);
  };
}

AllocationWorkflow::Settled AllocationWorkflow::Enrol(const OutboxMessage& message) {
  ASSIGN_OR_RETURN(WorkItem step, WorkItemFromText(message.body));
  ASSIGN_OR_RETURN(const LockedAllocation locked, Load(step.owner_id));
  std::vector<int64_t> workers;
  for (const Slot& slot : step.slots) {
    if (!slot.held) workers.push_back(slot.worker_id);
  }
  const int64_t pledge_id = locked.pledge.pledge_id;
  bool ended = DayNumber(context_.Today()) > locked.allocation.reserve_until;
  if (ended && !workers.empty()) {
    ASSIGN_OR_RETURN(const bool enrolled, WasEnrolled(message.request_id, pledge_id));
    ended = !enrolled;
  }
  absl::StatusOr<Enrolment> enrolment = Enrolment();  // of nobody, if all seats are held
  if (!ended && !workers.empty()) {
    enrolment = context_.peers->Enrol(message.request_id, pledge_id, workers);
    // WasEnrolled has used the id up, and then the clock was set back.
    ended = ReasonOf(enrolment.status()) == Reason::kRequestIdReused;
  }
  if (ended) {
    return [this, step](Tx& tx) { return SettleExpiry(tx, step); };
  }
  RETURN_IF_ERROR(enrolment.status());
  return [this, step, enrolled = *std::move(enrolment)](Tx& tx) {
    return SettleEnrolment(tx, step, enrolled);
  };
}

absl::StatusOr<bool> AllocationWorkflow::WasEnrolled(const std::string& request_id,
                                                     int64_t pledge_id) {
  // The id is either known for other workers, or taken for nobody.
  const absl::Status nobody = context_.peers->Enrol(request_id, pledge_id, {kNobody}).status();
  if (ReasonOf(nobody) == Reason::kRequestIdReused) return true;
  RETURN_IF_ERROR(nobody);
  return false;
}

AllocationWorkflow::Settled AllocationWorkflow::Activate(const OutboxMessage& message) {
  ASSIGN_OR_RETURN(WorkItem step, WorkItemFromText(message.body));
  ASSIGN_OR_RETURN(const LockedAllocation locked, Load(step.owner_id));
  const PledgeRow& pledge = locked.pledge;
  ASSIGN_OR_RETURN(
      const Activation activation,
      context_.peers->Activate(message.request_id, {pledge.payer_class, pledge.pledge_id, 0},
                               pledge.wage_base, pledge.sector,
                               OrdersOf(pledge.schedule, step.slots), step.token));
  return [this, step, activation](Tx& tx) { return SettleActivation(tx, step, activation); };
}

absl::Status AllocationWorkflow::SettleEnrolment(Tx& tx, const WorkItem& step,
                                                 const Enrolment& enrolment) {
  ASSIGN_OR_RETURN(LockedAllocation locked, Lock(tx, step.owner_id));
  WorkItem enrolled{step.owner_id, step.number, enrolment.token, {}};
  std::vector<Slot> refused;
  std::vector<absl::Status> statuses;
  size_t next = 0;
  for (const Slot& slot : step.slots) {
    const absl::Status& status = slot.held ? absl::OkStatus() : enrolment.statuses[next];
    next += slot.held ? 0 : 1;
    if (status.ok()) {
      enrolled.slots.push_back(slot);
    } else {
      refused.push_back(slot);
      statuses.push_back(status);
    }
  }
  RETURN_IF_ERROR(Refuse(tx, locked, refused, statuses));
  if (enrolled.slots.empty()) --locked.allocation.steps_under_way;
  return Continue(tx, locked, enrolled);
}

absl::Status AllocationWorkflow::SettleActivation(Tx& tx, const WorkItem& step,
                                                  const Activation& activation) {
  ASSIGN_OR_RETURN(LockedAllocation locked, Lock(tx, step.owner_id));
  const PriceSchedule& schedule = locked.pledge.schedule;
  const int64_t pledge_id = locked.pledge.pledge_id;
  std::vector<SeatFill> fills;
  std::vector<SeatChange> changes;
  std::vector<Slot> refused;
  std::vector<absl::Status> statuses;
  Rupiah spent;
  for (size_t i = 0; i < step.slots.size(); ++i) {
    const Slot& slot = step.slots[i];
    const Activation::Result& result = activation.results[i];
    if (!result.status.ok()) {
      refused.push_back(slot);
      statuses.push_back(result.status);
      continue;
    }
    const bool open = slot.to < schedule.size();
    if (slot.held) {
      ExtendSeat(tx, pledge_id, slot.seat_number, slot.to, result.last_day, open);
    } else {
      fills.push_back({slot.seat_number, slot.worker_id, slot.disabled, slot.from, slot.to,
                       result.first_day, result.last_day, open});
      changes.push_back({slot.worker_id, slot.seat_number});
    }
    spent += schedule.Price(slot.from, slot.to);
    locked.allocation.person_months += slot.to - slot.from;
    ++locked.allocation.seats_filled;
    --locked.allocation.slots_under_way;
  }
  FillSeats(tx, pledge_id, fills);
  AddSeatsFilled(tx, pledge_id, static_cast<int>(fills.size()));
  if (spent > Rupiah()) {
    RETURN_IF_ERROR(
        Post(tx, Spend(pledge_id, spent, AllocationKey(step.owner_id)), context_.Now()));
    locked.pledge.funds.reserved -= spent;
    locked.pledge.funds.spent += spent;
    locked.allocation.spent += spent;
  }
  locked.allocation.token = activation.token;
  --locked.allocation.steps_under_way;
  RETURN_IF_ERROR(Refuse(tx, locked, refused, statuses));
  CacheSeats(tx, context_, pledge_id, std::move(changes));
  return Continue(tx, locked);
}

absl::Status AllocationWorkflow::SettleExpiry(Tx& tx, const WorkItem& step) {
  ASSIGN_OR_RETURN(LockedAllocation locked, Lock(tx, step.owner_id));
  --locked.allocation.steps_under_way;
  RETURN_IF_ERROR(Refuse(tx, locked, step.slots,
                         std::vector<absl::Status>(step.slots.size(), Ended(locked.allocation))));
  return Continue(tx, locked);
}

void AllocationWorkflow::ListRefused(Tx& tx, AllocationRow& allocation,
                                     const std::vector<RefusalRow>& refusals) {
  InsertRefusals(tx, allocation.allocation_id, allocation.refused, refusals);
  allocation.refused += static_cast<int>(refusals.size());
}

absl::Status AllocationWorkflow::Refuse(Tx& tx, LockedAllocation& locked,
                                        const std::vector<Slot>& slots,
                                        const std::vector<absl::Status>& statuses) {
  if (slots.empty()) return absl::OkStatus();
  const int64_t pledge_id = locked.pledge.pledge_id;
  AllocationRow& allocation = locked.allocation;
  std::vector<RefusalRow> refusals;
  for (size_t i = 0; i < slots.size(); ++i) {
    refusals.push_back(RefusalOf(slots[i].worker_id, statuses[i]));
    // A fault of the pledge's price is not the worker's: the next one would fare no better, so the
    // draw ends here.
    const Reason reason = ReasonOf(statuses[i]);
    if (reason == Reason::kContributionMismatch || reason == Reason::kNoRuleInForce) {
      allocation.reserve_until = 0;
    }
    if (slots[i].held) {
      SkipSeat(tx, pledge_id, slots[i].seat_number, allocation.allocation_id);
    } else {
      InsertVacantSeat(tx, pledge_id, slots[i].seat_number);
    }
  }
  ListRefused(tx, allocation, refusals);
  allocation.slots_under_way -= static_cast<int>(refusals.size());
  const Rupiah price = PriceOf(locked.pledge.schedule, slots);
  locked.pledge.funds.reserved -= price;
  locked.pledge.funds.available += price;
  return Post(tx, Release(pledge_id, price, AllocationKey(allocation.allocation_id)),
              context_.Now());
}

absl::Status AllocationWorkflow::Continue(Tx& tx, LockedAllocation& locked,
                                          const WorkItem& enrolled) {
  AllocationRow& allocation = locked.allocation;
  NotifyAfterCommit(tx, context_);
  WorkItem next;
  if (!allocation.named) {
    ASSIGN_OR_RETURN(next, PlanNext(tx, locked));
  }
  if (allocation.steps_under_way == 0) return End(tx, locked);
  UpdateAllocation(tx, allocation);
  if (!enrolled.slots.empty()) {
    context_.outbox->Put(tx, ActivationKey(allocation.allocation_id), "activate",
                         WorkItemToText(enrolled));
  }
  if (!next.slots.empty()) {
    context_.outbox->Put(tx, AllocationKey(allocation.allocation_id), "enrol",
                         WorkItemToText(next));
  }
  return absl::OkStatus();
}

absl::StatusOr<WorkItem> AllocationWorkflow::PlanNext(Tx& tx, LockedAllocation& locked) {
  AllocationRow& allocation = locked.allocation;
  const PledgeRow& pledge = locked.pledge;
  const std::vector<OpenSeat> open = OpenSeats(tx, pledge.pledge_id, allocation.allocation_id);
  const SeatBook book{open, allocation.next_seat, pledge.seats, pledge.funds.available};
  const int paid_for = SeatsPaidFor(pledge.schedule, book);
  allocation.seats_wanted = allocation.seats_filled + allocation.slots_under_way + paid_for;
  if (allocation.steps_under_way >= kMostChunks || paid_for == 0 ||
      DayNumber(context_.Today()) > allocation.reserve_until) {
    return WorkItem();
  }
  while (true) {
    const std::vector<Ranked> drawn =
        ListDraw(tx, allocation.allocation_id, allocation.drawn, context_.chunk);
    const absl::flat_hash_set<int64_t> seated = Seated(tx, pledge.pledge_id, WorkersOf(drawn));
    std::vector<Ranked> free;
    std::vector<size_t> places;  // of the free in `drawn`
    for (size_t i = 0; i < drawn.size(); ++i) {
      if (seated.contains(drawn[i].worker_id)) continue;
      free.push_back(drawn[i]);
      places.push_back(i);
    }
    ChunkPlan plan = PlanChunk(pledge.schedule, book, free, context_.chunk);
    const size_t taken = plan.drawn;
    const size_t used = taken == free.size() ? drawn.size()
                        : taken == 0         ? 0
                                             : places[taken - 1] + 1;
    std::vector<RefusalRow> refusals;
    for (size_t i = 0; i < used; ++i) {
      const int64_t worker = drawn[i].worker_id;
      if (seated.contains(worker)) refusals.push_back(RefusalOf(worker, SeatHeld(worker)));
    }
    ListRefused(tx, allocation, refusals);
    allocation.drawn += static_cast<int>(used);
    if (!plan.slots.empty()) return Reserve(tx, locked, std::move(plan.slots), plan.price);
    if (used == 0) return WorkItem();  // nobody is left
  }
}

absl::StatusOr<WorkItem> AllocationWorkflow::Reserve(Tx& tx, LockedAllocation& locked,
                                                     std::vector<Slot> slots, Rupiah price) {
  AllocationRow& allocation = locked.allocation;
  const int64_t pledge_id = locked.pledge.pledge_id;
  WorkItem step{allocation.allocation_id, allocation.chunks + 1, "", std::move(slots)};
  const int first_new = allocation.next_seat;
  for (Slot& slot : step.slots) {
    slot.first_day = FirstCoveredDay(locked.pledge.first_day,
                                     locked.pledge.schedule.at(slot.from).month, context_.Today());
    allocation.next_seat = std::max(allocation.next_seat, slot.seat_number + 1);
  }
  TakeSeats(tx, pledge_id, step.slots, first_new, -allocation.allocation_id);
  RETURN_IF_ERROR(
      Post(tx, sponsorship::Reserve(pledge_id, price, AllocationKey(allocation.allocation_id)),
           context_.Now()));
  allocation.chunks = step.number;
  ++allocation.steps_under_way;
  allocation.slots_under_way += static_cast<int>(step.slots.size());
  return step;
}

absl::Status AllocationWorkflow::End(Tx& tx, LockedAllocation& locked) {
  AllocationRow& allocation = locked.allocation;
  bool complete = allocation.refused == 0;
  if (!allocation.named) {
    // Also seats whose holders were refused further months: their money is still there.
    const std::vector<OpenSeat> open = OpenSeats(tx, locked.pledge.pledge_id, 0);
    complete =
        SeatsPaidFor(locked.pledge.schedule, {open, allocation.next_seat, locked.pledge.seats,
                                              locked.pledge.funds.available}) == 0;
  }
  allocation.state = complete ? AllocationState::kComplete : AllocationState::kShort;
  allocation.end_time = absl::ToUnixMillis(context_.Now());
  UpdateAllocation(tx, allocation);
  return absl::OkStatus();
}

}  // namespace lingkaran::sponsorship
