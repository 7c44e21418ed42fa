// Who stands in line together is done together, and nobody is left standing.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "common/concurrency/group_commit.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

struct Item {
  int number = 0;
  bool done = false;
};

using Groups = GroupCommit<Item>;

// Callers on threads of their own; Call returns when the caller stands in line or leads.
class Line {
 public:
  explicit Line(Groups& groups) : groups_(groups) {}
  ~Line() {
    for (std::thread& thread : threads_) thread.join();
  }
  void Call(Item& item, absl::Time deadline = absl::InfiniteFuture()) {
    const size_t before = groups_.InLine(7);
    threads_.emplace_back([&, deadline] { EXPECT_TRUE(groups_.Join(7, item, 1, deadline)); });
    while (groups_.InLine(7) == before) std::this_thread::yield();
  }
  std::thread::id last() const { return threads_.back().get_id(); }

 private:
  Groups& groups_;
  std::vector<std::thread> threads_;
};

TEST(GroupCommit, ALoneCallerGoesAtOnce) {
  int groups = 0;
  Groups line({}, [&](absl::Span<Item* const> group) {
    ++groups;
    for (Item* item : group) item->done = true;
  });
  Item one, two;
  EXPECT_TRUE(line.Join(1, one, 1, absl::InfiniteFuture()));
  EXPECT_TRUE(line.Join(1, two, 1, absl::InfiniteFuture()));
  EXPECT_TRUE(one.done && two.done);
  EXPECT_EQ(groups, 2);
}

TEST(GroupCommit, EveryCallIsDoneOnceAndGroupsKeepTheirBounds) {
  constexpr int kThreads = 24;
  constexpr int kCalls = 300;
  std::atomic<int> groups{0};
  std::atomic<int> under_way{0};
  std::mutex mutex;
  std::set<int> seen;
  Groups line({.calls = 8, .weight = 12}, [&](absl::Span<Item* const> group) {
    EXPECT_EQ(++under_way, 1);  // one group of a key at a time
    ++groups;
    EXPECT_LE(group.size(), 8u);
    int weight = 0;
    std::unique_lock<std::mutex> lock(mutex);
    for (Item* item : group) {
      weight += 1 + item->number % 3;
      EXPECT_TRUE(seen.insert(item->number).second);
      item->done = true;
    }
    EXPECT_LE(weight, 12);
    lock.unlock();
    // As a commit does, it takes long enough for others to come.
    for (int i = 0; i < 1'000 && line.InLine(7) < 3; ++i) std::this_thread::yield();
    --under_way;
  });
  OnThreads(kThreads, [&](int t) {
    for (int i = 0; i < kCalls; ++i) {
      Item item{t * kCalls + i};
      ASSERT_TRUE(line.Join(7, item, 1 + item.number % 3, absl::InfiniteFuture()));
      ASSERT_TRUE(item.done);
    }
  });
  EXPECT_EQ(seen.size(), static_cast<size_t>(kThreads * kCalls));
  EXPECT_LT(groups, kThreads * kCalls);
}

TEST(GroupCommit, AHeavyCallStillGetsATurn) {
  Groups line({.calls = 8, .weight = 12}, [](absl::Span<Item* const> group) {
    for (Item* item : group) item->done = true;
  });
  Item item;
  EXPECT_TRUE(line.Join(7, item, 100, absl::InfiniteFuture()));
  EXPECT_TRUE(item.done);
}

TEST(GroupCommit, KeysDoNotWaitForEachOther) {
  Gate arrived, go_on;
  Groups line({}, [&](absl::Span<Item* const> group) {
    if (group[0]->number == 1) {
      arrived.Open();
      EXPECT_TRUE(go_on.Wait());
    }
    for (Item* item : group) item->done = true;
  });
  Item held{1}, free{2};
  std::thread first([&] { line.Join(1, held, 1, absl::InfiniteFuture()); });
  ASSERT_TRUE(arrived.Wait());
  EXPECT_TRUE(line.Join(2, free, 1, absl::InfiniteFuture()));
  EXPECT_TRUE(free.done);
  go_on.Open();
  first.join();
}

TEST(GroupCommit, WhoseTimeIsOverLeavesTheLineUndone) {
  Gate arrived, go_on;
  Groups line({}, [&](absl::Span<Item* const> group) {
    arrived.Open();
    EXPECT_TRUE(go_on.Wait());
    for (Item* item : group) item->done = true;
  });
  Item first{1}, late{2}, last{3};
  std::thread leader([&] { EXPECT_TRUE(line.Join(7, first, 1, absl::InfiniteFuture())); });
  ASSERT_TRUE(arrived.Wait());
  {
    Line callers(line);
    EXPECT_FALSE(line.Join(7, late, 1, absl::Now() + absl::Milliseconds(20)));
    EXPECT_EQ(line.InLine(7), 0u);
    callers.Call(last);
    go_on.Open();
  }
  leader.join();
  EXPECT_TRUE(first.done && last.done);
  EXPECT_FALSE(late.done);
}

// A crash in a simulation is an exception that nobody catches on the way.
TEST(GroupCommit, ALeaderThatDiesStrandsNobody) {
  struct Crash {};
  Gate arrived, go_on;
  std::atomic<int> groups{0};
  Groups line({}, [&](absl::Span<Item* const> group) {
    if (++groups == 1) {
      arrived.Open();
      EXPECT_TRUE(go_on.Wait());
      throw Crash();
    }
    for (Item* item : group) item->done = true;
  });
  Item first{1};
  std::vector<Item> others(5);
  std::thread leader([&] { EXPECT_THROW(line.Join(7, first, 1, absl::InfiniteFuture()), Crash); });
  ASSERT_TRUE(arrived.Wait());
  {
    Line callers(line);
    for (Item& item : others) callers.Call(item);
    go_on.Open();
  }
  leader.join();
  EXPECT_FALSE(first.done);
  for (const Item& item : others) EXPECT_TRUE(item.done);
  Item after;
  EXPECT_TRUE(line.Join(7, after, 1, absl::InfiniteFuture()));
  EXPECT_TRUE(after.done);
}

// What a leader waits for ends with its deadline, so it must be the one with the most time.
TEST(GroupCommit, TheMostPatientLeads) {
  Gate arrived, go_on;
  std::thread::id led_by;
  size_t size = 0;
  Groups line({}, [&](absl::Span<Item* const> group) {
    if (group[0]->number == 1) {
      arrived.Open();
      EXPECT_TRUE(go_on.Wait());
    }
    led_by = std::this_thread::get_id();
    size = group.size();
  });
  Item first{1}, hasty{2}, calm{3}, hastier{4};
  std::thread leader([&] { line.Join(7, first, 1, absl::InfiniteFuture()); });
  ASSERT_TRUE(arrived.Wait());
  std::thread::id patient;
  {
    Line callers(line);
    callers.Call(hasty, absl::Now() + absl::Minutes(1));
    callers.Call(calm, absl::Now() + absl::Minutes(9));
    patient = callers.last();
    callers.Call(hastier, absl::Now() + absl::Seconds(50));
    go_on.Open();
  }
  leader.join();
  EXPECT_EQ(size, 3u);
  EXPECT_EQ(led_by, patient);
}

}  // namespace
}  // namespace lingkaran
