// No work on a database waits for ever: deadlines, locks of others, servers that hang.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "tests/support/process.h"
#include "tests/support/sql_fixture.h"
#include "tests/support/stopped_backend.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;
using testing::HasSubstr;
using testing::Not;

// What holds a call up here (a lock, a stopped process) does so until the test lets it go: that a
// call returns before is the proof that it did not wait.

absl::Status Nothing(Tx&) { return absl::OkStatus(); }

bool IsUnavailable(const absl::Status& status) {
  return absl::IsUnavailable(status) && ReasonOf(status) == Reason::kStoreUnavailable;
}

bool IsPastDeadline(const absl::Status& status) {
  return absl::IsDeadlineExceeded(status) && ReasonOf(status) == Reason::kDeadlinePassed;
}

// A transaction of somebody else that has changed the first thing and stays open.
class Holder {
 public:
  explicit Holder(Database& db)
      : thread_([this, &db] {
          const absl::Status status = db.Write([this](Tx& tx) {
            tx.LiftLimits();
            tx.db() << "UPDATE things SET amount = amount + 1 WHERE id = 1";
            held_.Open();
            release_.Wait();
            return absl::OkStatus();
          });
          EXPECT_TRUE(status.ok()) << status;
        }) {
    EXPECT_TRUE(held_.Wait());
  }
  ~Holder() { Release(); }
  void Release() {
    release_.Open();
    if (thread_.joinable()) thread_.join();
  }

 private:
  Gate held_, release_;
  std::thread thread_;
};

absl::Status Touch(Database& db, int64_t id) {
  return db.Write([id](Tx& tx) {
    tx.db() << "UPDATE things SET amount = amount + 1 WHERE id = :id", use(id, "id");
    return absl::OkStatus();
  });
}

// Under a deadline so far away.
absl::Status Within(absl::Duration time, absl::FunctionRef<absl::Status()> work) {
  const DeadlineScope soon(absl::Now() + time);
  return work();
}

class LimitsSuite : public DatabaseTest {
 protected:
  LimitsSuite() : DatabaseTest(Things()) {}
};
LINGKARAN_ON_BOTH_DATABASES(LimitsSuite);

// ---- Deadlines ----

TEST_P(LimitsSuite, WhatNobodyWaitsForDoesNotBegin) {
  const DeadlineScope over(absl::Now() - absl::Seconds(1));
  int runs = 0;
  auto body = [&](Tx&) {
    ++runs;
    return absl::OkStatus();
  };
  EXPECT_PRED1(IsPastDeadline, db().Write(body));
  EXPECT_PRED1(IsPastDeadline, db().Read(body));
  EXPECT_EQ(runs, 0);
}

TEST_P(LimitsSuite, WorkStopsAtTheDeadlineAndKeepsNothing) {
  absl::Status status;
  int statements = 0;
  {
    const DeadlineScope soon(absl::Now() + absl::Seconds(1));
    status = db().Write([&](Tx& tx) -> absl::Status {
      RETURN_IF_ERROR(AddThing(tx, 2, "two"));
      for (const absl::Time end = absl::Now() + absl::Seconds(10); absl::Now() < end;
           ++statements) {
        int one = 0;
        tx.db() << "SELECT 1", into(one);
      }
      return absl::OkStatus();
    });
  }
  EXPECT_PRED1(IsPastDeadline, status);
  EXPECT_GT(statements, 0);
  EXPECT_EQ(Count(db(), "things"), 1);
  EXPECT_TRUE(Touch(db(), 1).ok());
}

TEST_P(LimitsSuite, ALongStatementEndsAtTheDeadline) {
  absl::Status status;
  testing::internal::CaptureStderr();
  {
    const DeadlineScope soon(absl::Now() + absl::Milliseconds(300));
    status = db().Read([](Tx& tx) {
      int64_t count = 0;
      tx.db() << "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n) "
                 "SELECT COUNT(*) FROM n",
          into(count);
      return absl::OkStatus();
    });
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("store_hung")))
      << "the database ended it by itself, and keeps the connection";
  EXPECT_PRED1(IsPastDeadline, status);
  EXPECT_EQ(Count(db(), "things"), 1);
}

TEST_P(LimitsSuite, WaitingForAConnectionEndsAtTheDeadline) {
  DatabaseOptions options;
  options.connections = 1;
  options.wait = absl::Minutes(1);
  auto small = OpenAgain(options);
  Holder holder(*small);
  const absl::Status status = Within(absl::Milliseconds(50), [&] { return small->Write(Nothing); });
  EXPECT_PRED1(IsPastDeadline, status);
  holder.Release();
  EXPECT_TRUE(small->Write(Nothing).ok());
}

