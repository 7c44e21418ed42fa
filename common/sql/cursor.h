// Queries whose answers are too long to hold: rows come in portions, so memory stays the same
// however many there are.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/sql/database.h"

namespace lingkaran::sql {

// As ForEach, but PostgreSQL sends 5,000 rows at a time instead of all at once (SQLite never sends
// more than one). `row` may use no other cursor and, since each portion is a statement of its own,
// sees the rows of its transaction's snapshot: for Database::Read. Its first error stops and is
// returned.
//   ForEachInPortions(tx, "SELECT id FROM t ORDER BY id", [&] { return Put(id); }, into(id));
template <typename... Exchange>
absl::Status ForEachInPortions(Tx& tx, const std::string& query,
                               absl::FunctionRef<absl::Status()> row, Exchange... exchange) {
  absl::Status status;
  const auto run = [&](const std::string& text) {
    soci::statement statement(tx.db());
    (statement.exchange(exchange), ...);
    statement.alloc();
    statement.prepare(text, soci::details::st_one_time_query);
    statement.define_and_bind();
    int rows = 0;
    for (bool more = statement.execute(true); more; more = statement.fetch()) {
      ++rows;
      status = row();
      if (!status.ok()) return 0;
    }
    return rows;
  };
  if (tx.dialect() == Dialect::kSqlite) {
    run(query);
    return status;
  }
  constexpr int kPortion = 5'000;
  tx.db() << absl::StrCat("DECLARE portions NO SCROLL CURSOR FOR ", query);
  while (run(absl::StrCat("FETCH ", kPortion, " FROM portions")) == kPortion) {
  }
  tx.db() << "CLOSE portions";
  return status;
}

}  // namespace lingkaran::sql
