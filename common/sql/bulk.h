// What SQLite and PostgreSQL do differently at scale: many rows in, and look-ups by a list of keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/sql/database.h"

namespace lingkaran::sql {

// Rows for one table: COPY on PostgreSQL, a prepared loop on SQLite.
//   BulkRows rows({"worker_id", "region_code"});
//   rows.Int(17).Text("33.72.01").EndRow();
//   RETURN_IF_ERROR / throws as Tx does: rows.InsertInto(tx, "workers");
class BulkRows {
 public:
  explicit BulkRows(std::vector<std::string> columns);
  BulkRows& Int(int64_t value);
  BulkRows& Text(std::string_view value);  // no NUL bytes
  BulkRows& Null();
  void EndRow();
  size_t size() const { return rows_; }

  // Inserts all rows. `conflict` may be an ON CONFLICT clause ("ON CONFLICT (worker_id) DO UPDATE
  // SET ... = excluded...."); no key may then come twice in these rows.
  void InsertInto(Tx& tx, std::string_view table, std::string_view conflict = "") const;
  // Updates rows of `table` whose `key` (the first column given) is equal; the other columns are
  // set. Keys that are not there change nothing.
  void Update(Tx& tx, std::string_view table) const;

 private:
  void Check() const;
  void StepEach(Tx& tx, const std::string& text) const;              // SQLite
  void CopyTo(Tx& tx, const std::string& table) const;               // PostgreSQL
  std::string CopyToNewTable(Tx& tx, std::string_view table) const;  // PostgreSQL

  struct Cell {
    enum Kind : uint8_t { kInt, kText, kNull } kind;
    int64_t number;   // or offset into text_
    uint32_t length;  // of text
  };
  std::vector<std::string> columns_;
  std::vector<Cell> cells_;
  std::string text_;
  size_t rows_ = 0;
};

// "column IN (...)" over a list bound as one text parameter named `parameter`:
//   const std::string list = IntList(tx, ids);
//   ForEach(tx, "SELECT ... WHERE " + InInts(tx, "worker_id", "ids"), ..., use(list, "ids"));
// An empty list finds nothing.
std::string InInts(const Tx& tx, std::string_view column, std::string_view parameter);
std::string IntList(const Tx& tx, absl::Span<const int64_t> values);
std::string InTexts(const Tx& tx, std::string_view column, std::string_view parameter);
std::string TextList(const Tx& tx, absl::Span<const std::string> values);

// Takes `count` consecutive ids of `noun` from table sequences(noun, next) and gives the first.
// The noun's row stays locked until the end of the transaction, so ids appear in the order of their
// commits, and transactions that take ids of one noun wait for each other: take them late, in one
// call, and several nouns always in the same order.
int64_t NextIds(Tx& tx, std::string_view noun, int64_t count);

}  // namespace lingkaran::sql
