// The drivers under SOCI, for what SOCI has no word for. Private to common/sql.
#pragma once

#include <string>

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "common/sql/database.h"

namespace lingkaran::sql {

sqlite_api::sqlite3* SqliteOf(soci::session& session);
PGconn* PostgresOf(soci::session& session);

// Throw what SOCI would, for a failed call of the driver.
[[noreturn]] void ThrowSqlite(sqlite_api::sqlite3* connection);
[[noreturn]] void ThrowPostgres(PGconn* connection, const PGresult* result);

// Runs one or more statements that have no parameters and give no rows. Throws as SOCI does.
void Execute(soci::session& session, Dialect dialect, const std::string& script);

}  // namespace lingkaran::sql
