#include "common/sql/bulk.h"

#include <atomic>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/string_views.h"
#include "common/sql/native.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;

// ---- PostgreSQL: COPY in its text format ----

void AppendEscaped(std::string& out, std::string_view text) {
  constexpr std::string_view kMeant = "\\\t\n\r", kNames = "\\tnr";
  while (true) {
    const size_t end = text.find_first_of(kMeant);
    out += text.substr(0, end);
    if (end == std::string_view::npos) return;
    out += '\\';
    out += kNames[kMeant.find(text[end])];
    text.remove_prefix(end + 1);
  }
}

// A COPY ... FROM STDIN under way. If it is left without Finish, the server is told to forget it.
class CopyIn {
 public:
  CopyIn(PGconn* connection, const std::string& statement) : connection_(connection) {
    const PostgresResult result(PQexec(connection, statement.c_str()), &PQclear);
    if (PQresultStatus(result.get()) != PGRES_COPY_IN) ThrowPostgres(connection, result.get());
  }
  CopyIn(const CopyIn&) = delete;
  CopyIn& operator=(const CopyIn&) = delete;
  ~CopyIn() {
    if (finished_) return;
    PQputCopyEnd(connection_, "given up by the client");
    while (const PostgresResult result{PQgetResult(connection_), &PQclear}) {
    }
  }

  void Send(const std::string& lines) {
    if (PQputCopyData(connection_, lines.data(), static_cast<int>(lines.size())) != 1) {
      ThrowPostgres(connection_, nullptr);
    }
  }

  void Finish() {
    if (PQputCopyEnd(connection_, nullptr) != 1) ThrowPostgres(connection_, nullptr);
    finished_ = true;
    EndCopy(connection_);
  }

 private:
  PGconn* connection_;
  bool finished_ = false;
};

}  // namespace

BulkRows::BulkRows(std::vector<std::string> columns) : columns_(std::move(columns)) {}

BulkRows& BulkRows::Int(int64_t value) {
  cells_.push_back({Cell::kInt, value, 0});
  return *this;
}

BulkRows& BulkRows::Text(std::string_view value) {
  cells_.push_back(
      {Cell::kText, static_cast<int64_t>(text_.size()), static_cast<uint32_t>(value.size())});
  text_ += value;
  return *this;
}

BulkRows& BulkRows::Null() {
  cells_.push_back({Cell::kNull, 0, 0});
  return *this;
}

void BulkRows::EndRow() { ++rows_; }

void BulkRows::Check() const {
  if (cells_.size() != rows_ * columns_.size()) {
    throw std::logic_error("bulk rows: a row has not as many values as there are columns");
  }
  // PostgreSQL can't hold them; SQLite must not take them either.
  if (text_.find('\0') != std::string::npos) {
    throw std::invalid_argument("bulk rows: a text has a NUL byte");
  }
}

void BulkRows::StepEach(Tx& tx, const std::string& text) const {
  SqliteStatement statement(SqliteOf(tx.db()), text);
  const Cell* cell = cells_.data();
  const int columns = static_cast<int>(columns_.size());
  for (size_t row = 0; row < rows_; ++row) {
    for (int column = 1; column <= columns; ++column, ++cell) {
      switch (cell->kind) {
        case Cell::kInt:
          sqlite_api::sqlite3_bind_int64(statement.get(), column, cell->number);
          break;
        case Cell::kText:
          sqlite_api::sqlite3_bind_text(statement.get(), column, text_.data() + cell->number,
                                        static_cast<int>(cell->length), SQLITE_STATIC);
          break;
        case Cell::kNull:
          sqlite_api::sqlite3_bind_null(statement.get(), column);
          break;
      }
    }
    statement.Step();
    sqlite_api::sqlite3_reset(statement.get());
  }
}

void BulkRows::CopyTo(Tx& tx, const std::string& table) const {
  constexpr size_t kPiece = 256 << 10;
  CopyIn copy(PostgresOf(tx.db()),
              absl::StrCat("COPY ", table, " (", absl::StrJoin(columns_, ", "), ") FROM STDIN"));
  std::string lines;
  lines.reserve(kPiece + (4 << 10));
  const Cell* cell = cells_.data();
  for (size_t row = 0; row < rows_; ++row) {
    for (size_t column = 0; column < columns_.size(); ++column, ++cell) {
      if (column > 0) lines += '\t';
      switch (cell->kind) {
        case Cell::kInt:
          absl::StrAppend(&lines, cell->number);
          break;
        case Cell::kText:
          AppendEscaped(lines, std::string_view(text_).substr(cell->number, cell->length));
          break;
        case Cell::kNull:
          lines += "\\N";
          break;
      }
    }
    lines += '\n';
    if (lines.size() >= kPiece) {
      copy.Send(lines);
      lines.clear();
    }
  }
  copy.Send(lines);
  copy.Finish();
}

