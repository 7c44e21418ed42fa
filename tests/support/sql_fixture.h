// A small schema and helpers for the tests of common/sql.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/gate.h"
#include "tests/support/test_database.h"

namespace lingkaran::sql {

// A table, and a step for each dialect.
inline const std::vector<Migration>& Things() {
  static const std::vector<Migration> kSchema = {
      {1, "0001_things",
       "-- It isn't run: this comment's apostrophes and :colons are no SQL.\n"
       "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT UNIQUE,\n"
       "  amount BIGINT NOT NULL DEFAULT 0 CHECK (amount >= 0));\n"
       "CREATE TABLE sequences (noun TEXT PRIMARY KEY, next BIGINT NOT NULL);\n"},
      {2, "0002_dialects",
       "-- sqlite: CREATE TABLE only_here (sqlite INT);\n"
       "-- postgres: CREATE TABLE only_here (postgres INT);\n"
       "INSERT INTO things (id, name) VALUES (1, 'a:b; it''s 12:30');\n"},
  };
  return kSchema;
}

inline absl::Status AddThing(Tx& tx, int64_t id, const std::string& name, int64_t amount = 0) {
  tx.db() << "INSERT INTO things (id, name, amount) VALUES (:id, :name, :amount)",
      soci::use(id, "id"), soci::use(name, "name"), soci::use(amount, "amount");
  return absl::OkStatus();
}

}  // namespace lingkaran::sql
