// Giving seats to other workers: a chain of outbox rows under the key "replace/<pledge>", so that
// the replacements of one pledge follow each other.
//
//   replace_revoke  months of the leaving workers are taken back (one row for each reason):
//                   spent -> reserved. After the last one the seats are filled as
//                   fill_workflow.h does it, with the reserve list as the draw: newcomers get
//                   exactly the person-months that were taken back.
//
// A newcomer who is refused is listed with the refusals of the allocation whose reserve list it
// was, and the next one is tried, round by round. When the reserve list is empty, the seat stays
// vacant and its money is available again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/sponsorship/workflow/fill_workflow.h"

namespace lingkaran::sponsorship {

class ReplacementWorkflow {
 public:
  // `fill` outlives it.
  ReplacementWorkflow(const Context& context, FillWorkflow* fill)
      : context_(context), fill_(fill) {}
  // Makes its work item known to the outbox. Before Outbox::Start.
  void Register();

  // Starts to replace the workers of `lines` (worker_id, from_month and reason are given) at a
  // locked pledge. Lines that can't be replaced are decided at once. Gives the replacement's id.
  absl::StatusOr<int64_t> Start(sql::Tx& tx, const PledgeRow& pledge,
                                std::vector<ReplacementLineRow> lines);

 private:
  absl::StatusOr<Outbox::Commit> Revoke(const OutboxMessage& message);
  absl::Status CommitRevocation(sql::Tx& tx, const ClaimedBy& owner, const std::vector<int>& lines,
                                const Revocation& revocation);

  const Context context_;
  FillWorkflow* const fill_;
};

}  // namespace lingkaran::sponsorship
