#include "common/sql/database.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/sql/native.h"

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
  std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection, script.c_str()),
                                                       &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    ThrowPostgres(connection, result.get());
  }
}

namespace {

// ---- Exceptions to Status ----

absl::Status Unavailable(std::string_view what) {
  return Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable,
               absl::StrCat(std::string(what), "; send the same request again in a moment"));
}

absl::Status Internal() {
  return Error(absl::StatusCode::kInternal, Reason::kInternal,
               "the database refused a statement; the operator finds the cause in the log");
}

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
  if (kind == "40" || state == "55P03") return Conflict();
  if (kind == "08" || kind == "53" || kind == "57" || kind == "58") {
    Log(Severity::kWarning, "store_unavailable",
        {{"sqlstate", state}, {"text", Redacted(error.get_error_message())}});
    return Unavailable("the database does not answer now");
  }
  // Class 22 (data exceptions) quotes the value at fault.
  Log(Severity::kError, "store_error",
      {{"sqlstate", state}, {"text", kind == "22" ? "" : Redacted(error.get_error_message())}});
  return Internal();
}

// The Status of the exception in flight. SOCI's what() shows bound values: it is never used.
absl::Status FromException() {
  try {
    throw;
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

// ---- Connections ----

// Gives `options` of SOCI's own connect string straight to libpq.
struct LibpqFactory : soci::backend_factory {
  soci::postgresql_session_backend* make_session(
      const soci::connection_parameters& parameters) const override {
    return new soci::postgresql_session_backend(parameters, false);
  }
};
const LibpqFactory kLibpq;

struct Target {
  Dialect dialect;
  std::string connect;      // for SOCI's factory
  std::string description;  // without password
  bool in_memory = false;
};

std::string QuotedOption(std::string_view name, std::string_view value) {
  std::string out = absl::StrCat(std::string(name), "='");
  for (char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "' ";
}

absl::StatusOr<Target> ParsePostgres(const std::string& url, absl::Duration wait) {
  const std::string libpq = absl::StartsWith(url, "postgresql://")
                                ? url
                                : std::string(absl::StripPrefix(url, "postgresql:"));
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(libpq.c_str(), nullptr), &PQconninfoFree);
  if (options == nullptr) {
    return InvalidField("database", "not a PostgreSQL URL; write postgresql://USER@HOST/DATABASE");
  }
  Target target{Dialect::kPostgres, "", "postgresql:"};
  bool has_timeout = false;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    target.connect += QuotedOption(keyword, option->val);
    has_timeout |= keyword == "connect_timeout";
    for (std::string_view shown : {"user", "host", "port", "dbname"}) {
      if (keyword == shown)
        absl::StrAppend(&target.description, " ", option->keyword, "=", option->val);
    }
  }
  if (!has_timeout) {
    const int64_t seconds = std::max<int64_t>(2, absl::ToInt64Seconds(wait));
    target.connect += QuotedOption("connect_timeout", std::to_string(seconds));
  }
  target.connect += QuotedOption("client_encoding", "UTF8");
  return target;
}

absl::StatusOr<Target> ParseUrl(const std::string& url, absl::Duration wait) {
  if (absl::StartsWith(url, "postgresql:")) return ParsePostgres(url, wait);
  if (!absl::StartsWith(url, "sqlite:")) {
    return InvalidField("database", "write sqlite:PATH or postgresql://USER@HOST/DATABASE");
  }
  const std::string path(absl::StripPrefix(url, "sqlite:"));
  if (path.empty() || absl::StrContains(path, "\"")) {
    return InvalidField("database", "write sqlite:PATH with the path of the database's file");
  }
  return Target{Dialect::kSqlite, absl::StrCat("dbname=\"", path, "\""), url, path == ":memory:"};
}

enum class Role { kWriter, kReader, kBoth };

// A place for one connection; connected at its first use and after it broke.
struct Slot {
  soci::session session;
  bool connected = false;
};

// Hands out slots in the order of asking.
class Pool {
 public:
  Pool(Target target, Role role, int size, absl::Duration wait)
      : target_(std::move(target)), role_(role), wait_(wait), slots_(size) {
    for (Slot& slot : slots_) idle_.push_back(&slot);
  }

  absl::StatusOr<Slot*> Acquire() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (waiting_.empty() && !idle_.empty()) {
      Slot* slot = idle_.back();
      idle_.pop_back();
      return slot;
    }
    Waiter self;
    waiting_.push_back(&self);
    if (self.turn.wait_for(lock, absl::ToChronoNanoseconds(wait_),
                           [&] { return self.slot != nullptr; })) {
      return self.slot;
    }
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &self));
    return Unavailable("the database is busy");
  }

  void Release(Slot* slot) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.empty()) {
      idle_.push_back(slot);
      return;
    }
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    next->slot = slot;
    next->turn.notify_one();
  }

  // Throws as SOCI does.
  void Connect(Slot& slot) {
    if (slot.connected) return;
    if (target_.dialect == Dialect::kPostgres) {
      try {
        slot.session.open(kLibpq, target_.connect);
      } catch (const soci::soci_error& error) {
        throw soci::postgresql_soci_error(error.get_error_message(), "08001");
      }
    } else {
      slot.session.open(soci::sqlite3, target_.connect);
      SetUpSqlite(slot.session);
    }
    slot.connected = true;
  }

  void Disconnect(Slot& slot) {
    if (!slot.connected || target_.in_memory) return;
    slot.connected = false;
    slot.session.close();
  }

  const Target& target() const { return target_; }

 private:
  struct Waiter {
    std::condition_variable turn;
    Slot* slot = nullptr;
  };

  // Caches: 64 MiB where rows are written, 8 MiB for each reader; the system caches the file too.
  // A WAL of 16 MiB between checkpoints lets bulk loads write each page about once.
  void SetUpSqlite(soci::session& session) {
    sqlite_api::sqlite3* connection = SqliteOf(session);
    sqlite_api::sqlite3_extended_result_codes(connection, 1);
    sqlite_api::sqlite3_busy_timeout(connection, absl::ToInt64Milliseconds(wait_));
    Execute(session, Dialect::kSqlite,
            "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL;");
    Execute(session, Dialect::kSqlite,
            role_ == Role::kReader
                ? "PRAGMA cache_size = -8192; PRAGMA query_only = ON;"
                : "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4096;"
                  "PRAGMA journal_size_limit = 67108864; PRAGMA journal_mode = WAL;");
  }

  const Target target_;
  const Role role_;
  const absl::Duration wait_;
  std::deque<Slot> slots_;
  std::mutex mutex_;
  std::vector<Slot*> idle_;
  std::deque<Waiter*> waiting_;
};

