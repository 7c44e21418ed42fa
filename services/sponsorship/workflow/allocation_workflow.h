// Filling the seats of a pledge: a chain of outbox rows under the key "allocation/<id>". Each row
// is one RPC that we owe; settling it records the outcome, posts the ledger and puts the next row,
// all in one transaction. So a process may be killed at any point and another goes on from there.
//
//   rank      pages through the registry's verified workers, stores the draw
//   enrol     a chunk of up to 1,000: membership numbers. Its money is reserved in the transaction
//             that puts the row, and its slots stand in the row.
//   activate  the same chunk: person-months. Settling it spends the money, releases that of the
//             refused, and plans the next chunk.
//
// Refused workers are listed with the reason; their seats go to the next candidates.
//
// Who gets a seat stands in the seat from the moment the money is reserved, so that nobody is given
// two by an allocation and a replacement at once: whoever is met a second time is refused.
//
// Workers can also be named (StartNamed): there is no rank row, and nobody follows the refused.
// Calls that come while a named allocation runs join it, each group as one more chunk, until its
// last day.
//
// A reservation ends by its date (rule reservation_days): an enrol row that comes up after the
// allocation's last day is not sent; its workers are refused, its money is available again and the
// allocation ends. If it may have been sent before, the registry is made to say so first: who was
// enrolled goes on. Once enrolled, an activate row is always carried to its outcome, because
// coverage may have booked it before an answer was lost: giving that money back could spend it
// twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/sponsorship/domain/work_item.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/store.h"
#include "services/sponsorship/workflow/workflow_context.h"

namespace lingkaran::sponsorship {

// The outbox key of an allocation's rank and enrol steps; also the reference of its ledger
// transactions.
std::string AllocationKey(int64_t allocation_id);
// That of its activate steps.
std::string ActivationKey(int64_t allocation_id);

// What the slots of a step order at coverage.
std::vector<ActivationOrder> OrdersOf(const PriceSchedule& schedule, absl::Span<const Slot> slots);

// FAILED_PRECONDITION/PLEDGE_STATE for a pledge that has ended: nobody gets a seat any more.
absl::Status NotCancelled(const PledgeRow& pledge);

// A line's error as it is kept.
RefusalRow RefusalOf(int64_t worker_id, const absl::Status& status);

class AllocationWorkflow {
 public:
  // Chunks under way at once.
  static constexpr int kMostChunks = 2;

  explicit AllocationWorkflow(const Context& context) : context_(context) {}
  // Makes its steps known to the outbox. Before Outbox::Start.
  void Register();

  // Starts to fill the seats of a locked pledge. Errors: FAILED_PRECONDITION/PLEDGE_STATE,
  // ALLOCATION_RUNNING, SEATS_EXHAUSTED, FUNDS_EXHAUSTED, NO_RULE_IN_FORCE.
  absl::StatusOr<int64_t> Start(sql::Tx& tx, const PledgeRow& pledge, const std::string& seed);

  // What came of calls that name workers.
  struct NamedOutcome {
    std::vector<absl::Status> verdicts;  // one for each call, in their order
    AllocationRow allocation;            // of the calls that are OK, if there are any
  };
  // Reserves seats and money of a locked pledge for the named workers, call by call, and puts one
  // chunk for all of them. Verdicts as PlanNamed gives, PLEDGE_STATE, ALLOCATION_RUNNING,
  // NO_RULE_IN_FORCE.
  absl::StatusOr<NamedOutcome> StartNamed(sql::Tx& tx, const PledgeRow& pledge,
                                          absl::Span<const std::vector<int64_t>> calls);

 private:
  using Settled = absl::StatusOr<Outbox::Commit>;
  // The allocation and its pledge, locked.
  struct LockedAllocation {
    AllocationRow allocation;
    PledgeRow pledge;
  };
  absl::StatusOr<LockedAllocation> Lock(sql::Tx& tx, int64_t allocation_id) const;
  absl::StatusOr<LockedAllocation> Load(int64_t allocation_id) const;

  // The named allocation that takes further workers today: the running one, or a new row that is
  // not written yet.
  absl::StatusOr<AllocationRow> NamedAllocation(sql::Tx& tx, const PledgeRow& pledge) const;
  // True if the enrolment of this request_id reached the registry in an earlier delivery. If not,
  // it never will: the id is used up.
  absl::StatusOr<bool> WasEnrolled(const std::string& request_id, int64_t pledge_id);

  Settled Rank(const OutboxMessage& message);
  Settled Enrol(const OutboxMessage& message);
  Settled Activate(const OutboxMessage& message);

  absl::Status SettleEnrolment(sql::Tx& tx, const WorkItem& step, const Enrolment& enrolment);
  absl::Status SettleActivation(sql::Tx& tx, const WorkItem& step, const Activation& activation);
  absl::Status SettleExpiry(sql::Tx& tx, const WorkItem& step);
  // Records the refused slots and gives their money and seats back.
  absl::Status Refuse(sql::Tx& tx, LockedAllocation& locked, const std::vector<Slot>& slots,
                      const std::vector<absl::Status>& statuses);
  // Lists who was refused.
  static void ListRefused(sql::Tx& tx, AllocationRow& allocation,
                          const std::vector<RefusalRow>& refusals);
  // Plans the next chunk, or ends the allocation when there is none and none is under way. Puts
  // `enrolled`, if it has slots, to be activated. Writes the allocation.
  absl::Status Continue(sql::Tx& tx, LockedAllocation& locked, const WorkItem& enrolled = {});
  // The next chunk of the draw, reserved; without slots if there is none.
  absl::StatusOr<WorkItem> PlanNext(sql::Tx& tx, LockedAllocation& locked);
  // Reserves the money of the slots and marks their seats; gives their step.
  absl::StatusOr<WorkItem> Reserve(sql::Tx& tx, LockedAllocation& locked, std::vector<Slot> slots,
                                   Rupiah price);
  absl::Status End(sql::Tx& tx, LockedAllocation& locked);

  const Context context_;
};

}  // namespace lingkaran::sponsorship
