// The change log and the records on both databases: in the order of the commits, without a hole,
// equal to the truth, and what shows that an older release wrote.
#include <algorithm>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <soci/sqlite3/soci-sqlite3.h>

#include "coverage_schema.h"
#include "services/coverage/replication/cache_loader.h"
#include "tests/support/coverage_rows.h"
#include "tests/support/sql_fixture.h"
#include "tests/support/test_database.h"

namespace lingkaran::coverage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Month kNovember(2019, 11);

class CoverageLogTest : public DatabaseTest {
 protected:
  CoverageLogTest() : DatabaseTest(Schema()) { epoch_ = EpochOf(db()); }

  store::LogRows After(int64_t position, size_t people = 1'000'000) {
    return Read<store::LogRows>(
        [&](sql::Tx& tx) { return store::ChangesAfter(tx, position, people); });
  }
  store::LogHead Head() { return Read<store::LogHead>(store::ReadLogHead); }
  std::vector<std::string> Stored() {
    return Read<std::vector<std::string>>([](sql::Tx& tx) {
      std::vector<std::string> out;
      EXPECT_TRUE(store::StreamRecords(tx, [&](std::string_view row) {
        out.emplace_back(row);
        return true;
      }));
      return out;
    });
  }
  // What is stored is the truth about everybody.
  void ExpectRecordsAreTrue(size_t members) {
    std::vector<std::string> truth;
    for (const MemberRecord& record : Read<std::vector<MemberRecord>>(
             [&](sql::Tx& tx) { return TruthOf(tx, store::WorkersAfter(tx, 0, 0, 100'000), 0); })) {
      truth.push_back(Base64Url(Pack(record)));
    }
    std::vector<std::string> stored = Stored();
    std::sort(truth.begin(), truth.end());
    std::sort(stored.begin(), stored.end());
    EXPECT_THAT(truth, SizeIs(members));
    EXPECT_THAT(stored, testing::ElementsAreArray(truth));
  }

  int64_t epoch_ = 0;
};
LINGKARAN_ON_BOTH_DATABASES(CoverageLogTest);

TEST_P(CoverageLogTest, EachWriteLeavesOneRowAlsoIfNobodyChanged) {
  EXPECT_THAT(After(epoch_).changes, IsEmpty());
  EXPECT_EQ(After(epoch_).head.position, epoch_);
  WriteRows(db(), {MemberRow(9), MemberRow(2), MemberRow(70)}, {});
  WriteRows(db(), {}, {});
  WriteRows(db(), {}, {MonthRow(70, kNovember)});

  const store::LogRows rows = After(epoch_);
  EXPECT_FALSE(rows.more);
  EXPECT_EQ(rows.head.position, epoch_ + 3);
  EXPECT_TRUE(rows.head.whole());
  ASSERT_THAT(rows.changes, SizeIs(3));
  EXPECT_EQ(rows.changes[0].position, epoch_ + 1);
  EXPECT_EQ(rows.changes[0].record_ms, kRowsMs);
  EXPECT_THAT(rows.changes[0].worker_ids, ElementsAre(2, 9, 70));
  EXPECT_THAT(rows.changes[1].worker_ids, IsEmpty());
  EXPECT_THAT(rows.changes[2].worker_ids, ElementsAre(70));
  EXPECT_THAT(After(epoch_ + 2).changes, SizeIs(1));
  ExpectRecordsAreTrue(3);
}

TEST_P(CoverageLogTest, AWriteThatFailsLeavesNeitherRowNorPosition) {
  WriteRows(db(), {MemberRow(1)}, {});
  const absl::Status status = db().Write([&](sql::Tx& tx) -> absl::Status {
    const int64_t position = store::NextPosition(tx);
    store::RecordChange(tx, position, kRowsMs, TruthOf(tx, {1}, position));
    return absl::InternalError("rolled back");
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(After(epoch_).head.position, epoch_ + 1);
  EXPECT_THAT(After(epoch_).changes, SizeIs(1));
}

// Who has seen a position has seen all before it: a writer that takes its time holds up the next.
TEST_P(CoverageLogTest, RowsAppearInTheOrderOfTheirPositions) {
  const std::unique_ptr<sql::Database> other = OpenAgain();
  Gate taken, go_on;
  std::thread slow([&] {
    const absl::Status status = db().Write([&](sql::Tx& tx) {
      const int64_t position = store::NextPosition(tx);
      taken.Open();
      EXPECT_TRUE(go_on.Wait());
      store::RecordChange(tx, position, kRowsMs, {});
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
  });
  ASSERT_TRUE(taken.Wait());
  std::future<Written> quick =
      std::async(std::launch::async, [&] { return WriteRows(*other, {MemberRow(1)}, {}); });
  EXPECT_EQ(quick.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  EXPECT_THAT(After(epoch_).changes, IsEmpty());
  go_on.Open();
  slow.join();
  EXPECT_EQ(quick.get().position, epoch_ + 2);
  const store::LogRows rows = After(epoch_);
  ASSERT_THAT(rows.changes, SizeIs(2));
  EXPECT_THAT(rows.changes[1].worker_ids, ElementsAre(1));
}

TEST_P(CoverageLogTest, LongLogsComeInParts) {
  std::vector<Member> members;
  for (int64_t id = 1; id <= 300; ++id) members.push_back(MemberRow(id));
  for (int i = 0; i < 300; i += 10) {
    WriteRows(db(), {members.begin() + i, members.begin() + i + 10}, {});
  }
  store::LogRows rows = After(epoch_, 45);
  EXPECT_TRUE(rows.more);
  EXPECT_THAT(rows.changes, SizeIs(5));  // the fifth brings it above
  int64_t seen = 0, position = epoch_;
  do {
    rows = After(position, 45);
    for (const store::Change& change : rows.changes) {
      EXPECT_EQ(change.position, ++position);
      for (int64_t id : change.worker_ids) EXPECT_EQ(id, ++seen);
    }
  } while (rows.more);
  EXPECT_EQ(seen, 300);
  EXPECT_EQ(position, epoch_ + 30);
  EXPECT_EQ(Read<int64_t>([&](sql::Tx& tx) { return store::PeopleChangedAfter(tx, epoch_ + 28); }),
            20);
  const auto last = Read<std::vector<store::Change>>(
      [&](sql::Tx& tx) { return store::LastChanges(tx, store::ReadLogHead(tx), 25); });
  ASSERT_THAT(last, SizeIs(3));
  EXPECT_EQ(last.front().position, epoch_ + 28);
  EXPECT_EQ(last.back().position, epoch_ + 30);
}

TEST_P(CoverageLogTest, MoreRowsThanOneStatementReads) {
  for (int i = 0; i < 450; ++i) WriteRows(db(), {}, {});
  int64_t position = epoch_;
  bool more = true;
  for (int statements = 0; more; ++statements) {
    ASSERT_LT(statements, 10);
    const store::LogRows rows = After(position);
    for (const store::Change& change : rows.changes) EXPECT_EQ(change.position, ++position);
    more = rows.more;
  }
  EXPECT_EQ(position, epoch_ + 450);
  EXPECT_THAT(Read<std::vector<store::Change>>([&](sql::Tx& tx) {
                return store::LastChanges(tx, store::ReadLogHead(tx), 1'000);
              }),
              SizeIs(450));
}

// ---- Records ----

TEST_P(CoverageLogTest, PeopleAreFoundByAnyKeyAtOnce) {
  Member dead = MemberRow(3);
  dead.death_day = Day(2019, 12, 10);
  dead.utc_offset_hours = 9;
  Member nameless = MemberRow(4);
  nameless.membership_number.clear();
  const int64_t position =
      WriteRows(db(), {MemberRow(1), MemberRow(2), dead, nameless},
                {MonthRow(1, kNovember), MonthRow(1, kNovember + 1),
                 MonthRow(1, kNovember, Programme::kJkm), MonthRow(3, kNovember)})
          .position;
  const std::vector<PersonKey> keys = {
      PersonKey::OfWorker(1),
      PersonKey::OfNik(HashOfWorker(2)),
      PersonKey::OfNumber(MemberRow(3).membership_number),
      PersonKey::OfNik(HashOfWorker(1)),  // the same person again
      PersonKey::OfWorker(4),
      PersonKey::OfWorker(99),
      PersonKey::OfNik(HashOfWorker(99)),
      PersonKey::OfNumber("7\"\\,{}"),
      PersonKey::OfNumber(""),
  };
  const auto found =
      Read<store::RecordRows>([&](sql::Tx& tx) { return store::FindRecords(tx, keys); });
  EXPECT_EQ(found.position, position);
  ASSERT_THAT(found.records, SizeIs(4));
  const auto truth = Read<std::vector<MemberRecord>>([&](sql::Tx& tx) {
    return TruthOf(tx, {1, 2, 3, 4}, position);
  });
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(Pack(found.records[i]), Pack(truth[i])) << i;
    EXPECT_EQ(found.records[i].facts.position, position);
  }
  EXPECT_THAT(found.records[0].facts.runs, SizeIs(2));
  EXPECT_EQ(found.records[0].facts.runs[0].months, 2);
  EXPECT_TRUE(found.records[1].Has(keys[1]));
  EXPECT_TRUE(found.records[2].Has(keys[2]));
  EXPECT_EQ(found.records[2].facts.death_day, Day(2019, 12, 10));
  EXPECT_EQ(found.records[3].membership_number, "");
}

TEST_P(CoverageLogTest, NobodyStillHasAPosition) {
  const int64_t position = WriteRows(db(), {MemberRow(1)}, {}).position;
  const std::vector<PersonKey> keys = {PersonKey::OfNumber("7")};
  const auto found =
      Read<store::RecordRows>([&](sql::Tx& tx) { return store::FindRecords(tx, keys); });
  EXPECT_EQ(found.position, position);
  EXPECT_THAT(found.records, IsEmpty());
}

TEST(CoverageLogStatementsTest, OneStatementForAThousandKeysOfAllKinds) {
  TestDatabase database = MakeTestDatabase(sql::Dialect::kSqlite, Schema());
  std::vector<Member> members;
  std::vector<PersonKey> keys;
  for (int64_t id = 1; id <= 1'000; ++id) {
    members.push_back(MemberRow(id));
    keys.push_back(id % 3 == 0   ? PersonKey::OfWorker(id)
                   : id % 3 == 1 ? PersonKey::OfNik(HashOfWorker(id))
                                 : PersonKey::OfNumber(members.back().membership_number));
  }
  WriteRows(*database.db, members, {});
  int statements = 0;
  const absl::Status status = database.db->Read([&](sql::Tx& tx) {
    auto* const connection =
        static_cast<soci::sqlite3_session_backend*>(tx.db().get_backend())->conn_;
    const auto count = [](unsigned, void* counter, void*, void*) {
      ++*static_cast<int*>(counter);
      return 0;
    };
    sqlite_api::sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, count, &statements);
    EXPECT_THAT(store::FindRecords(tx, keys).records, SizeIs(1'000));
    sqlite_api::sqlite3_trace_v2(connection, 0, nullptr, nullptr);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(statements, 1);
}

TEST_P(CoverageLogTest, AStreamThatIsStoppedStops) {
  std::vector<Member> members;
  for (int64_t id = 1; id <= 5'000; ++id) members.push_back(MemberRow(id));
  WriteRows(db(), members, {});
  int rows = 0;
  const absl::Status status = db().Read([&](sql::Tx& tx) -> absl::Status {
    EXPECT_FALSE(store::StreamRecords(tx, [&](std::string_view) { return ++rows < 3; }));
    return absl::CancelledError("enough");
  });
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_EQ(rows, 3);
  ExpectRecordsAreTrue(5'000);  // the connection is fine
}

// ---- An older release ----

TEST_P(CoverageLogTest, AWriteOfAnOlderReleaseShows) {
  WriteRows(db(), {MemberRow(1)}, {});
  EXPECT_TRUE(Head().whole());
  WriteAsOlderRelease(db(), {MemberRow(2)}, {MonthRow(1, kNovember)});
  EXPECT_FALSE(Head().whole());
  // What the newer one writes afterwards does not hide it.
  WriteRows(db(), {MemberRow(3)}, {});
  EXPECT_FALSE(Head().whole());
  EXPECT_EQ(Head().recorded, epoch_ + 1);
}

TEST_P(CoverageLogTest, MendingTellsWhoDifferedAndMakesItWhole) {
  WriteRows(db(), {MemberRow(1), MemberRow(2)}, {});
  WriteAsOlderRelease(db(), {MemberRow(3)}, {MonthRow(1, kNovember)});
  const int64_t before = Head().position;
  ASSERT_TRUE(MendAll(db(), [] { return true; }).ok());
  EXPECT_TRUE(Head().whole());
  ExpectRecordsAreTrue(3);
  // A watcher who had seen all before learns of both, and of nobody else.
  std::vector<int64_t> told;
  for (const store::Change& change : After(before).changes) {
    told.insert(told.end(), change.worker_ids.begin(), change.worker_ids.end());
    EXPECT_EQ(change.record_ms, change.worker_ids.empty() ? 0 : kRowsMs);
  }
  EXPECT_THAT(told, ElementsAre(1, 3));
  // The log has a hole before, and none since.
  EXPECT_EQ(Head().recorded_from, before + 1);
  const int64_t head = Head().position;
  ASSERT_TRUE(MendAll(db(), [] { return true; }).ok());
  EXPECT_EQ(Head().position, head) << "mended twice";
}

TEST_P(CoverageLogTest, AnOlderReleaseThatWritesMeanwhileMakesItMendAgain) {
  WriteAsOlderRelease(db(), {MemberRow(1), MemberRow(2)}, {});
  // Between two transactions of the mending, behind the portion that was mended.
  int asked = 0;
  ASSERT_TRUE(MendAll(db(), [&] {
                if (++asked == 3) WriteAsOlderRelease(db(), {}, {MonthRow(1, kNovember)});
                return true;
              }).ok());
  EXPECT_GT(asked, 4);
  EXPECT_TRUE(Head().whole());
  ExpectRecordsAreTrue(2);
}

TEST_P(CoverageLogTest, ADatabaseOfTheReleaseBeforeIsNotWholeUntilItIsMended) {
  TestDatabase old = MakeTestDatabase(GetParam(), {Schema().front()});
  const absl::Status status = old.db->Write([&](sql::Tx& tx) {
    tx.db() << "UPDATE log_position SET epoch = 500, position = 501";
    store::InsertMembers(tx, std::vector<Member>{MemberRow(1)}, 501);
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(sql::Migrate(*old.db, Schema()).ok());
  EXPECT_EQ(EpochOf(*old.db), 500);
  EXPECT_FALSE(MustRead(*old.db, store::ReadLogHead).whole());
  ASSERT_TRUE(MendAll(*old.db, [] { return true; }).ok());
  EXPECT_TRUE(MustRead(*old.db, store::ReadLogHead).whole());
  // And the release before works on it.
  WriteAsOlderRelease(*old.db, {MemberRow(2)}, {});
  EXPECT_FALSE(MustRead(*old.db, store::ReadLogHead).whole());
}

}  // namespace
}  // namespace lingkaran::coverage
