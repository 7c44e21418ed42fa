#include "common/sql/native.h"

#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/sql/statement_watchdog.h"

namespace lingkaran::sql {

// ---- The drivers ----

sqlite_api::sqlite3* SqliteOf(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

PGconn* PostgresOf(soci::session& session) {
  return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
}

void ThrowSqlite(sqlite_api::sqlite3* connection) {
  throw soci::sqlite3_soci_error(sqlite_api::sqlite3_errmsg(connection),
                                 sqlite_api::sqlite3_extended_errcode(connection));
}

void ThrowPostgres(PGconn* connection, const PGresult* result) {
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  if (state == nullptr) state = PQstatus(connection) == CONNECTION_BAD ? "08006" : "XX000";
  throw soci::postgresql_soci_error(
      result ? PQresultErrorMessage(result) : PQerrorMessage(connection), state);
}

SqliteStatement::SqliteStatement(sqlite_api::sqlite3* connection, const std::string& text)
    : connection_(connection) {
  if (sqlite_api::sqlite3_prepare_v2(connection, text.c_str(), static_cast<int>(text.size()),
                                     &statement_, nullptr) != SQLITE_OK) {
    ThrowSqlite(connection);
  }
}

bool SqliteStatement::Step() {
  const int code = sqlite_api::sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) ThrowSqlite(connection_);
  return code == SQLITE_ROW;
}

void EndCopy(PGconn* connection) {
  PostgresResult outcome(nullptr, &PQclear);
  while (PostgresResult result{PQgetResult(connection), &PQclear}) {
    if (outcome == nullptr) outcome = std::move(result);
  }
  if (PQresultStatus(outcome.get()) != PGRES_COMMAND_OK) {
    ThrowPostgres(connection, outcome.get());
  }
}

void Execute(soci::session& session, Dialect dialect, const std::string& script) {
  if (dialect == Dialect::kSqlite) {
    sqlite_api::sqlite3* connection = SqliteOf(session);
    if (sqlite_api::sqlite3_exec(connection, script.c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      ThrowSqlite(connection);
    }
    return;
  }
  PGconn* connection = PostgresOf(session);
  const PostgresResult result(PQexec(connection, script.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    ThrowPostgres(connection, result.get());
  }
}

// ---- Exceptions to Status ----

absl::Status Unavailable(std::string_view what) {
  return Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable,
               absl::StrCat(std::string(what), "; send the same request again in a moment"));
}

absl::Status Internal() {
  return Error(absl::StatusCode::kInternal, Reason::kInternal,
               "the database refused a statement; the operator finds the cause in the log");
}

namespace {

// Statuses without a reason of ours: the store says what it means in its own words.
absl::Status Duplicate() { return absl::AlreadyExistsError("such a record exists already"); }
absl::Status Refused() {
  return absl::FailedPreconditionError("a rule of the database does not allow this change");
}
absl::Status Conflict() { return absl::AbortedError("another change came between"); }

// A driver's text without values: only its first line (details name values), and no long numbers.
std::string Redacted(std::string_view text) {
  std::string out;
  size_t digits = 0;
  for (char c : text.substr(0, text.find('\n'))) {
    digits = absl::ascii_isdigit(c) ? digits + 1 : 0;
    if (digits < 5) {
      out += c;
    } else if (digits == 5) {
      out.replace(out.size() - 4, 4, "#");
    }
  }
  return out;
}

absl::Status FromSqlite(const soci::sqlite3_soci_error& error) {
  switch (error.result()) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Duplicate();
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_TRIGGER:
      return Refused();
    default:
      break;
  }
  switch (error.result() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Conflict();
    case SQLITE_INTERRUPT:
      return DeadlinePassed();
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      Log(Severity::kWarning, "store_unavailable",
          {{"sqlite_code", error.result()}, {"text", Redacted(error.get_error_message())}});
      return Unavailable("the database can't be written or read now");
    default:
      Log(Severity::kError, "store_error",
          {{"sqlite_code", error.result()}, {"text", Redacted(error.get_error_message())}});
      return Internal();
  }
}

absl::Status FromPostgres(const soci::postgresql_soci_error& error) {
  const std::string state = error.sqlstate();
  const std::string kind = state.substr(0, 2);
  if (state == "23505" || state == "23P01") return Duplicate();
  if (state == "23503" || state == "23514") return Refused();
  if (kind == "40") return Conflict();
  // What libpq finds out by itself, a connection that is gone, has no code.
  const bool lost = kind == "08" || state.find_first_not_of(' ') == std::string::npos;
  if (lost || state == "55P03" || state == "25P03" || kind == "53" || kind == "57" ||
      kind == "58") {
    Log(Severity::kWarning, "store_unavailable",
        {{"sqlstate", state}, {"text", Redacted(error.get_error_message())}});
    return Unavailable("the database does not answer now");
  }
  // Class 22 (data exceptions) quotes the value at fault.
  Log(Severity::kError, "store_error",
      {{"sqlstate", state}, {"text", kind == "22" ? "" : Redacted(error.get_error_message())}});
  return Internal();
}

}  // namespace

// SOCI's what() shows bound values: it is never used.
absl::Status FromException() {
  try {
    throw;
  } catch (const PastDeadline&) {
    return DeadlinePassed();
  } catch (const soci::sqlite3_soci_error& error) {
    return FromSqlite(error);
  } catch (const soci::postgresql_soci_error& error) {
    return FromPostgres(error);
  } catch (const soci::soci_error& error) {
    Log(Severity::kError, "store_error", {{"text", Redacted(error.get_error_message())}});
    return Internal();
  } catch (const std::exception& error) {
    Log(Severity::kError, "store_error", {{"text", Redacted(error.what())}});
    return Internal();
  }
}

}  // namespace lingkaran::sql
