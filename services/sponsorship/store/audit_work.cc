#include "services/sponsorship/store/audit_work.h"

#include <soci/soci.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/cursor.h"
#include "services/sponsorship/store/work_items.h"

namespace lingkaran::sponsorship {
namespace {

using soci::into;
using soci::use;
using sql::ForEachInPortions;
using sql::Tx;

// Work items of an allocation that wait.
struct Steps {
  int64_t steps = 0;
  int64_t slots = 0;
  std::map<std::pair<int, int>, int64_t> parts;  // seats by their person-months
};

// The rows of the outbox, taken apart.
struct Rows {
  int64_t rows = 0;
  std::set<std::string> owners;         // "allocation/3", "replace/7", "contribution/2"
  std::map<int64_t, Steps> allocation;  // by allocation
};

// The first two parts of a key.
std::string OwnerOf(const std::string& key) {
  const std::vector<absl::string_view> parts = absl::StrSplit(key, '/');
  return parts.size() < 2 ? key : absl::StrCat(parts[0], "/", parts[1]);
}

absl::StatusOr<Rows> ReadRows(Tx& tx, AuditLines& lines) {
  Rows rows;
  int64_t seq = 0;
  std::string key, kind, body;
  RETURN_IF_ERROR(ForEachInPortions(
      tx, "SELECT seq, key, kind, body FROM outbox ORDER BY seq",
      [&]() -> absl::Status {
        ++rows.rows;
        rows.owners.insert(OwnerOf(key));
        if (kind != "enrol" && kind != "activate") return absl::OkStatus();
        const absl::StatusOr<std::string> text = FromBase64Url(body);
        const absl::StatusOr<WorkItem> item = text.ok() ? ReadWorkItem(*text) : text.status();
        if (!item.ok()) {
          return lines.Finding(absl::StrCat("outbox: row ", seq, " can't be read"));
        }
        Steps& steps = rows.allocation[item->owner_id];
        ++steps.steps;
        steps.slots += static_cast<int64_t>(item->slots.size());
        for (const Slot& slot : item->slots) ++steps.parts[{slot.from, slot.to}];
        return absl::OkStatus();
      },
      into(seq), into(key), into(kind), into(body)));
  return rows;
}

// Runs a query for (id, other id) pairs and gives each to `row`.
absl::Status ForPairs(Tx& tx, const std::string& query,
                      absl::FunctionRef<absl::Status(int64_t, int64_t)> row) {
  int64_t a = 0, b = 0;
  return ForEachInPortions(
      tx, query, [&] { return row(a, b); }, into(a), into(b));
}

absl::Status AuditAllocations(Tx& tx, Rows& rows, WorkUnderWay& work, AuditLines& lines) {
  int64_t id = 0, pledge = 0, state = 0, steps = 0, slots = 0;
  absl::Status status;
  const auto find = [&](const std::string& text) {
    if (status.ok()) status = lines.Finding(absl::StrCat("allocation ", id, ": ", text));
  };
  // Of the many that have ended only those with something left.
  RETURN_IF_ERROR(ForEachInPortions(
      tx,
      "SELECT allocation_id, pledge_id, state, steps_under_way, slots_under_way FROM allocations "
      "WHERE state = 1 OR steps_under_way <> 0 OR slots_under_way <> 0 ORDER BY allocation_id",
      [&] {
        const Steps waiting = rows.allocation[id];
        rows.allocation.erase(id);
        if (state != 1) find("has ended with steps under way");
        if (state == 1 && !rows.owners.contains(absl::StrCat("allocation/", id))) {
          find("runs, and no row of the outbox takes it on");
        }
        if (steps != waiting.steps || slots != waiting.slots) {
          find(absl::StrCat("counts ", steps, " steps with ", slots,
                            " slots under way, the outbox ", waiting.steps, " with ",
                            waiting.slots));
        }
        work.pledges.insert(pledge);
        for (const auto& [part, seats] : waiting.parts) {
          work.waiting[pledge].push_back({part.first, part.second, seats});
        }
        return status;
      },
      into(id), into(pledge), into(state), into(steps), into(slots)));
  for (const auto& [owner, waiting] : rows.allocation) {
    id = owner;
    find("is not running, and steps of it wait in the outbox");
  }
  return status;
}

absl::Status AuditReplacements(Tx& tx, const Rows& rows, WorkUnderWay& work, AuditLines& lines) {
  RETURN_IF_ERROR(ForPairs(
      tx,
      "SELECT replacement_id, pledge_id FROM replacements WHERE state = 0 ORDER BY replacement_id",
      [&](int64_t id, int64_t pledge) {
        work.pledges.insert(pledge);
        if (rows.owners.contains(absl::StrCat("replace/", pledge))) return absl::OkStatus();
        return lines.Finding(
            absl::StrCat("replacement ", id, ": runs, and no row of the outbox takes it on"));
      }));
  // Taken back, and waiting for a newcomer: its money is set aside until the seat is given.
  int64_t pledge = 0, seats = 0;
  int from = 0, to = 0;
  return ForEachInPortions(
      tx,
      "SELECT pledge_id, cut_index, to_index, COUNT(*) FROM replacement_lines WHERE state = 1 "
      "GROUP BY pledge_id, cut_index, to_index ORDER BY pledge_id, cut_index, to_index",
      [&] {
        work.waiting[pledge].push_back({from, to, seats});
        return absl::OkStatus();
      },
      into(pledge), into(from), into(to), into(seats));
}

absl::Status AuditContributions(Tx& tx, const Rows& rows, AuditLines& lines) {
  return ForPairs(tx,
                  "SELECT contribution_id, amount FROM contributions WHERE state = 0 ORDER BY 1",
                  [&](int64_t id, int64_t) {
                    if (rows.owners.contains(absl::StrCat("contribution/", id)))
                      return absl::OkStatus();
                    return lines.Finding(absl::StrCat(
                        "contribution ", id, ": waits, and no row of the outbox takes it on"));
                  });
}

// Queries for ids of what is wrong with two numbers that should be the same.
struct Check {
  const char* noun;
  const char* text;
  const char* query;
};

constexpr Check kChecks[] = {
    {"allocation", "refusals as counted and as listed: ",
     "SELECT a.allocation_id, CAST(a.refused AS BIGINT), CAST(COALESCE(r.n, 0) AS BIGINT) "
     "FROM allocations a LEFT JOIN (SELECT allocation_id, COUNT(*) AS n FROM refusals "
     "GROUP BY allocation_id) r ON r.allocation_id = a.allocation_id "
     "WHERE a.refused <> COALESCE(r.n, 0) ORDER BY a.allocation_id"},
    {"allocation", "candidates as counted and as drawn: ",
     "SELECT a.allocation_id, CAST(a.candidates AS BIGINT), CAST(COALESCE(l.n, 0) AS BIGINT) "
     "FROM allocations a LEFT JOIN (SELECT allocation_id, COUNT(*) AS n FROM allocation_lines "
     "GROUP BY allocation_id) l ON l.allocation_id = a.allocation_id "
     "WHERE a.candidates <> COALESCE(l.n, 0) ORDER BY a.allocation_id"},
    {"allocation", "spent as counted and in the journal: ",
     "SELECT a.allocation_id, a.spent, CAST(COALESCE(e.total, 0) AS BIGINT) FROM allocations a "
     "LEFT JOIN (SELECT reference, SUM(amount) AS total FROM ledger_entries "
     "WHERE kind = 'spend' AND amount > 0 GROUP BY reference) e "
     "ON e.reference = 'allocation/' || CAST(a.allocation_id AS TEXT) "
     "WHERE a.spent <> COALESCE(e.total, 0) ORDER BY a.allocation_id"},
    {"replacement", "given to newcomers as counted and in the journal: ",
     "SELECT l.replacement_id, l.total, CAST(COALESCE(e.total, 0) AS BIGINT) FROM "
     "(SELECT replacement_id, CAST(SUM(moved) AS BIGINT) AS total FROM replacement_lines "
     "GROUP BY replacement_id) l "
     "LEFT JOIN (SELECT reference, SUM(amount) AS total FROM ledger_entries "
     "WHERE kind = 'spend' AND amount > 0 GROUP BY reference) e "
     "ON e.reference = 'replacement/' || CAST(l.replacement_id AS TEXT) "
     "WHERE l.total <> COALESCE(e.total, 0) ORDER BY l.replacement_id"},
    {"replacement", "given back to the pledge as counted and in the journal: ",
     "SELECT l.replacement_id, l.total, CAST(COALESCE(e.total, 0) AS BIGINT) FROM "
     "(SELECT replacement_id, CAST(SUM(released) AS BIGINT) AS total FROM replacement_lines "
     "GROUP BY replacement_id) l "
     "LEFT JOIN (SELECT reference, SUM(amount) AS total FROM ledger_entries "
     "WHERE kind = 'release' AND amount > 0 GROUP BY reference) e "
     "ON e.reference = 'replacement/' || CAST(l.replacement_id AS TEXT) "
     "WHERE l.total <> COALESCE(e.total, 0) ORDER BY l.replacement_id"},
};

absl::Status AuditCounts(Tx& tx, AuditLines& lines) {
  for (const Check& check : kChecks) {
    int64_t id = 0, counted = 0, found = 0;
    RETURN_IF_ERROR(ForEachInPortions(
        tx, check.query,
        [&] {
          return lines.Finding(
              absl::StrCat(check.noun, " ", id, ": ", check.text, counted, " and ", found));
        },
        into(id), into(counted), into(found)));
  }
  return absl::OkStatus();
}

// A seat that is busy for ever is never filled.
absl::Status AuditBusySeats(Tx& tx, AuditLines& lines) {
  return ForPairs(
      tx,
      "SELECT s.pledge_id, CAST(s.seat_number AS BIGINT) FROM seats s WHERE s.busy <> 0 "
      "AND NOT EXISTS (SELECT 1 FROM allocations a WHERE a.allocation_id = -s.busy AND a.state = "
      "1) "
      "AND NOT EXISTS (SELECT 1 FROM replacements r WHERE r.replacement_id = s.busy "
      "AND r.state = 0) ORDER BY s.pledge_id, s.seat_number",
      [&](int64_t pledge, int64_t seat) {
        return lines.Finding(absl::StrCat("pledge ", pledge, ": seat ", seat,
                                          " is kept busy by work that has ended"));
      });
}

}  // namespace

absl::StatusOr<WorkUnderWay> AuditWork(Tx& tx, AuditLines& lines) {
  WorkUnderWay work;
  ASSIGN_OR_RETURN(Rows rows, ReadRows(tx, lines));
  work.rows = rows.rows;
  RETURN_IF_ERROR(AuditAllocations(tx, rows, work, lines));
  RETURN_IF_ERROR(AuditReplacements(tx, rows, work, lines));
  RETURN_IF_ERROR(AuditContributions(tx, rows, lines));
  RETURN_IF_ERROR(AuditCounts(tx, lines));
  RETURN_IF_ERROR(AuditBusySeats(tx, lines));
  return work;
}

}  // namespace lingkaran::sponsorship
