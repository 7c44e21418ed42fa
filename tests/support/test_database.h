// Fresh databases for tests, the same suites on SQLite and PostgreSQL:
//
//   class StoreTest : public DatabaseTest {};
//   LINGKARAN_ON_BOTH_DATABASES(StoreTest);
//   TEST_P(StoreTest, KeepsWorkers) { db().Write(...); }
//
// PostgreSQL is the server of LINGKARAN_TEST_POSTGRES (a libpq URL whose user may create
// databases). Without it these tests fail: nothing is skipped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/functional/function_ref.h"
#include "common/sql/database.h"

namespace lingkaran {

// An empty database, removed with its connections when this goes.
struct TestDatabase {
  std::string url;
  std::shared_ptr<void> remover;  // runs after db is closed
  std::unique_ptr<sql::Database> db;
};

// SQLite: a file in a new temporary directory. PostgreSQL: a new database on the test server.
// Throws std::runtime_error if that can't be had.
TestDatabase MakeTestDatabase(sql::Dialect dialect);
// The same with the schema's migrations applied.
TestDatabase MakeTestDatabase(sql::Dialect dialect, const std::vector<sql::Migration>& schema);

// Runs `work` in a transaction that must succeed, and gives what it gives.
template <typename Work, typename Result = std::invoke_result_t<Work, sql::Tx&>>
Result MustWrite(sql::Database& db, Work work) {
  Result out{};
  const absl::Status status = db.Write([&](sql::Tx& tx) {
    out = work(tx);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return out;
}
template <typename Work, typename Result = std::invoke_result_t<Work, sql::Tx&>>
Result MustRead(sql::Database& db, Work work) {
  Result out{};
  const absl::Status status = db.Read([&](sql::Tx& tx) {
    out = work(tx);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return out;
}

// How many rows there are; `from` may have a WHERE.
inline int64_t Count(sql::Database& db, const std::string& from) {
  return MustRead(db, [&](sql::Tx& tx) {
    int64_t count = -1;
    tx.db() << "SELECT COUNT(*) FROM " << from, soci::into(count);
    return count;
  });
}

// Where a test runs with each dialect on an own database.
class DatabaseTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  explicit DatabaseTest(const std::vector<sql::Migration>& schema = {})
      : database_(MakeTestDatabase(GetParam(), schema)) {}
  sql::Database& db() { return *database_.db; }
  // What a query finds.
  template <typename T>
  T Read(absl::FunctionRef<T(sql::Tx&)> query) {
    return MustRead(db(), query);
  }
  const std::string& url() const { return database_.url; }
  // Another pool on the same database, as a second process has it.
  std::unique_ptr<sql::Database> OpenAgain(sql::DatabaseOptions options = {}) const;

 private:
  TestDatabase database_;
};

// "Sqlite" or "Postgres", for the names of tests.
std::string DialectName(const testing::TestParamInfo<sql::Dialect>& info);

}  // namespace lingkaran

#define LINGKARAN_ON_BOTH_DATABASES(Suite)                                                       \
  INSTANTIATE_TEST_SUITE_P(                                                                      \
      Database, Suite,                                                                           \
      testing::Values(::lingkaran::sql::Dialect::kSqlite, ::lingkaran::sql::Dialect::kPostgres), \
      ::lingkaran::DialectName)
