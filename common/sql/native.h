// The drivers under SOCI, for what SOCI has no word for, and their errors. Private to common/sql.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "absl/status/status.h"
#include "common/sql/database.h"

namespace lingkaran::sql {

sqlite_api::sqlite3* SqliteOf(soci::session& session);
PGconn* PostgresOf(soci::session& session);

// Throw what SOCI would, for a failed call of the driver.
[[noreturn]] void ThrowSqlite(sqlite_api::sqlite3* connection);
[[noreturn]] void ThrowPostgres(PGconn* connection, const PGresult* result);

// A prepared statement of SQLite. Its functions throw as SOCI does.
class SqliteStatement {
 public:
  SqliteStatement(sqlite_api::sqlite3* connection, const std::string& text);
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() { sqlite_api::sqlite3_finalize(statement_); }
  sqlite_api::sqlite3_stmt* get() { return statement_; }
  // True if there is a row, false at the end.
  bool Step();

 private:
  sqlite_api::sqlite3* connection_;
  sqlite_api::sqlite3_stmt* statement_ = nullptr;
};

using PostgresResult = std::unique_ptr<PGresult, decltype(&PQclear)>;
// Takes the outcome of a COPY that was sent or read to its end. Throws as SOCI does.
void EndCopy(PGconn* connection);

// Runs one or more statements that have no parameters and give no rows. Throws as SOCI does.
void Execute(soci::session& session, Dialect dialect, const std::string& script);

// Errors as callers of Database see them: what to do, nothing of the driver's text.
absl::Status Unavailable(std::string_view what);
absl::Status Internal();

// The Status of the exception that is being handled; logs what the caller is not told. Statuses
// without a reason of ours (ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED) are for the store, which
// knows what they mean.
absl::Status FromException();

}  // namespace lingkaran::sql
