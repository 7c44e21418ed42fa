// Transactions commit in another order than they began. The outbox must skip none of their rows and
// keep the order of each key all the same.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/support/gate.h"
#include "tests/support/outbox_fixture.h"

namespace lingkaran {
namespace {

using sql::Tx;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class HeldOpen : public testing::Test {
 protected:
  HeldOpen() {
    // Whatever holds the machine up, no limit of time decides these tests.
    auto opened = sql::Database::Open({.url = database_.url,
                                       .wait = absl::Minutes(1),
                                       .statement_timeout = absl::Minutes(1),
                                       .lock_timeout = absl::Minutes(1)});
    EXPECT_TRUE(opened.ok()) << opened.status();
    database_.db = *std::move(opened);
  }

  // Delivers at once, and tells the journal what was committed.
  Outbox::Deliver Told() {
    return [this](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
      return Outbox::Commit([this, m](Tx& tx) {
        tx.AfterCommit([this, m] { settled_.Add(m.body); });
        return absl::OkStatus();
      });
    };
  }

  void Put(Outbox& outbox, const std::string& key, const std::string& body) {
    MustWrite(*database_.db, [&](Tx& tx) { return outbox.Put(tx, key, "k", body); });
  }

  // How many sessions of this database wait for a lock.
  int WaitingForLocks() {
    return static_cast<int>(Count(*database_.db,
                                  "pg_stat_activity WHERE datname = current_database() "
                                  "AND wait_event_type = 'Lock'"));
  }

  std::vector<std::string> OfKey(const std::string& key) {
    std::vector<std::string> events = settled_.events();
    std::erase_if(events, [&](const std::string& event) { return !event.starts_with(key); });
    return events;
  }

  TestDatabase database_ = MakeTestDatabase(sql::Dialect::kPostgres, OutboxSchema());
  Journal settled_;
};

TEST_F(HeldOpen, LaterRowsWaitForEarlierOnesAndWhatIsThereGoesOn) {
  sql::Database& db = *database_.db;
  Outbox outbox(db, Fast());
  outbox.Register("k", Told());
  // Committed before, not yet delivered.
  Put(outbox, "a", "a1");
  Put(outbox, "c", "c1");

  Journal held, release;
  std::thread holder([&] {
    EXPECT_TRUE(db.Write([&](Tx& tx) {
                    outbox.Put(tx, "a", "k", "a2");
                    outbox.Put(tx, "b", "k", "b1");
                    held.Add("open");
                    release.WaitFor(1);
                    return absl::OkStatus();
                  }).ok());
  });
  held.WaitFor(1);
  // Three that come later: for a key of the open transaction, and for others.
  constexpr int kLater = 3;
  std::atomic<int> committed{0};
  std::vector<std::thread> later;
  for (const std::string body : {"a3", "b2", "d1"}) {
    later.emplace_back([&, body] {
      Put(outbox, body.substr(0, 1), body);
      ++committed;
    });
  }
  Eventually([&] { return WaitingForLocks() >= kLater || committed > 0; });
  EXPECT_EQ(committed, 0) << "a later row came in before an earlier one";

  // Meanwhile the relay delivers what is there, and nothing that may still be overtaken.
  outbox.Start();
  EXPECT_THAT(settled_.WaitFor(2), UnorderedElementsAre("a1", "c1"));
  EXPECT_EQ(committed, 0);

  release.Add("commit");
  holder.join();
  for (std::thread& thread : later) thread.join();
  settled_.WaitFor(7);
  outbox.Stop();
  EXPECT_THAT(OfKey("a"), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(OfKey("b"), ElementsAre("b1", "b2"));
  EXPECT_THAT(OfKey("d"), ElementsAre("d1"));
  EXPECT_EQ(outbox.Count()->waiting, 0) << "nothing is skipped";
}

// The open transaction gives up: its numbers are never seen, and nobody waits for them.
TEST_F(HeldOpen, ARollbackLeavesNoHoleThatAnybodyWaitsFor) {
  sql::Database& db = *database_.db;
  Outbox outbox(db, Fast());
  outbox.Register("k", Told());
  outbox.Start();
  Journal held, release;
  std::thread holder([&] {
    EXPECT_FALSE(db.Write([&](Tx& tx) {
                     outbox.Put(tx, "a", "k", "never");
                     held.Add("open");
                     release.WaitFor(1);
                     return absl::InternalError("no");
                   }).ok());
  });
  held.WaitFor(1);
  std::thread later([&] { Put(outbox, "a", "a1"); });
  Eventually([&] { return WaitingForLocks() >= 1; });
  release.Add("roll back");
  holder.join();
  later.join();
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("a1"));
}

// The clock, counting how often it is asked.
class CountingClock : public SystemClock {
 public:
  absl::Time Now() const override {
    ++asked_;
    return SystemClock::Now();
  }
  int asked() const { return asked_; }

