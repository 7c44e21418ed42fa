// The cache over a Redis Cluster of three real servers: slots are found and followed while they
// move, and a server that is dead or hangs costs its own places only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/redis/redis_cluster.h"
#include "common/redis/versioned_cache.h"
#include "tests/support/gate.h"
#include "tests/support/redis_server.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;
using testing::Not;
using Servers = RedisClusterServers;

TEST(RedisSlotTest, AreThoseOfTheManual) {
  EXPECT_EQ(RedisSlotOf("123456789"), 0x31C3);  // the check value of the CRC
  EXPECT_EQ(RedisSlotOf("foo"), 12182);
  EXPECT_EQ(RedisSlotOf("{user1000}.following"), RedisSlotOf("{user1000}.followers"));
  EXPECT_EQ(RedisSlotOf("{user1000}.following"), RedisSlotOf("user1000"));
  EXPECT_NE(RedisSlotOf("foo{}{bar}"), RedisSlotOf("bar"));
  EXPECT_EQ(RedisSlotOf("foo{{bar}}zap"), RedisSlotOf("{bar"));
  EXPECT_EQ(RedisSlotOf("foo{bar}{zap}"), RedisSlotOf("bar"));
  EXPECT_EQ(RedisSlotOf("foo{bar"), RedisSlotOf("foo{bar"));
  EXPECT_EQ(RedisSlotOf(""), 0);
}

TEST(RedisSlotTest, DamagedRepliesAreNoMap) {
  const RedisEndpoint from{"h", 1, ""};
  RedisReply error;
  error.kind = RedisReply::Kind::kError;
  for (const char* text : {"MOVED", "MOVED x h:1", "MOVED 1", "MOVED 16384 h:1", "MOVED -1 h:1",
                           "MOVED 1 h", "MOVED 1 h:0", "ERR MOVED 1 h:1"}) {
    error.text = text;
    EXPECT_FALSE(ReadRedisRedirect(error, from).has_value()) << text;
  }
  error.text = "ASK 3999 :6381";
  EXPECT_EQ(ReadRedisRedirect(error, from)->server, (RedisEndpoint{"h", 6381, ""}));
  EXPECT_TRUE(ReadRedisSlots(error, from).empty());
  RedisReply slots;
  slots.kind = RedisReply::Kind::kArray;
  slots.items.resize(1);
  EXPECT_TRUE(ReadRedisSlots(slots, from).empty());
}

TEST(RedisNodesTest, AServerThatFailedIsNotAskedForTheMap) {
  VersionedCache::Options options;
  options.breaker_pause = absl::ZeroDuration();  // may be tried again at any time
  const RedisAddress address{.cluster = true, .servers = {{"a", 1, ""}, {"b", 1, ""}}, .login = {}};
  RedisNodes nodes(address, options);
  nodes.At(address.servers[0])->Drop(nullptr, "away");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(nodes.Any()->server(), address.servers[1]);
    nodes.Lost();
  }
  nodes.At(address.servers[1])->Drop(nullptr, "away");
  EXPECT_NE(nodes.Any(), nullptr);
}

class RedisClusterTest : public testing::Test {
 protected:
  static constexpr int kPlaces = 300;

  RedisClusterTest() {
    for (int i = 0; i < kPlaces; ++i) {
      values_.push_back({{absl::StrCat("b", i), "f"}, 1, absl::StrCat("value ", i)});
      places_.push_back(values_.back().place);
    }
  }
  // A cache that is patient with the servers, or not.
  std::unique_ptr<VersionedCache> Open(absl::Duration operation = absl::Minutes(1),
                                       absl::Duration breaker_pause = absl::Milliseconds(500)) {
    VersionedCache::Options options = Patient(servers_.address());
    options.operation = operation;
    options.breaker_pause = breaker_pause;
    return VersionedCache::Make(options);
  }
  std::string Errors(int server) {
    return servers_.server(server).Ask({"INFO", "errorstats"}).text;
  }
  int OwnerOf(int place) { return Servers::OwnerOf(RedisSlotOf(places_[place].bucket)); }
  // How many of server's places were answered, all of them rightly.
  int Right(const std::vector<std::optional<CacheValue>>& got, int server) {
    int right = 0;
    for (int i = 0; i < kPlaces; ++i) {
      if (OwnerOf(i) != server || !got[i].has_value()) continue;
      EXPECT_EQ(got[i]->bytes, values_[i].bytes);
      ++right;
    }
    return right;
  }
  int Places(int server) {
    int count = 0;
    for (int i = 0; i < kPlaces; ++i) count += OwnerOf(i) == server;
    return count;
  }
  // Every place is answered, but those of this server.
  void ExpectAll(VersionedCache& redis, int but = -1) {
    const auto got = redis.Get(places_);
    for (int server = 0; server < Servers::kServers; ++server) {
      EXPECT_EQ(Right(got, server), server == but ? 0 : Places(server)) << "of server " << server;
    }
  }

  Servers servers_;
  std::vector<CacheValue> values_;
  std::vector<CachePlace> places_;
};

TEST_F(RedisClusterTest, FindsAllSlotsFromAnyServer) {
  for (int first = 0; first < Servers::kServers; ++first) {
    const auto redis = VersionedCache::Make(Patient(servers_.address(first)));
    EXPECT_TRUE(redis->Ping());
    redis->SetIfNewer(values_);
    ExpectAll(*redis);
  }
  for (int server = 0; server < Servers::kServers; ++server) {
    EXPECT_EQ(servers_.server(server).Ask({"DBSIZE"}).integer, Places(server));
  }
  // Who knows the map is not redirected any more.
  const auto redis = Open();
  ExpectAll(*redis);
  servers_.server(0).Ask({"CONFIG", "RESETSTAT"});
  ExpectAll(*redis);
  EXPECT_THAT(Errors(0), Not(HasSubstr("MOVED")));
}

