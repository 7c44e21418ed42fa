// The cache over a Redis that is absent, hung, slow, full, read-only, out of step or no Redis at
// all: each is a miss in time, and none is ever another's answer.
#include <sys/socket.h>

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/redis/versioned_cache.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/gate.h"
#include "tests/support/redis_server.h"
#include "tests/support/scripted_server.h"

namespace lingkaran {
namespace {

using testing::Each;
using testing::Eq;

// What came, once anything did; empty at the end.
std::string Receive(int descriptor) {
  char buffer[4096];
  const ssize_t n = recv(descriptor, buffer, sizeof buffer, 0);
  return n <= 0 ? "" : std::string(buffer, n);
}
bool Say(int descriptor, const std::string& bytes) {
  return send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

// Says to every question what `answer` has for it.
template <typename Answer>
void AnswerAll(int descriptor, Answer answer) {
  for (std::string question; !(question = Receive(descriptor)).empty();) {
    if (!Say(descriptor, answer(question))) return;
  }
}

// Reads and answers nothing.
void Hang(int descriptor, int) {
  while (!Receive(descriptor).empty()) {
  }
}

VersionedCache::Options Quick(const std::string& address) {
  VersionedCache::Options options;
  options.address = address;
  options.breaker_pause = absl::Seconds(30);
  return options;
}

// Time that a call took; the best of a few, because the machine may be busy. What waits for a
// server that never answers takes the whole deadline each time.
template <typename Call>
absl::Duration Fastest(int times, Call call) {
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < times; ++i) {
    const absl::Time start = absl::Now();
    call();
    best = std::min(best, absl::Now() - start);
  }
  return best;
}

const CachePlace kA{"a", "f"};
const CachePlace kB{"b", "f"};

TEST(BrokenRedisTest, AbsentIsAMiss) {
  const auto redis = VersionedCache::Make(Quick("127.0.0.1:1"));
  EXPECT_THAT(redis->Get({kA, kB}), Each(Eq(std::nullopt)));
  redis->SetIfNewer({{kA, 1, "x"}});
  EXPECT_FALSE(redis->Ping());
  EXPECT_TRUE(redis->configured());
}

TEST(BrokenRedisTest, ANameThatNobodyHasIsAMiss) {
  const auto redis = VersionedCache::Make(Quick("no-such-host.invalid:6379"));
  const absl::Time start = absl::Now();
  EXPECT_THAT(redis->Get({kA}), Each(Eq(std::nullopt)));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4))
      << "the system's look-up of a name waits for five seconds at the least";
}

