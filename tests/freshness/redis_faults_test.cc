// What a bad Redis costs: nothing but speed, and of that no more than having none. Checks about
// people whom the near cache has no room for run at a steady rate, at a replica with Redis and at
// one without; then Redis is killed, stopped, slow, full, wiped and failed over to an older
// replica. Each time all answers must be right, p99 must stay within twice that of the replica
// without Redis at the same time, and within five seconds of the end all must be as before, Redis
// in use. Other work on the machine makes one try slow, a Redis that costs makes all of them slow:
// a fault is tried up to three times until one try is within the bounds.
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/freshness/load.h"
#include "tests/freshness/probe.h"

namespace lingkaran::freshness {
namespace {

constexpr int kPeople = 400;
constexpr int kNear = 64;  // people whom the near cache has room for
constexpr double kPerSecond = 200;
constexpr absl::Duration kFault = absl::Seconds(2);
constexpr absl::Duration kSteadyWithin = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Minutes(1);  // then it is never steady
constexpr int kTries = 3;
constexpr absl::Duration kWindow = absl::Seconds(1);
constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kSlow = absl::Milliseconds(500);
// Others may be working on this machine, too.
constexpr absl::Duration kNoise = absl::Milliseconds(15);
// Of the checks in a window, so many must be answered by Redis.
constexpr double kHits = 0.2;
constexpr int64_t kFewErrors = 3;
constexpr int kWithRedis = 0, kWithout = 1;

class RedisFaultsTest : public testing::Test {
 protected:
  RedisFaultsTest()
      : world_({.replicas = 1, .near_members = kNear, .without_redis = 1}),
        settled_(Settle(world_, kPeople)),
        load_(world_, weather_,
              {.seed = 7,
               .writes_per_second = 20,
               .token_checks_per_second = 200,
               .replicas = {kWithRedis}}),
        with_(world_, settled_.keys, {.replica = kWithRedis, .per_second = kPerSecond, .seed = 1}),
        without_(world_, settled_.keys,
                 {.replica = kWithout, .per_second = kPerSecond, .seed = 2}) {}

  static int64_t Sum(const std::map<std::string, int64_t>& errors) {
    int64_t sum = 0;
    for (const auto& [error, count] : errors) {
      std::printf("%s: %d\n", error.c_str(), static_cast<int>(count));
      sum += count;
    }
    return sum;
  }

  static void Wait(absl::Duration time) { absl::SleepFor(time); }

  struct Pair {
    absl::Duration with, without;
    bool fair() const {
      return with > absl::ZeroDuration() && without > absl::ZeroDuration() &&
             with <= 2 * without + kNoise;
    }
  };
  Pair P99(absl::Time from, absl::Time to) const {
    return {Percentile(with_.Latencies(from, to), 99),
            Percentile(without_.Latencies(from, to), 99)};
  }

  int64_t Hits() {
    int64_t hits = 0;
    return absl::SimpleAtoi(redis_->Info("keyspace_hits"), &hits) ? hits : 0;
  }

  // Looks until a whole second since `healed` was steady and Redis in use; how long that took.
  absl::Duration AwaitSteady(absl::Time healed) {
    std::vector<std::pair<absl::Time, int64_t>> hits;
    while (true) {
      const absl::Time now = absl::Now();
      if (now - healed > kPatience) return absl::InfiniteDuration();
      hits.emplace_back(now, Hits());
      for (const auto& [from, before] : hits) {
        if (now - from < kWindow) break;
        const double wanted = kHits * kPerSecond * absl::ToDoubleSeconds(now - from);
        // Those that were due until now have had their time to come back.
        if (static_cast<double>(hits.back().second - before) >= wanted &&
            P99(from, now - kNoise).fair()) {
          return from - healed;
        }
      }
      Wait(kLook);
    }
  }

