// The cache over a real Redis: what is set comes back, only newer wins, every bucket ends; all ways
// to name a server and to log in.
#include "common/redis/versioned_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/redis/redis_address.h"
#include "tests/support/gate.h"
#include "tests/support/redis_server.h"

namespace lingkaran {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;

const auto kMiss = Eq(std::nullopt);

MATCHER_P(Holds, value, "") {
  return arg.has_value() && arg->place == value.place && arg->version == value.version &&
         arg->bytes == value.bytes;
}

class RedisTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new RedisServer; }
  static void TearDownTestSuite() { delete server_; }

  void SetUp() override {
    server_->Ask({"FLUSHALL"});
    redis_ = VersionedCache::Make(Patient(server_->address()));
  }
  std::optional<CacheValue> GetOne(const CachePlace& place) { return redis_->Get({place})[0]; }

  static RedisServer* server_;
  std::unique_ptr<VersionedCache> redis_;
};
RedisServer* RedisTest::server_ = nullptr;

TEST_F(RedisTest, GivesBackWhatWasSet) {
  const std::string field("\0\r\n\xfe", 4);
  const CacheValue a{{"a", field}, 7, std::string("\0binary\r\n\xff", 10)};
  const CacheValue b{{"b", field}, 9, "b"};
  const CacheValue empty{{"a", "empty"}, 8, ""};
  redis_->SetIfNewer({a, empty, b});
  EXPECT_THAT(redis_->Get({a.place, {"a", "missing"}, b.place, {"c", "x"}, empty.place}),
              ElementsAre(Holds(a), kMiss, Holds(b), kMiss, Holds(empty)));
}

TEST_F(RedisTest, OnlyNewerWins) {
  const CachePlace place{"k", "f"};
  redis_->SetIfNewer({{place, 5, "five"}});
  redis_->SetIfNewer({{place, 4, "older"}});
  EXPECT_EQ(GetOne(place)->bytes, "five");
  redis_->SetIfNewer({{place, 5, "same"}});
  EXPECT_EQ(GetOne(place)->bytes, "five");
  redis_->SetIfNewer({{place, 6, "newer"}});
  EXPECT_EQ(GetOne(place)->bytes, "newer");
  EXPECT_EQ(GetOne(place)->version, 6);
}

// All 48 bits are compared, whatever Lua's numbers or the locale of Redis may be.
TEST_F(RedisTest, EveryByteOfTheVersionCounts) {
  const CachePlace place{"k", "f"};
  std::vector<int64_t> versions = {0, 1, 127, 128, 255, 256, 65535, 65536};
  for (const int bits : {24, 32, 40, 47}) {
    const int64_t big = int64_t{1} << bits;
    versions.insert(versions.end(), {big - 1, big, big + 1});
  }
  versions.push_back((int64_t{1} << 48) - 1);
  for (size_t i = 0; i < versions.size(); ++i) {
    redis_->SetIfNewer({{place, versions[i], "x"}});
    ASSERT_EQ(GetOne(place)->version, versions[i]);
    for (size_t k = 0; k <= i; ++k) redis_->SetIfNewer({{place, versions[k], "old"}});
    ASSERT_EQ(GetOne(place)->version, versions[i]);
    ASSERT_EQ(GetOne(place)->bytes, "x");
  }
}

TEST_F(RedisTest, AVersionThatDoesNotFitIsNotStored) {
  redis_->SetIfNewer(
      {{{"k", "a"}, -1, "x"}, {{"k", "b"}, int64_t{1} << 48, "x"}, {{"k", "c"}, 1, "x"}});
  EXPECT_THAT(redis_->Get({{"k", "a"}, {"k", "b"}, {"k", "c"}}),
              ElementsAre(kMiss, kMiss, Not(kMiss)));
}

TEST_F(RedisTest, NewestOfOneCallWins) {
  const CachePlace place{"k", "f"};
  redis_->SetIfNewer({{place, 2, "two"}, {place, 3, "three"}, {place, 1, "one"}});
  EXPECT_EQ(GetOne(place)->bytes, "three");
}

