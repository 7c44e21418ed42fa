// Filling seats, chunk by chunk, for allocations and replacements alike. Each outbox row is one RPC
// that we owe; its commit records the outcome, posts the ledger and puts the next row, all in one
// transaction. So a process may be killed at any point and another goes on from there.
//
//   enrol, replace_enrol        a chunk of up to 1,000 gets membership numbers. Its money was
//                               reserved in the transaction that put the row, and its slots stand
//                               in the row.
//   activate, replace_activate  the same chunk gets its person-months. That spends the money, gives
//                               that of the refused back, and plans the next chunk.
//
// What is decided at each of them, and how the two owners differ, stands in domain/allocation.h.
// The chunks of an allocation come from its draw (two may be under way), those of a replacement
// from the reserve list of the pledge's latest draw, round by round.
//
// An enrol row that comes up after the allocation has stopped is not sent; its workers are refused,
// their money is available again and the allocation ends. If it may have been sent before, the
// registry is made to say so first: who was enrolled goes on. Once enrolled, an activate row is
// always carried to its outcome, because coverage may have recorded it before an answer was lost:
// giving that money back could spend it twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "services/sponsorship/domain/allocation.h"
#include "services/sponsorship/workflow/workflow_context.h"

namespace lingkaran::sponsorship {

// The outbox key of an allocation's rank and enrol rows, and that of its activate rows.
std::string AllocationKey(int64_t allocation_id);
std::string ActivationKey(int64_t allocation_id);
// That of all rows of a pledge's replacements, so that they follow each other.
std::string ReplacementKey(int64_t pledge_id);

class FillWorkflow {
 public:
  explicit FillWorkflow(const Context& context) : context_(context) {}
  // Makes its work items known to the outbox. Before Outbox::Start.
  void Register();

  // The state of an allocation or a replacement; Lock keeps the pledge locked.
  absl::StatusOr<FillState> Load(const ClaimedBy& owner) const;
  absl::StatusOr<FillState> Lock(sql::Tx& tx, const ClaimedBy& owner) const;
  // Saves what was decided, but for the rows of the owner and of the outbox.
  absl::Status Save(sql::Tx& tx, FillState& state, const Decision& decision) const;
  // Puts `to_activate`, if it has slots; plans the next chunk, or ends the owner when there is none
  // and none is under way. Writes the owner.
  absl::Status Continue(sql::Tx& tx, FillState& state, const WorkItem& to_activate = {});
  // Puts a chunk on its way.
  void PutEnrolment(sql::Tx& tx, const FillState& state, const WorkItem& item);

 private:
  using Kind = ClaimedBy::Kind;
  using Committed = absl::StatusOr<Outbox::Commit>;

  Committed Enrol(Kind owner, const OutboxMessage& message);
  Committed Activate(Kind owner, const OutboxMessage& message);
  // Runs `decide` on the locked state, saves and continues.
  absl::Status Commit(sql::Tx& tx, const ClaimedBy& owner,
                      absl::FunctionRef<absl::StatusOr<Decision>(FillState&)> decide);

  absl::Status ContinueAllocation(sql::Tx& tx, FillState& state, const WorkItem& to_activate);
  absl::Status ContinueReplacement(sql::Tx& tx, FillState& state, const WorkItem& to_activate);
  // The next chunk of the draw, saved; without slots if there is none.
  absl::StatusOr<WorkItem> PlanFromDraw(sql::Tx& tx, FillState& state);
  // The next `count` of the reserve list.
  absl::StatusOr<std::vector<Ranked>> TakeFromReserve(sql::Tx& tx, FillState& state, int count);

  const Context context_;
};

}  // namespace lingkaran::sponsorship
