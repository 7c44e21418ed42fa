// common/sql on both databases: transactions, errors, migrations.
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "common/sql/database.h"
#include "tests/support/sql_fixture.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class DatabaseSuite : public DatabaseTest {
 protected:
  DatabaseSuite() : DatabaseTest(Things()) {}
};
LINGKARAN_ON_BOTH_DATABASES(DatabaseSuite);

TEST_P(DatabaseSuite, KeepsWhatIsCommitted) {
  ASSERT_TRUE(db().Write([](Tx& tx) { return AddThing(tx, 7'000'000'000'000, "big"); }).ok());
  std::vector<std::string> names;
  std::vector<int64_t> ids;
  ASSERT_TRUE(db().Read([&](Tx& tx) {
                    int64_t id = 0;
                    std::string name;
                    const int64_t least = 1;
                    ForEach(
                        tx, "SELECT id, name FROM things WHERE id >= :least ORDER BY id",
                        [&] {
                          ids.push_back(id);
                          names.push_back(name);
                        },
                        into(id), into(name), use(least, "least"));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(ids, ElementsAre(1, 7'000'000'000'000));
  EXPECT_THAT(names, ElementsAre("a:b; it's 12:30", "big"));
  EXPECT_TRUE(db().Ping().ok());
}

TEST_P(DatabaseSuite, AnErrorRollsBack) {
  const absl::Status status = db().Write([](Tx& tx) {
    AddThing(tx, 2, "two").IgnoreError();
    return absl::NotFoundError("changed my mind");
  });
  EXPECT_EQ(status, absl::NotFoundError("changed my mind"));
  EXPECT_EQ(Count(db(), "things"), 1);
}

TEST_P(DatabaseSuite, AnExceptionRollsBack) {
  const absl::Status status = db().Write([](Tx& tx) -> absl::Status {
    AddThing(tx, 2, "two").IgnoreError();
    throw std::runtime_error("3372010101010001");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(status), Reason::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("3372")));
  EXPECT_EQ(Count(db(), "things"), 1);
}

TEST_P(DatabaseSuite, AnSqlErrorThatTheBodySwallowedIsNoCommit) {
  bool effect = false;
  const absl::Status status = db().Write([&](Tx& tx) {
    tx.AfterCommit([&] { effect = true; });
    AddThing(tx, 2, "two").IgnoreError();
    try {
      tx.db() << "SELECT nonsense FROM nowhere";
    } catch (const soci::soci_error&) {
    }
    return absl::OkStatus();
  });
  // SQLite goes on after such an error, PostgreSQL cannot; neither says OK and keeps nothing.
  EXPECT_EQ(status.ok(), effect);
  EXPECT_EQ(Count(db(), "things"), status.ok() ? 2 : 1);
}

TEST_P(DatabaseSuite, EffectsRunAfterTheCommitWithAFreeConnection) {
  std::vector<int64_t> seen;
  ASSERT_TRUE(db().Write([&](Tx& tx) {
                    tx.AfterCommit([&] { seen.push_back(Count(db(), "things")); });
                    tx.AfterCommit([&] {
                      EXPECT_TRUE(db().Write([](Tx& t) { return AddThing(t, 3, "three"); }).ok());
                    });
                    return AddThing(tx, 2, "two");
                  })
                  .ok());
  EXPECT_THAT(seen, ElementsAre(2));
  EXPECT_EQ(Count(db(), "things"), 3);
  EXPECT_FALSE(db().Write([&](Tx& tx) {
                     tx.AfterCommit([&] { seen.push_back(-1); });
                     return absl::InternalError("no");
                   })
                   .ok());
  EXPECT_THAT(seen, ElementsAre(2));
}

TEST_P(DatabaseSuite, ConstraintsBecomeCodes) {
  EXPECT_EQ(db().Write([](Tx& tx) { return AddThing(tx, 1, "other"); }).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(db().Write([](Tx& tx) { return AddThing(tx, 2, "a:b; it's 12:30"); }).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(db().Write([](Tx& tx) { return AddThing(tx, 2, "debt", -1); }).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(db().Write([](Tx& tx) {
                  tx.db() << "INSERT INTO things (id, amount) VALUES (9, NULL)";
                  return absl::OkStatus();
                })
                .code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(Count(db(), "things"), 1);
}

TEST_P(DatabaseSuite, TheLogHoldsNoValues) {
  const std::string person = "Siti 3372010101010001";
  testing::internal::CaptureStderr();
  std::vector<absl::Status> statuses;
  statuses.push_back(db().Write([&](Tx& tx) {
    tx.db() << "INSERT INTO things (id, name, amount) VALUES (9, :name, NULL)", use(person, "name");
    return absl::OkStatus();
  }));
  statuses.push_back(db().Write([&](Tx& tx) {
    tx.db() << "SELECT id, nonsense FROM things WHERE name = :name", use(person, "name");
    return absl::OkStatus();
  }));
  statuses.push_back(db().Write([&](Tx& tx) -> absl::Status {
    int64_t number = 0;
    tx.db() << "SELECT CAST(:name AS BIGINT)", use(person, "name"), into(number);
    throw std::runtime_error("no member 3372010101010001");  // SQLite takes it for 0
  }));
  const std::string log = testing::internal::GetCapturedStderr();
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("3372")));
  }
  EXPECT_THAT(log, HasSubstr("store_error"));
  EXPECT_THAT(log, Not(HasSubstr("Siti")));
  EXPECT_THAT(log, Not(HasSubstr("3372")));
}

TEST_P(DatabaseSuite, ReadsWriteNothing) {
  EXPECT_FALSE(db().Read([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
  EXPECT_EQ(Count(db(), "things"), 1);
}

TEST_P(DatabaseSuite, AReadSeesOneSnapshotWhileOthersWrite) {
  int64_t before = 0, after = 0;
  ASSERT_TRUE(db().Read([&](Tx& tx) {
                    tx.db() << "SELECT COUNT(*) FROM things", into(before);
                    EXPECT_TRUE(db().Write([](Tx& t) { return AddThing(t, 2, "two"); }).ok());
                    tx.db() << "SELECT COUNT(*) FROM things", into(after);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(before, 1);
  EXPECT_EQ(after, 1);
  EXPECT_EQ(Count(db(), "things"), 2);
}

TEST_P(DatabaseSuite, ConflictsAreRetriedAndRefusalsAreNot) {
  int runs = 0, effects = 0;
  EXPECT_TRUE(db().Write([&](Tx& tx) -> absl::Status {
                    tx.AfterCommit([&] { ++effects; });
                    RETURN_IF_ERROR(AddThing(tx, 2, "two"));
                    return ++runs < 3 ? absl::AbortedError("conflict") : absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(effects, 1);
  EXPECT_EQ(Count(db(), "things"), 2);
  runs = 0;
  const absl::Status refused = db().Write([&](Tx&) {
    ++runs;
    return Error(absl::StatusCode::kAborted, Reason::kRequestIdReused, "another body");
  });
  EXPECT_EQ(ReasonOf(refused), Reason::kRequestIdReused);
  EXPECT_EQ(runs, 1);
}

TEST_P(DatabaseSuite, EndlessConflictIsUnavailable) {
  const absl::Status status = db().Write([](Tx&) { return absl::AbortedError("conflict"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), Reason::kStoreUnavailable);
}

TEST_P(DatabaseSuite, WaitingForAConnectionIsBounded) {
  DatabaseOptions options;
  options.connections = 1;
  options.wait = absl::Milliseconds(20);
  auto small = OpenAgain(options);
  Gate held, release;
  std::thread holder([&] {
    EXPECT_TRUE(small
                    ->Write([&](Tx&) {
                      held.Open();
                      release.Wait();
                      return absl::OkStatus();
                    })
                    .ok());
  });
  ASSERT_TRUE(held.Wait());
  const absl::Status status = small->Write([](Tx&) { return absl::OkStatus(); });
  release.Open();
  holder.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), Reason::kStoreUnavailable);
  EXPECT_TRUE(small->Write([](Tx&) { return absl::OkStatus(); }).ok());
}

TEST_P(DatabaseSuite, ManyThreadsLoseNoUpdate) {
  constexpr int kThreads = 8, kTimes = 25;
  OnThreads(kThreads, [&](int) {
    for (int n = 0; n < kTimes; ++n) {
      const absl::Status status = db().Write([](Tx& tx) {
        int64_t amount = 0;
        tx.db() << "SELECT amount FROM things WHERE id = 1" << ForUpdate(tx), into(amount);
        ++amount;
        tx.db() << "UPDATE things SET amount = :amount WHERE id = 1", use(amount, "amount");
        return absl::OkStatus();
      });
      EXPECT_TRUE(status.ok()) << status;
    }
  });
  EXPECT_EQ(Count(db(), "things WHERE amount = " + std::to_string(kThreads * kTimes)), 1);
}

TEST(DatabaseOpen, RefusesWhatIsNoDatabase) {
  for (const char* url : {"", "mysql://x", "sqlite:", "postgresql:nonsense", "/tmp/x"}) {
    EXPECT_EQ(Database::Open({.url = url}).status().code(), absl::StatusCode::kInvalidArgument)
        << url;
  }
  EXPECT_EQ(Database::Open({.url = "sqlite:/nowhere/at/all.db"}).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Database::Open({.url = "postgresql://u:hidden@127.0.0.1:1/x"}).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(DatabaseOpen, ShowsNoPassword) {
  TestDatabase database = MakeTestDatabase(Dialect::kPostgres);
  auto opened = Database::Open({.url = database.url + " password=geheim"});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_THAT((*opened)->Description(),
              AllOf(HasSubstr("dbname=lingkaran_test_"), Not(HasSubstr("geheim"))));
}

TEST(DatabaseOpen, MemoryHasOneConnectionForAll) {
  auto opened = Database::Open({.url = "sqlite::memory:"});
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE(Migrate(**opened, Things()).ok());
  ASSERT_TRUE((*opened)->Write([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
  EXPECT_EQ(Count(**opened, "things"), 2);
  EXPECT_FALSE((*opened)->Read([](Tx& tx) { return AddThing(tx, 3, "three"); }).ok());
  EXPECT_FALSE((*opened)->Write([](Tx&) { return absl::InternalError("no"); }).ok());
  EXPECT_EQ(Count(**opened, "things"), 2);
}

// ---- What only one of the two can suffer ----

TEST(PostgresOnly, DeadlocksAreRetried) {
  TestDatabase database = MakeTestDatabase(Dialect::kPostgres, Things());
  ASSERT_TRUE(database.db->Write([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
  Gate locked[2];
  std::atomic<int> runs{0};
  auto cross = [&](int first, int second) {
    return database.db->Write([&](Tx& tx) {
      ++runs;
      const char* update = "UPDATE things SET amount = amount + 1 WHERE id = :id";
      tx.db() << update, use(first, "id");
      locked[first - 1].Open();
      locked[second - 1].Wait();
      tx.db() << update, use(second, "id");
      return absl::OkStatus();
    });
  };
  std::thread other([&] { EXPECT_TRUE(cross(2, 1).ok()); });
  EXPECT_TRUE(cross(1, 2).ok());
  other.join();
  EXPECT_GE(runs, 3) << "the two never met";
  EXPECT_EQ(Count(*database.db, "things WHERE amount = 2"), 2);
}

void CutOthers(Database& db) {
  MustWrite(db, [](Tx& tx) {
    int64_t count = 0;
    tx.db() << "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity "
               "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        into(count);
    return count;
  });
}

TEST(PostgresOnly, CutConnectionsAreMadeAnew) {
  TestDatabase database = MakeTestDatabase(Dialect::kPostgres, Things());
  auto cutter = Database::Open({.url = database.url});
  ASSERT_TRUE(cutter.ok());
  CutOthers(**cutter);
  // Cut while idle: the caller sees nothing of it.
  EXPECT_TRUE(database.db->Write([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
  // Cut in a transaction: the caller must ask again.
  const absl::Status status = database.db->Write([&](Tx& tx) {
    CutOthers(**cutter);
    return AddThing(tx, 3, "three");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kStoreUnavailable);
  EXPECT_TRUE(database.db->Write([](Tx& tx) { return AddThing(tx, 3, "three"); }).ok());
  EXPECT_EQ(Count(*database.db, "things"), 3);
}

TEST(SqliteOnly, AnotherProcessWithTheLockMakesItUnavailableInTime) {
  TestDatabase database = MakeTestDatabase(Dialect::kSqlite, Things());
  auto other = Database::Open({.url = database.url, .wait = absl::Milliseconds(20)});
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(database.db
                  ->Write([&](Tx& tx) {
                    const absl::Status busy =
                        (*other)->Write([](Tx& t) { return AddThing(t, 2, "two"); });
                    EXPECT_EQ(ReasonOf(busy), Reason::kStoreUnavailable) << busy;
                    EXPECT_EQ(Count(**other, "things"), 1) << "readers do not wait";
                    return AddThing(tx, 3, "three");
                  })
                  .ok());
  EXPECT_TRUE((*other)->Write([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
  EXPECT_EQ(Count(*database.db, "things"), 3);
}

}  // namespace
}  // namespace lingkaran::sql
