// The schema grows by additions only, so that a release and the one before it work on one database.
#include <gtest/gtest.h>

#include <soci/soci.h>

#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/seats.h"
#include "services/sponsorship/store/store.h"
#include "sponsorship_schema.h"
#include "tests/support/test_database.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

class SponsorshipSchemaTest : public DatabaseTest {
 protected:
  SponsorshipSchemaTest() : DatabaseTest(Schema()) {}

  void Write(absl::FunctionRef<absl::Status(Tx&)> body) {
    const absl::Status status = db().Write(body);
    EXPECT_TRUE(status.ok()) << status;
  }

  void Run(const char* statement) {
    Write([&](Tx& tx) {
      tx.db() << statement;
      return absl::OkStatus();
    });
  }
};
LINGKARAN_ON_BOTH_DATABASES(SponsorshipSchemaTest);

// What the release that knows the first migration only writes, row by row.
constexpr const char* kFirstRelease[] = {
    "INSERT INTO sequences (noun, next) VALUES ('pledge', 2)",
    "INSERT INTO requests (request_id, method, fingerprint, reply, record_time) "
    "VALUES ('r', 'm', 'f', '', 1)",
    "INSERT INTO outbox (seq, request_id, key, kind, body, due_time, attempts) "
    "VALUES (1, 'r', 'k', 'enrol', '', 1, 0)",
    "INSERT INTO events (seq, event_time, actor, method, subject, reason) "
    "VALUES (1, 1, 'budi', 'm', 'pledge/1', '')",
    "INSERT INTO sponsors (sponsor_id, name, payer_class, create_time) VALUES (1, 'n', 1, 1)",
    "INSERT INTO pledges (pledge_id, sponsor_id, payer_class, group_code, seats, months, "
    "programmes, wage_base, sector, first_day, region_code, batch_id, disabled_first, "
    "disabled_only, criteria_sector, min_age, max_age, max_income, schedule, payment_code, "
    "invoice, due_day, received, moved_to_credit, cancelled, seats_filled, create_time) VALUES "
    "(1, 1, 1, 'SC', 9, 1, '1', 1, 1, 20191107, '33.72', 0, 0, 0, 0, 0, 0, 0, '201911:1:10000', "
    "'c', 90000, 20191121, 0, 0, 0, 0, 1)",
    "INSERT INTO receipts (receipt_id, bank_reference, kind, pledge_id, contribution_id, amount, "
    "applied, credit, value_day, record_time) VALUES (1, 'b', 'payment', 1, 0, 5, 5, 0, 20191107, "
    "1)",
    "INSERT INTO accounts (account, pledge_id, balance) VALUES ('pledge/1/available', 1, 0)",
    "INSERT INTO ledger_entries (transaction_id, line, account, pledge_id, amount, kind, "
    "reference, post_time) VALUES (1, 1, 'bank', 1, -5, 'payment', 'b', 1)",
    "INSERT INTO seats (pledge_id, seat_number, worker_id, disabled, from_index, paid_to, "
    "first_day, last_day, is_open, busy, skipped_by) VALUES (1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0) "
    "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET busy = 0",
    "INSERT INTO seats (pledge_id, seat_number, worker_id, disabled, from_index, paid_to, "
    "first_day, last_day, is_open, busy, skipped_by) "
    "VALUES (1, 2, 7, 0, 0, 1, 20191107, 20191130, 0, 0, 0) "
    "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET worker_id = excluded.worker_id, "
    "disabled = excluded.disabled, from_index = excluded.from_index, paid_to = excluded.paid_to, "
    "first_day = excluded.first_day, last_day = excluded.last_day, is_open = excluded.is_open, "
    "busy = 0, skipped_by = 0",
    "INSERT INTO allocations (allocation_id, pledge_id, state, seed, ranked, candidates, drawn, "
    "seats_wanted, seats_filled, refused, person_months, spent, chunks, steps_under_way, "
    "slots_under_way, next_seat, token, reserve_until, create_time, end_time) VALUES "
    "(1, 1, 1, 's', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, '', 20191114, 1, 0)",
    "INSERT INTO allocation_lines (allocation_id, draw_rank, worker_id, disabled) "
    "VALUES (1, 0, 7, 0)",
    "INSERT INTO refusals (allocation_id, ordinal, worker_id, code, reason, message) "
    "VALUES (1, 0, 7, 9, 'WORKER_DECEASED', 'x')",
    "INSERT INTO replacements (replacement_id, pledge_id, state, rounds, token, create_time) "
    "VALUES (1, 1, 0, 0, '', 1)",
    "INSERT INTO replacement_lines (replacement_id, line, pledge_id, worker_id, from_month, "
    "reason, state, seat_number, cut_index, to_index, new_worker_id, membership_number, moved, "
    "released, code, error_reason, message) VALUES (1, 0, 1, 7, 0, 'x', 0, 2, 0, 1, 0, '', 0, 0, "
    "0, '', '')",
    "INSERT INTO contributions (contribution_id, payer_class, sponsor_id, bank_reference, "
    "fingerprint, amount, wage_base, sector, state, unused, token, create_time) VALUES "
    "(1, 5, 0, 'c', 'f', 5, 1, 1, 0, 0, '', 1)",
    "INSERT INTO contribution_lines (contribution_id, line, worker_id, first_day, schedule, "
    "amount, cover_first_day, cover_last_day, code, error_reason, message) VALUES "
    "(1, 0, 7, 20191107, '201911:1:5', 5, 0, 0, 0, '', '')",
};

