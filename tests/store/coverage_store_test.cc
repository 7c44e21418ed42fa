// Coverage's tables on both databases: what their keys forbid, and what their queries find.
#include "services/coverage/store/store.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "coverage_schema.h"
#include "tests/support/coverage_rows.h"
#include "tests/support/gate.h"
#include "tests/support/test_database.h"

namespace lingkaran::coverage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kMs = kRowsMs;

Member Worker(int64_t id, const std::string& region = "33.72") {
  Member member = MemberRow(id);
  member.region_code = region;
  return member;
}

PersonMonth Paid(int64_t worker, Programme programme, Month month, int64_t pledge = 5) {
  PersonMonth paid = MonthRow(worker, month, programme);
  paid.source.pledge_id = pledge;
  paid.booked_position = 1;
  return paid;
}

class CoverageStoreTest : public DatabaseTest {
 protected:
  CoverageStoreTest() : DatabaseTest(Schema()) {}

  absl::Status Insert(const std::vector<Member>& members) {
    return db().Write([&](sql::Tx& tx) {
      store::InsertMembers(tx, members, store::NextPosition(tx));
      return absl::OkStatus();
    });
  }
  absl::Status Book(const std::vector<PersonMonth>& months) {
    return db().Write([&](sql::Tx& tx) {
      store::NextPosition(tx);
      store::InsertMonths(tx, months);
      return absl::OkStatus();
    });
  }
  absl::Status Revoke(int64_t worker, const Funding& source, int32_t from_month) {
    return db().Write([&](sql::Tx& tx) {
      store::RevokeMonths(tx, {worker}, source, from_month, store::NextPosition(tx), kMs + 1,
                          "wrong list");
      return absl::OkStatus();
    });
  }
  std::vector<PersonMonth> Standing(int64_t worker) {
    return Read<std::vector<PersonMonth>>(
        [&](sql::Tx& tx) { return store::StandingMonths(tx, {worker}); });
  }
  store::Statistics Count(Day day, const std::string& region = "", int64_t pledge = 0) {
    return Read<store::Statistics>(
        [&](sql::Tx& tx) { return store::CountCovered(tx, day, region, pledge); });
  }
};
LINGKARAN_ON_BOTH_DATABASES(CoverageStoreTest);

TEST_P(CoverageStoreTest, PositionCountsUp) {
  const int64_t first = MustWrite(db(), store::NextPosition);
  const int64_t second = MustWrite(db(), store::NextPosition);
  EXPECT_EQ(second, first + 1);
  EXPECT_EQ(MustRead(db(), store::Position), second);
}

// ---- No person-month twice ----

TEST_P(CoverageStoreTest, ASecondStandingPersonMonthIsRefusedWhoeverPays) {
  ASSERT_TRUE(Book({Paid(1, Programme::kJkk, Month(2019, 11))}).ok());
  PersonMonth again = Paid(1, Programme::kJkk, Month(2019, 11), 99);
  again.source.payer = PayerClass::kSelf;
  again.booked_position = 2;
  EXPECT_EQ(Book({again}).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Standing(1), SizeIs(1));
}

TEST_P(CoverageStoreTest, AFailedBookingLeavesNothing) {
  ASSERT_TRUE(Book({Paid(1, Programme::kJkk, Month(2019, 11))}).ok());
  EXPECT_FALSE(
      Book({Paid(2, Programme::kJkk, Month(2019, 11)), Paid(1, Programme::kJkk, Month(2019, 11))})
          .ok());
  EXPECT_THAT(Standing(2), IsEmpty());
}

