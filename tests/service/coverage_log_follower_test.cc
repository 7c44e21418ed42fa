// Followers on one database: whatever the line between them does, the near cache of each is right
// as of the position that it claims, and claims to be fresh only if it is.
#include "services/coverage/replication/log_follower.h"

#include <atomic>
#include <functional>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coverage_schema.h"
#include "services/coverage/replication/change_notices.h"
#include "tests/support/coverage_rows.h"
#include "tests/support/fake_pubsub.h"
#include "tests/support/gate.h"
#include "tests/support/sql_fixture.h"
#include "tests/support/test_database.h"

namespace lingkaran::coverage {
namespace {

using LookupResult = NearCache::LookupResult;

const Month kNovember(2019, 11);

// A replica, as far as it follows the log.
struct Node {
  Node(sql::Database& database_in, const Clock& steady_in, int64_t epoch,
       const LogFollower::Options& options, bool linked)
      : database(database_in),
        steady(steady_in),
        near({.members = 50'000}),
        follower(database, near, linked ? &pubsub : nullptr, steady, epoch, options) {}

  // What it answers without asking anybody.
  LookupResult Ask(int64_t worker, const Freshness& fresh = {}) {
    return near.Find(PersonKey::OfWorker(worker), fresh, steady.Now(), facts);
  }
  int MonthsOf(int64_t worker) {
    const LookupResult hit = Ask(worker);
    if (hit != LookupResult::kFound) return -1 - static_cast<int>(hit);
    int months = 0;
    for (const Run& run : facts.runs) months += run.months;
    return facts.known ? months : -100;
  }
  // A write of this replica.
  int64_t Write(const std::vector<Member>& members, const std::vector<PersonMonth>& months) {
    Written written = WriteRows(database, members, months);
    follower.Wrote(written.position, std::move(written.changed));
    return written.position;
  }

  sql::Database& database;
  const Clock& steady;
  FakePubSub pubsub;
  NearCache near;
  LogFollower follower;
  Facts facts;
};

class CoverageFollowerTest : public DatabaseTest {
 protected:
  CoverageFollowerTest() : DatabaseTest(Schema()) { epoch_ = EpochOf(db()); }

  std::unique_ptr<Node> Replica(const LogFollower::Options& options = {.threads = false},
                                bool linked = true) {
    return std::make_unique<Node>(db(), steady_, epoch_, options, linked);
  }
  // Two that know everything.
  void StartTwo() {
    a_ = Replica();
    b_ = Replica();
    ASSERT_TRUE(a_->follower.CatchUp().ok());
    ASSERT_TRUE(b_->follower.CatchUp().ok());
  }
  // All that A published to B, in that order.
  void Pass() {
    for (; !a_->pubsub.published.empty(); a_->pubsub.published.pop_front()) {
      b_->pubsub.Deliver(a_->pubsub.published.front());
    }
  }
  void Sql(const std::string& text) {
    const absl::Status status = db().Write([&](sql::Tx& tx) {
      tx.db() << text;
      return absl::OkStatus();
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  // Each of the first `members` answered as the tables say.
  void ExpectTruth(Node& node, int64_t members) {
    ASSERT_TRUE(node.follower.CatchUp().ok());
    std::vector<int64_t> ids;
    for (int64_t id = 1; id <= members; ++id) ids.push_back(id);
    ASSERT_TRUE(db().Read([&](sql::Tx& tx) {
                      for (const MemberRecord& truth : TruthOf(tx, ids, 0)) {
                        for (const PersonKey& key :
                             {PersonKey::OfWorker(truth.facts.worker_id),
                              PersonKey::OfNik(truth.nik_hash),
                              PersonKey::OfNumber(truth.membership_number)}) {
                          Facts facts;
                          EXPECT_EQ(node.near.Find(key, {}, node.steady.Now(), facts),
                                    LookupResult::kFound);
                          EXPECT_EQ(facts.worker_id, truth.facts.worker_id);
                          EXPECT_EQ(facts.runs, truth.facts.runs) << facts.worker_id;
                        }
                      }
                      return absl::OkStatus();
                    })
                    .ok());
  }

  int64_t epoch_ = 0;
  ManualClock steady_{absl::UnixEpoch() + absl::Hours(1)};
  std::unique_ptr<Node> a_, b_;
};
LINGKARAN_ON_BOTH_DATABASES(CoverageFollowerTest);

// ---- Own writes, SQL, notices ----

TEST_P(CoverageFollowerTest, NothingIsAnsweredBeforeSqlWasAsked) {
  a_ = Replica();
  EXPECT_EQ(a_->Ask(1), LookupResult::kBypassed);
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->Ask(1), LookupResult::kMiss);
  EXPECT_EQ(a_->near.position(), epoch_);
}

TEST_P(CoverageFollowerTest, OwnWritesAreSeenAtOnceAndThoseOfOthersWhenSqlIsAsked) {
  StartTwo();
  const int64_t position = a_->Write({MemberRow(1)}, {MonthRow(1, kNovember)});
  EXPECT_EQ(a_->MonthsOf(1), 1);
  EXPECT_EQ(a_->facts.position, position);
  EXPECT_EQ(b_->Ask(1, {.position = position}), LookupResult::kBehind);
  ASSERT_TRUE(b_->follower.CatchUp().ok());
  EXPECT_EQ(b_->MonthsOf(1), 1);
  EXPECT_EQ(b_->near.position(), position);
}

TEST_P(CoverageFollowerTest, ANoticeBringsTheChangeAndThePeople) {
  StartTwo();
  a_->Write({MemberRow(1)}, {});
  const int64_t position = a_->Write({}, {MonthRow(1, kNovember)});
  Pass();
  EXPECT_EQ(b_->near.position(), position);
  EXPECT_EQ(b_->MonthsOf(1), 1);
  // Again, as a message that came twice.
  b_->Write({}, {MonthRow(1, kNovember + 1)});
  EXPECT_EQ(b_->MonthsOf(1), 2);
}

TEST_P(CoverageFollowerTest, ALostNoticeIsReadFromSql) {
  StartTwo();
  a_->Write({MemberRow(1)}, {MonthRow(1, kNovember)});
  a_->pubsub.published.clear();
  a_->Write({}, {MonthRow(1, kNovember + 1)});
  Pass();
  EXPECT_EQ(b_->near.position(), epoch_) << "there is a gap";
  ASSERT_TRUE(b_->follower.CatchUp().ok());
  EXPECT_EQ(b_->MonthsOf(1), 2);
}

TEST_P(CoverageFollowerTest, NoticesInAnotherOrderWaitForEachOther) {
  StartTwo();
  a_->Write({MemberRow(1)}, {});
  for (int i = 0; i < 5; ++i) a_->Write({}, {MonthRow(1, kNovember + i)});
  std::vector<std::string> messages(a_->pubsub.published.begin(), a_->pubsub.published.end());
  std::shuffle(messages.begin() + 1, messages.end(), std::mt19937(7));
  std::swap(messages.front(), messages.back());
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    b_->pubsub.Deliver(messages[i]);
    EXPECT_EQ(b_->near.position(), epoch_);
  }
  b_->pubsub.Deliver(messages.back());
  EXPECT_EQ(b_->near.position(), epoch_ + 6);
  EXPECT_EQ(b_->MonthsOf(1), 5);
}

TEST_P(CoverageFollowerTest, WhatSqlKnowsAlreadyIsNotTakenBackByALateNotice) {
  StartTwo();
  a_->Write({MemberRow(1)}, {MonthRow(1, kNovember)});
  WriteRows(db(), {}, {MonthRow(1, kNovember + 1)});
  ASSERT_TRUE(b_->follower.CatchUp().ok());
  Pass();
  EXPECT_EQ(b_->MonthsOf(1), 2);
}

TEST_P(CoverageFollowerTest, NoticesThatAreNotForUsChangeNothing) {
  StartTwo();
  Written written = WriteRows(db(), {MemberRow(1)}, {});
  const ChangeNotice notice{written.position - 1, written.position, written.changed};
  b_->pubsub.Deliver("");
  b_->pubsub.Deliver("no notice at all");
  b_->pubsub.Deliver(EncodeNotice(notice, epoch_ + 1, 77));
  EXPECT_EQ(b_->near.position(), epoch_);
  b_->pubsub.Deliver(EncodeNotice(notice, epoch_, 77));
  EXPECT_EQ(b_->near.position(), written.position);
}

TEST(CoverageNoticeTest, ComesBackAsItWas) {
  MemberRecord record = store::MakeRecord(MemberRow(7), {MonthRow(7, kNovember)}, 12);
  const ChangeNotice notice{11, 12, {record}};
  const std::string message = EncodeNotice(notice, 5, 99);
  const auto back = DecodeNotice(message, 5, 1);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->from, 11);
  EXPECT_EQ(back->to, 12);
  ASSERT_EQ(back->changed.size(), 1u);
  EXPECT_EQ(Pack(back->changed[0]), Pack(record));
  EXPECT_EQ(back->changed[0].facts.position, 12);
  EXPECT_FALSE(DecodeNotice(message, 5, 99).has_value()) << "our own";
}

TEST(CoverageNoticeTest, TooManyPeopleAreLeftOut) {
  ChangeNotice notice{11, 12, {}};
  notice.changed.assign(200'000, store::MakeRecord(MemberRow(7), {MonthRow(7, kNovember)}, 12));
  const std::string message = EncodeNotice(notice, 5, 99);
  EXPECT_LT(message.size(), 1'000u);
  EXPECT_FALSE(DecodeNotice(message, 5, 1).has_value()) << "SQL knows them";
}

// ---- What is fresh ----

TEST_P(CoverageFollowerTest, WithoutSqlItStopsToAnswer) {
  StartTwo();
  a_->Write({MemberRow(1)}, {});
  steady_.Advance(absl::Milliseconds(1'999));
  EXPECT_EQ(a_->Ask(1), LookupResult::kFound);
  Sql("ALTER TABLE log_position RENAME TO away");
  EXPECT_FALSE(a_->follower.CatchUp().ok());
  steady_.Advance(absl::Milliseconds(2));
  EXPECT_EQ(a_->Ask(1), LookupResult::kUnconfirmed);
  Sql("ALTER TABLE away RENAME TO log_position");
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->Ask(1), LookupResult::kFound);
}

// ---- Where the log begins, ends, and has holes ----

TEST_P(CoverageFollowerTest, WhatWasReadBeforeTheStartIsBelievedAsFarAsTheLogSaysSo) {
  const int64_t first = WriteRows(db(), {MemberRow(1), MemberRow(2)}, {}).position;
  const int64_t second = WriteRows(db(), {}, {MonthRow(2, kNovember)}).position;
  a_ = Replica();
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->near.position(), second);
  EXPECT_TRUE(a_->near.IsCurrent(1, first));
  EXPECT_FALSE(a_->near.IsCurrent(2, first));
  EXPECT_TRUE(a_->near.IsCurrent(2, second));
  EXPECT_FALSE(a_->near.IsCurrent(1, epoch_ - 1));
}

TEST_P(CoverageFollowerTest, FarBehindItBeginsAnew) {
  StartTwo();
  a_->Write({MemberRow(1)}, {});
  Sql("INSERT INTO change_log (position, record_time, people, worker_ids) SELECT position + 1, 0, "
      "300000, '' FROM log_position");
  Sql("UPDATE log_position SET position = position + 1, recorded = recorded + 1");
  WriteRows(db(), {}, {MonthRow(1, kNovember)});
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->near.size(), 0u);
  EXPECT_EQ(a_->near.position(), epoch_ + 3);
  EXPECT_EQ(a_->Ask(1), LookupResult::kMiss);
}

TEST_P(CoverageFollowerTest, LittleBehindItReplaysInSteps) {
  StartTwo();
  std::vector<Member> members;
  for (int64_t id = 1; id <= 2'000; ++id) members.push_back(MemberRow(id));
  for (int i = 0; i < 12; ++i) {
    std::vector<PersonMonth> months;
    for (int64_t id = 1; id <= 2'000; ++id) months.push_back(MonthRow(id, kNovember + i));
    WriteRows(db(), i == 0 ? members : std::vector<Member>(), months);
  }
  ASSERT_TRUE(b_->follower.CatchUp().ok());
  EXPECT_EQ(b_->near.size(), 2'000u) << "it was not emptied";
  EXPECT_EQ(b_->MonthsOf(1), 12);
  EXPECT_EQ(b_->MonthsOf(2'000), 12);
}

TEST_P(CoverageFollowerTest, ALogThatWasSetBackEmptiesTheCache) {
  StartTwo();
  a_->Write({MemberRow(1)}, {MonthRow(1, kNovember)});
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  // As after a restore: the last write never was.
  Sql("DELETE FROM person_months");
  Sql("DELETE FROM change_log");
  Sql("UPDATE log_position SET position = position - 1, recorded = recorded - 1");
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->near.size(), 0u);
  EXPECT_EQ(a_->near.position(), epoch_);
  steady_.Advance(absl::Seconds(3));
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->Ask(1), LookupResult::kMiss) << "it works on";
}

TEST_P(CoverageFollowerTest, AfterAnOlderReleaseWroteNothingIsAnsweredUntilItIsMended) {
  a_ = Replica({.threads = false});
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  a_->Write({MemberRow(1)}, {});
  WriteAsOlderRelease(db(), {}, {MonthRow(1, kNovember)});
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->Ask(1), LookupResult::kBypassed);
  // One with threads mends.
  b_ = Replica({.threads = true, .poll = absl::Milliseconds(5)}, /*linked=*/false);
  ASSERT_TRUE(Eventually([&] { return b_->near.complete(); }));
  EXPECT_EQ(b_->near.size(), 1u);
  ExpectTruth(*b_, 1);
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->Ask(1), LookupResult::kMiss) << "follows again, from an empty table";
}

TEST_P(CoverageFollowerTest, AHoleThatWasMendedMeanwhileEmptiesWhoStoodBeforeIt) {
  StartTwo();
  a_->Write({MemberRow(1)}, {});
  WriteAsOlderRelease(db(), {}, {MonthRow(1, kNovember)});
  b_ = Replica({.threads = true, .poll = absl::Milliseconds(5)}, /*linked=*/false);
  ASSERT_TRUE(Eventually([&] { return b_->near.complete(); }));
  // A did not look all the while.
  EXPECT_EQ(a_->MonthsOf(1), 0);
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_EQ(a_->Ask(1), LookupResult::kMiss);
  EXPECT_FALSE(a_->near.IsCurrent(1, epoch_ + 1)) << "what was read before the hole";
}

// ---- Threads ----

TEST_P(CoverageFollowerTest, WithoutALineTheOthersWritesComeByThemselves) {
  a_ = Replica({.threads = true, .poll = absl::Milliseconds(5)}, /*linked=*/false);
  b_ = Replica({.threads = true, .poll = absl::Milliseconds(5)}, /*linked=*/false);
  ASSERT_TRUE(Eventually([&] { return b_->near.complete(); }));
  for (int i = 0; i < 5; ++i) {
    const int64_t position =
        a_->Write(i == 0 ? std::vector<Member>{MemberRow(1)} : std::vector<Member>(),
                  {MonthRow(1, kNovember + i)});
    ASSERT_TRUE(Eventually([&] { return b_->near.position() == position; }));
    EXPECT_EQ(b_->MonthsOf(1), i + 1);
    steady_.Advance(absl::Seconds(3));
    ASSERT_TRUE(Eventually([&] { return b_->Ask(1) == LookupResult::kFound; }))
        << "a poll confirms";
  }
}

TEST_P(CoverageFollowerTest, TheWarmStartIsCompleteAndTrueWhileWritesGoOn) {
  constexpr int64_t kMembers = 6'000;
  std::vector<Member> members;
  std::vector<PersonMonth> months;
  for (int64_t id = 1; id <= kMembers; ++id) {
    members.push_back(MemberRow(id));
    months.push_back(MonthRow(id, kNovember));
  }
  WriteRows(db(), members, months);
  a_ = Replica({.threads = false}, /*linked=*/false);
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    std::mt19937 random(3);
    for (int month = 1; month < 40 && !stop; ++month) {
      std::vector<PersonMonth> some;
      for (int64_t id = 1 + static_cast<int64_t>(random() % 40); id <= kMembers; id += 40) {
        some.push_back(MonthRow(id, kNovember + month));
      }
      a_->Write({}, some);
    }
  });
  b_ = Replica({.threads = true, .poll = absl::Milliseconds(2)}, /*linked=*/false);
  EXPECT_TRUE(Eventually([&] { return b_->near.complete(); }));
  stop = true;
  writer.join();
  ExpectTruth(*b_, kMembers);
  EXPECT_EQ(b_->near.size(), static_cast<size_t>(kMembers));
  // Complete: who is not there is nobody.
  EXPECT_EQ(b_->Ask(kMembers + 1), LookupResult::kFound);
  EXPECT_FALSE(b_->facts.known);
}

TEST_P(CoverageFollowerTest, WhoAwaitsAMoveIsWokenByIt) {
  a_ = Replica();
  ASSERT_TRUE(a_->follower.CatchUp().ok());
  EXPECT_TRUE(a_->follower.AwaitBeyond(epoch_ - 1, absl::ZeroDuration()));
  EXPECT_FALSE(a_->follower.AwaitBeyond(epoch_, absl::ZeroDuration()));
  for (const auto& move :
       std::vector<std::function<void()>>{[&] { a_->Write({MemberRow(1)}, {}); },
                                          [&] {
                                            WriteRows(db(), {}, {});
                                            EXPECT_TRUE(a_->follower.CatchUp().ok());
                                          }}) {
    const int64_t before = a_->near.position();
    std::thread mover(move);
    EXPECT_TRUE(a_->follower.AwaitBeyond(before, absl::Minutes(1)));
    mover.join();
  }
}

}  // namespace
}  // namespace lingkaran::coverage
