#include "services/coverage/store/audit.h"

#include <soci/soci.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/cursor.h"
#include "services/coverage/store/change_log.h"

namespace lingkaran::coverage::store {
namespace {

using soci::indicator;
using soci::into;
using sql::ForEachInPortions;
using sql::Tx;

// A query for what breaks a rule: two numbers that name it.
struct Rule {
  const char* text;
  const char* query;
};

constexpr Rule kRules[] = {
    {"worker, month: nobody is named as payer, or two are",
     "SELECT worker_id, CAST(month AS BIGINT) FROM person_months "
     "WHERE (pledge_id = 0) = (contribution_id = 0) ORDER BY worker_id, month"},
    {"worker, month: covered days are not in the month",
     "SELECT worker_id, CAST(month AS BIGINT) FROM person_months "
     "WHERE first_day / 100 <> month OR last_day / 100 <> month ORDER BY worker_id, month"},
    {"worker, month: paid twice",
     "SELECT worker_id, CAST(month AS BIGINT) FROM person_months WHERE revoked_position = 0 "
     "GROUP BY worker_id, programme, month HAVING COUNT(*) > 1 ORDER BY worker_id, month"},
    {"worker, month: booked or taken back at a position that the log has not reached",
     "SELECT p.worker_id, CAST(p.month AS BIGINT) FROM person_months p, log_position l "
     "WHERE p.booked_position > l.position OR p.revoked_position > l.position "
     "OR p.booked_position <= 0 ORDER BY p.worker_id, p.month"},
    {"worker, month: taken back before it was booked",
     "SELECT worker_id, CAST(month AS BIGINT) FROM person_months WHERE revoked_position <> 0 "
     "AND revoked_position < booked_position ORDER BY worker_id, month"},
    {"worker, pledge: paid for, and missing among the pledge's workers",
     "SELECT DISTINCT p.worker_id, p.pledge_id FROM person_months p WHERE p.pledge_id <> 0 "
     "AND NOT EXISTS (SELECT 1 FROM pledge_workers w WHERE w.pledge_id = p.pledge_id "
     "AND w.worker_id = p.worker_id) ORDER BY 1, 2"},
    {"worker, pledge: among the pledge's workers, and never paid for",
     "SELECT w.worker_id, w.pledge_id FROM pledge_workers w WHERE NOT EXISTS (SELECT 1 FROM "
     "person_months p WHERE p.worker_id = w.worker_id AND p.pledge_id = w.pledge_id) ORDER BY 1, "
     "2"},
    {"worker, month: has cover and is no member",
     "SELECT p.worker_id, CAST(MIN(p.month) AS BIGINT) FROM person_months p WHERE NOT EXISTS "
     "(SELECT 1 FROM members m WHERE m.worker_id = p.worker_id) GROUP BY p.worker_id ORDER BY 1"},
    {"member, version: recorded at a position that the log has not reached",
     "SELECT m.worker_id, m.version FROM members m, log_position l "
     "WHERE m.position > l.position OR m.position <= 0 OR m.version <= 0 ORDER BY m.worker_id"},
    {"member, version: not newer than the history",
     "SELECT m.worker_id, m.version FROM members m WHERE EXISTS (SELECT 1 FROM member_history h "
     "WHERE h.worker_id = m.worker_id AND (h.version >= m.version OR h.position > m.position)) "
     "ORDER BY m.worker_id"},
    {"member, version: has a history and is no member",
     "SELECT h.worker_id, h.version FROM member_history h WHERE NOT EXISTS "
     "(SELECT 1 FROM members m WHERE m.worker_id = h.worker_id) ORDER BY h.worker_id, h.version"},
    {"change log, begun and position: rows are missing between, or too many",
     "SELECT l.recorded_from, l.recorded FROM log_position l, (SELECT COALESCE(MIN(position), 0) "
     "AS "
     "first, COUNT(*) AS many, COALESCE(MAX(position), 0) AS last FROM change_log WHERE position > "
     "(SELECT recorded_from FROM log_position)) c WHERE l.recorded = l.position AND "
     "((l.recorded_from > 0 AND c.many <> l.recorded - l.recorded_from) OR "
     "(c.many > 0 AND (c.last <> l.recorded OR c.last - c.first + 1 <> c.many)))"},
    {"record, position: of nobody, or from the future",
     "SELECT r.worker_id, r.position FROM member_records r, log_position l WHERE r.position > "
     "l.position OR NOT EXISTS (SELECT 1 FROM members m WHERE m.worker_id = r.worker_id) "
     "ORDER BY r.worker_id"},
};

absl::Status AuditRules(Tx& tx, AuditLines& lines) {
  for (const Rule& rule : kRules) {
    int64_t a = 0, b = 0;
    RETURN_IF_ERROR(ForEachInPortions(
        tx, rule.query, [&] { return lines.Finding(absl::StrCat(rule.text, ": ", a, ", ", b)); },
        into(a), into(b)));
  }
  return absl::OkStatus();
}

absl::Status PutTotals(Tx& tx, AuditLines& lines) {
  AuditTotal total;
  return ForEachInPortions(
      tx,
      "SELECT pledge_id, contribution_id, COUNT(*), CAST(SUM(amount) AS BIGINT) "
      "FROM person_months WHERE revoked_position = 0 GROUP BY pledge_id, contribution_id "
      "ORDER BY pledge_id, contribution_id",
      [&] { return lines.Total(total); }, into(total.pledge_id), into(total.contribution_id),
      into(total.person_months), into(total.spent));
}

// Gathers rows of one worker and source and puts them out together.
absl::Status PutWorkers(Tx& tx, const std::string& query, AuditLines& lines) {
  AuditWorker row, gathered;
  AuditMonth month;
  const auto put = [&] {
    const absl::Status status = gathered.months.empty() ? absl::OkStatus() : lines.Worker(gathered);
    gathered.months.clear();
    return status;
  };
  RETURN_IF_ERROR(ForEachInPortions(
      tx, query,
      [&]() -> absl::Status {
        const bool same = row.worker_id == gathered.worker_id &&
                          row.pledge_id == gathered.pledge_id &&
                          row.contribution_id == gathered.contribution_id;
        const absl::Status put_before = same ? absl::OkStatus() : put();
        if (!put_before.ok()) return put_before;
        gathered.worker_id = row.worker_id;
        gathered.pledge_id = row.pledge_id;
        gathered.contribution_id = row.contribution_id;
        gathered.months.push_back(month);
        return absl::OkStatus();
      },
      into(row.pledge_id), into(row.contribution_id), into(row.worker_id), into(month.programme),
      into(month.month), into(month.amount)));
  return put();
}

absl::Status PutMembers(Tx& tx, AuditLines& lines) {
  AuditMember member;
  indicator has_number = soci::i_ok;
  return ForEachInPortions(
      tx, "SELECT worker_id, version, membership_number FROM members ORDER BY worker_id",
      [&] {
        if (has_number == soci::i_null) member.membership_number.clear();
        return lines.Member(member);
      },
      into(member.worker_id), into(member.version), into(member.membership_number, has_number));
}

// What caches are filled from is what the tables say; while it is being mended it may differ.
absl::Status AuditRecords(Tx& tx, AuditLines& lines) {
  constexpr int kPortion = 5'000;
  if (!ReadLogHead(tx).whole()) return absl::OkStatus();
  Differences found;
  int64_t after = -1;
  for (found.last = 0; found.last != after;) {
    after = found.last;
    found = CompareRecords(tx, after, kPortion);
    for (const MemberRecord& truth : found.truth) {
      RETURN_IF_ERROR(lines.Finding(
          absl::StrCat("worker: the record for caches is not the truth: ", truth.facts.worker_id)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AuditCounts> AuditBook(Tx& tx, bool totals_only, AuditLines& lines) {
  AuditCounts counts;
  tx.db() << "SELECT COUNT(*) FROM person_months", into(counts.entries);
  RETURN_IF_ERROR(AuditRules(tx, lines));
  RETURN_IF_ERROR(PutTotals(tx, lines));
  if (totals_only) return counts;
  RETURN_IF_ERROR(PutWorkers(tx,
                             "SELECT pledge_id, contribution_id, worker_id, programme, month, "
                             "amount FROM person_months WHERE revoked_position = 0 "
                             "AND pledge_id = 0 "
                             "ORDER BY contribution_id, worker_id, programme, month",
                             lines));
  // Along the two keys: nothing is sorted. A pledge that is missing for somebody was a finding.
  RETURN_IF_ERROR(PutWorkers(
      tx,
      "SELECT w.pledge_id, p.contribution_id, w.worker_id, p.programme, p.month, p.amount "
      "FROM pledge_workers w JOIN person_months p ON p.worker_id = w.worker_id "
      "AND p.pledge_id = w.pledge_id WHERE p.revoked_position = 0 "
      "ORDER BY w.pledge_id, w.worker_id, p.programme, p.month",
      lines));
  RETURN_IF_ERROR(PutMembers(tx, lines));
  RETURN_IF_ERROR(AuditRecords(tx, lines));
  return counts;
}

}  // namespace lingkaran::coverage::store