TEST_P(LimitsSuite, WaitingForALockEndsAtTheDeadline) {
  DatabaseOptions patient;
  patient.wait = patient.lock_timeout = patient.statement_timeout = absl::Minutes(1);
  auto other = OpenAgain(patient);
  Holder holder(db());
  const absl::Status status = Within(absl::Milliseconds(50), [&] { return Touch(*other, 1); });
  EXPECT_PRED1(IsPastDeadline, status);
  holder.Release();
  EXPECT_TRUE(Touch(*other, 1).ok());
  EXPECT_EQ(Count(db(), "things WHERE amount = 2"), 1);
}

TEST_P(LimitsSuite, RetriesEndAtTheDeadline) {
  const absl::Time deadline = absl::Now() + absl::Seconds(1);
  const DeadlineScope soon(deadline);
  int runs = 0;
  const absl::Status status = db().Write([&](Tx&) {
    if (++runs == 2) absl::SleepFor(deadline - absl::Now());
    return absl::AbortedError("conflict");
  });
  EXPECT_PRED1(IsPastDeadline, status);
  EXPECT_EQ(runs, 2);
}

// ---- Limits without a deadline ----

TEST(PostgresLimits, AStatementThatTakesTooLongIsUnavailableUnlessItMay) {
  TestDatabase database = MakeTestDatabase(Dialect::kPostgres, Things());
  auto strict = Database::Open(
      {.url = database.url, .connections = 1, .statement_timeout = absl::Milliseconds(100)});
  ASSERT_TRUE(strict.ok()) << strict.status();
  const std::string slow = "SELECT 1 FROM pg_sleep(0.5)";
  int one = 0;
  EXPECT_PRED1(IsUnavailable, (*strict)->Write([&](Tx& tx) {
    tx.db() << slow, into(one);
    return absl::OkStatus();
  }));
  const absl::Status lifted = (*strict)->Write([&](Tx& tx) {
    tx.LiftLimits();
    tx.db() << slow, into(one);
    return absl::OkStatus();
  });
  EXPECT_TRUE(lifted.ok()) << lifted;
  // For that transaction only, on the one connection that there is.
  EXPECT_PRED1(IsUnavailable, (*strict)->Write([&](Tx& tx) {
    tx.db() << slow, into(one);
    return absl::OkStatus();
  }));
  // A migration may take its time.
  std::vector<Migration> steps = Things();
  steps.push_back({3, "0003_slow", "CREATE TABLE slow AS SELECT 1 AS one FROM pg_sleep(0.5);\n"});
  EXPECT_TRUE(Migrate(**strict, steps).ok());
  EXPECT_EQ(Count(**strict, "slow"), 1);
}

TEST(PostgresLimits, AClientThatStopsInATransactionLosesItsLocks) {
  TestDatabase database = MakeTestDatabase(Dialect::kPostgres, Things());
  auto strict = Database::Open({.url = database.url, .statement_timeout = absl::Milliseconds(100)});
  ASSERT_TRUE(strict.ok()) << strict.status();
  Gate held, release;
  std::string idle;  // the server's own limit, for a process that can't even close its connection
  absl::Status stopped;
  std::thread thread([&] {
    stopped = (*strict)->Write([&](Tx& tx) {
      tx.db() << "SELECT current_setting('idle_in_transaction_session_timeout')", into(idle);
      tx.db() << "UPDATE things SET amount = 100 WHERE id = 1";
      held.Open();
      release.Wait();
      return absl::OkStatus();
    });
  });
  ASSERT_TRUE(held.Wait());
  const absl::Status other = Touch(*database.db, 1);  // waits for the lock no longer than that
  release.Open();
  thread.join();
  EXPECT_TRUE(other.ok()) << other;
  EXPECT_PRED1(IsUnavailable, stopped);
  EXPECT_EQ(idle, "200ms");
  EXPECT_EQ(Count(*database.db, "things WHERE amount = 1"), 1);
}

// ---- Too many open files ----

// Leaves `free` descriptors while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(int free) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(STDERR_FILENO);
    close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next + free);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_;
};

// Wherever in the making of a connection they run out, the place in the pool is good again after.
TEST_P(LimitsSuite, AConnectionThatGotNoFilesIsMadeLater) {
  int failures = 0;
  for (int free = 0; free < 5; ++free) {
    SCOPED_TRACE(free);
    DatabaseOptions options;
    options.connections = 2;
    auto fresh = OpenAgain(options);
    const absl::Status outer = fresh->Read([&](Tx&) {
      {
        const FewDescriptors few(free);
        const absl::Status status = fresh->Read(Nothing);
        if (!status.ok()) {
          ++failures;
          EXPECT_PRED1(IsUnavailable, status);
        }
      }
      return fresh->Read(Nothing);
    });
    EXPECT_TRUE(outer.ok()) << outer;
  }
  EXPECT_GE(failures, GetParam() == Dialect::kPostgres ? 2 : 1);
}

// ---- Hung SQL ----

