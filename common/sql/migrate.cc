#include <algorithm>
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
#include "common/base/error.h"
#include "common/base/log.h"
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

// Where a step is recorded. A program that knows only schema_migrations takes no notice of
// expansions, so it starts on a database that has them.
const char* TableOf(bool expand) { return expand ? "schema_expansions" : "schema_migrations"; }

// SQLite's lock is the write transaction itself. PostgreSQL's is held until the commit; its number
// is any that nobody else uses in this database. Another process may need a while for its step, but
// one that is stuck is not waited for; nor does a step that waits for a table hold up everybody who
// uses it for longer than any lock is waited for.
void Lock(Tx& tx) {
  if (tx.dialect() == Dialect::kPostgres) {
    std::string usual;
    tx.db() << "SELECT current_setting('lock_timeout')", into(usual);
    Execute(tx.db(), tx.dialect(),
            absl::StrCat("SET LOCAL lock_timeout = 60000; "
                         "SELECT pg_advisory_xact_lock(5077411090314); "
                         "SET LOCAL lock_timeout = '",
                         usual, "'"));
  }
  for (const bool expand : {false, true}) {
    Execute(tx.db(), tx.dialect(),
            absl::StrCat("CREATE TABLE IF NOT EXISTS ", TableOf(expand),
                         " (number INT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, "
                         "record_time BIGINT NOT NULL)"));
  }
}

absl::Status Refuse(std::string_view text) {
  return absl::FailedPreconditionError(absl::string_view(text.data(), text.size()));
}

// Digests by number.
std::map<int, std::string> Applied(Tx& tx, bool expand) {
  std::map<int, std::string> applied;
  int number = 0;
  std::string digest;
  ForEach(
      tx, absl::StrCat("SELECT number, digest FROM ", TableOf(expand)),
      [&] { applied[number] = digest; }, into(number), into(digest));
  return applied;
}

absl::Status RefuseUnknown(int number) {
  return Refuse(absl::StrCat("the database has migration ", number,
                             ", which this program does not know; start a newer release"));
}

// How many of `migrations` are applied; an error if the database holds what this program can't work
// with.
absl::StatusOr<size_t> CountApplied(Tx& tx, const std::vector<Migration>& migrations) {
  std::map<int, std::string> applied[2] = {Applied(tx, false), Applied(tx, true)};
  size_t count = 0;
  for (const Migration& migration : migrations) {
    std::map<int, std::string>& its = applied[migration.expand() ? 1 : 0];
    const auto found = its.find(migration.number);
    if (found == its.end()) break;
    if (found->second != Sha256(migration.text)) {
      return Refuse(absl::StrCat("migration ", std::string(migration.name),
                                 " was applied with another text; restore it and put the change "
                                 "into a new migration"));
    }
    its.erase(found);
    ++count;
  }
  const auto& [contractions, expansions] = applied;
  if (!contractions.empty()) return RefuseUnknown(contractions.rbegin()->first);
  // An expansion that we don't know is newer than all we know, or not ours.
  const bool complete = count == migrations.size();
  const int last = migrations.empty() ? 0 : migrations.back().number;
  if (!expansions.empty() && (!complete || expansions.begin()->first <= last)) {
    return RefuseUnknown(expansions.begin()->first);
  }
  return count;
}

void Apply(Tx& tx, const Migration& migration) {
  Execute(tx.db(), tx.dialect(), ForDialect(migration.text, tx.dialect()));
  const std::string name(migration.name);
  const std::string digest = Sha256(migration.text);
  const int64_t now = absl::ToUnixMillis(absl::Now());
  tx.db() << "INSERT INTO " << TableOf(migration.expand())
          << " (number, name, digest, record_time) VALUES (:number, :name, :digest, :now)",
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

bool Migration::expand() const {
  constexpr std::string_view kExpand = "_expand_";
  return name.substr(std::min(name.find('_'), name.size())).substr(0, kExpand.size()) == kExpand;
}

absl::Status Migrate(Database& database, const std::vector<Migration>& migrations) {
  RETURN_IF_ERROR(CheckOrder(migrations));
  for (bool done = false; !done;) {
    std::string_view step;
    // Each step looks anew: another process may have taken it.
    RETURN_IF_ERROR(database.Write([&](Tx& tx) -> absl::Status {
      step = "";
      tx.LiftLimits();
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