TEST(BrokenRedisTest, HungBlocksNoCrowd) {
  ScriptedServer hung(Hang);
  VersionedCache::Options options = Quick(hung.address());
  options.operation = absl::Milliseconds(50);
  const auto redis = VersionedCache::Make(options);
  const absl::Time start = absl::Now();
  OnThreads(32, [&](int) {
    for (int i = 0; i < 100; ++i) redis->Get({kA});
  });
  EXPECT_LT(absl::Now() - start, 3'200 * options.operation) << "they must not wait one by one";
}

TEST(BrokenRedisTest, DrippingBytesDoNotStretchTheDeadline) {
  std::atomic<bool> given_up{false};
  ScriptedServer slow([&](int descriptor, int) {
    Receive(descriptor);
    Say(descriptor, "$1000000\r\n");
    while (!given_up && Say(descriptor, "x")) {
      absl::SleepFor(absl::Milliseconds(20));  // the slowness is what is tested
    }
  });
  VersionedCache::Options options = Quick(slow.address());
  options.operation = absl::Milliseconds(150);  // each byte is in time, all of them never are
  const auto redis = VersionedCache::Make(options);
  EXPECT_FALSE(redis->Ping()) << "and returns while the bytes still come";
  given_up = true;
}

TEST(BrokenRedisTest, NonsenseIsAMiss) {
  for (const std::string answer :
       {"+OK\r\n", "*1\r\n$1\r\nx\r\n", "-LOADING not yet\r\n", "HTTP/1.1 400\r\n",
        "*2\r\n:1\r\n:2\r\n", "*-1\r\n", "*2147483647\r\n", "$9223372036854775807\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "$-5\r\n", ":\r\n", "\r\n",
        "-MOVED 1 127.0.0.1:1\r\n"}) {
    ScriptedServer fake([&](int descriptor, int) {
      AnswerAll(descriptor, [&](const std::string&) { return answer; });
    });
    const auto redis = VersionedCache::Make(Quick(fake.address()));
    EXPECT_THAT(redis->Get({{"a", "f"}, {"a", "g"}}), Each(Eq(std::nullopt))) << answer;
    redis->SetIfNewer({{kA, 1, "x"}});
  }
}

// A value as Redis gives it to an HMGET of one field: version 1 and the bytes.
std::string OneValue(const std::string& bytes) {
  return absl::StrCat("*1\r\n$", bytes.size() + 6, "\r\n", std::string(5, '\0'), "\1", bytes,
                      "\r\n");
}

// What is said about the place that is asked for.
std::string About(const std::string& question) {
  return OneValue(absl::StrContains(question, "$1\r\nb\r\n") ? "about b" : "about a");
}

// Gives up soon, and asks again however often that was in vain.
VersionedCache::Options Hasty(const std::string& address) {
  VersionedCache::Options options = Quick(address);
  options.operation = absl::Milliseconds(30);
  options.breaker_failures = 1000;
  return options;
}

// The reply to a question that was given up comes just before the next question's. Whoever kept the
// connection would give a's value for b.
TEST(BrokenRedisTest, ALateReplyIsNeverTheNextQuestions) {
  absl::Notification given_up, late_one_is_out;
  ScriptedServer server([&](int descriptor, int number) {
    if (number == 0) {
      Receive(descriptor);
      given_up.WaitForNotification();
      Say(descriptor, OneValue("about a"));
      late_one_is_out.Notify();
      Hang(descriptor, number);
      return;
    }
    AnswerAll(descriptor, About);
  });
  const auto redis = VersionedCache::Make(Hasty(server.address()));
  EXPECT_FALSE(redis->Get({kA})[0].has_value());
  given_up.Notify();
  late_one_is_out.WaitForNotification();
  std::optional<CacheValue> b;
  ASSERT_TRUE(Eventually([&] { return (b = redis->Get({kB})[0]).has_value(); }));
  EXPECT_EQ(b->bytes, "about b");
  std::optional<CacheValue> a;
  ASSERT_TRUE(Eventually([&] { return (a = redis->Get({kA})[0]).has_value(); }));
  EXPECT_EQ(a->bytes, "about a");
  EXPECT_GE(server.accepted(), 2);
}

// The same, if the reply comes only after the next question has been asked.
TEST(BrokenRedisTest, AConnectionThatOwesAReplyIsNotAskedAgain) {
  ScriptedServer server([](int descriptor, int number) {
    if (number == 0) {
      Receive(descriptor);
      if (Receive(descriptor).empty()) return;
      Say(descriptor, OneValue("about a"));
      Say(descriptor, OneValue("about b"));
    }
    AnswerAll(descriptor, About);
  });
  const auto redis = VersionedCache::Make(Hasty(server.address()));
  EXPECT_FALSE(redis->Get({kA})[0].has_value());
  std::optional<CacheValue> b;
  ASSERT_TRUE(Eventually([&] { return (b = redis->Get({kB})[0]).has_value(); }));
  EXPECT_EQ(b->bytes, "about b");
}

// A server that answers each question twice: the second answer must not wait for the next question.
TEST(BrokenRedisTest, AReplyThatNobodyAskedForIsNeverTheNextQuestions) {
  ScriptedServer server([](int descriptor, int) {
    AnswerAll(descriptor, [](const std::string& asked) { return About(asked) + About(asked); });
  });
  VersionedCache::Options options = Patient(server.address());
  options.breaker_failures = 1000;
  const auto redis = VersionedCache::Make(options);
  for (int i = 0; i < 100; ++i) {
    const auto a = redis->Get({kA})[0];
    EXPECT_TRUE(!a.has_value() || a->bytes == "about a");
    const auto b = redis->Get({kB})[0];
    EXPECT_TRUE(!b.has_value() || b->bytes == "about b");
  }
}

TEST(BrokenRedisTest, KilledIsAMissUntilItIsBack) {
  RedisServer server;
  VersionedCache::Options options = Patient(server.address());
  options.breaker_pause = absl::Milliseconds(20);
  const auto redis = VersionedCache::Make(options);
  redis->SetIfNewer({{kA, 1, "x"}});
  ASSERT_TRUE(redis->Get({kA})[0].has_value());
  server.Kill();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(redis->Get({kA})[0].has_value());
  server.Start();
  ASSERT_TRUE(Eventually([&] { return redis->Ping(); }));
  EXPECT_FALSE(redis->Get({kA})[0].has_value()) << "it keeps nothing";
  redis->SetIfNewer({{kA, 1, "again"}});
  EXPECT_EQ(redis->Get({kA})[0]->bytes, "again") << "it had to learn the script anew";
}

TEST(BrokenRedisTest, StoppedCostsTheDeadlineThenNothingAndComesBack) {
  RedisServer server;
  VersionedCache::Options options = Patient(server.address());
  options.operation = absl::Milliseconds(100);
  options.breaker_pause = absl::Milliseconds(50);
  const auto redis = VersionedCache::Make(options);
  VersionedCache::Make(Patient(server.address()))->SetIfNewer({{kA, 1, "x"}});
  ASSERT_TRUE(Eventually([&] { return redis->Get({kA})[0].has_value(); }));
  server.process().Pause();
  for (int i = 0; i < options.breaker_failures; ++i) {
    const absl::Time start = absl::Now();
    EXPECT_FALSE(redis->Get({kA})[0].has_value()) << "the kernel still takes connections for it";
    EXPECT_GE(absl::Now() - start, absl::Milliseconds(99)) << "the breaker opened too early";
  }
  EXPECT_LT(Fastest(20, [&] { redis->Get({kA}); }), options.operation) << "the breaker is open";
  EXPECT_LT(Fastest(20, [&] { redis->SetIfNewer({{kA, 1, "x"}}); }), options.operation);
  server.process().Resume();
  std::optional<CacheValue> value;
  EXPECT_TRUE(Eventually([&] { return (value = redis->Get({kA})[0]).has_value(); }));
  EXPECT_EQ(value->bytes, "x");
}

TEST(BrokenRedisTest, SlowIsAMissEachTimeAndNeverAMixUp) {
  RedisServer server;
  FaultProxy proxy(server.address());
  VersionedCache::Options options = Patient(proxy.address());
  options.operation = absl::Milliseconds(100);
  options.breaker_failures = 1000;  // every call goes through
  const auto redis = VersionedCache::Make(options);
  std::vector<CacheValue> values;
  for (int i = 0; i < 50; ++i) values.push_back({{absl::StrCat("k", i), "f"}, 1, absl::StrCat(i)});
  VersionedCache::Make(Patient(server.address()))->SetIfNewer(values);
  ASSERT_TRUE(Eventually([&] { return redis->Get({values[0].place})[0].has_value(); }));
  proxy.Delay(Way::kToClient, absl::Minutes(5), absl::Hours(1));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(redis->Get({values[i].place})[0].has_value());
  proxy.Heal();  // what was held up arrives now, in the midst of new questions
  for (int i = 0; i < 50; ++i) {
    const auto value = redis->Get({values[i].place})[0];
    EXPECT_TRUE(!value.has_value() || value->bytes == absl::StrCat(i));
  }
  EXPECT_TRUE(Eventually([&] { return redis->Get({values[7].place})[0].has_value(); }));
}

TEST(BrokenRedisTest, FullRefusesWritesAndGoesOnAnswering) {
  RedisServer server({"--maxmemory-policy", "noeviction"});
  const auto redis = VersionedCache::Make(Patient(server.address()));
  redis->SetIfNewer({{kA, 1, "x"}});
  server.Ask({"CONFIG", "SET", "maxmemory", "1"});
  server.Ask({"CONFIG", "RESETSTAT"});
  for (int i = 0; i < 10; ++i) {
    redis->SetIfNewer({{kA, 2, "newer"}, {kB, 1, "y"}});
    ASSERT_TRUE(redis->Get({kA})[0].has_value()) << "refused writes must not open the breaker";
    EXPECT_EQ(redis->Get({kA})[0]->bytes, "x");
  }
  EXPECT_FALSE(redis->Get({kB})[0].has_value());
  EXPECT_THAT(server.Ask({"INFO", "errorstats"}).text,
              testing::HasSubstr("errorstat_OOM:count=20"));
  server.Ask({"CONFIG", "SET", "maxmemory", "0"});
  redis->SetIfNewer({{kA, 2, "newer"}, {kB, 1, "y"}});
  EXPECT_EQ(redis->Get({kA})[0]->bytes, "newer");
  EXPECT_GT(server.Ask({"PTTL", "b"}).integer, 0);
}

TEST(BrokenRedisTest, AReadOnlyReplicaAnswersAndRefusesWrites) {
  RedisServer master({"--repl-diskless-sync-delay", "0"});
  RedisServer replica({"--replicaof", "127.0.0.1", absl::StrCat(master.port())});
  const auto writer = VersionedCache::Make(Patient(master.address()));
  const auto reader = VersionedCache::Make(Patient(replica.address()));
  writer->SetIfNewer({{kA, 1, "x"}});
  ASSERT_TRUE(Eventually([&] { return reader->Get({kA})[0].has_value(); }));
  for (int i = 0; i < 10; ++i) {
    reader->SetIfNewer({{kA, 2, "not here"}});
    ASSERT_TRUE(reader->Get({kA})[0].has_value());
    EXPECT_EQ(reader->Get({kA})[0]->bytes, "x");
  }
  EXPECT_GT(replica.Ask({"PTTL", "a"}).integer, 0);
  master.Kill();
  EXPECT_TRUE(reader->Get({kA})[0].has_value()) << "a replica without its master still answers";
}

}  // namespace
}  // namespace lingkaran
