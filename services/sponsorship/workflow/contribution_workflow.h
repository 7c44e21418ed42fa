// Paying months of single members: one outbox row under the key "contribution/<id>". Its commit
// spends the money of those who are covered; what bought nothing goes back to the payer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/sponsorship/store/contributions.h"
#include "services/sponsorship/workflow/workflow_context.h"

namespace lingkaran::sponsorship {

// The outbox key of a contribution; also the reference of its ledger transactions.
std::string ContributionKey(int64_t contribution_id);

class ContributionWorkflow {
 public:
  explicit ContributionWorkflow(const Context& context) : context_(context) {}
  // Makes its work item known to the outbox. Before Outbox::Start.
  void Register();

  // Records the money and starts to activate. A bank reference that is there is a unique violation.
  // Gives the contribution's id.
  absl::StatusOr<int64_t> Start(sql::Tx& tx, const ContributionRow& contribution,
                                const std::vector<ContributionLineRow>& lines);

 private:
  absl::StatusOr<Outbox::Commit> Deliver(const OutboxMessage& message);
  absl::Status Commit(sql::Tx& tx, int64_t contribution_id, const Activation& activation);

  const Context context_;
};

}  // namespace lingkaran::sponsorship
