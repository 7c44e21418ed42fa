// SQLite itself, without the layers of the suite: for writing a nation, and for the handler that
// asks it as anybody would. Errors end the program.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace lingkaran::bench {

// All of a database's tables and indexes, as one text.
inline constexpr char kSchemaText[] =
    "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_master ORDER BY name)";

class Sqlite {
 public:
  explicit Sqlite(const std::string& path, bool read_only = false);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  void Run(const std::string& sql);
  // First column of the first row; empty if there is none.
  std::string Text(const std::string& query);
  sqlite3* get() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

// A prepared statement.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(int place, int64_t value);
  // The text must stay until Run or Reset.
  Statement& Bind(int place, std::string_view text);
  // Of a statement without rows.
  void Run();
  // True while there is another row.
  bool Step();
  void Reset();
  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3* const db_;
  sqlite3_stmt* statement_ = nullptr;
};

// With its log and shared memory.
void RemoveDatabase(const std::string& path);

}  // namespace lingkaran::bench
