// One effect and one answer for each request_id, whoever sends it how often, whatever breaks
// meanwhile. LINGKARAN_ONCE_TRIALS and LINGKARAN_SEED set how long and which.
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/sql/idempotency.h"
#include "tests/support/gate.h"
#include "tests/support/stopped_backend.h"
#include "tests/support/test_database.h"

namespace lingkaran::sql {
namespace {

using soci::into;
using soci::use;
using testing::ElementsAre;

const std::vector<Migration>& Schema() {
  static const std::vector<Migration> kSchema = {
      {1, "0001_all",
       "CREATE TABLE effects (trial TEXT NOT NULL, run BIGINT NOT NULL);\n"
       "CREATE TABLE requests (request_id TEXT PRIMARY KEY, method TEXT NOT NULL,\n"
       "  fingerprint TEXT NOT NULL, reply TEXT NOT NULL, record_time BIGINT NOT NULL);\n"}};
  return kSchema;
}

const absl::Time kNow = absl::FromUnixSeconds(1'573'000'000);

int FromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

absl::Status NoMoney() {
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted, "no money");
}

// Counts runs of bodies; each leaves a row.
class Effects {
 public:
  explicit Effects(Database& db) : db_(db) {}
  absl::StatusOr<std::string> Run(const RequestKey& key, bool fail = false) {
    return Once(db_, key, kNow, [&](Tx& tx) -> absl::StatusOr<std::string> {
      const int64_t run = ++runs_;
      tx.db() << "INSERT INTO effects (trial, run) VALUES (:trial, :run)",
          use(key.request_id, "trial"), use(run, "run");
      if (fail) return NoMoney();
      return absl::StrCat(key.fingerprint, " by run ", run);
    });
  }
  int64_t runs() const { return runs_; }