TEST_F(RedisTest, AThousandPlacesAtOnce) {
  std::vector<CacheValue> values;
  std::vector<CachePlace> places;
  for (int i = 0; i < 1000; ++i) {
    values.push_back({{absl::StrCat("b", i % 300), absl::StrCat(i)}, i + 1, absl::StrCat("v", i)});
    places.push_back(values.back().place);
  }
  redis_->SetIfNewer(values);
  const auto read = redis_->Get(places);
  ASSERT_EQ(read.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(read[i], Holds(values[i])) << i;
}

TEST_F(RedisTest, EveryBucketEndsWhateverIsWrittenLater) {
  VersionedCache::Options options = Patient(server_->address());
  options.ttl = absl::Seconds(100);
  const auto redis = VersionedCache::Make(options);
  std::vector<CacheValue> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back({{absl::StrCat("b", i), "first"}, 1, "x"});
    many.push_back({{absl::StrCat("b", i), "second"}, 1, "x"});
  }
  redis->SetIfNewer(many);
  int64_t least = INT64_MAX, most = 0;
  std::vector<int64_t> ends;
  for (int i = 0; i < 50; ++i) {
    const std::string key = absl::StrCat("b", i);
    const int64_t left = server_->Ask({"PTTL", key}).integer;
    ends.push_back(server_->Ask({"PEXPIRETIME", key}).integer);
    least = std::min(least, left);
    most = std::max(most, left);
  }
  EXPECT_GT(least, 75'000);
  EXPECT_LE(most, 120'000);
  EXPECT_GT(most - least, 5'000) << "what was made together must not vanish together";
  for (CacheValue& value : many) value.version = 2;
  many.push_back({{"b0", "third"}, 1, "x"});
  redis->SetIfNewer(many);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(server_->Ask({"PEXPIRETIME", absl::StrCat("b", i)}).integer, ends[i]);
  }
  EXPECT_EQ(redis->Get({{"b0", "third"}})[0]->bytes, "x");
  EXPECT_EQ(redis->Get({{"b0", "first"}})[0]->version, 2);
}

TEST_F(RedisTest, TheDefaultEndIsHalfADayOff) {
  redis_->SetIfNewer({{{"k", "f"}, 1, "x"}});
  const absl::Duration left = absl::Milliseconds(server_->Ask({"PTTL", "k"}).integer);
  EXPECT_GT(left, absl::Hours(12) * 0.8 - absl::Minutes(1));
  EXPECT_LE(left, absl::Hours(12) * 1.2);
}

TEST_F(RedisTest, ForeignValuesAreMissesAndAreMended) {
  server_->Ask({"HSET", "hash", "short", "five."});
  server_->Ask({"RPUSH", "list", "a"});
  redis_->SetIfNewer({{{"good", "f"}, 1, "x"}});
  EXPECT_THAT(redis_->Get({{"hash", "short"}, {"list", "f"}, {"good", "f"}}),
              ElementsAre(kMiss, kMiss, Not(kMiss)));
  redis_->SetIfNewer({{{"hash", "short"}, 1, "mended"}, {{"list", "f"}, 1, "hash now"}});
  EXPECT_EQ(GetOne({"hash", "short"})->bytes, "mended");
  EXPECT_EQ(GetOne({"list", "f"})->bytes, "hash now");
  EXPECT_GT(server_->Ask({"PTTL", "list"}).integer, 0);
}

TEST_F(RedisTest, ForgottenScriptsAreSentAgain) {
  redis_->SetIfNewer({{{"a", "f"}, 1, "x"}});
  server_->Ask({"SCRIPT", "FLUSH"});
  redis_->SetIfNewer({{{"b", "f"}, 1, "y"}, {{"c", "f"}, 1, "z"}});
  EXPECT_EQ(GetOne({"b", "f"})->bytes, "y");
  EXPECT_EQ(GetOne({"c", "f"})->bytes, "z");
  server_->Ask({"CONFIG", "RESETSTAT"});
  redis_->SetIfNewer({{{"d", "f"}, 1, "y"}});
  EXPECT_THAT(server_->Ask({"INFO", "commandstats"}).text, Not(HasSubstr("cmdstat_eval:")))
      << "one EVAL is enough for Redis to know it";
}

TEST_F(RedisTest, AWipedRedisIsFilledAgain) {
  const CachePlace place{"k", "f"};
  redis_->SetIfNewer({{place, 9, "x"}});
  server_->Ask({"FLUSHALL"});
  EXPECT_FALSE(GetOne(place).has_value());
  redis_->SetIfNewer({{place, 3, "older than what was there"}});
  EXPECT_EQ(GetOne(place)->version, 3);
  EXPECT_GT(server_->Ask({"PTTL", "k"}).integer, 0);
}

TEST_F(RedisTest, NothingAskedIsNothingDone) {
  EXPECT_TRUE(redis_->Get({}).empty());
  redis_->SetIfNewer({});
  EXPECT_TRUE(redis_->Ping());
  EXPECT_TRUE(redis_->configured());
}

TEST_F(RedisTest, ManyThreadsShareFewConnections) {
  server_->Ask({"CONFIG", "RESETSTAT"});
  OnThreads(16, [&](int t) {
    for (int i = 1; i <= 50; ++i) {
      const CacheValue value{{"k", absl::StrCat(t)}, i, absl::StrCat(t, "/", i)};
      redis_->SetIfNewer({value});
      EXPECT_THAT(GetOne(value.place), Holds(value));
    }
  });
  EXPECT_LE(server_->Info("total_connections_received"), 4 + 2);
}

TEST_F(RedisTest, ACutConnectionIsSeenBeforeItIsUsed) {
  redis_->SetIfNewer({{{"a", "f"}, 1, "x"}});
  server_->Ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  // The end of the stream is there when CLIENT KILL has been answered; but it may still be on its
  // way through the kernel.
  bool back = false;
  for (int i = 0; i < 3 && !back; ++i) back = GetOne({"a", "f"}).has_value();
  EXPECT_TRUE(back);
}

TEST_F(RedisTest, NoAddressIsNoCache) {
  const auto none = VersionedCache::Make({});
  none->SetIfNewer({{{"a", "f"}, 1, "x"}});
  EXPECT_THAT(none->Get({{"a", "f"}, {"b", "f"}}), ElementsAre(kMiss, kMiss));
  EXPECT_FALSE(none->configured());
  EXPECT_FALSE(none->Ping());
}

TEST_F(RedisTest, ASocketAndANameAreAddresses) {
  redis_->SetIfNewer({{{"k", "f"}, 1, "x"}});
  for (const std::string& address :
       {"unix:" + server_->socket(), "redis+unix://" + server_->socket(),
        absl::StrCat("localhost:", server_->port()),
        absl::StrCat("redis://localhost:", server_->port(), "/0"),
        "redis://" + server_->address()}) {
    const auto redis = VersionedCache::Make(Patient(address));
    EXPECT_TRUE(redis->Get({{"k", "f"}})[0].has_value()) << address;
  }
}

TEST_F(RedisTest, DatabasesAreApart) {
  const auto second =
      VersionedCache::Make(Patient(absl::StrCat("redis://", server_->address(), "/2")));
  const auto socket =
      VersionedCache::Make(Patient(absl::StrCat("redis+unix://", server_->socket(), "?db=2")));
  second->SetIfNewer({{{"k", "f"}, 1, "in 2"}});
  EXPECT_FALSE(GetOne({"k", "f"}).has_value());
  EXPECT_EQ(socket->Get({{"k", "f"}})[0]->bytes, "in 2");
  const auto none =
      VersionedCache::Make(Patient(absl::StrCat("redis://", server_->address(), "/99")));
  EXPECT_FALSE(none->Ping());
  EXPECT_FALSE(none->Get({{"k", "f"}})[0].has_value()) << "never another database's";
}

TEST(RedisLoginTest, PasswordsAndUsers) {
  RedisServer server(
      {"--requirepass", "s@cr:et/%", "--user", "reader", "on", ">lesen", "~l1:*", "+@all"});
  const std::string at = "@" + server.address();
  const std::string escaped = "s%40cr%3aet%2f%25";
  const auto good = VersionedCache::Make(Patient("redis://:" + escaped + at));
  good->SetIfNewer({{{"l1:k", "f"}, 1, "x"}, {{"other", "f"}, 1, "x"}});
  EXPECT_TRUE(good->Get({{"l1:k", "f"}})[0].has_value());
  const auto named = VersionedCache::Make(Patient("redis://default:" + escaped + at));
  EXPECT_TRUE(named->Get({{"l1:k", "f"}})[0].has_value());
  const auto reader = VersionedCache::Make(Patient("redis://reader:lesen" + at));
  const auto seen = reader->Get({{"other", "f"}, {"l1:k", "f"}});
  EXPECT_FALSE(seen[0].has_value()) << "the ACL keeps this key from this user";
  EXPECT_TRUE(seen[1].has_value()) << "but no refusal costs the others";
  const auto socket = VersionedCache::Make(Patient("redis+unix://reader:lesen@" + server.socket()));
  EXPECT_TRUE(socket->Get({{"l1:k", "f"}})[0].has_value());
  for (const std::string who : {"", ":wrong@", "reader:wrong@", "nobody:lesen@"}) {
    const auto bad = VersionedCache::Make(Patient("redis://" + who + server.address()));
    EXPECT_FALSE(bad->Ping()) << who;
    EXPECT_FALSE(bad->Get({{"l1:k", "f"}})[0].has_value()) << who;
  }
}

TEST(RedisAddressTest, FormsAreRead) {
  const auto read = [](const std::string& text) { return ParseRedisAddress(text).value(); };
  EXPECT_EQ(read("cache:6379").servers[0], (RedisEndpoint{"cache", 6379, ""}));
  EXPECT_EQ(read("unix:/run/r.sock").servers[0], (RedisEndpoint{"", 0, "/run/r.sock"}));
  EXPECT_EQ(read("redis://[::1]:6379").servers[0], (RedisEndpoint{"::1", 6379, ""}));
  const RedisAddress full = read("redis://ann:p%40:ss@h:1/7");
  EXPECT_EQ(full.login.user, "ann");
  EXPECT_EQ(full.login.password, "p@:ss");
  EXPECT_EQ(full.login.database, 7);
  EXPECT_EQ(full.servers[0], (RedisEndpoint{"h", 1, ""}));
  const RedisAddress socket = read("redis+unix://:pw@/run/r.sock?db=3");
  EXPECT_EQ(socket.login.user, "");
  EXPECT_EQ(socket.login.password, "pw");
  EXPECT_EQ(socket.login.database, 3);
  EXPECT_EQ(socket.servers[0].path, "/run/r.sock");
  const RedisAddress cluster = read("redis+cluster://u:p@a:1,b:2");
  EXPECT_TRUE(cluster.cluster);
  EXPECT_EQ(cluster.servers.size(), 2u);
  EXPECT_EQ(cluster.servers[1], (RedisEndpoint{"b", 2, ""}));
  EXPECT_EQ(cluster.login.user, "u");
}

TEST(RedisAddressTest, StartLinesTellNoPassword) {
  EXPECT_EQ(DescribeRedis(""), "");
  EXPECT_EQ(DescribeRedis("unix:/run/redis.sock"), "unix:/run/redis.sock");
  EXPECT_EQ(DescribeRedis("redis://app:secret@10.0.0.1:6379/2"), "10.0.0.1:6379");
  EXPECT_EQ(DescribeRedis("redis+cluster://:secret@a:7000,b:7001"), "a:7000,b:7001");
  EXPECT_EQ(DescribeRedis("redis://:secret@"), "?");
}

TEST(RedisAddressTest, BadOnesAreRefusedWithoutTellingThePassword) {
  for (const std::string bad : {"",
                                "cache",
                                "cache:",
                                ":6379",
                                "cache:0",
                                "cache:70000",
                                "unix:",
                                "redis://",
                                "redis://:geheim@",
                                "redis://u:geheim@h:1/x",
                                "redis://u:geheim@h:1/-1",
                                "redis://u:geheim%zz@h:1",
                                "redis://u:geheim%4@h:1",
                                "redis+unix://u:geheim@",
                                "redis+unix:///s?db=x",
                                "redis+cluster://",
                                "redis+cluster://a:1,",
                                "rediss://h:1",
                                "redis+cluster://u:geheim@a:1,b",
                                "[::1:6379"}) {
    const absl::Status status = VersionedCache::CheckAddress(bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("HOST:PORT")) << bad;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("geheim"))) << bad;
  }
  EXPECT_TRUE(VersionedCache::CheckAddress("127.0.0.1:6379").ok());
}

}  // namespace
}  // namespace lingkaran
