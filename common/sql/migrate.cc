#include <map>
#include <string>
#include <vector>

#include <openssl/evp.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/sql/database.h"
#include "common/sql/native.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;

std::string Sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), length));
}

// The text for one database: its own dialect lines uncovered, comments gone.
std::string ForDialect(std::string_view text, Dialect dialect) {
  const absl::string_view own = dialect == Dialect::kSqlite ? "-- sqlite:" : "-- postgres:";
  std::string out;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    const absl::string_view trimmed = absl::StripLeadingAsciiWhitespace(line);
    if (absl::StartsWith(trimmed, own)) {
      absl::StrAppend(&out, trimmed.substr(own.size()), "\n");
    } else if (!absl::StartsWith(trimmed, "--")) {
      absl::StrAppend(&out, line, "\n");
    }
  }
  return out;
}

// SQLite's lock is the write transaction itself. PostgreSQL's is held until the commit; its number
// is any that nobody else uses in this database.
void Lock(Tx& tx) {
  if (tx.dialect() == Dialect::kPostgres) {
    Execute(tx.db(), tx.dialect(), "SELECT pg_advisory_xact_lock(5077411090314)");
  }
  Execute(tx.db(), tx.dialect(),
          "CREATE TABLE IF NOT EXISTS schema_migrations (number INT PRIMARY KEY, "
          "name TEXT NOT NULL, digest TEXT NOT NULL, record_time BIGINT NOT NULL)");
}

absl::Status Refuse(std::string_view text) {
  return absl::FailedPreconditionError(absl::string_view(text.data(), text.size()));
}

// How many of `migrations` are applied; an error if the database holds anything else.
absl::StatusOr<size_t> CountApplied(Tx& tx, const std::vector<Migration>& migrations) {
  std::map<int, std::string> applied;
  int number = 0;
  std::string digest;
  ForEach(
      tx, "SELECT number, digest FROM schema_migrations", [&] { applied[number] = digest; },
      into(number), into(digest));
  size_t count = 0;
  for (const Migration& migration : migrations) {
    const auto found = applied.find(migration.number);
    if (found == applied.end()) break;
    if (found->second != Sha256(migration.text)) {
      return Refuse(absl::StrCat("migration ", std::string(migration.name),
                                 " was applied with another text; restore it and put the change "
                                 "into a new migration"));
    }
    applied.erase(found);
    ++count;
  }
  if (!applied.empty()) {
    return Refuse(absl::StrCat("the database has migration ", applied.rbegin()->first,
                               ", which this program does not know; start a newer release"));
  }
  return count;
}

void Apply(Tx& tx, const Migration& migration) {
  Execute(tx.db(), tx.dialect(), ForDialect(migration.text, tx.dialect()));
  const std::string name(migration.name);
  const std::string digest = Sha256(migration.text);
  const int64_t now = absl::ToUnixMillis(absl::Now());
  tx.db() << "INSERT INTO schema_migrations (number, name, digest, record_time) "
             "VALUES (:number, :name, :digest, :now)",
      use(migration.number, "number"), use(name, "name"), use(digest, "digest"), use(now, "now");
}

absl::Status CheckOrder(const std::vector<Migration>& migrations) {
  for (size_t i = 1; i < migrations.size(); ++i) {
    if (migrations[i - 1].number >= migrations[i].number) {
      return Refuse(absl::StrCat("migration ", std::string(migrations[i].name),
                                 " is out of order; number the files upwards"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(Database& database, const std::vector<Migration>& migrations) {
  RETURN_IF_ERROR(CheckOrder(migrations));
  for (bool done = false; !done;) {
    std::string_view step;
    // Each step looks anew: another process may have taken it.
    RETURN_IF_ERROR(database.Write([&](Tx& tx) -> absl::Status {
      step = "";
      Lock(tx);
      ASSIGN_OR_RETURN(const size_t applied, CountApplied(tx, migrations));
      done = applied == migrations.size();
      if (done) return absl::OkStatus();
      step = migrations[applied].name;
      Apply(tx, migrations[applied]);
      return absl::OkStatus();
    }));
    if (!step.empty()) Log(Severity::kInfo, "migrated", {{"step", step}});
  }
  return absl::OkStatus();
}

}  // namespace lingkaran::sql
