#include "services/sponsorship/store/seats.h"

#include <soci/soci.h>

#include "absl/strings/str_cat.h"
#include "common/sql/bulk.h"

namespace lingkaran::sponsorship {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

namespace {

// The column `busy`: the id of a replacement, minus that of an allocation, 0 if nobody.
int64_t BusyOf(const ClaimedBy& claim) {
  return claim.kind == ClaimedBy::Kind::kAllocation ? -claim.id : claim.id;
}
ClaimedBy ClaimOf(int64_t busy) {
  if (busy == 0) return {};
  if (busy < 0) return {ClaimedBy::Kind::kAllocation, -busy};
  return {ClaimedBy::Kind::kReplacement, busy};
}

// `where` may use :allocation.
std::vector<OpenSeat> SelectOpen(Tx& tx, int64_t pledge_id, const std::string& where,
                                 int64_t allocation_id) {
  std::vector<OpenSeat> open;
  OpenSeat seat;
  int disabled = 0;
  ForEach(
      tx,
      absl::StrCat("SELECT seat_number, worker_id, disabled, paid_to FROM seats "
                   "WHERE pledge_id = :pledge AND is_open = 1 AND busy = 0 AND ",
                   where),
      [&] {
        seat.disabled = disabled != 0;
        open.push_back(seat);
      },
      into(seat.seat_number), into(seat.worker_id), into(disabled), into(seat.paid_to),
      use(pledge_id, "pledge"), use(allocation_id, "allocation"));
  return open;
}

// All columns, for a row that may be there.
sql::BulkRows SeatRows() {
  return sql::BulkRows({"pledge_id", "seat_number", "worker_id", "disabled", "from_index",
                        "paid_to", "first_day", "last_day", "is_open", "busy", "skipped_by",
                        "next_worker_id"});
}

}  // namespace

std::vector<OpenSeat> OpenSeats(Tx& tx, int64_t pledge_id, int64_t allocation_id) {
  return SelectOpen(tx, pledge_id,
                    "(skipped_by = 0 OR skipped_by <> :allocation) ORDER BY seat_number",
                    allocation_id);
}

std::vector<OpenSeat> VacantSeats(Tx& tx, int64_t pledge_id, int most) {
  return SelectOpen(
      tx, pledge_id,
      absl::StrCat("worker_id = 0 AND :allocation = 0 ORDER BY seat_number LIMIT ", most), 0);
}

absl::flat_hash_set<int64_t> Seated(Tx& tx, int64_t pledge_id, absl::Span<const int64_t> workers) {
  absl::flat_hash_set<int64_t> seated;
  if (workers.empty()) return seated;
  const std::string list = sql::IntList(tx, workers);
  int64_t worker = 0;
  // "<> 0" lets the partial indexes be used.
  ForEach(
      tx,
      absl::StrCat("SELECT worker_id FROM seats WHERE pledge_id = :pledge AND worker_id <> 0 AND ",
                   sql::InInts(tx, "worker_id", "workers"),
                   " UNION ALL SELECT next_worker_id FROM seats WHERE pledge_id = :pledge "
                   "AND next_worker_id <> 0 AND busy <> 0 AND ",
                   sql::InInts(tx, "next_worker_id", "workers")),
      [&] { seated.insert(worker); }, into(worker), use(pledge_id, "pledge"), use(list, "workers"));
  return seated;
}

int NextSeat(Tx& tx, int64_t pledge_id) {
  int last = 0;
  tx.db() << "SELECT COALESCE(MAX(seat_number), 0) FROM seats WHERE pledge_id = :pledge",
      into(last), use(pledge_id, "pledge");
  return last + 1;
}

void ClaimSeats(Tx& tx, int64_t pledge_id, absl::Span<const Slot> slots, int first_new,
                const ClaimedBy& claimed_by) {
  const int64_t busy = BusyOf(claimed_by);
  sql::BulkRows fresh = SeatRows();
  sql::BulkRows open = SeatRows();
  for (const Slot& slot : slots) {
    sql::BulkRows& rows = slot.seat_number < first_new ? open : fresh;
    rows.Int(pledge_id).Int(slot.seat_number).Int(0).Int(0).Int(0).Int(0).Int(0).Int(0);
    rows.Int(1).Int(busy).Int(0).Int(slot.held ? 0 : slot.worker_id);
    rows.EndRow();
  }
  fresh.InsertInto(tx, "seats");
  open.InsertInto(tx, "seats",
                  "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET busy = excluded.busy, "
                  "next_worker_id = excluded.next_worker_id");
}

void FillSeats(Tx& tx, int64_t pledge_id, absl::Span<const SeatFill> fills) {
  sql::BulkRows rows = SeatRows();
  for (const SeatFill& fill : fills) {
    rows.Int(pledge_id).Int(fill.seat_number).Int(fill.worker_id).Int(fill.disabled);
    rows.Int(fill.from).Int(fill.paid_to).Int(fill.first_day).Int(fill.last_day);
    rows.Int(fill.open).Int(0).Int(0).Int(0);
    rows.EndRow();
  }
  rows.InsertInto(tx, "seats",
                  "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET "
                  "worker_id = excluded.worker_id, disabled = excluded.disabled, "
                  "from_index = excluded.from_index, paid_to = excluded.paid_to, "
                  "first_day = excluded.first_day, last_day = excluded.last_day, "
                  "is_open = excluded.is_open, busy = 0, skipped_by = 0, next_worker_id = 0");
}

void ExtendSeat(Tx& tx, int64_t pledge_id, const SeatFill& seat) {
  const int is_open = seat.open;
  tx.db() << "UPDATE seats SET paid_to = :to, last_day = :day, is_open = :open, busy = 0 "
             "WHERE pledge_id = :pledge AND seat_number = :seat",
      use(seat.paid_to, "to"), use(seat.last_day, "day"), use(is_open, "open"),
      use(pledge_id, "pledge"), use(seat.seat_number, "seat");
}

void VacateSeat(Tx& tx, int64_t pledge_id, const SeatCut& cut, const ClaimedBy& claimed_by) {
  const int64_t busy = BusyOf(claimed_by);
  tx.db() << "UPDATE seats SET worker_id = 0, disabled = 0, from_index = :at, paid_to = :to, "
             "first_day = 0, last_day = 0, is_open = 1, busy = :busy, next_worker_id = 0 "
             "WHERE pledge_id = :pledge AND seat_number = :seat",
      use(cut.at, "at"), use(cut.at, "to"), use(busy, "busy"), use(pledge_id, "pledge"),
      use(cut.seat_number, "seat");
}

void FreeSeat(Tx& tx, int64_t pledge_id, int seat_number) {
  tx.db() << "INSERT INTO seats (pledge_id, seat_number, worker_id, disabled, from_index, paid_to, "
             "first_day, last_day, is_open, busy, skipped_by) "
             "VALUES (:pledge, :seat, 0, 0, 0, 0, 0, 0, 1, 0, 0) "
             "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET busy = 0, next_worker_id = 0",
      use(pledge_id, "pledge"), use(seat_number, "seat");
}

void ClaimSeat(Tx& tx, int64_t pledge_id, int seat_number, const ClaimedBy& claimed_by) {
  const int64_t busy = BusyOf(claimed_by);
  tx.db() << "UPDATE seats SET busy = :busy, next_worker_id = 0 "
             "WHERE pledge_id = :pledge AND seat_number = :seat",
      use(busy, "busy"), use(pledge_id, "pledge"), use(seat_number, "seat");
}

void SkipSeat(Tx& tx, int64_t pledge_id, int seat_number, int64_t allocation_id) {
  tx.db() << "UPDATE seats SET skipped_by = :allocation, busy = 0 "
             "WHERE pledge_id = :pledge AND seat_number = :seat",
      use(allocation_id, "allocation"), use(pledge_id, "pledge"), use(seat_number, "seat");
}

std::optional<HeldSeat> FindSeat(Tx& tx, int64_t pledge_id, int64_t worker_id) {
  HeldSeat seat;
  int disabled = 0;
  int64_t busy = 0;
  // "worker_id <> 0" lets the partial index be used.
  tx.db() << "SELECT seat_number, worker_id, disabled, from_index, paid_to, busy FROM seats "
             "WHERE pledge_id = :pledge AND worker_id = :worker AND worker_id <> 0",
      into(seat.seat_number), into(seat.worker_id), into(disabled), into(seat.from),
      into(seat.paid_to), into(busy), use(pledge_id, "pledge"), use(worker_id, "worker");
  if (!tx.db().got_data()) return std::nullopt;
  seat.disabled = disabled != 0;
  seat.claimed_by = ClaimOf(busy);
  return seat;
}

std::vector<std::pair<int, int64_t>> CountByPaidTo(Tx& tx, int64_t pledge_id) {
  std::vector<std::pair<int, int64_t>> counts;
  int paid_to = 0;
  int64_t seats = 0;
  ForEach(
      tx,
      "SELECT paid_to, COUNT(*) FROM seats WHERE pledge_id = :pledge GROUP BY paid_to "
      "ORDER BY paid_to",
      [&] { counts.emplace_back(paid_to, seats); }, into(paid_to), into(seats),
      use(pledge_id, "pledge"));
  return counts;
}

int CountDisabled(Tx& tx, int64_t pledge_id) {
  int count = 0;
  tx.db() << "SELECT COUNT(*) FROM seats WHERE pledge_id = :pledge AND worker_id <> 0 "
             "AND disabled = 1",
      into(count), use(pledge_id, "pledge");
  return count;
}

std::vector<std::pair<int64_t, int32_t>> ListHolders(Tx& tx, int64_t pledge_id) {
  std::vector<std::pair<int64_t, int32_t>> holders;
  int64_t worker = 0;
  int32_t last_day = 0;
  ForEach(
      tx,
      "SELECT worker_id, last_day FROM seats WHERE pledge_id = :pledge AND worker_id <> 0 "
      "ORDER BY worker_id",
      [&] { holders.emplace_back(worker, last_day); }, into(worker), into(last_day),
      use(pledge_id, "pledge"));
  return holders;
}

}  // namespace lingkaran::sponsorship