bool IsOpen(Slot& slot, Dialect dialect) {
  if (dialect == Dialect::kSqlite) {
    return sqlite_api::sqlite3_get_autocommit(SqliteOf(slot.session)) == 0;
  }
  return PQtransactionStatus(PostgresOf(slot.session)) != PQTRANS_IDLE;
}

// A slot of the pool with its transaction; rolls back and gives back what was not committed.
class Transaction {
 public:
  Transaction(Pool& pool, Slot* slot) : pool_(pool), slot_(slot) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    Rollback();
    pool_.Release(slot_);
  }

  // Begins; a connection that broke while it was idle is made anew once.
  void Begin(const std::string& statement) {
    const bool was_connected = slot_->connected;
    pool_.Connect(*slot_);
    try {
      Execute(slot_->session, dialect(), statement);
    } catch (const soci::soci_error&) {
      if (!was_connected || !IsBroken()) throw;
      pool_.Disconnect(*slot_);
      pool_.Connect(*slot_);
      Execute(slot_->session, dialect(), statement);
    }
  }

  absl::Status Commit() {
    // PostgreSQL answers COMMIT of a failed transaction with a silent rollback.
    if (dialect() == Dialect::kPostgres &&
        PQtransactionStatus(PostgresOf(slot_->session)) == PQTRANS_INERROR) {
      Log(Severity::kError, "store_error", {{"text", "an SQL error was not passed on"}});
      return Internal();
    }
    Execute(slot_->session, dialect(), "COMMIT");
    return absl::OkStatus();
  }

  soci::session& session() { return slot_->session; }
  Dialect dialect() const { return pool_.target().dialect; }

 private:
  bool IsBroken() const {
    return dialect() == Dialect::kPostgres && PQstatus(PostgresOf(slot_->session)) != CONNECTION_OK;
  }

  void Rollback() noexcept {
    try {
      if (!slot_->connected) return;
      if (!IsBroken() && !IsOpen(*slot_, dialect())) return;
      if (!IsBroken()) Execute(slot_->session, dialect(), "ROLLBACK");
      if (IsBroken() || IsOpen(*slot_, dialect())) pool_.Disconnect(*slot_);
    } catch (const std::exception&) {
      pool_.Disconnect(*slot_);
    }
  }

  Pool& pool_;
  Slot* slot_;
};