class HungSql : public DatabaseTest {
 protected:
  HungSql() : DatabaseTest(Things()) {}
  std::unique_ptr<Database> Impatient() {
    DatabaseOptions options;
    options.wait = options.lock_timeout = absl::Milliseconds(200);
    return OpenAgain(options);
  }
};
LINGKARAN_ON_BOTH_DATABASES(HungSql);

TEST_P(HungSql, ALockThatAnotherHoldsEndsInAnErrorAndOthersGoOn) {
  auto impatient = Impatient();
  ASSERT_TRUE(db().Write([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
  Holder holder(db());
  absl::Status status = Touch(*impatient, 1);
  EXPECT_PRED1(IsUnavailable, status);
  EXPECT_TRUE(IsRetryable(status));
  EXPECT_EQ(Count(*impatient, "things"), 2) << "readers do not wait";
  if (GetParam() == Dialect::kPostgres) {
    EXPECT_TRUE(Touch(*impatient, 2).ok()) << "other rows are free";
  }
  holder.Release();
  status = Touch(*impatient, 1);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Count(db(), "things WHERE id = 1 AND amount = 2"), 1);
}

class HungPostgres : public testing::Test {
 protected:
  std::unique_ptr<Database> Open(absl::Duration statement_timeout) {
    auto opened = Database::Open({.url = database_.url, .statement_timeout = statement_timeout});
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  TestDatabase database_ = MakeTestDatabase(Dialect::kPostgres, Things());
};

TEST_F(HungPostgres, AServerProcessThatStopsIsLeftAndOthersGoOn) {
  auto db = Open(absl::Milliseconds(200));
  std::unique_ptr<StoppedBackend> stopped;
  absl::Status status = db->Write([&](Tx& tx) {
    const absl::Status added = AddThing(tx, 2, "two");
    stopped = std::make_unique<StoppedBackend>(BackendOf(tx));
    std::thread other([&] { EXPECT_TRUE(Touch(*db, 1).ok()); });
    other.join();
    tx.db() << "UPDATE things SET amount = 9 WHERE id = 2";
    return added;
  });
  EXPECT_PRED1(IsUnavailable, status);
  // The stopped process holds what it had; everybody else goes on.
  EXPECT_TRUE(Touch(*db, 1).ok());
  stopped->Heal();
  status = db->Write([](Tx& tx) { return AddThing(tx, 2, "two"); });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Count(*db, "things WHERE id = 2 AND amount = 0"), 1) << "the hung work left nothing";
  EXPECT_EQ(Count(*db, "things WHERE id = 1 AND amount = 2"), 1) << "the others' work stands";
}

TEST_F(HungPostgres, AServerProcessThatStopsIsLeftAtTheDeadline) {
  auto db = Open(absl::Minutes(1));
  std::unique_ptr<StoppedBackend> stopped;
  const absl::Status status = Within(absl::Milliseconds(300), [&] {
    return db->Write([&](Tx& tx) {
      stopped = std::make_unique<StoppedBackend>(BackendOf(tx));
      return AddThing(tx, 2, "two");
    });
  });
  EXPECT_PRED1(IsPastDeadline, status);
  stopped->Heal();
  EXPECT_TRUE(db->Write([](Tx& tx) { return AddThing(tx, 2, "two"); }).ok());
}

// A server that takes connections and never says a word.
TEST(HungServer, ANewConnectionIsNotWaitedForLong) {
  const LoopbackListener silent = ListenOnLoopback();
  DatabaseOptions options;
  options.url = absl::StrCat("postgresql://u@127.0.0.1:", silent.port, "/x");
  options.wait = absl::Minutes(10);
  const absl::Status status =
      Within(absl::Milliseconds(100), [&] { return Database::Open(options).status(); });
  close(silent.fd);
  EXPECT_PRED1(IsPastDeadline, status);
}

// Every connection of the pool hangs at once; none is lost for later.
TEST_F(HungPostgres, TheWholePoolRecovers) {
  auto db = Open(absl::Milliseconds(200));
  constexpr int kConnections = 8;
  std::vector<std::unique_ptr<StoppedBackend>> stopped(kConnections);
  std::vector<absl::Status> statuses(kConnections);
  std::atomic<int> in_it{0};
  Gate all;
  OnThreads(kConnections, [&](int i) {
    statuses[i] = db->Write([&, i](Tx& tx) {
      const pid_t pid = BackendOf(tx);
      if (++in_it == kConnections) all.Open();
      all.Wait();
      stopped[i] = std::make_unique<StoppedBackend>(pid);
      return AddThing(tx, 10 + i, std::to_string(i));
    });
  });
  for (const absl::Status& status : statuses) EXPECT_PRED1(IsUnavailable, status);
  for (auto& one : stopped) one->Heal();
  for (int i = 0; i < kConnections; ++i) EXPECT_TRUE(Touch(*db, 1).ok());
  EXPECT_EQ(Count(*db, "things"), 1);
}

}  // namespace
}  // namespace lingkaran::sql
