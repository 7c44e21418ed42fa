#include "tests/support/test_database.h"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <stdexcept>

#include <libpq-fe.h>

#include "tests/support/process.h"

namespace lingkaran {
namespace {

using sql::Dialect;

std::string TestServer() {
  const char* url = std::getenv("LINGKARAN_TEST_POSTGRES");
  if (url == nullptr || *url == '\0') {
    throw std::runtime_error(
        "LINGKARAN_TEST_POSTGRES is not set: run the tests with ./tests/run, which starts a "
        "PostgreSQL, or give the URL of a server on which databases may be created");
  }
  return url;
}

void RunOnServer(const std::string& statement) {
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(TestServer().c_str()),
                                                          &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw std::runtime_error("the server of LINGKARAN_TEST_POSTGRES does not answer: " +
                             std::string(PQerrorMessage(connection.get())));
  }
  std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), statement.c_str()),
                                                       &PQclear);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
}

// Several test programs run side by side on one server.
std::string UniqueName() {
  static std::atomic<int> count{0};
  static const unsigned salt = std::random_device{}();
  return "lingkaran_test_" + std::to_string(getpid()) + "_" + std::to_string(salt) + "_" +
         std::to_string(++count);
}

// The URL of another database on the server of `url`, in libpq's key=value form.
std::string WithDatabase(const std::string& url, const std::string& name) {
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree);
  if (options == nullptr) throw std::runtime_error("LINGKARAN_TEST_POSTGRES is not a libpq URL");
  std::string out = "postgresql:dbname=" + name;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string(option->keyword) == "dbname") continue;
    out += " " + std::string(option->keyword) + "='" + option->val + "'";
  }
  return out;
}

void MakeFile(TestDatabase& database) {
  auto directory = std::make_shared<TempDirectory>();
  database.url = "sqlite:" + directory->path() + "/test.db";
  database.remover = std::move(directory);
}

void MakeOnServer(TestDatabase& database) {
  const std::string name = UniqueName();
  RunOnServer("CREATE DATABASE " + name);
  database.url = WithDatabase(TestServer(), name);
  database.remover = std::shared_ptr<void>(nullptr, [name](void*) {
    try {
      RunOnServer("DROP DATABASE " + name + " WITH (FORCE)");
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  });
}

std::unique_ptr<sql::Database> Open(const sql::DatabaseOptions& options) {
  auto opened = sql::Database::Open(options);
  if (!opened.ok()) throw std::runtime_error(opened.status().ToString());
  return *std::move(opened);
}

}  // namespace

TestDatabase MakeTestDatabase(Dialect dialect) {
  TestDatabase database;
  if (dialect == Dialect::kSqlite) {
    MakeFile(database);
  } else {
    MakeOnServer(database);
  }
  sql::DatabaseOptions options;
  options.url = database.url;
  database.db = Open(options);
  return database;
}

TestDatabase MakeTestDatabase(Dialect dialect, const std::vector<sql::Migration>& schema) {
  TestDatabase database = MakeTestDatabase(dialect);
  if (schema.empty()) return database;
  const absl::Status migrated = sql::Migrate(*database.db, schema);
  if (!migrated.ok()) throw std::runtime_error(migrated.ToString());
  return database;
}

std::unique_ptr<sql::Database> DatabaseTest::OpenAgain(sql::DatabaseOptions options) const {
  options.url = url();
  return Open(options);
}

std::string DialectName(const testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::kSqlite ? "Sqlite" : "Postgres";
}

}  // namespace lingkaran
