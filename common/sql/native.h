// The drivers under SOCI, for what SOCI has no word for, and their errors. Private to common/sql.
#pragma once

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
