#include "common/sql/database.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/sql/native.h"

namespace lingkaran::sql {
namespace {

struct Target {
  Dialect dialect;
  std::string connect;      // for SOCI's factory
  std::string description;  // without password
  bool in_memory = false;
};

// SOCI takes the text between double quotes as it is and gives libpq the rest, in libpq's quoting.
std::string QuotedOption(std::string_view name, std::string_view value) {
  std::string out = absl::StrCat(std::string(name), "=\"'");
  for (char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'\" ";
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
  // What the URL does not say: a server that is gone is noticed within about a minute.
  std::map<std::string_view, std::string> defaults = {
      {"connect_timeout", std::to_string(std::max<int64_t>(2, absl::ToInt64Seconds(wait)))},
      {"tcp_user_timeout", "30000"},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "3"},
      {"application_name", "lingkaran"},
  };
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (absl::StrContains(option->val, "\"")) {
      return InvalidField("database", "a double quote is not possible in a PostgreSQL URL here");
    }
    target.connect += QuotedOption(keyword, option->val);
    defaults.erase(keyword);
    for (std::string_view shown : {"user", "host", "port", "dbname"}) {
      if (keyword == shown)
        absl::StrAppend(&target.description, " ", option->keyword, "=", option->val);
    }
  }
  for (const auto& [name, value] : defaults) target.connect += QuotedOption(name, value);
  target.connect += QuotedOption("client_encoding", "UTF8");
  target.connect.pop_back();  // SOCI takes a space at the end for one more option
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
        slot.session.open(soci::postgresql, target_.connect);
      } catch (const soci::soci_error& error) {
        std::string text = error.get_error_message();
        std::replace(text.begin(), text.end(), '\n', ' ');
        throw soci::postgresql_soci_error(text, "08001");
      }
      // The log holds JSON lines only; what matters comes as an error.
      PQsetNoticeProcessor(
          PostgresOf(slot.session), [](void*, const char*) {}, nullptr);
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
    if (target.dialect == Dialect::kPostgres) {
      begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
      begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    } else if (target.in_memory) {
      begin_write = "PRAGMA query_only = OFF; BEGIN IMMEDIATE";
      begin_read = "PRAGMA query_only = ON; BEGIN DEFERRED";
    } else {
      begin_write = "BEGIN IMMEDIATE";
      begin_read = "BEGIN DEFERRED";
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
  std::string begin_write;
  std::string begin_read;
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
  return impl_->Run(impl_->writers, impl_->begin_write, body);
}

absl::Status Database::Read(absl::FunctionRef<absl::Status(Tx&)> body) {
  return impl_->Run(impl_->ReadPool(), impl_->begin_read, body);
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