// A table of this transaction with the columns' types of `table`, filled. Its name is new each
// time, because a transaction may load several.
std::string BulkRows::CopyToNewTable(Tx& tx, std::string_view table) const {
  static std::atomic<uint64_t> count{0};
  std::string name = absl::StrCat("bulk_", ++count);
  Execute(tx.db(), tx.dialect(),
          absl::StrCat("CREATE TEMPORARY TABLE ", name, " ON COMMIT DROP AS SELECT ",
                       absl::StrJoin(columns_, ", "), " FROM ", AbslView(table), " WITH NO DATA"));
  CopyTo(tx, name);
  return name;
}

void BulkRows::InsertInto(Tx& tx, std::string_view table, std::string_view conflict) const {
  Check();
  if (rows_ == 0) return;
  const std::string columns = absl::StrJoin(columns_, ", ");
  const std::string insert = absl::StrCat("INSERT INTO ", AbslView(table), " (", columns, ") ");
  if (tx.dialect() == Dialect::kSqlite) {
    const std::vector<std::string> marks(columns_.size(), "?");
    StepEach(
        tx, absl::StrCat(insert, "VALUES (", absl::StrJoin(marks, ", "), ") ", AbslView(conflict)));
  } else if (conflict.empty()) {
    CopyTo(tx, std::string(table));
  } else {
    const std::string loaded = CopyToNewTable(tx, table);
    Execute(tx.db(), tx.dialect(),
            absl::StrCat(insert, "SELECT ", columns, " FROM ", loaded, " ", AbslView(conflict)));
  }
}

void BulkRows::Update(Tx& tx, std::string_view table) const {
  Check();
  if (rows_ == 0) return;
  if (columns_.size() < 2) throw std::logic_error("bulk rows: an update needs a key and a column");
  const bool sqlite = tx.dialect() == Dialect::kSqlite;
  const std::string loaded = sqlite ? "" : CopyToNewTable(tx, table);
  std::vector<std::string> sets;
  for (size_t i = 1; i < columns_.size(); ++i) {
    sets.push_back(
        absl::StrCat(columns_[i], " = ",
                     sqlite ? absl::StrCat("?", i + 1) : absl::StrCat(loaded, ".", columns_[i])));
  }
  const std::string update =
      absl::StrCat("UPDATE ", AbslView(table), " SET ", absl::StrJoin(sets, ", "));
  const std::string& key = columns_[0];
  if (sqlite) {
    StepEach(tx, absl::StrCat(update, " WHERE ", key, " = ?1"));
  } else {
    Execute(tx.db(), tx.dialect(),
            absl::StrCat(update, " FROM ", loaded, " WHERE ", AbslView(table), ".", key, " = ",
                         loaded, ".", key));
  }
}

// ---- Lists of keys ----

namespace {

std::string In(const Tx& tx, std::string_view column, std::string_view parameter,
               std::string_view type) {
  if (tx.dialect() == Dialect::kSqlite) {
    return absl::StrCat(AbslView(column), " IN (SELECT value FROM json_each(:", AbslView(parameter),
                        "))");
  }
  return absl::StrCat(AbslView(column), " = ANY(CAST(:", AbslView(parameter), " AS ",
                      AbslView(type), "[]))");
}

// Quoted for a JSON array or an array literal of PostgreSQL.
void AppendQuoted(std::string& out, std::string_view text, bool json) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (json && byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string InInts(const Tx& tx, std::string_view column, std::string_view parameter) {
  return In(tx, column, parameter, "BIGINT");
}

std::string IntList(const Tx& tx, absl::Span<const int64_t> values) {
  const bool json = tx.dialect() == Dialect::kSqlite;
  return absl::StrCat(json ? "[" : "{", absl::StrJoin(values, ","), json ? "]" : "}");
}

std::string InTexts(const Tx& tx, std::string_view column, std::string_view parameter) {
  return In(tx, column, parameter, "TEXT");
}

std::string TextList(const Tx& tx, absl::Span<const std::string> values) {
  const bool json = tx.dialect() == Dialect::kSqlite;
  const auto quoted = [json](std::string* out, const std::string& text) {
    AppendQuoted(*out, text, json);
  };
  return absl::StrCat(json ? "[" : "{", absl::StrJoin(values, ",", quoted), json ? "]" : "}");
}

int64_t NextIds(Tx& tx, std::string_view noun, int64_t count) {
  const std::string name(noun);
  int64_t first = 0;
  tx.db() << "INSERT INTO sequences (noun, next) VALUES (:noun, 1 + CAST(:count AS BIGINT)) "
             "ON CONFLICT (noun) DO UPDATE SET next = sequences.next + CAST(:count AS BIGINT) "
             "RETURNING next - CAST(:count AS BIGINT)",
      use(name, "noun"), use(count, "count"), into(first);
  return first;
}

}  // namespace lingkaran::sql
