#include "common/redis.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace lingkaran {
namespace {

using testing::Each;
using testing::Eq;

// A connection past the class under test, to look at what it left.
class Direct {
 public:
  explicit Direct(const std::string& address) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(address, ':');
    context_ = redisConnect(parts.first.c_str(), std::atoi(parts.second.c_str()));
  }
  ~Direct() { redisFree(context_); }
  int64_t Integer(const std::vector<std::string>& words) {
    redisReply* reply = Run(words);
    const int64_t value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -100;
    freeReplyObject(reply);
    return value;
  }
  void Do(const std::vector<std::string>& words) { freeReplyObject(Run(words)); }

 private:
  redisReply* Run(const std::vector<std::string>& words) {
    std::vector<const char*> argv;
    std::vector<size_t> lengths;
    for (const std::string& word : words) {
      argv.push_back(word.data());
      lengths.push_back(word.size());
    }
    return static_cast<redisReply*>(
        redisCommandArgv(context_, static_cast<int>(argv.size()), argv.data(), lengths.data()));
  }
  redisContext* context_;
};

// A listening socket of our own: at first it never answers, later it may play a script.
class FakeRedis {
 public:
  FakeRedis() {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~FakeRedis() {
    shutdown(fd_, SHUT_RDWR);
    close(fd_);
    if (thread_.joinable()) thread_.join();
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  // Connections are taken by the kernel; nobody reads.
  void Hang() { listen(fd_, 16); }
  // Answers whatever comes in on each connection with these bytes, at once or one by one.
  void Answer(std::string bytes, absl::Duration between = absl::ZeroDuration()) {
    listen(fd_, 16);
    thread_ = std::thread([this, bytes = std::move(bytes), between] {
      for (int client; (client = accept(fd_, nullptr, nullptr)) >= 0; close(client)) {
        char buffer[4096];
        while (read(client, buffer, sizeof buffer) > 0) {
          const size_t step = between > absl::ZeroDuration() ? 1 : bytes.size();
          for (size_t at = 0; at < bytes.size(); at += step) {
            if (send(client, bytes.data() + at, step, MSG_NOSIGNAL) <= 0) break;
            absl::SleepFor(between);  // the slowness is what is tested
          }
        }
      }
    });
  }

 private:
  int fd_;
  int port_;
  std::thread thread_;
};

class RedisTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* address = std::getenv("LINGKARAN_TEST_REDIS");
    ASSERT_NE(address, nullptr) << "run through ./tests/run, which starts a Redis";
    address_ = address;
    redis_ = Redis::Make(Patient(address_));
  }

  // A busy machine must not make a test fail that is about something else.
  static Redis::Options Patient(const std::string& address) {
    Redis::Options options;
    options.address = address;
    options.operation = absl::Seconds(5);
    options.connect = absl::Seconds(5);
    return options;
  }
  // Each test has its own keys.
  std::string Key(const std::string& name) {
    return absl::StrCat("test:", getpid(), ":",
                        testing::UnitTest::GetInstance()->current_test_info()->name(), ":", name);
  }
  std::optional<CacheValue> GetOne(const std::string& key) { return redis_->Get({key})[0]; }

  std::string address_;
  std::unique_ptr<Redis> redis_;
};

TEST_F(RedisTest, GivesBackWhatWasSet) {
  const std::string bytes("\0binary\r\n\xff", 10);
  redis_->SetIfNewer({{Key("a"), 7, bytes}, {Key("empty"), 8, ""}});
  const auto values = redis_->Get({Key("a"), Key("missing"), Key("empty")});
  ASSERT_EQ(values.size(), 3u);
  ASSERT_TRUE(values[0].has_value());
  EXPECT_EQ(values[0]->key, Key("a"));
  EXPECT_EQ(values[0]->version, 7);
  EXPECT_EQ(values[0]->bytes, bytes);
  EXPECT_FALSE(values[1].has_value());
  ASSERT_TRUE(values[2].has_value());
  EXPECT_EQ(values[2]->version, 8);
  EXPECT_EQ(values[2]->bytes, "");
}

TEST_F(RedisTest, OnlyNewerWins) {
  const std::string key = Key("k");
  redis_->SetIfNewer({{key, 5, "five"}});
  redis_->SetIfNewer({{key, 4, "older"}});
  EXPECT_EQ(GetOne(key)->bytes, "five");
  redis_->SetIfNewer({{key, 5, "same"}});
  EXPECT_EQ(GetOne(key)->bytes, "five");
  redis_->SetIfNewer({{key, 6, "newer"}});
  EXPECT_EQ(GetOne(key)->bytes, "newer");
  EXPECT_EQ(GetOne(key)->version, 6);
}

