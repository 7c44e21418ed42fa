#include "services/registry/store/audit.h"

#include <soci/soci.h>

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/crypto/personal_data_vault.h"
#include "common/sql/cursor.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/registry/domain/worker.h"

namespace lingkaran::registry::store {
namespace {

using soci::indicator;
using soci::into;
using sql::ForEachInPortions;
using sql::Tx;

// A query for what breaks a rule: an id, and what two places say of it.
struct Rule {
  const char* noun;
  const char* text;
  const char* query;
};

// The totals of a list as they are counted, and the rows themselves.
#define LINGKARAN_LIST_RULE(column, status)                                                   \
  "SELECT b.batch_id, CAST(b." column                                                         \
  " AS BIGINT), CAST(COALESCE(r.n, 0) AS BIGINT) FROM batches b LEFT JOIN (SELECT batch_id, " \
  "COUNT(*) AS n FROM batch_rows WHERE status = " status                                      \
  " GROUP BY batch_id) r ON r.batch_id = b.batch_id WHERE b." column                          \
  " <> COALESCE(r.n, 0) ORDER BY b.batch_id"

constexpr Rule kRules[] = {
    {"list", "accepted rows as counted and as answered", LINGKARAN_LIST_RULE("accepted_rows", "1")},
    {"list", "rejected rows as counted and as answered", LINGKARAN_LIST_RULE("rejected_rows", "2")},
    {"list", "duplicate rows as counted and as answered",
     LINGKARAN_LIST_RULE("duplicate_rows", "3")},
    {"list", "is complete, with rows declared and answered",
     "SELECT batch_id, CAST(declared_rows AS BIGINT), "
     "CAST(accepted_rows + rejected_rows + duplicate_rows AS BIGINT) FROM batches "
     "WHERE state <> 1 AND accepted_rows + rejected_rows + duplicate_rows <> declared_rows "
     "ORDER BY batch_id"},
    {"list", "has a row that was accepted, and nobody for it: list, line",
     "SELECT r.batch_id, r.batch_id, r.line FROM batch_rows r WHERE r.status = 1 "
     "AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.worker_id = r.worker_id) "
     "ORDER BY r.batch_id, r.line"},
    {"worker", "has the membership number of somebody else: first and number of such",
     "SELECT MAX(worker_id), MIN(worker_id), COUNT(*) FROM workers "
     "WHERE membership_number IS NOT NULL GROUP BY membership_number HAVING COUNT(*) > 1 "
     "ORDER BY 1"},
    {"worker", "is a member without a number: state, version",
     "SELECT worker_id, CAST(state AS BIGINT), version FROM workers "
     "WHERE (enrol_time <> 0 OR state = 3) AND membership_number IS NULL ORDER BY worker_id"},
    {"worker", "has a card with another number: issue, version",
     "SELECT w.worker_id, CAST(c.issue AS BIGINT), w.version FROM cards c JOIN workers w "
     "ON w.worker_id = c.worker_id WHERE w.membership_number IS NULL "
     "OR c.membership_number <> w.membership_number ORDER BY w.worker_id, c.issue"},
    {"worker", "is enrolled and no pledge or time is named: state, version",
     "SELECT worker_id, CAST(state AS BIGINT), version FROM workers "
     "WHERE state = 3 AND (pledge_id = 0 OR enrol_time = 0) ORDER BY worker_id"},
};
#undef LINGKARAN_LIST_RULE

absl::Status AuditRules(Tx& tx, AuditLines& lines) {
  for (const Rule& rule : kRules) {
    int64_t id = 0, a = 0, b = 0;
    RETURN_IF_ERROR(ForEachInPortions(
        tx, rule.query,
        [&] {
          return lines.Finding(absl::StrCat(rule.noun, " ", id, ": ", rule.text, ": ", a, ", ", b));
        },
        into(id), into(a), into(b)));
  }
  return absl::OkStatus();
}

// The workers of whom the outbox still has to tell coverage.
struct Owed {
  int64_t rows = 0;
  absl::flat_hash_set<int64_t> workers;
};

absl::StatusOr<Owed> ReadOwed(Tx& tx, AuditLines& lines) {
  Owed owed;
  int64_t seq = 0;
  std::string body;
  coverage::v1::UpsertMembersRequest request;
  RETURN_IF_ERROR(ForEachInPortions(
      tx, "SELECT seq, body FROM outbox ORDER BY seq",
      [&]() -> absl::Status {
        ++owed.rows;
        const absl::StatusOr<std::string> bytes = FromBase64Url(body);
        if (!bytes.ok() || !request.ParseFromString(*bytes)) {
          return lines.Finding(absl::StrCat("outbox: row ", seq, " can't be read"));
        }
        for (const coverage::v1::Member& member : request.members()) {
          owed.workers.insert(member.worker_id());
        }
        return absl::OkStatus();
      },
      into(seq), into(body)));
  return owed;
}

// The workers that coverage has been told of.
absl::Status PutMembers(Tx& tx, const Owed& owed, AuditLines& lines) {
  AuditMember member;
  int state = 0;
  indicator has_number = soci::i_ok;
  return ForEachInPortions(
      tx,
      "SELECT worker_id, version, membership_number, state FROM workers WHERE enrol_time <> 0 "
      "ORDER BY worker_id",
      [&] {
        if (has_number == soci::i_null) member.membership_number.clear();
        member.owed = owed.workers.contains(member.worker_id);
        const auto now = static_cast<WorkerState>(state);
        member.registering = now == WorkerState::kProposed || now == WorkerState::kVerified ||
                             now == WorkerState::kRefused;
        return lines.Member(member);
      },
      into(member.worker_id), into(member.version), into(member.membership_number, has_number),
      into(state));
}

}  // namespace

absl::StatusOr<AuditCounts> AuditBook(Tx& tx, bool totals_only, AuditLines& lines) {
  AuditCounts counts;
  tx.db() << "SELECT COUNT(*) FROM batch_rows", into(counts.entries);
  RETURN_IF_ERROR(AuditRules(tx, lines));
  ASSIGN_OR_RETURN(const Owed owed, ReadOwed(tx, lines));
  counts.owed = owed.rows;
  if (!totals_only) RETURN_IF_ERROR(PutMembers(tx, owed, lines));
  return counts;
}

}  // namespace lingkaran::registry::store
