// Reads a whole table as fast as the driver gives it: stepping through one statement on SQLite,
// COPY on PostgreSQL, no conversion, no copy of a cell, in constant memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "common/sql/database.h"

namespace lingkaran::sql {

// The row at hand; columns count from 0. Valid during the call that it was given to.
class RawRow {
 public:
  int64_t Int(int column) const;
  // Empty for NULL.
  std::string_view Text(int column) const;

 private:
  friend void ForEachRaw(Tx&, const std::string&, absl::FunctionRef<bool(const RawRow&)>);
  void* statement_ = nullptr;            // SQLite
  std::vector<std::string_view> cells_;  // PostgreSQL
};

// Calls `row` for each row of a query without parameters; it must run no other statement of this
// transaction, and returns false to stop. Stopping early on PostgreSQL costs the transaction: its
// body must return an error then. For long scans lift the limits first (Tx::LiftLimits).
void ForEachRaw(Tx& tx, const std::string& query, absl::FunctionRef<bool(const RawRow&)> row);

}  // namespace lingkaran::sql