TEST_F(RedisClusterTest, FollowsASlotThatMovesWhileItIsReadAndWritten) {
  const auto redis = Open();
  redis->SetIfNewer(values_);
  ExpectAll(*redis);
  const int slot = RedisSlotOf(places_[0].bucket);
  const int from = Servers::OwnerOf(slot), to = (from + 1) % Servers::kServers;

  servers_.BeginMove(slot, from, to);
  ExpectAll(*redis);  // the key is still there
  servers_.MoveKeys(slot, from, to);
  ExpectAll(*redis);  // ASK
  EXPECT_THAT(Errors(from), HasSubstr("errorstat_ASK"));
  values_[0].version = 2;
  values_[0].bytes = "written during the move";
  redis->SetIfNewer({values_[0]});
  ExpectAll(*redis);
  servers_.EndMove(slot, to);
  ExpectAll(*redis);  // MOVED
  EXPECT_THAT(Errors(from), HasSubstr("errorstat_MOVED"));
  servers_.server(from).Ask({"CONFIG", "RESETSTAT"});
  for (int i = 0; i < 5; ++i) ExpectAll(*redis);
  EXPECT_THAT(Errors(from), Not(HasSubstr("MOVED"))) << "once is enough to learn it";
}

// A slot goes round and round under readers: they see the right value; of a place in that slot, at
// worst, a miss. Each move waits for a read that began after the one before.
TEST_F(RedisClusterTest, ReadersNeverSeeAnotherPlacesValueWhileSlotsMove) {
  const auto redis = Open();
  redis->SetIfNewer(values_);
  const int slot = RedisSlotOf(places_[0].bucket);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0}, missed_elsewhere{0};
  std::vector<std::atomic<int>> reads(3);
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&, t] {
      while (!done) {
        const auto got = redis->Get(places_);
        for (int i = 0; i < kPlaces; ++i) {
          if (got[i].has_value() && got[i]->bytes != values_[i].bytes) ++wrong;
          if (!got[i].has_value() && RedisSlotOf(places_[i].bucket) != slot) ++missed_elsewhere;
        }
        ++reads[t];
      }
    });
  }
  const auto await_reads = [&] {
    for (std::atomic<int>& of_reader : reads) {
      for (const int before = of_reader; of_reader < before + 2;) std::this_thread::yield();
    }
  };
  int at = Servers::OwnerOf(slot);
  for (int round = 0; round < 6; ++round) {
    const int to = (at + 1) % Servers::kServers;
    servers_.BeginMove(slot, at, to);
    await_reads();
    servers_.MoveKeys(slot, at, to);
    await_reads();
    servers_.EndMove(slot, to);
    at = to;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(missed_elsewhere, 0) << "places whose slot stays are not disturbed";
  ExpectAll(*redis);
}

TEST_F(RedisClusterTest, ADeadServerCostsItsOwnPlacesOnly) {
  const auto redis = Open();
  redis->SetIfNewer(values_);
  ExpectAll(*redis);
  servers_.server(1).Kill();
  for (int i = 0; i < 10; ++i) ExpectAll(*redis, 1);
  EXPECT_TRUE(redis->Ping());
  // Also for one who never knew it.
  const auto fresh = Open();
  int right = 0;
  for (int i = 0; i < 20; ++i) right = Right(fresh->Get(places_), 0);
  EXPECT_EQ(right, Places(0));
}

TEST_F(RedisClusterTest, AServerThatHangsCostsTheDeadlineAndItsOwnPlacesOnly) {
  const absl::Duration operation = absl::Seconds(1);
  const auto redis = Open(operation, absl::Seconds(30));
  Open()->SetIfNewer(values_);
  ExpectAll(*redis);
  servers_.server(2).process().Pause();
  for (int i = 0; i < VersionedCache::Options().breaker_failures; ++i) ExpectAll(*redis, 2);
  // From now on its breaker is open: who waited for it would wait for the whole deadline.
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 10; ++i) {
    const absl::Time start = absl::Now();
    ExpectAll(*redis, 2);
    best = std::min(best, absl::Now() - start);
  }
  EXPECT_LT(best, operation);
  servers_.server(2).process().Resume();
}

TEST_F(RedisClusterTest, AReplicaThatTookOverIsFound) {
  servers_.AddReplica(1);
  const auto redis = Open(absl::Minutes(1), absl::Milliseconds(100));
  redis->SetIfNewer(values_);
  ExpectAll(*redis);
  servers_.server(1).Kill();
  // What the replica had not got yet is a miss, and can be set again.
  const auto taken_over = [&] {
    redis->SetIfNewer(values_);
    const auto got = redis->Get(places_);
    EXPECT_EQ(Right(got, 0), Places(0));
    EXPECT_EQ(Right(got, 2), Places(2));
    return Right(got, 1) == Places(1);
  };
  ASSERT_TRUE(Eventually(taken_over, absl::Minutes(1)))
      << servers_.server(0).Ask({"CLUSTER", "NODES"}).text;
}

TEST_F(RedisClusterTest, AServerThatComesBackIsUsedAgain) {
  const auto redis = Open(absl::Seconds(1), absl::Milliseconds(20));
  redis->SetIfNewer(values_);
  ExpectAll(*redis);
  servers_.server(0).process().Pause();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Right(redis->Get(places_), 0), 0);
  servers_.server(0).process().Resume();
  EXPECT_TRUE(Eventually([&] { return Right(redis->Get(places_), 0) == Places(0); }));
}

}  // namespace
}  // namespace lingkaran
