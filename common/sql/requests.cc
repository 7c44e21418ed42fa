#include "common/sql/requests.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/sealer.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;

// Takes the id for this transaction: a rival with the same id waits here until we commit, and then
// finds our reply. False if the id is taken already.
bool Claim(Tx& tx, const RequestKey& key, int64_t now) {
  std::string claimed;
  tx.db() << "INSERT INTO requests (request_id, method, fingerprint, reply, record_time) "
             "VALUES (:id, :method, :fingerprint, '', :now) ON CONFLICT (request_id) DO NOTHING "
             "RETURNING request_id",
      use(key.request_id, "id"), use(key.method, "method"), use(key.fingerprint, "fingerprint"),
      use(now, "now"), into(claimed);
  return tx.db().got_data();
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindReply(Tx& tx, const RequestKey& key) {
  std::string method, fingerprint, reply;
  tx.db() << "SELECT method, fingerprint, reply FROM requests WHERE request_id = :id",
      use(key.request_id, "id"), into(method), into(fingerprint), into(reply);
  if (!tx.db().got_data()) return std::optional<std::string>();
  if (method != key.method || fingerprint != key.fingerprint) {
    return Error(absl::StatusCode::kAborted, Reason::kRequestIdReused,
                 "this request_id was used for another request; take a new one for a new request");
  }
  ASSIGN_OR_RETURN(std::string bytes, FromBase64Url(reply));
  return std::optional<std::string>(std::move(bytes));
}

bool WasApplied(Tx& tx, const std::string& request_id) {
  int found = 0;
  tx.db() << "SELECT 1 FROM requests WHERE request_id = :id", use(request_id, "id"), into(found);
  return tx.db().got_data();
}

absl::StatusOr<std::string> Once(Database& database, const RequestKey& key, absl::Time now,
                                 absl::FunctionRef<absl::StatusOr<std::string>(Tx&)> body) {
  std::string answer;
  RETURN_IF_ERROR(database.Write([&](Tx& tx) -> absl::Status {
    if (!Claim(tx, key, absl::ToUnixMillis(now))) {
      ASSIGN_OR_RETURN(std::optional<std::string> reply, FindReply(tx, key));
      // Forgotten between the two statements: as if it never came.
      if (!reply.has_value()) return absl::AbortedError("the request was forgotten meanwhile");
      answer = *std::move(reply);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(answer, body(tx));
    const std::string text = Base64Url(answer);
    tx.db() << "UPDATE requests SET reply = :reply WHERE request_id = :id", use(text, "reply"),
        use(key.request_id, "id");
    return absl::OkStatus();
  }));
  return answer;
}

absl::StatusOr<int64_t> ForgetRequests(Database& database, absl::Time before) {
  const int64_t limit = absl::ToUnixMillis(before);
  int64_t forgotten = 0;
  RETURN_IF_ERROR(database.Write([&](Tx& tx) {
    soci::statement statement =
        (tx.db().prepare << "DELETE FROM requests WHERE record_time < :before",
         use(limit, "before"));
    statement.execute(true);
    forgotten = statement.get_affected_rows();
    return absl::OkStatus();
  }));
  return forgotten;
}

}  // namespace lingkaran::sql