// Versions are compared as bytes, not as Lua's numbers or in a locale's order.
TEST_F(RedisTest, EveryByteOfTheVersionCounts) {
  const std::string key = Key("k");
  std::vector<int64_t> versions = {0, 1, 127, 128, 255, 256, 65535, 65536};
  for (const int64_t big : {int64_t{1} << 32, int64_t{1} << 53, int64_t{1} << 62}) {
    versions.insert(versions.end(), {big - 1, big, big + 1});
  }
  versions.push_back(INT64_MAX);
  for (size_t i = 0; i < versions.size(); ++i) {
    redis_->SetIfNewer({{key, versions[i], "x"}});
    ASSERT_EQ(GetOne(key)->version, versions[i]);
    for (size_t k = 0; k <= i; ++k) redis_->SetIfNewer({{key, versions[k], "old"}});
    ASSERT_EQ(GetOne(key)->version, versions[i]);
    ASSERT_EQ(GetOne(key)->bytes, "x");
  }
}

TEST_F(RedisTest, NewestOfOneCallWins) {
  const std::string key = Key("k");
  redis_->SetIfNewer({{key, 2, "two"}, {key, 3, "three"}, {key, 1, "one"}});
  EXPECT_EQ(GetOne(key)->bytes, "three");
}

TEST_F(RedisTest, AThousandKeysAtOnce) {
  std::vector<CacheValue> values;
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    values.push_back({Key(absl::StrCat(i)), i + 1, absl::StrCat("value ", i)});
    keys.push_back(values.back().key);
  }
  redis_->SetIfNewer(values);
  const auto read = redis_->Get(keys);
  ASSERT_EQ(read.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(read[i].has_value()) << i;
    EXPECT_EQ(read[i]->key, keys[i]);
    EXPECT_EQ(read[i]->version, i + 1);
    EXPECT_EQ(read[i]->bytes, values[i].bytes);
  }
}

