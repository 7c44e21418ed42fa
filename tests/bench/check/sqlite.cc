#include "tests/bench/check/sqlite.h"

#include <filesystem>

#include "tests/bench/check/measure.h"

namespace lingkaran::bench {
namespace {

[[noreturn]] void Die(sqlite3* db, const std::string& what) {
  Fail(what + ": " + sqlite3_errmsg(db));
}

}  // namespace

Sqlite::Sqlite(const std::string& path, bool read_only) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  if (sqlite3_open_v2(path.c_str(), &db_, flags, nullptr) != SQLITE_OK) Die(db_, path);
  sqlite3_busy_timeout(db_, 10'000);
}

Sqlite::~Sqlite() { sqlite3_close(db_); }

void Sqlite::Run(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Die(db_, sql);
}

std::string Sqlite::Text(const std::string& query) {
  std::string out;
  const auto take = [](void* to, int, char** values, char**) {
    if (values[0] != nullptr) *static_cast<std::string*>(to) = values[0];
    return 0;
  };
  if (sqlite3_exec(db_, query.c_str(), take, &out, nullptr) != SQLITE_OK) Die(db_, query);
  return out;
}

Statement::Statement(sqlite3* db, const char* sql) : db_(db) {
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) !=
      SQLITE_OK) {
    Die(db, sql);
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bind(int place, int64_t value) {
  sqlite3_bind_int64(statement_, place, value);
  return *this;
}

Statement& Statement::Bind(int place, std::string_view text) {
  sqlite3_bind_text(statement_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

void Statement::Run() {
  if (sqlite3_step(statement_) != SQLITE_DONE) Die(db_, sqlite3_sql(statement_));
  Reset();
}

bool Statement::Step() {
  const int result = sqlite3_step(statement_);
  if (result != SQLITE_ROW && result != SQLITE_DONE) Die(db_, sqlite3_sql(statement_));
  return result == SQLITE_ROW;
}

void Statement::Reset() { sqlite3_reset(statement_); }

void RemoveDatabase(const std::string& path) {
  for (const char* end : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(path + end);
}

}  // namespace lingkaran::bench