bool IsConflict(const absl::Status& status) {
  return absl::IsAborted(status) && ReasonOf(status) == Reason::kUnspecified;
}

// Grows with the attempts up to 100 ms, with jitter so that rivals part.
absl::Duration Backoff(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int ceiling = std::min(100'000, 1'000 << std::min(attempt, 7));
  return absl::Microseconds(std::uniform_int_distribution<int>(ceiling / 4, ceiling)(random));
}

constexpr int kMaxAttempts = 20;

}  // namespace

struct Database::Impl {
  using Body = absl::FunctionRef<absl::Status(Tx&)>;

  Impl(const Target& target, const DatabaseOptions& options)
      : wait(options.wait),
        writers(target, target.in_memory ? Role::kBoth : Role::kWriter,
                target.dialect == Dialect::kSqlite ? 1 : std::max(1, options.connections),
                options.wait) {
    if (target.dialect == Dialect::kSqlite && !target.in_memory) {
      readers = std::make_unique<Pool>(target, Role::kReader, std::max(1, options.connections),
                                       options.wait);
    }
  }

  Pool& ReadPool() { return readers ? *readers : writers; }

  absl::Status Attempt(Pool& pool, const std::string& begin, Body body,
                       std::vector<std::function<void()>>& effects) {
    ASSIGN_OR_RETURN(Slot * slot, pool.Acquire());
    Transaction transaction(pool, slot);
    try {
      transaction.Begin(begin);
      Tx tx(transaction.session(), transaction.dialect());
      RETURN_IF_ERROR(body(tx));
      RETURN_IF_ERROR(transaction.Commit());
      effects = std::move(tx.effects_);
      return absl::OkStatus();
    } catch (const std::exception&) {
      return FromException();
    }
  }

  absl::Status Run(Pool& pool, const std::string& begin, Body body) {
    const absl::Time deadline = absl::Now() + wait;
    for (int attempt = 1;; ++attempt) {
      std::vector<std::function<void()>> effects;
      absl::Status status = Attempt(pool, begin, body, effects);
      if (status.ok()) {
        for (const auto& effect : effects) effect();
        return status;
      }
      if (!IsConflict(status)) return status;
      if (attempt == kMaxAttempts || absl::Now() >= deadline) {
        return Unavailable("too many changes at once to the same records");
      }
      absl::SleepFor(Backoff(attempt));
    }
  }

  const absl::Duration wait;
  Pool writers;                   // PostgreSQL: readers too
  std::unique_ptr<Pool> readers;  // SQLite in a file only
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  ASSIGN_OR_RETURN(const Target target, ParseUrl(options.url, options.wait));
  std::unique_ptr<Database> database(new Database(std::make_unique<Impl>(target, options)));
  // SQLite's first connection makes the file and its WAL, before any reader comes.
  RETURN_IF_ERROR(database->Write([](Tx&) { return absl::OkStatus(); }));
  RETURN_IF_ERROR(database->Ping());
  return database;
}

absl::Status Database::Write(absl::FunctionRef<absl::Status(Tx&)> body) {
  static const std::string kSqlite = "BEGIN IMMEDIATE";
  static const std::string kPostgres = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
  return impl_->Run(impl_->writers, dialect() == Dialect::kSqlite ? kSqlite : kPostgres, body);
}

absl::Status Database::Read(absl::FunctionRef<absl::Status(Tx&)> body) {
  static const std::string kSqlite = "BEGIN DEFERRED";
  static const std::string kPostgres = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  return impl_->Run(impl_->ReadPool(), dialect() == Dialect::kSqlite ? kSqlite : kPostgres, body);
}

absl::Status Database::Ping() {
  return Read([](Tx& tx) {
    int one = 0;
    tx.db() << "SELECT 1", soci::into(one);
    return absl::OkStatus();
  });
}

Dialect Database::dialect() const { return impl_->writers.target().dialect; }

std::string Database::Description() const { return impl_->writers.target().description; }

}  // namespace lingkaran::sql