TEST_F(RedisTest, EveryValueEnds) {
  Direct direct(address_);
  redis_->SetIfNewer({{Key("default"), 1, "x"}});
  EXPECT_THAT(direct.Integer({"PTTL", Key("default")}),
              testing::AllOf(testing::Gt(8 * 60'000 - 5'000), testing::Le(12 * 60'000)));
  std::vector<CacheValue> many;
  for (int i = 0; i < 50; ++i) many.push_back({Key(absl::StrCat(i)), 1, "x"});
  redis_->SetIfNewer(many, absl::Seconds(100));
  int64_t least = INT64_MAX, most = 0;
  for (const CacheValue& value : many) {
    const int64_t millis = direct.Integer({"PTTL", value.key});
    least = std::min(least, millis);
    most = std::max(most, millis);
  }
  EXPECT_GT(least, 75'000);
  EXPECT_LE(most, 120'000);
  EXPECT_GT(most - least, 5'000) << "what was written together must not vanish together";
}

TEST_F(RedisTest, ForeignValuesAreMisses) {
  Direct direct(address_);
  direct.Do({"SET", Key("short"), "seven.."});
  direct.Do({"RPUSH", Key("list"), "a"});
  redis_->SetIfNewer({{Key("good"), 1, "x"}});
  const auto values = redis_->Get({Key("short"), Key("list"), Key("good")});
  EXPECT_FALSE(values[0].has_value());
  EXPECT_FALSE(values[1].has_value());
  EXPECT_TRUE(values[2].has_value());
  redis_->SetIfNewer({{Key("short"), 1, "mended"}});
  EXPECT_EQ(GetOne(Key("short"))->bytes, "mended");
}

TEST_F(RedisTest, ForgottenScriptsAreSentAgain) {
  redis_->SetIfNewer({{Key("a"), 1, "x"}});
  Direct(address_).Do({"SCRIPT", "FLUSH"});
  redis_->SetIfNewer({{Key("b"), 1, "y"}, {Key("c"), 1, "z"}});
  EXPECT_EQ(GetOne(Key("b"))->bytes, "y");
  EXPECT_EQ(GetOne(Key("c"))->bytes, "z");
}

TEST_F(RedisTest, NothingAskedIsNothingDone) {
  EXPECT_TRUE(redis_->Get({}).empty());
  redis_->SetIfNewer({});
  EXPECT_TRUE(redis_->Ping());
  EXPECT_TRUE(redis_->configured());
}

TEST_F(RedisTest, ManyThreadsShareFewConnections) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 50; ++i) {
        const std::string key = Key(absl::StrCat(t));
        redis_->SetIfNewer({{key, i, absl::StrCat(t, "/", i)}});
        const auto value = redis_->Get({key})[0];
        if (!value.has_value() || value->bytes != absl::StrCat(t, "/", i)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(RedisTest, SurvivesConnectionsThatWereCut) {
  redis_->SetIfNewer({{Key("a"), 1, "x"}});
  Direct(address_).Do({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  // The cut connection costs at most one miss.
  GetOne(Key("a"));
  ASSERT_TRUE(GetOne(Key("a")).has_value());
}

TEST_F(RedisTest, NoAddressIsNoCache) {
  const auto none = Redis::Make({});
  none->SetIfNewer({{Key("a"), 1, "x"}});
  EXPECT_THAT(none->Get({Key("a"), Key("b")}), Each(Eq(std::nullopt)));
  EXPECT_FALSE(none->configured());
  EXPECT_FALSE(none->Ping());
}

// Time that a call took; the best of a few, because the machine may be busy.
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

Redis::Options Quick(const std::string& address) {
  Redis::Options options;
  options.address = address;
  options.breaker_pause = absl::Seconds(30);
  return options;
}

TEST(BrokenRedisTest, AbsentIsAMiss) {
  const FakeRedis nobody_listens;
  const auto redis = Redis::Make(Quick(nobody_listens.address()));
  EXPECT_THAT(redis->Get({"a", "b"}), Each(Eq(std::nullopt)));
  redis->SetIfNewer({{"a", 1, "x"}});
  EXPECT_FALSE(redis->Ping());
  EXPECT_TRUE(redis->configured());
}

TEST(BrokenRedisTest, HungCostsTheDeadlineThenNothing) {
  FakeRedis hung;
  hung.Hang();
  Redis::Options options = Quick(hung.address());
  options.operation = absl::Milliseconds(50);
  options.breaker_failures = 3;
  const auto redis = Redis::Make(options);
  for (int i = 0; i < 3; ++i) {
    const absl::Time start = absl::Now();
    EXPECT_THAT(redis->Get({"a"}), Each(Eq(std::nullopt)));
    const absl::Duration took = absl::Now() - start;
    EXPECT_GE(took, absl::Milliseconds(49)) << "the breaker opened too early";
    EXPECT_LT(took, absl::Seconds(2));
  }
  EXPECT_LT(Fastest(20, [&] { redis->Get({"a"}); }), absl::Milliseconds(1))
      << "the breaker is open";
  EXPECT_LT(Fastest(20, [&] { redis->SetIfNewer({{"a", 1, "x"}}); }), absl::Milliseconds(1));
}

TEST(BrokenRedisTest, HungBlocksNoCrowd) {
  FakeRedis hung;
  hung.Hang();
  Redis::Options options = Quick(hung.address());
  options.operation = absl::Milliseconds(50);
  const auto redis = Redis::Make(options);
  const absl::Time start = absl::Now();
  std::vector<std::thread> threads;
  for (int t = 0; t < 32; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) redis->Get({"a"});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5)) << "3,200 calls must not wait one by one";
}

TEST(BrokenRedisTest, DrippingBytesDoNotStretchTheDeadline) {
  FakeRedis slow;
  slow.Answer("$5\r\nhello\r\n", absl::Milliseconds(100));
  Redis::Options options = Quick(slow.address());
  options.operation = absl::Milliseconds(150);  // each byte is in time, all of them are not
  const auto redis = Redis::Make(options);
  const absl::Time start = absl::Now();
  EXPECT_FALSE(redis->Ping());
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(900));
}

TEST(BrokenRedisTest, NonsenseIsAMiss) {
  for (const char* answer : {"+OK\r\n", "*1\r\n$1\r\nx\r\n", "-LOADING not yet\r\n",
                             "HTTP/1.1 400\r\n", "*2\r\n:1\r\n:2\r\n", "*-1\r\n"}) {
    FakeRedis fake;
    fake.Answer(answer);
    const auto redis = Redis::Make(Quick(fake.address()));
    EXPECT_THAT(redis->Get({"a", "b"}), Each(Eq(std::nullopt))) << answer;
    redis->SetIfNewer({{"a", 1, "x"}});
  }
}

TEST_F(RedisTest, RecoversWhenItIsBack) {
  // A port that nobody listens on, and then somebody who answers every PING.
  const int gate = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(gate, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(gate, reinterpret_cast<sockaddr*>(&address), &size);
  Redis::Options options = Patient(absl::StrCat("127.0.0.1:", ntohs(address.sin_port)));
  options.breaker_pause = absl::Milliseconds(20);
  auto redis = Redis::Make(options);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(redis->Ping());

  listen(gate, 4);
  std::thread proxy([&] {
    for (int client; (client = accept(gate, nullptr, nullptr)) >= 0; close(client)) {
      char buffer[256];
      while (recv(client, buffer, sizeof buffer, 0) > 0) {
        if (send(client, "+PONG\r\n", 7, MSG_NOSIGNAL) < 0) break;
      }
    }
  });
  bool back = false;
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!back && absl::Now() < end) back = redis->Ping();
  EXPECT_TRUE(back);
  EXPECT_TRUE(redis->Ping()) << "the breaker is closed again";
  shutdown(gate, SHUT_RDWR);
  close(gate);
  redis.reset();  // ends the proxy's connection
  proxy.join();
}

}  // namespace
}  // namespace lingkaran
