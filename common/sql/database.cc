#include "common/sql/database.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "common/sql/native.h"
#include "common/sql/pool.h"

namespace lingkaran::sql {
namespace {

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

bool IsConflict(const absl::Status& status) {
  return absl::IsAborted(status) && ReasonOf(status) == Reason::kUnspecified;
}

// Grows with the attempts up to 100 ms, with jitter so that rivals part.
absl::Duration Backoff(int attempt) {
  const int ceiling = std::min(100'000, 1'000 << std::min(attempt, 7));
  return Jittered(absl::Microseconds(ceiling), 0.25, 1.0);
}

constexpr int kMaxAttempts = 20;

}  // namespace

struct Database::Impl {
  using Body = absl::FunctionRef<absl::Status(Tx&)>;

  Impl(const Target& target, const DatabaseOptions& options)
      : limits{options.wait, options.statement_timeout, options.lock_timeout},
        writers(target, /*reads_only=*/false,
                target.dialect == Dialect::kSqlite ? 1 : std::max(1, options.connections), limits) {
    if (target.dialect == Dialect::kPostgres) {
      begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
      begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    } else if (target.in_memory) {
      begin_write = "PRAGMA query_only = OFF; BEGIN IMMEDIATE";
      begin_read = "PRAGMA query_only = ON; BEGIN DEFERRED";
    } else {
      begin_write = "BEGIN IMMEDIATE";
      begin_read = "BEGIN DEFERRED";
      readers = std::make_unique<Pool>(target, /*reads_only=*/true,
                                       std::max(1, options.connections), limits);
    }
  }

  Pool& ReadPool() { return readers ? *readers : writers; }

  absl::Status Attempt(Pool& pool, const std::string& begin, Body body, int64_t deadline,
                       std::vector<std::function<void()>>& effects) {
    ASSIGN_OR_RETURN(Slot * slot, pool.Acquire(deadline));
    Transaction transaction(pool, slot, deadline);
    try {
      transaction.Begin(begin);
      Tx tx(transaction.session(), transaction.dialect());
      tx.watch_ = &transaction.watch();
      RETURN_IF_ERROR(body(tx));
      RETURN_IF_ERROR(transaction.Commit());
      effects = std::move(tx.effects_);
      return absl::OkStatus();
    } catch (const std::exception&) {
      return FromException();
    }
  }

  absl::Status Run(Pool& pool, const std::string& begin, Body body) {
    const int64_t deadline = SteadyDeadline();
    const int64_t last_retry =
        std::min(deadline, SteadyNanos() + absl::ToInt64Nanoseconds(limits.wait));
    for (int attempt = 1;; ++attempt) {
      std::vector<std::function<void()>> effects;
      absl::Status status = Attempt(pool, begin, body, deadline, effects);
      if (status.ok()) {
        for (const auto& effect : effects) effect();
        return status;
      }
      const int64_t now = SteadyNanos();
      // What the server or SQLite's lock says when we gave it no more time.
      const bool waited = IsConflict(status) || ReasonOf(status) == Reason::kStoreUnavailable;
      if (waited && now >= deadline) return DeadlinePassed();
      if (!IsConflict(status)) return status;
      if (attempt == kMaxAttempts || now >= last_retry) {
        return Unavailable("too many changes at once to the same records");
      }
      absl::SleepFor(std::min(Backoff(attempt), absl::Nanoseconds(last_retry - now)));
    }
  }

  const Limits limits;
  std::string begin_write;
  std::string begin_read;
  Pool writers;                   // PostgreSQL: readers too
  std::unique_ptr<Pool> readers;  // SQLite in a file only
};

soci::session& Tx::db() {
  if (watch_ != nullptr) watch_->Statement();
  return session_;
}

void Tx::LiftLimits() {
  if (watch_ == nullptr || dialect_ == Dialect::kSqlite) return;
  watch_->LiftLimits();
  const absl::Duration rest = watch_->Rest(absl::InfiniteDuration());
  Execute(db(), dialect_,
          absl::StrCat("SET LOCAL statement_timeout = ",
                       watch_->has_deadline() ? absl::ToInt64Milliseconds(rest) : 0,
                       "; SET LOCAL idle_in_transaction_session_timeout = 0"));
}

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
