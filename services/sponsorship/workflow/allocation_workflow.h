// Starting to fill the seats of a pledge. What follows is the chain of fill_workflow.h.
//
//   rank   pages through the registry's verified workers, stores the draw, and plans its first
//          chunk. Refused workers are listed with the reason; their seats go to the next.
//
// Workers can also be named (StartNamed): there is no rank row, and nobody follows the refused.
// Calls that come while a named allocation runs join it, each group as one more chunk, until its
// last day.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/sponsorship/workflow/fill_workflow.h"

namespace lingkaran::sponsorship {

class AllocationWorkflow {
 public:
  // `fill` outlives it.
  AllocationWorkflow(const Context& context, FillWorkflow* fill) : context_(context), fill_(fill) {}
  // Makes its work item known to the outbox. Before Outbox::Start.
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
  // chunk for all of them. Verdicts as PlanNamed and JoinNamed give.
  absl::StatusOr<NamedOutcome> StartNamed(sql::Tx& tx, const PledgeRow& pledge,
                                          absl::Span<const std::vector<int64_t>> calls);

 private:
  absl::StatusOr<Outbox::Commit> Rank(const OutboxMessage& message);

  const Context context_;
  FillWorkflow* const fill_;
};

}  // namespace lingkaran::sponsorship