TEST_P(SponsorshipSchemaTest, TheReleaseBeforeStartsAndWritesAllItKnows) {
  const absl::Status starts = sql::Migrate(db(), {Schema().front()});
  EXPECT_TRUE(starts.ok()) << starts;
  for (const char* statement : kFirstRelease) Run(statement);
  // And this release reads it.
  Write([](Tx& tx) -> absl::Status {
    EXPECT_EQ(FindRunning(tx, 1)->named, false);
    EXPECT_EQ(GetAllocation(tx, 1)->seed, "s");
    EXPECT_TRUE(Seated(tx, 1, {7}).contains(7));
    EXPECT_EQ(VacantSeats(tx, 1, 10).size(), 1u);
    return absl::OkStatus();
  });
  EXPECT_TRUE(sql::Migrate(db(), Schema()).ok());
}

// Columns keep their meaning for the release before: a last day of 0 stands for a refused price,
// and `busy` for who has a claim.
TEST_P(SponsorshipSchemaTest, StopReasonsAndClaimsAreWrittenAsTheReleaseBeforeReadsThem) {
  Write([](Tx& tx) -> absl::Status {
    AllocationRow row{.pledge_id = 1, .reserve_until = 20191114};
    row.allocation_id = InsertAllocation(tx, row);
    row.stop_reason = StopReason::kPriceRefused;
    UpdateAllocation(tx, row);
    int until = -1;
    tx.db() << "SELECT reserve_until FROM allocations", soci::into(until);
    EXPECT_EQ(until, 0);
    EXPECT_EQ(GetAllocation(tx, row.allocation_id)->stop_reason, StopReason::kPriceRefused);
    ClaimSeats(tx, 1, {{1, 11, false, false, 0, 1}}, 1, {ClaimedBy::Kind::kAllocation, 5});
    ClaimSeats(tx, 1, {{2, 12, false, false, 0, 1}}, 1, {ClaimedBy::Kind::kReplacement, 5});
    int allocation = 0, replacement = 0;
    tx.db() << "SELECT MIN(busy), MAX(busy) FROM seats", soci::into(allocation),
        soci::into(replacement);
    EXPECT_EQ(allocation, -5);
    EXPECT_EQ(replacement, 5);
    return absl::OkStatus();
  });
}

// What this release has begun, the one before may end; it leaves who a seat was being filled for.
TEST_P(SponsorshipSchemaTest, WhatTheReleaseBeforeEndsHoldsNobodyUp) {
  Write([](Tx& tx) {
    ClaimSeats(tx, 1, {{1, 11, false, false, 0, 1}, {2, 12, false, false, 0, 1}}, 1,
               {ClaimedBy::Kind::kAllocation, 5});
    EXPECT_EQ(Seated(tx, 1, {11, 12, 13}).size(), 2u);
    return absl::OkStatus();
  });
  Run("INSERT INTO seats (pledge_id, seat_number, worker_id, disabled, from_index, paid_to, "
      "first_day, last_day, is_open, busy, skipped_by) VALUES (1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0) "
      "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET busy = 0");
  Run("INSERT INTO seats (pledge_id, seat_number, worker_id, disabled, from_index, paid_to, "
      "first_day, last_day, is_open, busy, skipped_by) "
      "VALUES (1, 2, 12, 0, 0, 1, 20191107, 20191130, 0, 0, 0) "
      "ON CONFLICT (pledge_id, seat_number) DO UPDATE SET worker_id = excluded.worker_id, "
      "paid_to = excluded.paid_to, is_open = 0, busy = 0, skipped_by = 0");
  Write([](Tx& tx) {
    EXPECT_FALSE(Seated(tx, 1, {11}).contains(11));
    EXPECT_TRUE(Seated(tx, 1, {12}).contains(12));
    ClaimSeats(tx, 1, {{1, 13, false, false, 0, 1}}, 3, {ClaimedBy::Kind::kAllocation, 6});
    EXPECT_TRUE(Seated(tx, 1, {13}).contains(13));
    EXPECT_EQ(VacantSeats(tx, 1, 10).size(), 0u);
    FreeSeat(tx, 1, 1);
    EXPECT_FALSE(Seated(tx, 1, {13}).contains(13));
    EXPECT_EQ(VacantSeats(tx, 1, 10).size(), 1u);
    VacateSeat(tx, 1, {2, 12, 0}, {ClaimedBy::Kind::kReplacement, 4});
    EXPECT_FALSE(Seated(tx, 1, {12}).contains(12));
    return absl::OkStatus();
  });
}

}  // namespace
}  // namespace lingkaran::sponsorship
