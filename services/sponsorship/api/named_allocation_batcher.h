// AllocatePledge for workers who are named. Calls for one pledge that come together form a group
// and share one transaction: the pledge is locked once, one ledger transaction moves the money of
// all, one outbox row carries all their seats, and events and replies are written in bulk. Each
// call has its own verdict and its own reply; one that is refused takes nothing and fails nobody.
//
// A request_id counts once, as with Mutate, also twice within a group. When the transaction fails
// as a whole its calls get the store's error: asked again with the same request_id, each learns
// what became of it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/concurrency/group_commit.h"
#include "common/rpc/run_rpc.h"
#include "common/sql/idempotency.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"
#include "services/sponsorship/workflow/allocation_workflow.h"
#include "services/sponsorship/workflow/workflow_context.h"

namespace lingkaran::sponsorship {

// A call of a group.
struct NamedCall {
  const Call* call;
  const v1::AllocatePledgeRequest* request;
  sql::RequestKey key;
  absl::StatusOr<std::string> reply;  // serialized
};

class NamedAllocationBatcher {
 public:
  using Groups = GroupCommit<NamedCall>;
  // `allocations` outlives the batcher. A group is one chunk of an allocation.
  NamedAllocationBatcher(const Context& context, AllocationWorkflow* allocations,
                         Groups::Bounds bounds = {});

  // Waits until the call's group is through. Errors as the contract says.
  absl::Status Allocate(const Call& call, const v1::AllocatePledgeRequest& request,
                        v1::AllocatePledgeResponse* response);
  // How many callers wait for the pledge's next group.
  size_t InLine(int64_t pledge_id) { return groups_.InLine(pledge_id); }

 private:
  // Decides the calls of a group, all for one pledge.
  void Decide(absl::Span<NamedCall* const> group);
  // The transaction of a group; no two calls have one request_id. What becomes of each call if it
  // is committed stands in `replies`.
  absl::Status Decide(sql::Tx& tx, absl::Span<NamedCall* const> calls,
                      std::vector<absl::StatusOr<std::string>>& replies);

  const Context context_;
  AllocationWorkflow* const allocations_;
  Groups groups_;
};

}  // namespace lingkaran::sponsorship
