// SQL through SOCI: one text for SQLite and PostgreSQL.
//
// URLs: "sqlite:PATH" (WAL, one writer, several readers), "sqlite::memory:" (one connection),
// "postgresql://..." or "postgresql:KEY=VALUE ..." (libpq's forms).
//
// Stores take a Tx, use tx.db() for SQL, and let SOCI throw: Database turns every exception into a
// Status in one place: unique violation ALREADY_EXISTS, foreign key or CHECK FAILED_PRECONDITION,
// serialization failure, deadlock or busy ABORTED (retried here; UNAVAILABLE/STORE_UNAVAILABLE when
// that does not help), lost connection, full disk, a wait that took too long (for a connection, a
// lock, an answer of the server) UNAVAILABLE/STORE_UNAVAILABLE, anything else INTERNAL. A body that
// catches an exception of SQL itself must return an error: the transaction is lost.
//
// Nothing here waits for ever. No wait is longer than DatabaseOptions says, and none goes beyond
// CurrentDeadline(): a transaction of a caller who waits no longer ends at its next statement with
// DEADLINE_EXCEEDED/DEADLINE_PASSED, and keeps nothing; one that has not begun does not begin. A
// server that is there but never answers (stopped, or its disk hangs) is left by closing the
// connection.
//
// Types: int64_t, int and std::string go straight into soci::use and soci::into (int64_t is 8 bytes
// in either spelling). Do not use soci::row: its dynamic types differ between the two databases.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <soci/soci.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lingkaran::sql {

enum class Dialect { kSqlite, kPostgres };

class Watch;

// A transaction in progress.
class Tx {
 public:
  Tx(soci::session& session, Dialect dialect) : session_(session), dialect_(dialect) {}
  // For one statement: ask anew for the next. Throws when the caller's deadline is over.
  soci::session& db();
  Dialect dialect() const { return dialect_; }
  // For migrations and sums over a whole book: the statements of this transaction may take any time
  // from now on. Waits for locks stay limited, and the caller's deadline is in force.
  void LiftLimits();
  // Runs `effect` after the commit; never if it fails.
  void AfterCommit(std::function<void()> effect) { effects_.push_back(std::move(effect)); }

 private:
  friend class Database;
  soci::session& session_;
  Dialect dialect_;
  Watch* watch_ = nullptr;
  std::vector<std::function<void()>> effects_;
};

struct DatabaseOptions {
  std::string url;
  int connections = 8;                     // pool size; SQLite: readers, plus one writer
  absl::Duration wait = absl::Seconds(5);  // for a connection or SQLite's write lock
  // PostgreSQL: a statement, and its wait for a lock, end in UNAVAILABLE/STORE_UNAVAILABLE after
  // this time. A little later the connection of a server that did not even say so is closed.
  absl::Duration statement_timeout = absl::Seconds(10);
  absl::Duration lock_timeout = absl::Seconds(5);
};

class Database {
 public:
  // Opens and checks the connection. Migrate() comes next.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  ~Database();

  // Runs `body` in a transaction that may write, and commits if it returns OK. Retries ABORTED
  // that carries no reason of ours, with jitter, so body may run more than once and must have no
  // effects but SQL and AfterCommit. Effects run on this thread when the connection is free again.
  // SQLite runs one Write at a time, in the order of their coming. PostgreSQL runs them side by
  // side in READ COMMITTED: each statement sees what is committed when it starts. What must not
  // change between two statements is locked (UPDATE first, or SELECT ... FOR UPDATE, see
  // ForUpdate), in the order of ids, and rests on UNIQUE and CHECK; never on isolation alone.
  // If the connection is lost during the commit, the outcome is unknown and UNAVAILABLE is
  // returned: the same request_id, sent again, finds out.
  absl::Status Write(absl::FunctionRef<absl::Status(Tx&)> body);
  // Runs `body` in a transaction that sees one snapshot and writes nothing.
  absl::Status Read(absl::FunctionRef<absl::Status(Tx&)> body);
  // OK if the database answers.
  absl::Status Ping();

  Dialect dialect() const;
  // For the start line: the URL without password.
  std::string Description() const;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Runs a query in one round trip and calls `row` for each row:
//   int64_t id; std::string name;
//   ForEach(tx, "SELECT id, name FROM t WHERE k = :k", [&] { ... }, into(id), into(name), use(k));
// For one row, tx.db() << "...", into(...), use(...) is shorter; tx.db().got_data() tells if it
// came.
template <typename... Exchange>
void ForEach(Tx& tx, const std::string& query, absl::FunctionRef<void()> row,
             Exchange... exchange) {
  soci::statement statement(tx.db());
  (statement.exchange(exchange), ...);
  statement.alloc();
  statement.prepare(query, soci::details::st_one_time_query);
  statement.define_and_bind();
  for (bool more = statement.execute(true); more; more = statement.fetch()) row();
}

// " FOR UPDATE" where rows can be locked; SQLite's single writer needs no lock.
inline const char* ForUpdate(const Tx& tx) {
  return tx.dialect() == Dialect::kPostgres ? " FOR UPDATE" : "";
}

// One step of a schema, from services/<name>/schema/NNNN_name.sql, embedded at build time.
// Statements end in ";" at a line's end. "-- sqlite:" and "-- postgres:" at the start of a line
// hold the rest of that line for one database only.
//
// Expand, then contract: a file NNNN_expand_name.sql only adds what a program that does not know it
// can't trip over (tables, indexes, columns with a default), so the release before still works on
// the new schema, during a rolling upgrade and after going back. Any other file may take away or
// change what was there; it belongs into a release whose predecessor no longer needs it.
struct Migration {
  int number;
  std::string_view name;
  std::string_view text;
  bool expand() const;
};

// Brings the schema up to date under a lock, each step in a transaction with lifted limits, in the
// order of their numbers. Expansions are recorded in schema_expansions, all others in
// schema_migrations. FAILED_PRECONDITION, and nothing is done, if a step that was applied has
// another text or an earlier one is missing, or if the database is newer than the program by more
// than expansions; those that this program does not know yet are left alone.
absl::Status Migrate(Database& database, const std::vector<Migration>& migrations);

}  // namespace lingkaran::sql
