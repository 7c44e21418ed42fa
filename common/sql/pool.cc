#include "common/sql/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/sql/native.h"

namespace lingkaran::sql {
namespace {

bool IsOpen(Slot& slot, Dialect dialect) {
  if (dialect == Dialect::kSqlite) {
    return sqlite_api::sqlite3_get_autocommit(SqliteOf(slot.session)) == 0;
  }
  return PQtransactionStatus(PostgresOf(slot.session)) != PQTRANS_IDLE;
}

// Rounded up: 0 would mean no limit, and what ends just before a deadline would not be told from
// it.
int64_t Millis(absl::Duration limit) {
  return absl::ToInt64Milliseconds(absl::Ceil(limit, absl::Milliseconds(1)));
}

// SQLite asks this now and then in a long statement.
int IsPastDeadline(void* watch) { return static_cast<Watch*>(watch)->past_deadline() ? 1 : 0; }
constexpr int kStepsBetweenLooks = 20'000;

}  // namespace

Pool::Pool(Target target, bool reads_only, int size, const Limits& limits)
    : target_(std::move(target)), reads_only_(reads_only), limits_(limits), slots_(size) {
  std::vector<Watch*> watches;
  for (Slot& slot : slots_) {
    idle_.push_back(&slot);
    watches.push_back(&slot.watch);
  }
  if (target_.dialect == Dialect::kPostgres) {
    thread_ = std::make_unique<WatchThread>(std::move(watches));
  }
}

absl::StatusOr<Slot*> Pool::Acquire(int64_t deadline) {
  MutexLock lock(mutex_);
  if (waiting_.empty() && !idle_.empty()) {
    Slot* slot = idle_.back();
    idle_.pop_back();
    return slot;
  }
  absl::Duration wait = limits_.wait;
  if (deadline != kNever) wait = std::min(wait, absl::Nanoseconds(deadline - SteadyNanos()));
  Waiter self;
  waiting_.push_back(&self);
  if (self.turn.WaitFor(lock, wait, [&] { return self.slot != nullptr; })) {
    return self.slot;
  }
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &self));
  return wait < limits_.wait ? DeadlinePassed() : Unavailable("the database is busy");
}

void Pool::Release(Slot* slot) {
  MutexLock lock(mutex_);
  if (waiting_.empty()) {
    idle_.push_back(slot);
    return;
  }
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->slot = slot;
  next->turn.NotifyOne();
}

// libpq counts in seconds, and takes 2 at least: so much may a deadline be overrun here.
std::string Pool::ConnectString(const Watch& watch) const {
  const absl::Duration rest = watch.Rest(limits_.wait);
  if (rest == limits_.wait) return target_.connect;
  const int64_t seconds = std::max<int64_t>(2, absl::ToInt64Seconds(rest));
  return absl::StrCat(target_.connect, " connect_timeout=\"'", seconds, "'\"");
}

void Pool::Connect(Slot& slot) {
  if (slot.connected) return;
  slot.watch.Statement();
  if (target_.dialect == Dialect::kPostgres) {
    try {
      slot.session.open(soci::postgresql, ConnectString(slot.watch));
    } catch (const soci::soci_error& error) {
      std::string text = error.get_error_message();
      std::replace(text.begin(), text.end(), '\n', ' ');
      throw soci::postgresql_soci_error(text, "08001");
    }
  } else {
    slot.session.open(soci::sqlite3, target_.connect);
  }
  slot.connected = true;
  try {
    slot.watch.Statement();
    if (target_.dialect == Dialect::kPostgres) {
      if (!slot.watch.Attach(PQsocket(PostgresOf(slot.session)))) {
        throw soci::postgresql_soci_error("too many open files", "53000");
      }
      SetUpPostgres(slot.session);
    } else {
      SetUpSqlite(slot.session);
    }
  } catch (const std::exception&) {
    // Not half set up: neither kept so, nor in the way of the next try.
    slot.connected = false;
    slot.session.close();
    slot.watch.Detach();
    throw;
  }
}

void Pool::Disconnect(Slot& slot) {
  if (!slot.connected || target_.in_memory) return;
  slot.connected = false;
  slot.session.close();
  slot.watch.Detach();
}

