// The line between replicas over a real Redis: order, loss that is noticed in time, and recovery.
#include "common/redis/pubsub.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/redis/redis_cluster.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/redis_server.h"

namespace lingkaran {
namespace {

const SystemClock kClock;

// A link and all that it said.
class Ear {
 public:
  // Waits until the link stands, if it can.
  explicit Ear(PubSub::Options options, bool can_stand = true)
      : link_(PubSub::Make(options, kClock)) {
    link_->Listen({.message = [this](std::string_view m) { Note([&] { heard_.emplace_back(m); }); },
                   .confirmed = [this](absl::Time at) { Note([&] { confirmed_.push_back(at); }); },
                   .lost = [this] { Note([&] { ++lost_; }); }});
    EXPECT_TRUE(!can_stand || Await([&] { return !confirmed_.empty(); }));
  }
  ~Ear() { link_->Stop(); }
  PubSub& link() { return *link_; }

  // False if it does not come true in time.
  template <typename Condition>
  bool Await(Condition condition, absl::Duration longest = absl::Seconds(30)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoMilliseconds(longest), condition);
  }
  bool AwaitMessages(size_t count, absl::Duration longest = absl::Seconds(30)) {
    return Await([&] { return heard_.size() >= count; }, longest);
  }
  bool AwaitLost(int count) {
    return Await([&] { return lost_ >= count; });
  }
  // A heartbeat that was sent from now on.
  bool AwaitConfirmation() {
    const absl::Time now = absl::Now();
    return Await([&] { return !confirmed_.empty() && confirmed_.back() >= now; });
  }

  std::vector<std::string> heard() { return Locked(heard_); }
  std::vector<absl::Time> confirmed() { return Locked(confirmed_); }
  int lost() { return Locked(lost_); }

