#include "services/sponsorship/workflow/allocation_workflow.h"

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/seats.h"

namespace lingkaran::sponsorship {

using sql::Tx;

void AllocationWorkflow::Register() {
  context_.outbox->Register("rank", [this](const OutboxMessage& m) { return Rank(m); });
}

absl::StatusOr<int64_t> AllocationWorkflow::Start(Tx& tx, const PledgeRow& pledge,
                                                  const std::string& seed) {
  const std::vector<OpenSeat> open = OpenSeats(tx, pledge.pledge_id, 0);
  ASSIGN_OR_RETURN(
      AllocationRow allocation,
      BeginDraw(pledge, HasRunningAllocation(tx, pledge.pledge_id),
                {open, NextSeat(tx, pledge.pledge_id), pledge.seats, pledge.funds.available},
                *context_.rules, seed, context_.Today()));
  allocation.create_time = absl::ToUnixMillis(context_.Now());
  const int64_t id = InsertAllocation(tx, allocation);
  context_.outbox->Put(tx, AllocationKey(id), "rank", absl::StrCat(id));
  return id;
}

absl::StatusOr<AllocationWorkflow::NamedOutcome> AllocationWorkflow::StartNamed(
    Tx& tx, const PledgeRow& pledge, absl::Span<const std::vector<int64_t>> calls) {
  const int64_t pledge_id = pledge.pledge_id;
  absl::StatusOr<AllocationRow> joined =
      JoinNamed(pledge, FindRunning(tx, pledge_id), NextSeat(tx, pledge_id), *context_.rules,
                context_.Today());
  if (!joined.ok()) {
    return NamedOutcome{std::vector<absl::Status>(calls.size(), joined.status()), {}};
  }
  std::vector<int64_t> workers;
  for (const auto& call : calls) workers.insert(workers.end(), call.begin(), call.end());
  const std::vector<OpenSeat> vacant = VacantSeats(tx, pledge_id, static_cast<int>(workers.size()));
  NamedPlan plan =
      PlanNamed(pledge.schedule, {vacant, joined->next_seat, pledge.seats, pledge.funds.available},
                Seated(tx, pledge_id, workers), calls);
  NamedOutcome outcome{std::move(plan.verdicts), {}};
  FillState state;
  state.pledge = pledge;
  AllocationRow& row = state.allocation = *std::move(joined);
  if (!plan.slots.empty()) {
    if (row.allocation_id == 0) {
      row.create_time = absl::ToUnixMillis(context_.Now());
      row.allocation_id = InsertAllocation(tx, row);
    }
    state.owner = {ClaimedBy::Kind::kAllocation, row.allocation_id};
    std::vector<Ranked> named;
    for (const Slot& slot : plan.slots) named.push_back({slot.worker_id, slot.disabled});
    InsertDraw(tx, row.allocation_id, named, row.drawn);
    const Decision decision = PlanForNamed(state, std::move(plan), context_.Today());
    RETURN_IF_ERROR(fill_->Save(tx, state, decision));
    UpdateAllocation(tx, row);
    fill_->PutEnrolment(tx, state, decision.to_enrol);
    NotifyAfterCommit(tx, context_);
  }
  outcome.allocation = std::move(row);
  return outcome;
}

absl::StatusOr<Outbox::Commit> AllocationWorkflow::Rank(const OutboxMessage& message) {
  ClaimedBy owner{ClaimedBy::Kind::kAllocation};
  if (!absl::SimpleAtoi(message.body, &owner.id)) return WorkItemDamaged();
  ASSIGN_OR_RETURN(const FillState state, fill_->Load(owner));
  const Criteria& criteria = state.pledge.criteria;
  const Day drawn_on = LocalDay(absl::FromUnixMillis(state.allocation.create_time), 7);
  ASSIGN_OR_RETURN(const std::vector<Candidate> candidates,
                   context_.peers->ListCandidates(criteria, DayNumber(drawn_on)));
  auto ranked = std::make_shared<const std::vector<Ranked>>(
      sponsorship::Rank(criteria, state.allocation.seed, candidates));
  return [this, owner, ranked](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(FillState locked, fill_->Lock(tx, owner));
    InsertDraw(tx, owner.id, *ranked);
    locked.allocation.ranked = true;
    locked.allocation.candidates = static_cast<int>(ranked->size());
    return fill_->Continue(tx, locked);
  };
}

}  // namespace lingkaran::sponsorship
