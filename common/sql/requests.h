// Idempotency: the first answer to a request_id is kept and given again.
#pragma once

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
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

// The reply stored for the key; nullopt if it is new. ABORTED/REQUEST_ID_REUSED if the id was used
// with another method or body.
absl::StatusOr<std::optional<std::string>> FindReply(Tx& tx, const RequestKey& key);

// True if the id has been answered here.
bool WasApplied(Tx& tx, const std::string& request_id);

// Runs `body` once for the key, in one transaction with the record of its reply: replays a seen
// key, else runs body and stores what it returns. An error of body stores nothing.
absl::StatusOr<std::string> Once(Database& database, const RequestKey& key, absl::Time now,
                                 absl::FunctionRef<absl::StatusOr<std::string>(Tx&)> body);

// Deletes replies recorded before `before`; gives their number.
absl::StatusOr<int64_t> ForgetRequests(Database& database, absl::Time before);

}  // namespace lingkaran::sql
