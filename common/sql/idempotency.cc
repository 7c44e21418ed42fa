#include "common/sql/idempotency.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/bulk.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;

constexpr int kForgottenAtOnce = 5'000;
// The fingerprint of a tombstone; no digest in hexadecimal looks like it.
constexpr char kAbandoned[] = "abandoned";

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

// A kept reply for who asks with `key`; an error if it is for another request.
absl::StatusOr<std::optional<std::string>> KeptReply(const RequestKey& key,
                                                     const std::string& method,
                                                     const std::string& fingerprint,
                                                     const std::string& reply) {
  if (method == key.method && fingerprint == kAbandoned) {
    return Error(absl::StatusCode::kAborted, Reason::kRequestIdReused,
                 "this request was abandoned before it arrived; send it with a new request_id");
  }
  if (method != key.method || fingerprint != key.fingerprint) {
    return ReusedId();
  }
  return FromBase64Url(reply);
}

}  // namespace

absl::Status ReusedId() {
  return Error(absl::StatusCode::kAborted, Reason::kRequestIdReused,
               "this request_id was used for another request; take a new one for a new request");
}

absl::StatusOr<std::optional<std::string>> FindReply(Tx& tx, const RequestKey& key) {
  std::string method, fingerprint, reply;
  tx.db() << "SELECT method, fingerprint, reply FROM requests WHERE request_id = :id",
      use(key.request_id, "id"), into(method), into(fingerprint), into(reply);
  if (!tx.db().got_data()) return std::optional<std::string>();
  return KeptReply(key, method, fingerprint, reply);
}

bool WasApplied(Tx& tx, const std::string& request_id) {
  int found = 0;
  const std::string abandoned = kAbandoned;
  tx.db() << "SELECT 1 FROM requests WHERE request_id = :id AND fingerprint <> :abandoned",
      use(request_id, "id"), use(abandoned, "abandoned"), into(found);
  return tx.db().got_data();
}

absl::StatusOr<bool> ResolveRequest(Tx& tx, const std::string& request_id,
                                    const std::string& method, absl::Time now) {
  if (Claim(tx, {request_id, method, kAbandoned}, absl::ToUnixMillis(now))) return false;
  std::string owner, fingerprint;
  tx.db() << "SELECT method, fingerprint FROM requests WHERE request_id = :id",
      use(request_id, "id"), into(owner), into(fingerprint);
  if (!tx.db().got_data()) return absl::AbortedError("the request was forgotten meanwhile");
  if (owner != method) return ReusedId();
  return fingerprint != kAbandoned;
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
    FailPoint("rpc", key.method, "claimed");
    tx.AfterCommit([&key] { FailPoint("rpc", key.method, "committed"); });
    ASSIGN_OR_RETURN(answer, body(tx));
    const std::string text = Base64Url(answer);
    tx.db() << "UPDATE requests SET reply = :reply WHERE request_id = :id", use(text, "reply"),
        use(key.request_id, "id");
    FailPoint("rpc", key.method, "booked");
    return absl::OkStatus();
  }));
  return answer;
}

std::vector<absl::StatusOr<std::optional<std::string>>> FindReplies(
    Tx& tx, absl::Span<const RequestKey> keys) {
  std::vector<std::string> ids;
  absl::flat_hash_map<std::string, size_t> places;
  for (size_t i = 0; i < keys.size(); ++i) {
    ids.push_back(keys[i].request_id);
    places[keys[i].request_id] = i;
  }
  std::vector<absl::StatusOr<std::optional<std::string>>> replies(keys.size());
  for (auto& none : replies) none = std::optional<std::string>();
  const std::string list = TextList(tx, ids);
  std::string id, method, fingerprint, reply;
  ForEach(
      tx,
      absl::StrCat("SELECT request_id, method, fingerprint, reply FROM requests WHERE ",
                   InTexts(tx, "request_id", "ids")),
      [&] {
        const size_t place = places.at(id);
        replies[place] = KeptReply(keys[place], method, fingerprint, reply);
      },
      into(id), into(method), into(fingerprint), into(reply), use(list, "ids"));
  return replies;
}

void KeepReplies(Tx& tx, absl::Span<const NewReply> replies, absl::Time now) {
  BulkRows rows({"request_id", "method", "fingerprint", "reply", "record_time"});
  for (const NewReply& one : replies) {
    rows.Text(one.key->request_id).Text(one.key->method).Text(one.key->fingerprint);
    rows.Text(Base64Url(one.reply)).Int(absl::ToUnixMillis(now)).EndRow();
  }
  rows.InsertInto(tx, "requests");
}

// In portions, so that neither a statement nor the writer's lock takes long.
absl::StatusOr<int64_t> ForgetRequests(Database& database, absl::Time before) {
  const int64_t limit = absl::ToUnixMillis(before);
  const int portion = kForgottenAtOnce;
  int64_t forgotten = 0;
  for (int64_t last = portion; last == portion; forgotten += last) {
    RETURN_IF_ERROR(database.Write([&](Tx& tx) {
      soci::statement statement =
          (tx.db().prepare << "DELETE FROM requests WHERE request_id IN (SELECT request_id FROM "
                              "requests WHERE record_time < :before LIMIT :portion)",
           use(limit, "before"), use(portion, "portion"));
      statement.execute(true);
      last = statement.get_affected_rows();
      return absl::OkStatus();
    }));
  }
  return forgotten;
}

}  // namespace lingkaran::sql
