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
// A reservation ends by its date (rule reservation_days): an enrol row that comes up after the
// allocation's last day is not sent; its money is available again and the allocation ends. Once
// enrolled, an activate row is always carried to its outcome, because coverage may have booked it
// before an answer was lost: giving that money back could spend it twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/sponsorship/service_context.h"
#include "services/sponsorship/step.h"
#include "services/sponsorship/store.h"
#include "services/sponsorship/store_allocation.h"

namespace lingkaran::sponsorship {

// The outbox key of an allocation's rank and enrol steps; also the reference of its ledger
// transactions.
std::string AllocationKey(int64_t allocation_id);
// That of its activate steps.
std::string ActivationKey(int64_t allocation_id);

// What the slots of a step order at coverage.
std::vector<ActivationOrder> OrdersOf(const PriceSchedule& schedule, absl::Span<const Slot> slots);

// A line's error as it is kept.
RefusalRow RefusalOf(int64_t worker_id, const absl::Status& status);

class AllocationProcess {
 public:
  // At most so many workers in a step.
  static constexpr int kChunk = 1'000;
  // Chunks under way at once.
  static constexpr int kMostSteps = 2;

  explicit AllocationProcess(const Context& context) : context_(context) {}
  // Makes its steps known to the outbox. Before Outbox::Start.
  void Register();

  // Starts to fill the seats of a locked pledge that has no running allocation. Errors:
  // FAILED_PRECONDITION/SEATS_EXHAUSTED, FUNDS_EXHAUSTED, NO_RULE_IN_FORCE.
  absl::StatusOr<int64_t> Start(sql::Tx& tx, const PledgeRow& pledge, const std::string& seed);

 private:
  using Settled = absl::StatusOr<Outbox::Settle>;
  // The allocation and its pledge, locked.
  struct Both {
    AllocationRow allocation;
    PledgeRow pledge;
  };
  absl::StatusOr<Both> Lock(sql::Tx& tx, int64_t allocation_id) const;
  absl::StatusOr<Both> Load(int64_t allocation_id) const;

  Settled Rank(const OutboxMessage& message);
  Settled Enrol(const OutboxMessage& message);
  Settled Activate(const OutboxMessage& message);

  absl::Status SettleEnrolment(sql::Tx& tx, const Step& step, const Enrolment& enrolment);
  absl::Status SettleActivation(sql::Tx& tx, const Step& step, const Activation& activation);
  absl::Status SettleExpiry(sql::Tx& tx, const Step& step);
  // Records the refused slots and gives their money and seats back.
  absl::Status Refuse(sql::Tx& tx, Both& both, const std::vector<Slot>& slots,
                      const std::vector<absl::Status>& statuses);
  // Plans the next chunk, or ends the allocation when there is none and none is under way. Puts
  // `enrolled`, if it has slots, to be activated. Writes the allocation.
  absl::Status Continue(sql::Tx& tx, Both& both, const Step& enrolled = {});
  // Reserves the money of the chunk and marks its seats; gives its step.
  absl::StatusOr<Step> Reserve(sql::Tx& tx, Both& both, ChunkPlan plan);
  absl::Status End(sql::Tx& tx, Both& both, AllocationState state);

  const Context context_;
};

}  // namespace lingkaran::sponsorship
