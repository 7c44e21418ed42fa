// Giving seats to other workers: a chain of outbox rows under the key "replace/<pledge>", so that
// the replacements of one pledge follow each other. As in deliver_allocation.h each row is one RPC
// that we owe, and its settling moves the money in the same transaction.
//
//   replace_revoke    months of the leaving workers are taken back (one row for each reason):
//                     spent -> reserved
//   replace_enrol     the next of the reserve list get membership numbers
//   replace_activate  they get exactly the person-months that were taken back: reserved -> spent
//
// A newcomer who is refused is listed with the refusals of the allocation whose reserve he was on,
// and the next one is tried, round by round. When the reserve list is empty, the seat stays vacant
// and its money is available again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/sponsorship/domain/work_item.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/store.h"
#include "services/sponsorship/workflow/allocation_workflow.h"
#include "services/sponsorship/workflow/workflow_context.h"

namespace lingkaran::sponsorship {

// The outbox key of a pledge's replacements.
std::string ReplacementKey(int64_t pledge_id);

class ReplacementWorkflow {
 public:
  explicit ReplacementWorkflow(const Context& context) : context_(context) {}
  // Makes its steps known to the outbox. Before Outbox::Start.
  void Register();

  // Starts to replace the workers of `lines` (worker_id, from_month and reason are given) at a
  // locked pledge. Lines that can't be replaced are decided at once. Gives the replacement's id.
  absl::StatusOr<int64_t> Start(sql::Tx& tx, const PledgeRow& pledge,
                                std::vector<ReplacementLineRow> lines);

 private:
  using Settled = absl::StatusOr<Outbox::Commit>;
  // A replacement under way, with its pledge locked.
  struct Work {
    ReplacementRow replacement;
    PledgeRow pledge;
    std::vector<ReplacementLineRow> lines;
  };
  absl::StatusOr<Work> Lock(sql::Tx& tx, int64_t replacement_id) const;
  absl::StatusOr<Work> Load(int64_t replacement_id) const;

  Settled Revoke(const OutboxMessage& message);
  Settled Enrol(const OutboxMessage& message);
  Settled Activate(const OutboxMessage& message);

  absl::Status SettleRevocation(sql::Tx& tx, int64_t replacement_id, const std::vector<int>& lines,
                                const Revocation& revocation);
  absl::Status SettleEnrolment(sql::Tx& tx, const WorkItem& step, const Enrolment& enrolment);
  absl::Status SettleActivation(sql::Tx& tx, const WorkItem& step, const Activation& activation);
  // Takes the next of the reserve list for each line that waits; ends the lines for which there is
  // nobody, and the replacement when no line waits any more. Writes all.
  absl::Status Continue(sql::Tx& tx, Work& work);
  // The next `count` of the reserve list; who has a seat of the pledge by now is refused.
  static std::vector<Ranked> TakeReserve(sql::Tx& tx, AllocationRow& draw, int count);
  // Lists newcomers who were refused.
  absl::Status RecordRefusals(sql::Tx& tx, const Work& work,
                              const std::vector<RefusalRow>& refusals);
  absl::Status EndWithoutNewcomer(sql::Tx& tx, const Work& work, ReplacementLineRow& line);

  const Context context_;
};

}  // namespace lingkaran::sponsorship
