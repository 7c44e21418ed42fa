#include "common/outbox/outbox_table.h"

#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/bulk.h"

namespace lingkaran::outbox_rows {
namespace {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

constexpr int64_t kEver = std::numeric_limits<int64_t>::max();

// Rows that may be taken when they are due.
constexpr char kCandidates[] =
    "FROM outbox o WHERE o.parked = 0 AND o.due_time BETWEEN :from AND :until AND NOT EXISTS "
    "(SELECT 1 FROM outbox p WHERE p.key = o.key AND p.seq < o.seq) ";

std::optional<int64_t> FirstDue(Tx& tx, int64_t from, int64_t until) {
  int64_t due = 0;
  tx.db() << "SELECT o.due_time " << kCandidates << "ORDER BY o.due_time LIMIT 1",
      use(from, "from"), use(until, "until"), into(due);
  return tx.db().got_data() ? std::optional<int64_t>(due) : std::nullopt;
}

absl::StatusOr<std::optional<OutboxMessage>> TakeBetween(Tx& tx, int64_t from, int64_t until,
                                                         int64_t lease_end) {
  const bool postgres = tx.dialect() == sql::Dialect::kPostgres;
  OutboxMessage m;
  std::string body;
  tx.db() << "UPDATE outbox SET due_time = :lease_end, attempts = attempts + 1 WHERE seq = "
             "(SELECT o.seq "
          << kCandidates << "ORDER BY o.due_time, o.seq LIMIT 1"
          << (postgres ? " FOR UPDATE SKIP LOCKED" : "")
          << ") RETURNING seq, request_id, key, kind, body, attempts",
      use(lease_end, "lease_end"), use(from, "from"), use(until, "until"), into(m.seq),
      into(m.request_id), into(m.key), into(m.kind), into(body), into(m.attempts);
  if (!tx.db().got_data()) return std::optional<OutboxMessage>();
  ASSIGN_OR_RETURN(m.body, FromBase64Url(body));
  return std::optional<OutboxMessage>(std::move(m));
}

}  // namespace

void Insert(Tx& tx, OutboxMessage& message, int64_t due) {
  message.seq = sql::NextIds(tx, "outbox", 1);
  const std::string text = Base64Url(message.body);
  tx.db() << "INSERT INTO outbox (seq, request_id, key, kind, body, due_time, attempts) "
             "VALUES (:seq, :request, :key, :kind, :body, :due, :attempts)",
      use(message.seq, "seq"), use(message.request_id, "request"), use(message.key, "key"),
      use(message.kind, "kind"), use(text, "body"), use(due, "due"),
      use(message.attempts, "attempts");
}

std::optional<int64_t> NextDue(Tx& tx, const Times& times) {
  const std::optional<int64_t> next = FirstDue(tx, 0, times.horizon);
  if (next.has_value() && *next <= times.now) return next;
  return FirstDue(tx, times.horizon + 1, kEver).has_value() ? times.now : next;
}

absl::StatusOr<std::optional<OutboxMessage>> Take(Tx& tx, const Times& times, int64_t lease_end) {
  ASSIGN_OR_RETURN(std::optional<OutboxMessage> taken, TakeBetween(tx, 0, times.now, lease_end));
  if (taken.has_value()) return taken;
  return TakeBetween(tx, times.horizon + 1, kEver, lease_end);
}

bool IsNext(Tx& tx, const OutboxMessage& message) {
  int found = 0;
  tx.db() << "SELECT 1 FROM outbox o WHERE o.seq = :seq AND o.attempts = :attempts AND NOT "
             "EXISTS (SELECT 1 FROM outbox p WHERE p.key = o.key AND p.seq < o.seq)",
      use(message.seq, "seq"), use(message.attempts, "attempts"), into(found);
  return tx.db().got_data();
}

void SetDue(Tx& tx, int64_t seq, int attempts, int64_t due) {
  tx.db() << "UPDATE outbox SET due_time = :due WHERE seq = :seq AND attempts = :attempts",
      use(due, "due"), use(seq, "seq"), use(attempts, "attempts");
}

void Reschedule(Tx& tx, const OutboxMessage& message, int64_t due, const std::string& error,
                bool dead_letter) {
  const int parked = dead_letter ? 1 : 0;
  tx.db() << "UPDATE outbox SET due_time = :due, last_error = :error, parked = :parked "
             "WHERE seq = :seq AND attempts = :attempts",
      use(due, "due"), use(error, "error"), use(parked, "parked"), use(message.seq, "seq"),
      use(message.attempts, "attempts");
}

bool Delete(Tx& tx, int64_t seq) {
  int64_t deleted = 0;
  tx.db() << "DELETE FROM outbox WHERE seq = :seq RETURNING seq", use(seq, "seq"), into(deleted);
  return tx.db().got_data();
}

bool AnyOf(Tx& tx, const std::string& key) {
  int found = 0;
  tx.db() << "SELECT 1 FROM outbox WHERE key = :key LIMIT 1", use(key, "key"), into(found);
  return tx.db().got_data();
}

std::string LastError(Tx& tx, const std::string& key) {
  std::string error;
  tx.db() << "SELECT last_error FROM outbox WHERE key = :key ORDER BY seq LIMIT 1", use(key, "key"),
      into(error);
  return tx.db().got_data() ? error : "";
}

std::vector<Outbox::Owed> List(Tx& tx, const std::string& key_prefix, bool dead_letters_only,
                               int64_t after, int limit) {
  std::vector<Outbox::Owed> rows;
  Outbox::Owed row;
  int64_t due = 0;
  int parked = 0;
  const int least = dead_letters_only ? 1 : 0;
  ForEach(
      tx,
      "SELECT seq, request_id, key, kind, attempts, due_time, last_error, parked FROM outbox "
      "WHERE seq > :after AND parked >= :least "
      "AND substr(key, 1, length(CAST(:prefix AS TEXT))) = CAST(:prefix AS TEXT) "
      "ORDER BY seq LIMIT :limit",
      [&] {
        row.due = absl::FromUnixMillis(due);
        row.dead_lettered = parked != 0;
        rows.push_back(row);
      },
      into(row.seq), into(row.request_id), into(row.key), into(row.kind), into(row.attempts),
      into(due), into(row.last_error), into(parked), use(after, "after"), use(least, "least"),
      use(key_prefix, "prefix"), use(limit, "limit"));
  return rows;
}

Outbox::OwedCount Count(Tx& tx) {
  Outbox::OwedCount count;
  tx.db() << "SELECT COUNT(*) FROM outbox", into(count.waiting);
  tx.db() << "SELECT COUNT(*) FROM outbox WHERE parked = 1", into(count.dead_lettered);
  return count;
}

int ReviveDeadLetters(Tx& tx, int64_t now) {
  int revived = 0;
  int64_t seq = 0;
  ForEach(
      tx,
      "UPDATE outbox SET parked = 0, attempts = 0, due_time = :now WHERE parked = 1 RETURNING seq",
      [&] { ++revived; }, into(seq), use(now, "now"));
  return revived;
}

absl::StatusOr<int> Retry(Tx& tx, absl::Span<const int64_t> seqs, int64_t now, int64_t lease_end) {
  std::set<int64_t> missing(seqs.begin(), seqs.end());
  const int count = static_cast<int>(missing.size());
  const std::string list = sql::IntList(tx, seqs);
  const std::string in = sql::InInts(tx, "seq", "seqs");
  int64_t seq = 0;
  ForEach(
      tx, absl::StrCat("SELECT seq FROM outbox WHERE ", in, " ORDER BY seq", sql::ForUpdate(tx)),
      [&] { missing.erase(seq); }, into(seq), use(list, "seqs"));
  if (!missing.empty()) {
    return Error(absl::StatusCode::kNotFound, Reason::kOwedNotFound,
                 "no such row waits; it may have been delivered meanwhile",
                 {{"seq", absl::StrCat(*missing.begin())}});
  }
  tx.db()
      << "UPDATE outbox SET due_time = :now, attempts = CASE parked WHEN 1 THEN 0 ELSE attempts "
         "END, parked = 0 WHERE "
      << in << " AND (parked = 1 OR due_time > :lease_end)",
      use(now, "now"), use(list, "seqs"), use(lease_end, "lease_end");
  return count;
}

}  // namespace lingkaran::outbox_rows