 private:
  Database& db_;
  std::atomic<int64_t> runs_{0};
};

// ---- Many callers at once ----

constexpr int kCallers = 16;

// In each trial 16 callers send the same id at once: most the same request, some another one under
// this id, some meet an error in their body.
void Race(Database& db, int trials) {
  const unsigned seed = FromEnvironment("LINGKARAN_SEED", static_cast<int>(std::random_device{}()));
  SCOPED_TRACE(absl::StrCat("LINGKARAN_SEED=", seed));
  Effects effects(db);
  std::vector<std::vector<absl::StatusOr<std::string>>> answers(
      trials, std::vector<absl::StatusOr<std::string>>(kCallers));
  std::vector<std::vector<char>> bodies(trials, std::vector<char>(kCallers));
  std::barrier together(kCallers);
  OnThreads(kCallers, [&](int caller) {
    std::minstd_rand random(seed + caller);
    for (int trial = 0; trial < trials; ++trial) {
      const bool other = random() % 8 == 0, fail = random() % 4 == 0;
      bodies[trial][caller] = other ? 'b' : 'a';
      together.arrive_and_wait();
      answers[trial][caller] =
          effects.Run({absl::StrCat("r-", trial), "Service/Method", other ? "b" : "a"}, fail);
    }
  });

  int answered = 0, refused = 0, failed = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::optional<std::string> reply;
    for (const auto& answer : answers[trial]) {
      if (!answer.ok()) continue;
      if (!reply.has_value()) reply = *answer;
      ASSERT_EQ(*answer, *reply) << "two answers in trial " << trial;
    }
    for (int caller = 0; caller < kCallers; ++caller) {
      const auto& answer = answers[trial][caller];
      if (answer.ok()) {
        ++answered;
        ASSERT_EQ((*reply)[0], bodies[trial][caller]) << "the answer to another request";
      } else if (ReasonOf(answer.status()) == Reason::kRequestIdReused) {
        ++refused;
        ASSERT_TRUE(reply.has_value()) << "refused for nothing in trial " << trial;
        ASSERT_NE((*reply)[0], bodies[trial][caller]);
      } else {
        ++failed;
        ASSERT_EQ(ReasonOf(answer.status()), Reason::kFundsExhausted) << answer.status();
      }
    }
    ASSERT_EQ(Count(db, absl::StrCat("effects WHERE trial = 'r-", trial, "'")),
              reply.has_value() ? 1 : 0)
        << "effects of trial " << trial;
  }
  EXPECT_GT(answered, 0);
  EXPECT_GT(refused, 0);
  EXPECT_GT(failed, 0);
  std::cout << "once: " << trials << " trials of " << kCallers << " callers, " << answered
            << " answered, " << refused << " refused, " << failed << " rolled back, seed " << seed
            << "\n";
}

TEST(OnceRace, InMemory) {
  auto opened = Database::Open({.url = "sqlite::memory:", .wait = absl::Minutes(1)});
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE(Migrate(**opened, Schema()).ok());
  Race(**opened, FromEnvironment("LINGKARAN_ONCE_TRIALS", 2'000));
}

class OnceSuite : public DatabaseTest {
 protected:
  OnceSuite() : DatabaseTest(Schema()) {}
  const RequestKey key_{"r-1", "lingkaran.v1.Service/Method", "a"};
};
LINGKARAN_ON_BOTH_DATABASES(OnceSuite);

TEST_P(OnceSuite, Race) { Race(db(), FromEnvironment("LINGKARAN_ONCE_TRIALS", 2'000) / 20); }

TEST_P(OnceSuite, AnotherBodyUnderWayIsNeverRunBesideTheFirst) {
  for (const bool first_fails : {false, true}) {
    const std::string id = first_fails ? "fails" : "succeeds";
    std::barrier in_flight(2);
    Effects effects(db());
    std::atomic<bool> first_done{false};
    absl::StatusOr<std::string> first;
    std::thread sender([&] {
      first = Once(db(), {id, "m", "a"}, kNow, [&](Tx&) -> absl::StatusOr<std::string> {
        in_flight.arrive_and_wait();
        in_flight.arrive_and_wait();
        first_done = true;
        if (first_fails) return NoMoney();
        return std::string("first");
      });
    });
    in_flight.arrive_and_wait();
    absl::StatusOr<std::string> second;
    std::thread rival([&] {
      second = Once(db(), {id, "m", "b"}, kNow, [&](Tx&) -> absl::StatusOr<std::string> {
        EXPECT_TRUE(first_done) << "both ran at once";
        return std::string("second");
      });
    });
    in_flight.arrive_and_wait();
    sender.join();
    rival.join();
    if (first_fails) {
      EXPECT_EQ(*second, "second") << "of the first there is no trace";
    } else {
      EXPECT_EQ(ReasonOf(second.status()), Reason::kRequestIdReused) << second.status();
      EXPECT_EQ(*effects.Run({id, "m", "a"}), "first");
    }
  }
}

// ---- Fail points and crashes ----

struct Crash {};

TEST_P(OnceSuite, FailPointsArePassedInOrderAndNotForAReplay) {
  std::vector<std::string> places;
  SetFailPointHook([&](const std::string& place) { places.push_back(place); });
  Effects effects(db());
  EXPECT_FALSE(effects.Run(key_, /*fail=*/true).ok());
  EXPECT_THAT(places, ElementsAre("rpc/Method/claimed"));
  places.clear();
  EXPECT_TRUE(effects.Run(key_).ok());
  const std::vector<std::string> all = {"rpc/Method/claimed", "rpc/Method/booked",
                                        "rpc/Method/committed"};
  EXPECT_EQ(places, all);
  EXPECT_TRUE(effects.Run(key_).ok());
  EXPECT_EQ(places, all);
  SetFailPointHook(nullptr);
}

TEST_P(OnceSuite, ACrashLeavesAllOrNothing) {
  for (const std::string stage : {"claimed", "booked", "committed"}) {
    const RequestKey key{stage, "m", "a"};
    Effects effects(db());
    SetFailPointHook([&](const std::string& place) {
      if (place == absl::StrCat("rpc/m/", stage)) throw Crash();
    });
    bool effect = false;
    EXPECT_THROW(Once(db(), key, kNow,
                      [&](Tx& tx) -> absl::StatusOr<std::string> {
                        tx.AfterCommit([&] { effect = true; });
                        tx.db() << "INSERT INTO effects (trial, run) VALUES (:trial, 0)",
                            use(stage, "trial");
                        return std::string("before the crash");
                      })
                     .IgnoreError(),
                 Crash)
        << stage;
    SetFailPointHook(nullptr);
    EXPECT_FALSE(effect) << "committed comes before every other effect";
    const auto again = effects.Run(key);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again == "before the crash", stage == "committed") << stage << ": " << *again;
    EXPECT_EQ(Count(db(), absl::StrCat("effects WHERE trial = '", stage, "'")), 1);
  }
}

// ---- The connection is lost ----

class OnceOnPostgres : public testing::Test {
 protected:
  OnceOnPostgres() {
    auto opened = Database::Open(
        {.url = database_.url, .connections = 1, .statement_timeout = absl::Milliseconds(200)});
    EXPECT_TRUE(opened.ok()) << opened.status();
    db_ = *std::move(opened);
  }

  void ExpectOneEffect(const RequestKey& key, const absl::StatusOr<std::string>& reply) {
    ASSERT_TRUE(reply.ok()) << reply.status();
    Effects again(*db_);
    EXPECT_EQ(*again.Run(key), *reply);
    EXPECT_EQ(again.runs(), 0) << "replayed, not run";
    EXPECT_EQ(Count(*db_, absl::StrCat("effects WHERE trial = '", key.request_id, "'")), 1);
  }

  TestDatabase database_ = MakeTestDatabase(Dialect::kPostgres, Schema());
  std::unique_ptr<Database> db_;
};

TEST_F(OnceOnPostgres, CutBetweenStatementsNothingStandsAndTheReplayDoesIt) {
  for (const bool after_the_effect : {false, true}) {
    const RequestKey key{after_the_effect ? "after" : "before", "m", "a"};
    auto cut = [&](Tx& tx) {
      const int pid = BackendOf(tx);
      MustWrite(*database_.db, [&](Tx& other) {
        int done = 0;
        other.db() << "SELECT COUNT(pg_terminate_backend(:pid, 10000))", use(pid, "pid"),
            into(done);
        return done;
      });
    };
    const auto lost = Once(*db_, key, kNow, [&](Tx& tx) -> absl::StatusOr<std::string> {
      if (!after_the_effect) cut(tx);
      tx.db() << "INSERT INTO effects (trial, run) VALUES (:trial, 0)",
          use(key.request_id, "trial");
      if (after_the_effect) cut(tx);
      return std::string("lost");
    });
    EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable) << lost.status();
    EXPECT_TRUE(IsRetryable(lost.status()));
    EXPECT_EQ(Count(*db_, "requests WHERE request_id = '" + key.request_id + "'"), 0);
    Effects effects(*db_);
    const auto reply = effects.Run(key);
    EXPECT_EQ(*reply, "a by run 1");
    ExpectOneEffect(key, reply);
  }
}

TEST_F(OnceOnPostgres, CutInTheCommitNothingStandsAndTheReplayDoesIt) {
  MustWrite(*database_.db, [](Tx& tx) {
    tx.db() << "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
               "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$";
    tx.db() << "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON effects "
               "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()";
    return true;
  });
  Effects effects(*db_);
  const RequestKey key{"r", "m", "a"};
  const auto lost = effects.Run(key);
  EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable) << lost.status();
  MustWrite(*database_.db, [](Tx& tx) {
    tx.db() << "DROP TRIGGER at_commit ON effects";
    return true;
  });
  const auto reply = effects.Run(key);
  EXPECT_EQ(*reply, "a by run 2");
  ExpectOneEffect(key, reply);
}

// The server has the COMMIT, but says so only after we stopped listening.
TEST_F(OnceOnPostgres, CutAfterTheCommitTheReplayFindsTheFirstAnswer) {
  Database& db = *database_.db;
  const RequestKey key{"r", "m", "a"};
  pid_t pid = 0;
  std::unique_ptr<StoppedBackend> stopped;
  SetFailPointHook([&](const std::string& place) {
    if (place == "rpc/m/booked") stopped = std::make_unique<StoppedBackend>(pid);
  });
  absl::StatusOr<std::string> unknown;
  {
    const DeadlineScope soon(absl::Now() + absl::Milliseconds(300));
    unknown = Once(db, key, kNow, [&](Tx& tx) -> absl::StatusOr<std::string> {
      pid = BackendOf(tx);
      tx.db() << "INSERT INTO effects (trial, run) VALUES ('r', 0)";
      return std::string("first answer");
    });
  }
  SetFailPointHook(nullptr);
  ASSERT_NE(stopped, nullptr);
  stopped->Heal();
  EXPECT_FALSE(unknown.ok());
  EXPECT_TRUE(IsRetryable(unknown.status())) << unknown.status();
  // Who asks with the same id waits for the process that still has it, then gets its answer.
  const auto reply = Effects(db).Run(key);
  EXPECT_EQ(*reply, "first answer") << "it was committed";
  ExpectOneEffect(key, reply);
}

}  // namespace
}  // namespace lingkaran::sql
