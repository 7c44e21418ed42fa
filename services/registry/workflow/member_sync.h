// Tells coverage what it must know of members, through the outbox.
//
// Every change of a member is one outbox row, written in the transaction of the change and
// delivered right after the commit. Each row has an order key of its own: UpsertMembers ignores a
// version older than the one stored, so rows may overtake each other, and one that waits for its
// next try never holds up the others.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"
#include "common/outbox/outbox.h"
#include "common/sql/database.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/registry/domain/worker.h"

namespace lingkaran::registry {

// The one call that is made to coverage; what a test puts in its place is called on the caller's
// thread.
class CoverageCalls {
 public:
  virtual ~CoverageCalls() = default;
  virtual grpc::Status UpsertMembers(grpc::ClientContext* context,
                                     const coverage::v1::UpsertMembersRequest& request,
                                     coverage::v1::UpsertMembersResponse* response) = 0;
};

// Calls at the address; never waits for it here.
std::unique_ptr<CoverageCalls> CallsTo(const std::string& coverage);

class MemberSync {
 public:
  // `coverage` outlives it.
  MemberSync(sql::Database& database, CoverageCalls& coverage, Outbox::Options options = {});

  // Writes the row, leased to the caller, which calls Deliver after the commit. `request_id` is
  // that of the mutation.
  OutboxMessage Put(sql::Tx& tx, const std::string& request_id, absl::Span<const Worker> members);

  // The token of an undelivered row: it names the row as owed.
  static std::string OwedToken(const OutboxMessage& message);

  // Tries to deliver at once; the token that coverage answered with, else OwedToken.
  std::string Deliver(const OutboxMessage& message);

  Outbox& outbox() { return outbox_; }

 private:
  absl::StatusOr<Outbox::Commit> Send(const OutboxMessage& message);

  CoverageCalls& coverage_;
  Mutex mutex_;
  // Tokens that a Deliver waits for, by request_id of the row; empty until coverage has answered.
  absl::flat_hash_map<std::string, std::string> awaited_ ABSL_GUARDED_BY(mutex_);
  Outbox outbox_;  // last: its relay uses the others
};

}  // namespace lingkaran::registry
