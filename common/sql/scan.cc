#include "common/sql/scan.h"

#include <charconv>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/sql/native.h"

namespace lingkaran::sql {
namespace {

// A COPY ... TO STDOUT under way. If it is left before its end, the server is told to stop.
class PostgresScan {
 public:
  PostgresScan(PGconn* connection, const std::string& query) : connection_(connection) {
    const PostgresResult result(
        PQexec(connection, absl::StrCat("COPY (", query, ") TO STDOUT").c_str()), &PQclear);
    if (PQresultStatus(result.get()) != PGRES_COPY_OUT) ThrowPostgres(connection, result.get());
  }
  PostgresScan(const PostgresScan&) = delete;
  PostgresScan& operator=(const PostgresScan&) = delete;
  ~PostgresScan() {
    if (ended_) return;
    const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(connection_),
                                                                    &PQfreeCancel);
    char error[256];
    if (cancel != nullptr) PQcancel(cancel.get(), error, sizeof error);
    char* line = nullptr;
    while (PQgetCopyData(connection_, &line, 0) > 0) PQfreemem(line);
    while (const PostgresResult result{PQgetResult(connection_), &PQclear}) {
    }
  }

  // The cells of the next row, which are there until the one after it; false at the end.
  bool Next(std::vector<std::string_view>& cells) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection_, &bytes, 0);
    line_.reset(bytes);
    if (size < 0) {
      ended_ = true;
      EndCopy(connection_);
      return false;
    }
    Split(std::string_view(bytes, static_cast<size_t>(size)), cells);
    return true;
  }

 private:
  // The cells of a line in COPY's text format, which ends in a line feed.
  void Split(std::string_view line, std::vector<std::string_view>& cells) {
    cells.clear();
    plain_.clear();
    plain_.reserve(line.size());  // views into it stay
    line.remove_suffix(1);
    while (true) {
      const size_t end = line.find('\t');
      cells.push_back(Plain(line.substr(0, end)));
      if (end == std::string_view::npos) return;
      line.remove_prefix(end + 1);
    }
  }

  std::string_view Plain(std::string_view cell) {
    if (cell.find('\\') == std::string_view::npos) return cell;
    if (cell == "\\N") return {};
    const size_t begin = plain_.size();
    for (size_t i = 0; i < cell.size(); ++i) {
      if (cell[i] != '\\' || i + 1 == cell.size()) {
        plain_ += cell[i];
        continue;
      }
      const char c = cell[++i];
      constexpr std::string_view kNames = "bfnrtv", kMeant = "\b\f\n\r\t\v";
      const size_t known = kNames.find(c);
      plain_ += known == std::string_view::npos ? c : kMeant[known];
    }
    return std::string_view(plain_).substr(begin);
  }

  PGconn* connection_;
  bool ended_ = false;
  std::unique_ptr<char, decltype(&PQfreemem)> line_{nullptr, &PQfreemem};
  std::string plain_;  // cells that were escaped
};

}  // namespace

int64_t RawRow::Int(int column) const {
  if (statement_ != nullptr) {
    return sqlite_api::sqlite3_column_int64(static_cast<sqlite_api::sqlite3_stmt*>(statement_),
                                            column);
  }
  int64_t value = 0;
  const std::string_view cell = cells_[static_cast<size_t>(column)];
  std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return value;
}

std::string_view RawRow::Text(int column) const {
  if (statement_ == nullptr) return cells_[static_cast<size_t>(column)];
  auto* const statement = static_cast<sqlite_api::sqlite3_stmt*>(statement_);
  const auto* const text = sqlite_api::sqlite3_column_text(statement, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite_api::sqlite3_column_bytes(statement, column))};
}

void ForEachRaw(Tx& tx, const std::string& query, absl::FunctionRef<bool(const RawRow&)> row) {
  RawRow at_hand;
  if (tx.dialect() == Dialect::kSqlite) {
    SqliteStatement statement(SqliteOf(tx.db()), query);
    at_hand.statement_ = statement.get();
    while (statement.Step() && row(at_hand)) {
    }
  } else {
    PostgresScan scan(PostgresOf(tx.db()), query);
    while (scan.Next(at_hand.cells_) && row(at_hand)) {
    }
  }
}

}  // namespace lingkaran::sql