 private:
  mutable std::atomic<int> asked_{0};
};

// A row that is due, but held by a transaction that hangs, is looked at again and again, but not
// all the time.
TEST_F(HeldOpen, ARowThatSomebodyHoldsCostsTheRelayLittle) {
  sql::Database& db = *database_.db;
  const CountingClock clock;
  Outbox::Options options;
  options.clock = &clock;
  Outbox outbox(db, options);
  outbox.Register("k", Told());
  Put(outbox, "a", "x");
  ASSERT_TRUE(db.Write([&](Tx& tx) {
                  tx.db() << "SELECT seq FROM outbox FOR UPDATE";
                  const int before = clock.asked();
                  outbox.Start();
                  const absl::Time start = absl::Now();
                  while (absl::Now() < start + absl::Milliseconds(500) || clock.asked() == before) {
                    EXPECT_TRUE(db.Ping().ok());
                  }
                  EXPECT_LT(clock.asked() - before, (absl::Now() - start) / absl::Milliseconds(4));
                  return absl::OkStatus();
                }).ok());
  EXPECT_THAT(settled_.WaitFor(1), ElementsAre("x"));
}

// Many at once, each over several keys, some rolled back: each key's rows come in the order of
// their commits, which is the order of their numbers.
TEST_F(HeldOpen, ManyPuttersAndRelaysKeepTheOrderOfEachKey) {
  constexpr int kPutters = 6, kTransactions = 15, kKeys = 3;
  sql::Database& db = *database_.db;
  Outbox::Options options = Fast();
  options.threads = 3;
  Outbox outbox(db, options);
  std::mutex mutex;
  std::map<std::string, std::vector<int64_t>> settled;
  outbox.Register("k", [&](const OutboxMessage& m) -> absl::StatusOr<Outbox::Commit> {
    return Outbox::Commit([&, m](Tx& tx) {
      {
        // Before the commit: after it, the next row of the key may be faster than this thread.
        const std::lock_guard lock(mutex);
        settled[m.key].push_back(m.seq);
      }
      tx.AfterCommit([&, m] { settled_.Add(m.body); });
      return absl::OkStatus();
    });
  });
  outbox.Start();
  OnThreads(kPutters, [&](int putter) {
    for (int i = 0; i < kTransactions; ++i) {
      const bool fails = (i + putter) % 5 == 0;
      const absl::Status status = db.Write([&](Tx& tx) {
        for (int key = 0; key < kKeys; ++key) {
          outbox.Put(tx, std::to_string(key), "k", "x");
        }
        return fails ? absl::InternalError("no") : absl::OkStatus();
      });
      EXPECT_EQ(status.ok(), !fails) << status;
    }
  });
  settled_.WaitFor(kPutters * kTransactions * kKeys * 4 / 5);
  outbox.Stop();
  EXPECT_EQ(outbox.Count()->waiting, 0);
  for (const auto& [key, seqs] : settled) {
    EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end())) << "key " << key;
  }
}

}  // namespace
}  // namespace lingkaran
