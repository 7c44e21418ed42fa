#include "services/sponsorship/store/allocations.h"

#include <soci/soci.h>

#include "common/sql/bulk.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

std::optional<AllocationRow> SelectAllocation(Tx& tx, const std::string& where, int64_t id) {
  AllocationRow a;
  int state = 0, ranked = 0, named = 0;
  int64_t spent = 0;
  tx.db() << "SELECT allocation_id, pledge_id, state, seed, ranked, candidates, drawn, "
             "seats_wanted, seats_filled, refused, person_months, spent, chunks, "
             "steps_under_way, slots_under_way, next_seat, token, reserve_until, create_time, "
             "end_time, named FROM allocations WHERE "
          << where,
      into(a.allocation_id), into(a.pledge_id), into(state), into(a.seed), into(ranked),
      into(a.candidates), into(a.drawn), into(a.seats_wanted), into(a.seats_filled),
      into(a.refused), into(a.person_months), into(spent), into(a.chunks), into(a.steps_under_way),
      into(a.slots_under_way), into(a.next_seat), into(a.token), into(a.reserve_until),
      into(a.create_time), into(a.end_time), into(named), use(id, "id");
  if (!tx.db().got_data()) return std::nullopt;
  a.state = static_cast<AllocationState>(state);
  a.ranked = ranked != 0;
  a.named = named != 0;
  a.spent = Rupiah(spent);
  // A price that was refused is kept as a last day that is always over: the release before reads it
  // so, too.
  if (a.reserve_until == 0) a.stop_reason = StopReason::kPriceRefused;
  return a;
}

}  // namespace

int64_t InsertAllocation(Tx& tx, const AllocationRow& a) {
  const int64_t id = sql::NextIds(tx, "allocation", 1);
  const int state = static_cast<int>(a.state);
  const int named = a.named;
  tx.db() << "INSERT INTO allocations (allocation_id, pledge_id, state, seed, ranked, candidates, "
             "drawn, seats_wanted, seats_filled, refused, person_months, spent, chunks, "
             "steps_under_way, slots_under_way, next_seat, token, reserve_until, create_time, "
             "end_time, named) VALUES (:id, :pledge, :state, :seed, 0, 0, 0, :wanted, 0, 0, 0, 0, "
             "0, 0, 0, :next, '', :until, :time, 0, :named)",
      use(id, "id"), use(a.pledge_id, "pledge"), use(state, "state"), use(a.seed, "seed"),
      use(a.seats_wanted, "wanted"), use(a.next_seat, "next"), use(a.reserve_until, "until"),
      use(a.create_time, "time"), use(named, "named");
  return id;
}

absl::StatusOr<AllocationRow> GetAllocation(Tx& tx, int64_t allocation_id) {
  std::optional<AllocationRow> found = SelectAllocation(tx, "allocation_id = :id", allocation_id);
  if (!found.has_value()) return AllocationNotFound(allocation_id);
  return *std::move(found);
}

std::optional<AllocationRow> FindRunning(Tx& tx, int64_t pledge_id) {
  return SelectAllocation(tx, "pledge_id = :id AND state = 1", pledge_id);
}

bool HasRunningAllocation(Tx& tx, int64_t pledge_id) {
  return FindRunning(tx, pledge_id).has_value();
}

std::optional<AllocationRow> LatestDraw(Tx& tx, int64_t pledge_id) {
  return SelectAllocation(tx, "pledge_id = :id AND ranked = 1 ORDER BY allocation_id DESC LIMIT 1",
                          pledge_id);
}

void UpdateAllocation(Tx& tx, const AllocationRow& a) {
  const int state = static_cast<int>(a.state);
  const int ranked = a.ranked;
  const int64_t spent = a.spent.amount();
  const int32_t until = a.stop_reason == StopReason::kPriceRefused ? 0 : a.reserve_until;
  tx.db() << "UPDATE allocations SET state = :state, ranked = :ranked, candidates = :candidates, "
             "drawn = :drawn, seats_wanted = :wanted, seats_filled = :filled, refused = :refused, "
             "person_months = :months, spent = :spent, chunks = :chunks, "
             "steps_under_way = :steps, slots_under_way = :slots, next_seat = :next, "
             "token = :token, reserve_until = :until, end_time = :ended WHERE allocation_id = :id",
      use(state, "state"), use(ranked, "ranked"), use(a.candidates, "candidates"),
      use(a.drawn, "drawn"), use(a.seats_wanted, "wanted"), use(a.seats_filled, "filled"),
      use(a.refused, "refused"), use(a.person_months, "months"), use(spent, "spent"),
      use(a.chunks, "chunks"), use(a.steps_under_way, "steps"), use(a.slots_under_way, "slots"),
      use(a.next_seat, "next"), use(a.token, "token"), use(until, "until"),
      use(a.end_time, "ended"), use(a.allocation_id, "id");
}

void InsertDraw(Tx& tx, int64_t allocation_id, absl::Span<const Ranked> ranked, int first) {
  sql::BulkRows rows({"allocation_id", "draw_rank", "worker_id", "disabled"});
  for (const Ranked& one : ranked) {
    rows.Int(allocation_id).Int(first++).Int(one.worker_id).Int(one.disabled);
    rows.EndRow();
  }
  rows.InsertInto(tx, "allocation_lines");
}

std::vector<Ranked> ListDraw(Tx& tx, int64_t allocation_id, int from, int count) {
  std::vector<Ranked> ranked;
  Ranked one;
  int disabled = 0;
  ForEach(
      tx,
      "SELECT worker_id, disabled FROM allocation_lines WHERE allocation_id = :id "
      "AND draw_rank >= :from ORDER BY draw_rank LIMIT :count",
      [&] {
        one.disabled = disabled != 0;
        ranked.push_back(one);
      },
      into(one.worker_id), into(disabled), use(allocation_id, "id"), use(from, "from"),
      use(count, "count"));
  return ranked;
}

void InsertRefusals(Tx& tx, int64_t allocation_id, int first,
                    absl::Span<const RefusalRow> refusals) {
  if (refusals.empty()) return;
  sql::BulkRows rows({"allocation_id", "ordinal", "worker_id", "code", "reason", "message"});
  for (const RefusalRow& refusal : refusals) {
    rows.Int(allocation_id).Int(first++).Int(refusal.worker_id).Int(refusal.code);
    rows.Text(refusal.reason).Text(refusal.message);
    rows.EndRow();
  }
  rows.InsertInto(tx, "refusals");
}

std::vector<RefusalRow> ListRefusals(Tx& tx, int64_t allocation_id, int limit) {
  std::vector<RefusalRow> refusals;
  RefusalRow r;
  ForEach(
      tx,
      "SELECT worker_id, code, reason, message FROM refusals WHERE allocation_id = :id "
      "ORDER BY ordinal LIMIT :limit",
      [&] { refusals.push_back(r); }, into(r.worker_id), into(r.code), into(r.reason),
      into(r.message), use(allocation_id, "id"), use(limit, "limit"));
  return refusals;
}

std::vector<std::pair<std::string, int>> CountRefusals(Tx& tx, int64_t allocation_id) {
  std::vector<std::pair<std::string, int>> counts;
  std::string reason;
  int workers = 0;
  ForEach(
      tx,
      "SELECT reason, COUNT(*) FROM refusals WHERE allocation_id = :id GROUP BY reason "
      "ORDER BY reason",
      [&] { counts.emplace_back(reason, workers); }, into(reason), into(workers),
      use(allocation_id, "id"));
  return counts;
}

}  // namespace lingkaran::sponsorship