 private:
  template <typename Change>
  void Note(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <typename T>
  T Locked(const T& value) {
    const std::lock_guard lock(mutex_);
    return value;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
  std::vector<absl::Time> confirmed_;
  int lost_ = 0;
  std::unique_ptr<PubSub> link_;
};

// Heartbeats come often, and a busy machine is not taken for a silent one.
PubSub::Options Lively(const std::string& address) {
  PubSub::Options options;
  options.redis.address = address;
  options.redis.connect = absl::Minutes(1);
  options.channel = "l1:log:test";
  options.heartbeat = absl::Milliseconds(5);
  options.silence = absl::Minutes(1);
  return options;
}
// Silence is noticed soon.
PubSub::Options Strict(const std::string& address) {
  PubSub::Options options = Lively(address);
  options.heartbeat = absl::Milliseconds(50);
  options.silence = absl::Seconds(1);
  return options;
}

class RedisLinkTest : public testing::Test {
 protected:
  RedisServer server_;
};

TEST_F(RedisLinkTest, MessagesComeBackInTheirOrder) {
  Ear ear(Lively(server_.address()));
  std::vector<std::string> sent;
  for (int i = 0; i < 1000; ++i) sent.push_back(absl::StrCat("message ", i));
  sent[500] = std::string(4 << 20, 'x');
  sent[501] = "";
  sent[502] = "hb 0 1";
  sent[503] = std::string("\0\r\n$\xff", 5);
  for (const std::string& message : sent) ear.link().Publish(message);
  ASSERT_TRUE(ear.AwaitMessages(sent.size()));
  EXPECT_EQ(ear.heard(), sent);
  EXPECT_EQ(ear.lost(), 0);
}

TEST_F(RedisLinkTest, HeartbeatsOfOthersAndNoiseCountForNothing) {
  PubSub::Options rare = Lively(server_.address());
  rare.heartbeat = absl::Hours(1);
  Ear quiet(rare);
  Ear lively(Lively(server_.address()));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(lively.AwaitConfirmation());
  for (const char* noise : {"hb 0000000000000000 1", "hb ", "", "noise", "hb"}) {
    server_.Ask({"PUBLISH", "l1:log:test", noise});
  }
  server_.Ask({"PUBLISH", "l1:log:another", "m:elsewhere"});
  lively.link().Publish("last");
  ASSERT_TRUE(quiet.AwaitMessages(1));
  EXPECT_EQ(quiet.heard(), std::vector<std::string>{"last"});
  EXPECT_EQ(quiet.confirmed().size(), 1u) << "its own first one";
  EXPECT_EQ(quiet.lost() + lively.lost(), 0);
}

TEST_F(RedisLinkTest, AStoppedRedisIsLostWithinTheSilenceAndComesBack) {
  Ear ear(Strict(server_.address()));
  server_.process().Pause();
  const absl::Time start = absl::Now();
  ASSERT_TRUE(ear.AwaitLost(1)) << "the silence is a second";
  const auto before = ear.confirmed();
  EXPECT_LE(before.back(), start + absl::Milliseconds(1));
  ear.link().Publish("nobody listens");
  server_.process().Resume();
  // A busy machine may lose the line once more.
  while (ear.heard().empty()) {
    ASSERT_TRUE(ear.AwaitConfirmation());
    ear.link().Publish("after");
    ear.AwaitMessages(1, absl::Seconds(1));
  }
  EXPECT_EQ(ear.heard().front(), "after");
}

TEST_F(RedisLinkTest, AKilledRedisIsLostAtOnceAndComesBack) {
  Ear one(Lively(server_.address())), other(Lively(server_.address()));
  for (int round = 1; round <= 3; ++round) {
    server_.Kill();
    ASSERT_TRUE(one.AwaitLost(round));
    ASSERT_TRUE(other.AwaitLost(round));
    server_.Start();
    ASSERT_TRUE(one.AwaitConfirmation());
    ASSERT_TRUE(other.AwaitConfirmation());
    one.link().Publish(absl::StrCat("round ", round));
    ASSERT_TRUE(other.AwaitMessages(round));
  }
  EXPECT_EQ(other.heard().back(), "round 3");
  EXPECT_EQ(one.lost(), 3);
}

TEST_F(RedisLinkTest, ANetworkThatSwallowsIsLost) {
  FaultProxy proxy(server_.address());
  Ear ear(Strict(proxy.address()));
  proxy.Stall(absl::Minutes(1));
  ASSERT_TRUE(ear.AwaitLost(1)) << "nothing was cut, only silent";
  proxy.Heal();
  ASSERT_TRUE(ear.AwaitConfirmation());
  proxy.CutAll();
  ASSERT_TRUE(ear.AwaitLost(2));
  ASSERT_TRUE(ear.AwaitConfirmation());
}

// By a clock of the test's: it moves on with each heartbeat that came back, and by more than the
// silence while the listener is busy.
TEST_F(RedisLinkTest, AThreadThatIsBusyListeningIsNotSilence) {
  ManualClock clock(absl::Now());
  PubSub::Options options = Strict(server_.address());
  std::promise<void> first, five_after;
  std::atomic<int> confirmed{0}, confirmed_before{1'000'000}, lost{0};
  const std::unique_ptr<PubSub> link = PubSub::Make(options, clock);
  link->Listen({.message =
                    [&](std::string_view) {
                      confirmed_before = confirmed.load();
                      // Whatever was sent before has come back by now, and lies there unread.
                      for (int i = 0; i < 3; ++i) server_.Ask({"PING"});
                      clock.Advance(4 * options.silence);
                    },
                .confirmed =
                    [&](absl::Time) {
                      if (++confirmed == 1) first.set_value();
                      if (confirmed == confirmed_before + 5) five_after.set_value();
                      clock.Advance(options.heartbeat);
                    },
                .lost = [&] { ++lost; }});
  const auto limit = std::chrono::seconds(30);
  ASSERT_EQ(first.get_future().wait_for(limit), std::future_status::ready);
  link->Publish("slow to take");
  EXPECT_EQ(five_after.get_future().wait_for(limit), std::future_status::ready);
  link->Stop();
  EXPECT_EQ(lost, 0);
}

TEST_F(RedisLinkTest, StopsWhateverRedisDoes) {
  {
    Ear never(Lively("127.0.0.1:1"), false);
    never.link().Publish("x");
  }
  auto ear = std::make_unique<Ear>(Lively(server_.address()));
  server_.process().Pause();
  for (int i = 0; i < 40; ++i) ear->link().Publish(std::string(4 << 20, 'x'));  // more than is kept
  Ear connecting(Lively(server_.address()), false);
  const absl::Time start = absl::Now();
  ear.reset();
  connecting.link().Stop();
  connecting.link().Stop();
  EXPECT_LT(absl::Now() - start, absl::Minutes(1)) << "it waited for the connection";
  server_.process().Resume();
}

TEST(RedisLinkElsewhereTest, LogsInAndSharesTheChannelOverDatabases) {
  RedisServer server({"--requirepass", "geheim", "--user", "link", "on", ">kanal", "resetchannels",
                      "&l1:log:*", "+@all", "-@dangerous"});
  const std::string at = "@" + server.address();
  Ear wrong(Strict("redis://:falsch" + at), false);
  Ear one(Lively("redis://:geheim" + at)), other(Lively("redis://link:kanal" + at + "/3"));
  one.link().Publish("to all");
  ASSERT_TRUE(other.AwaitMessages(1));
  EXPECT_TRUE(wrong.confirmed().empty());
  EXPECT_EQ(wrong.lost(), 0) << "what never stood can't be lost";
}

TEST(RedisLinkElsewhereTest, NoRedisIsNoLine) {
  Ear none(Lively(""), false);
  none.link().Publish("x");
  none.link().Stop();
  EXPECT_TRUE(none.heard().empty());
}

TEST(RedisLinkElsewhereTest, InAClusterAllUseTheServerOfTheChannel) {
  RedisClusterServers servers;
  const int slot = RedisSlotOf("l1:log:test");
  const int owner = RedisClusterServers::OwnerOf(slot);
  std::vector<std::unique_ptr<Ear>> ears;
  for (int i = 0; i < RedisClusterServers::kServers; ++i) {
    ears.push_back(std::make_unique<Ear>(Lively(servers.address(i))));
  }
  for (size_t i = 0; i < 30; ++i) {
    ears[i % ears.size()]->link().Publish(absl::StrCat(i));
    for (auto& ear : ears) ASSERT_TRUE(ear->AwaitMessages(i + 1));
  }
  for (auto& ear : ears) EXPECT_EQ(ear->heard(), ears[0]->heard());
  const RedisReply heard = servers.server(owner).Ask({"PUBSUB", "SHARDNUMSUB", "l1:log:test"});
  EXPECT_EQ(heard.items[1].integer, 3);

  // The slot moves: nobody may be left with the old server, where nothing more is heard.
  const int to = (owner + 1) % RedisClusterServers::kServers;
  servers.BeginMove(slot, owner, to);
  servers.EndMove(slot, to);
  for (auto& ear : ears) {
    ASSERT_TRUE(ear->AwaitLost(1));
    ASSERT_TRUE(ear->AwaitConfirmation());
  }
  ears[0]->link().Publish("after the move");
  for (auto& ear : ears) {
    ASSERT_TRUE(ear->AwaitMessages(31));
    EXPECT_EQ(ear->heard().back(), "after the move");
  }
  EXPECT_EQ(servers.server(to).Ask({"PUBSUB", "SHARDNUMSUB", "l1:log:test"}).items[1].integer, 3);
}

}  // namespace
}  // namespace lingkaran
