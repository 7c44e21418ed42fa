// Idempotency: the first answer to a request_id is kept and given again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/sql/database.h"

namespace lingkaran::sql {

// Table (in every service's first migration):
//   CREATE TABLE requests (request_id TEXT PRIMARY KEY, method TEXT NOT NULL,
//     fingerprint TEXT NOT NULL, reply TEXT NOT NULL, record_time BIGINT NOT NULL);
// reply is base64url of the serialized answer; record_time is milliseconds since 1970.

struct RequestKey {
  std::string request_id;   // from the caller
  std::string method;       // full RPC name
  std::string fingerprint;  // digest of the request without request_id
};

// ABORTED/REQUEST_ID_REUSED: the id was used with another method or body.
absl::Status ReusedId();

// The reply stored for the key; nullopt if it is new. ABORTED/REQUEST_ID_REUSED if the id was used
// with another method or body.
absl::StatusOr<std::optional<std::string>> FindReply(Tx& tx, const RequestKey& key);

// True if the id has been answered here.
bool WasApplied(Tx& tx, const std::string& request_id);

// Settles a request whose sender lost the answer: true if it was applied. If not, a tombstone takes
// its id, so that it never will be: FindReply refuses it with ABORTED/REQUEST_ID_REUSED. A request
// under way is waited for. ABORTED/REQUEST_ID_REUSED if the id belongs to another method.
absl::StatusOr<bool> ResolveRequest(Tx& tx, const std::string& request_id,
                                    const std::string& method, absl::Time now);

// Runs `body` once for the key, in one transaction with the record of its reply: replays a seen
// key, else runs body and stores what it returns. An error of body stores nothing. Callers with the
// same id at once wait for the first; if that fails, the next one's body runs.
// Passes rpc/<method>/{claimed,booked,committed}, see common/base/failpoint.h; not for a replay.
absl::StatusOr<std::string> Once(Database& database, const RequestKey& key, absl::Time now,
                                 absl::FunctionRef<absl::StatusOr<std::string>(Tx&)> body);

// Once for many requests that share a transaction. A lock that the transaction holds must part it
// from others that may hold the same requests: FindReplies, called under it, sees all their
// replies. KeepReplies comes last.
//
// The reply kept for each key, in their order, each as FindReply gives it.
std::vector<absl::StatusOr<std::optional<std::string>>> FindReplies(
    Tx& tx, absl::Span<const RequestKey> keys);
// Keeps the replies of keys that are new, each id once. An id that came in by another way
// meanwhile is a unique violation (ALREADY_EXISTS without a reason): run the transaction again.
struct NewReply {
  const RequestKey* key;
  std::string reply;
};
void KeepReplies(Tx& tx, absl::Span<const NewReply> replies, absl::Time now);

// Deletes replies recorded before `before`, some thousands in each transaction; gives their number.
absl::StatusOr<int64_t> ForgetRequests(Database& database, absl::Time before);

}  // namespace lingkaran::sql