  // True if it cost no more than it may, and was over in time.
  bool Suffer(const std::string& name, const std::function<void()>& begin,
              const std::function<void()>& end) {
    const absl::Time start = absl::Now();
    begin();
    Wait(kFault - (absl::Now() - start));
    const absl::Time healed = absl::Now();
    end();
    // Checks that were due at the very end are over a little later.
    Wait(kLook);
    const Pair p99 = P99(start, healed);
    const absl::Duration steady = AwaitSteady(healed);
    std::printf("%-28s p99 %6.1f ms, without Redis %6.1f ms; steady after %.1f s\n", name.c_str(),
                absl::ToDoubleMilliseconds(p99.with), absl::ToDoubleMilliseconds(p99.without),
                absl::ToDoubleSeconds(steady));
    EXPECT_LT(steady, absl::InfiniteDuration()) << name;
    return p99.fair() && steady <= kSteadyWithin;
  }

  void ExpectCheap(const std::string& name, const std::function<void()>& begin,
                   const std::function<void()>& end) {
    bool cheap = false;
    for (int i = 0; !cheap && i < kTries; ++i) cheap = Suffer(name, begin, end);
    EXPECT_TRUE(cheap) << name;
  }

  // Ends the load: all that was answered must be right.
  void ExpectAllRight() {
    Load::Result result = load_.Stop();
    EXPECT_EQ(result.failure, "");
    EXPECT_EQ(with_.failure(), "");
    EXPECT_EQ(without_.failure(), "");
    std::vector<Check> checks = std::move(result.checks);
    for (Probe* probe : {&with_, &without_}) {
      const std::vector<Check> more = probe->Stop();
      EXPECT_FALSE(more.empty());
      checks.insert(checks.end(), more.begin(), more.end());
    }
    // A machine with no time left lets checks run out of theirs, Redis or not.
    EXPECT_LE(Sum(with_.errors()), 2 * Sum(without_.errors()) + kFewErrors);
    std::vector<Write> writes = std::move(result.writes);
    EXPECT_FALSE(writes.empty());
    writes.insert(writes.end(), settled_.writes.begin(), settled_.writes.end());
    Judge judge(std::move(writes));
    int wrong = 0;
    for (const Check& check : checks) {
      if (judge.Of(check).wrong == Wrong::kNot) continue;
      if (++wrong <= 3) ADD_FAILURE() << judge.Explain(check);
    }
    std::printf("%zu answers, %d wrong\n", checks.size(), wrong);
    EXPECT_EQ(wrong, 0);
  }

  World world_;
  RedisBox* redis_ = &world_.redis();  // that is in use
  Weather weather_;
  Settled settled_;
  Load load_;
  Probe with_, without_;
};

TEST_F(RedisFaultsTest, CostNoMoreThanNoRedisAndNeverATruth) {
  ASSERT_LT(AwaitSteady(absl::Now()), absl::InfiniteDuration()) << "before any fault";
  RedisBox& first = world_.redis();
  FaultProxy& way = world_.proxy(kWithRedis);

  ExpectCheap(
      "killed", [&] { first.Kill(); }, [&] { first.StartEmpty(); });
  ExpectCheap(
      "stopped", [&] { first.Pause(); }, [&] { first.Resume(); });
  ExpectCheap(
      "slow by 500 ms", [&] { way.Delay(Way::kToClient, kSlow, absl::Seconds(60)); },
      [&] { way.Heal(); });
  ExpectCheap(
      "full",
      [&] {
        first.Tell({"CONFIG", "SET", "maxmemory", "1mb"});
      },
      [&] {
        first.Tell({"CONFIG", "SET", "maxmemory", "0"});
      });
  ExpectCheap(
      "wiped", [&] { first.Tell({"FLUSHALL"}); }, [] {});

  // A replica that has fallen behind takes its master's place.
  FaultProxy cable(first.address());
  RedisBox second;
  second.Tell({"REPLICAOF", "127.0.0.1", cable.address().substr(cable.address().find(':') + 1)});
  while (second.Info("master_link_status") != "up") Wait(kLook);
  cable.Refuse(absl::Minutes(5));
  cable.CutAll();
  Wait(kFault);
  // Once only: what it costs while nobody is there, "killed" has shown.
  Suffer(
      "failed over to the older one", [&] { first.Kill(); },
      [&] {
        second.Tell({"REPLICAOF", "NO", "ONE"});
        redis_ = &second;
        way.SetTarget(second.address());
        way.CutAll();
      });
  ExpectAllRight();
}

}  // namespace
}  // namespace lingkaran::freshness