TEST_P(CoverageStoreTest, OfManyAtOnceOneBooks) {
  const std::unique_ptr<sql::Database> other = OpenAgain();
  std::atomic<int> booked{0}, refused{0};
  OnThreads(8, [&](int i) {
    // Without NextPosition, which would let them wait for each other: the key alone guards.
    sql::Database& database = i % 2 == 0 ? db() : *other;
    const absl::Status status = database.Write([&](sql::Tx& tx) {
      store::InsertMonths(
          tx, std::vector<PersonMonth>{Paid(1, Programme::kJkm, Month(2019, 12), 100 + i)});
      return absl::OkStatus();
    });
    if (status.ok()) ++booked;
    if (absl::IsAlreadyExists(status)) ++refused;
  });
  EXPECT_EQ(booked, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_THAT(Standing(1), SizeIs(1));
}

TEST_P(CoverageStoreTest, ImpossibleRowsAreRefused) {
  PersonMonth backwards = Paid(1, Programme::kJkk, Month(2019, 11));
  backwards.last_day = backwards.first_day - 1;
  EXPECT_EQ(Book({backwards}).code(), absl::StatusCode::kFailedPrecondition);
  PersonMonth negative = Paid(1, Programme::kJkk, Month(2019, 11));
  negative.amount = Rupiah(-1);
  EXPECT_EQ(Book({negative}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_P(CoverageStoreTest, ARevokedMonthStaysInTheHistoryAndMayBePaidAnew) {
  ASSERT_TRUE(Book({Paid(1, Programme::kJkk, Month(2019, 11))}).ok());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(Revoke(1, {PayerClass::kCsr, 5, 0}, 0).ok());
    EXPECT_THAT(Standing(1), IsEmpty());
    ASSERT_TRUE(Book({Paid(1, Programme::kJkk, Month(2019, 11))}).ok());
  }
  const auto all =
      Read<std::vector<PersonMonth>>([](sql::Tx& tx) { return store::AllMonths(tx, 1); });
  ASSERT_THAT(all, SizeIs(3));
  int revoked = 0;
  for (const PersonMonth& month : all) {
    if (month.stands()) continue;
    ++revoked;
    EXPECT_EQ(month.revoke_ms, kMs + 1);
    EXPECT_EQ(month.revoke_reason, "wrong list");
    EXPECT_EQ(month.amount, Rupiah(10'000));
  }
  EXPECT_EQ(revoked, 2);
}

TEST_P(CoverageStoreTest, RevokesOnlyWhatTheSourcePaidFromTheMonthOn) {
  PersonMonth own = Paid(1, Programme::kJkk, Month(2020, 2), 0);
  own.source = {PayerClass::kSelf, 0, 44};
  ASSERT_TRUE(
      Book({Paid(1, Programme::kJkk, Month(2019, 12)), Paid(1, Programme::kJkk, Month(2020, 1)),
            own, Paid(2, Programme::kJkk, Month(2020, 1))})
          .ok());
  ASSERT_TRUE(Revoke(1, {PayerClass::kUnspecified, 5, 0}, 202001).ok());
  ASSERT_THAT(Standing(1), SizeIs(2));
  EXPECT_EQ(Standing(1)[0].month, Month(2019, 12));
  EXPECT_EQ(Standing(1)[1].source.contribution_id, 44);
  EXPECT_THAT(Standing(2), SizeIs(1));
  ASSERT_TRUE(Revoke(1, {PayerClass::kUnspecified, 0, 44}, 0).ok());
  EXPECT_THAT(Standing(1), SizeIs(1));
}

// ---- Members ----

TEST_P(CoverageStoreTest, MembersComeBackAsTheyWere) {
  Member member = Worker(3);
  member.death_day = Day(2019, 12, 10);
  member.sector = Sector::kTransport;
  member.utc_offset_hours = 9;
  Member nameless = Worker(2);
  nameless.membership_number.clear();
  Member also_nameless = Worker(4);
  also_nameless.membership_number.clear();
  ASSERT_TRUE(Insert({member, nameless, also_nameless}).ok());
  const auto found = Read<std::vector<Member>>([](sql::Tx& tx) {
    return store::FindMembers(tx, {3, 2, 77});
  });
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].worker_id, 2);
  EXPECT_EQ(found[0].membership_number, "");
  EXPECT_EQ(found[1].membership_number, member.membership_number);
  EXPECT_EQ(found[1].death_day, Day(2019, 12, 10));
  EXPECT_EQ(found[1].withdraw_day, std::nullopt);
  EXPECT_EQ(found[1].sector, Sector::kTransport);
  EXPECT_EQ(found[1].utc_offset_hours, 9);
  EXPECT_EQ(found[1].record_ms, kMs);
}

TEST_P(CoverageStoreTest, OneMemberPerNikAndNumber) {
  ASSERT_TRUE(Insert({Worker(1)}).ok());
  Member same_nik = Worker(2);
  same_nik.nik_hash = Worker(1).nik_hash;
  EXPECT_EQ(Insert({same_nik}).code(), absl::StatusCode::kAlreadyExists);
  Member same_number = Worker(2);
  same_number.membership_number = Worker(1).membership_number;
  EXPECT_EQ(Insert({same_number}).code(), absl::StatusCode::kAlreadyExists);
}

TEST_P(CoverageStoreTest, WhatWasKnownOfAMemberAtAnInstant) {
  ASSERT_TRUE(Insert({Worker(1)}).ok());
  Member dead = Worker(1);
  dead.version = 2;
  dead.death_day = Day(2019, 12, 10);
  dead.record_ms = kMs + 1000;
  ASSERT_TRUE(db().Write([&](sql::Tx& tx) {
                    store::ReplaceMembers(tx, {&dead, 1}, store::NextPosition(tx));
                    return absl::OkStatus();
                  })
                  .ok());
  const auto at = [&](int64_t instant) {
    return Read<std::optional<Member>>(
        [&](sql::Tx& tx) { return store::MemberKnownAt(tx, 1, instant); });
  };
  EXPECT_FALSE(at(kMs - 1).has_value());
  EXPECT_EQ(at(kMs)->death_day, std::nullopt);
  EXPECT_EQ(at(kMs)->position, 1);
  EXPECT_EQ(at(kMs + 999)->version, 1);
  EXPECT_EQ(at(kMs + 1000)->death_day, Day(2019, 12, 10));
  EXPECT_EQ(at(kMs + 1000)->position, 2);
}

// ---- Lists and counts ----

TEST_P(CoverageStoreTest, WorkersInTheirOrderByPledgeAndPage) {
  ASSERT_TRUE(Insert({Worker(4), Worker(2), Worker(9), Worker(7)}).ok());
  ASSERT_TRUE(
      Book({Paid(9, Programme::kJkk, Month(2019, 12)), Paid(9, Programme::kJkm, Month(2019, 12)),
            Paid(2, Programme::kJkk, Month(2019, 12)),
            Paid(4, Programme::kJkk, Month(2019, 12), 6)})
          .ok());
  const auto after = [&](int64_t pledge, int64_t worker, int limit) {
    return Read<std::vector<int64_t>>(
        [&](sql::Tx& tx) { return store::WorkersAfter(tx, pledge, worker, limit); });
  };
  EXPECT_THAT(after(0, 0, 10), ElementsAre(2, 4, 7, 9));
  EXPECT_THAT(after(0, 2, 2), ElementsAre(4, 7));
  EXPECT_THAT(after(5, 0, 10), ElementsAre(2, 9));
  EXPECT_THAT(after(5, 2, 10), ElementsAre(9));
  EXPECT_THAT(after(6, 4, 10), IsEmpty());
}

TEST_P(CoverageStoreTest, CountsByDayRegionAndPledge) {
  Member dead = Worker(4);
  dead.death_day = Day(2019, 11, 10);
  ASSERT_TRUE(Insert({Worker(1, "33.72.01"), Worker(2, "33.7"), Worker(3, "33.72"), dead}).ok());
  PersonMonth own = Paid(3, Programme::kJkk, Month(2019, 11), 0);
  own.source = {PayerClass::kSelf, 0, 44};
  ASSERT_TRUE(
      Book({Paid(1, Programme::kJkk, Month(2019, 11)), Paid(1, Programme::kJkk, Month(2019, 12)),
            Paid(2, Programme::kJkk, Month(2019, 11)), own,
            Paid(4, Programme::kJkk, Month(2019, 11))})
          .ok());
  const store::Statistics all = Count(Day(2019, 11, 30));
  ASSERT_THAT(all.counts, SizeIs(2));
  EXPECT_EQ(all.counts[0].payer, PayerClass::kCsr);
  EXPECT_EQ(all.counts[0].workers, 2);
  EXPECT_EQ(all.counts[1].payer, PayerClass::kSelf);
  EXPECT_EQ(all.counts[1].workers, 1);
  EXPECT_EQ(all.person_months, 5);
  EXPECT_EQ(all.amount, 50'000);
  EXPECT_EQ(Count(Day(2019, 11, 10)).counts[0].workers, 3);
  EXPECT_THAT(Count(Day(2020, 1, 1)).counts, IsEmpty());

  const store::Statistics surakarta = Count(Day(2019, 11, 30), "33.72");
  EXPECT_EQ(surakarta.counts[0].workers, 1);
  EXPECT_EQ(surakarta.counts[1].workers, 1);
  const store::Statistics pledge = Count(Day(2019, 11, 30), "", 5);
  ASSERT_THAT(pledge.counts, SizeIs(1));
  EXPECT_EQ(pledge.person_months, 4);
  ASSERT_TRUE(Revoke(1, {PayerClass::kCsr, 5, 0}, 201912).ok());
  EXPECT_EQ(Count(Day(2019, 11, 30)).revoked, 1);
  EXPECT_EQ(Count(Day(2019, 11, 30)).person_months, 4);
}

}  // namespace
}  // namespace lingkaran::coverage
