#include "services/sponsorship/store/replacements.h"

#include <soci/soci.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"

namespace lingkaran::sponsorship {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

int64_t InsertReplacement(Tx& tx, const ReplacementRow& replacement,
                          const std::vector<ReplacementLineRow>& lines) {
  const int64_t id = sql::NextIds(tx, "replacement", 1);
  const int done = replacement.done;
  tx.db() << "INSERT INTO replacements (replacement_id, pledge_id, state, rounds, token, "
             "create_time) VALUES (:id, :pledge, :state, 0, '', :time)",
      use(id, "id"), use(replacement.pledge_id, "pledge"), use(done, "state"),
      use(replacement.create_time, "time");
  sql::BulkRows rows({"replacement_id", "line", "pledge_id", "worker_id", "from_month", "reason",
                      "state", "seat_number", "cut_index", "to_index", "new_worker_id",
                      "membership_number", "moved", "released", "code", "error_reason", "message"});
  for (const ReplacementLineRow& line : lines) {
    rows.Int(id).Int(line.line).Int(replacement.pledge_id).Int(line.worker_id);
    rows.Int(line.from_month).Text(line.reason).Int(static_cast<int>(line.state));
    rows.Int(line.seat_number).Int(line.cut).Int(line.to).Int(0).Text("").Int(0).Int(0);
    rows.Int(line.code).Text(line.error_reason).Text(line.message);
    rows.EndRow();
  }
  rows.InsertInto(tx, "replacement_lines");
  return id;
}

absl::StatusOr<ReplacementRow> GetReplacement(Tx& tx, int64_t replacement_id) {
  ReplacementRow r;
  int state = 0;
  tx.db() << "SELECT replacement_id, pledge_id, state, rounds, token, create_time "
             "FROM replacements WHERE replacement_id = :id",
      into(r.replacement_id), into(r.pledge_id), into(state), into(r.rounds), into(r.token),
      into(r.create_time), use(replacement_id, "id");
  if (!tx.db().got_data()) {
    return absl::InternalError(absl::StrCat("there is no replacement ", replacement_id));
  }
  r.done = state != 0;
  return r;
}

void UpdateReplacement(Tx& tx, const ReplacementRow& r) {
  const int done = r.done;
  tx.db() << "UPDATE replacements SET state = :state, rounds = :rounds, token = :token "
             "WHERE replacement_id = :id",
      use(done, "state"), use(r.rounds, "rounds"), use(r.token, "token"),
      use(r.replacement_id, "id");
}

std::vector<ReplacementLineRow> ListReplacementLines(Tx& tx, int64_t replacement_id) {
  std::vector<ReplacementLineRow> lines;
  ReplacementLineRow l;
  int state = 0;
  int64_t moved = 0, released = 0;
  ForEach(
      tx,
      "SELECT line, worker_id, from_month, reason, state, seat_number, cut_index, to_index, "
      "new_worker_id, membership_number, moved, released, code, error_reason, message "
      "FROM replacement_lines WHERE replacement_id = :id ORDER BY line",
      [&] {
        l.state = static_cast<ReplacementState>(state);
        l.moved = Rupiah(moved);
        l.released = Rupiah(released);
        lines.push_back(l);
      },
      into(l.line), into(l.worker_id), into(l.from_month), into(l.reason), into(state),
      into(l.seat_number), into(l.cut), into(l.to), into(l.new_worker_id),
      into(l.membership_number), into(moved), into(released), into(l.code), into(l.error_reason),
      into(l.message), use(replacement_id, "id"));
  return lines;
}

void UpdateReplacementLine(Tx& tx, int64_t replacement_id, const ReplacementLineRow& l) {
  const int state = static_cast<int>(l.state);
  const int64_t moved = l.moved.amount();
  const int64_t released = l.released.amount();
  tx.db() << "UPDATE replacement_lines SET state = :state, cut_index = :cut, to_index = :to, "
             "new_worker_id = :worker, membership_number = :number, moved = :moved, "
             "released = :released, code = :code, error_reason = :reason, message = :message "
             "WHERE replacement_id = :id AND line = :line",
      use(state, "state"), use(l.cut, "cut"), use(l.to, "to"), use(l.new_worker_id, "worker"),
      use(l.membership_number, "number"), use(moved, "moved"), use(released, "released"),
      use(l.code, "code"), use(l.error_reason, "reason"), use(l.message, "message"),
      use(replacement_id, "id"), use(l.line, "line");
}

bool HasRunningReplacement(Tx& tx, int64_t pledge_id) {
  int found = 0;
  tx.db() << "SELECT 1 FROM replacements WHERE pledge_id = :pledge AND state = 0 LIMIT 1",
      into(found), use(pledge_id, "pledge");
  return tx.db().got_data();
}

int CountReplacements(Tx& tx, int64_t pledge_id) {
  int count = 0;
  tx.db() << "SELECT COUNT(*) FROM replacement_lines WHERE pledge_id = :pledge AND state = 2 "
             "AND new_worker_id <> 0 AND code = 0",
      into(count), use(pledge_id, "pledge");
  return count;
}

}  // namespace lingkaran::sponsorship