// The last limit is for a client that stops in the middle of a transaction, with its locks: the
// others need not wait for it.
void Pool::SetUpPostgres(soci::session& session) {
  // The log holds JSON lines only; what matters comes as an error.
  PQsetNoticeProcessor(
      PostgresOf(session), [](void*, const char*) {}, nullptr);
  Execute(
      session, Dialect::kPostgres,
      absl::StrCat("SET statement_timeout = ", Millis(limits_.statement),
                   "; SET lock_timeout = ", Millis(limits_.lock),
                   "; SET idle_in_transaction_session_timeout = ", 2 * Millis(limits_.statement)));
}

// Caches: 64 MiB where rows are written, 8 MiB for each reader; the system caches the file too.
// A WAL of 16 MiB between checkpoints lets bulk loads write each page about once.
void Pool::SetUpSqlite(soci::session& session) {
  sqlite_api::sqlite3* connection = SqliteOf(session);
  sqlite_api::sqlite3_extended_result_codes(connection, 1);
  sqlite_api::sqlite3_busy_timeout(connection, static_cast<int>(Millis(limits_.wait)));
  Execute(session, Dialect::kSqlite,
          "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL;");
  Execute(session, Dialect::kSqlite,
          reads_only_ ? "PRAGMA cache_size = -8192; PRAGMA query_only = ON;"
                      : "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4096;"
                        "PRAGMA journal_size_limit = 67108864; PRAGMA journal_mode = WAL;");
}

Transaction::Transaction(Pool& pool, Slot* slot, int64_t deadline) : pool_(pool), slot_(slot) {
  slot_->watch.Begin(pool_.limits(), deadline);
}

Transaction::~Transaction() {
  Rollback();
  slot_->watch.End();
  pool_.Release(slot_);
}

void Transaction::Begin(const std::string& statement) {
  const bool was_connected = slot_->connected;
  pool_.Connect(*slot_);
  try {
    BeginOnce(statement);
  } catch (const soci::soci_error&) {
    if (!was_connected || !IsBroken()) throw;
    pool_.Disconnect(*slot_);
    pool_.Connect(*slot_);
    BeginOnce(statement);
  }
}

void Transaction::BeginOnce(const std::string& statement) {
  Watch& watch = slot_->watch;
  watch.Statement();
  std::string begin = statement;
  if (dialect() == Dialect::kSqlite) {
    sqlite_api::sqlite3* connection = SqliteOf(slot_->session);
    sqlite_api::sqlite3_busy_timeout(connection,
                                     static_cast<int>(Millis(watch.Rest(pool_.limits().wait))));
    if (watch.has_deadline()) {
      sqlite_api::sqlite3_progress_handler(connection, kStepsBetweenLooks, &IsPastDeadline, &watch);
    }
  } else {
    const Limits& limits = pool_.limits();
    for (const auto& [name, limit] : {std::pair("statement_timeout", limits.statement),
                                      std::pair("lock_timeout", limits.lock)}) {
      const absl::Duration rest = watch.Rest(limit);
      if (rest < limit) absl::StrAppend(&begin, "; SET LOCAL ", name, " = ", Millis(rest));
    }
  }
  Execute(slot_->session, dialect(), begin);
}

absl::Status Transaction::Commit() {
  // PostgreSQL answers COMMIT of a failed transaction with a silent rollback.
  if (dialect() == Dialect::kPostgres &&
      PQtransactionStatus(PostgresOf(slot_->session)) == PQTRANS_INERROR) {
    Log(Severity::kError, "store_error", {{"text", "an SQL error was not passed on"}});
    return Internal();
  }
  slot_->watch.Ending();
  Execute(slot_->session, dialect(), "COMMIT");
  return absl::OkStatus();
}

bool Transaction::IsBroken() const {
  return dialect() == Dialect::kPostgres && PQstatus(PostgresOf(slot_->session)) != CONNECTION_OK;
}

void Transaction::Rollback() noexcept {
  try {
    if (!slot_->connected) return;
    if (dialect() == Dialect::kSqlite) {
      sqlite_api::sqlite3_progress_handler(SqliteOf(slot_->session), 0, nullptr, nullptr);
    }
    if (!IsBroken() && !IsOpen(*slot_, dialect())) return;
    slot_->watch.Ending();
    if (!IsBroken()) Execute(slot_->session, dialect(), "ROLLBACK");
    if (IsBroken() || IsOpen(*slot_, dialect())) pool_.Disconnect(*slot_);
  } catch (const std::exception&) {
    pool_.Disconnect(*slot_);
  }
}

}  // namespace lingkaran::sql
