// Work that runs where its caller does not.
#include "common/concurrency/executor.h"

#include <sys/resource.h>

#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

int Priority() { return getpriority(PRIO_PROCESS, 0); }

// Runs what can't fail.
template <typename Work>
void RunWell(Executor& executor, Work work) {
  const absl::Status status = executor.Run([&] {
    work();
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ExecutorTest, RunsOnThreadsThatAreLowAndLeavesItsCallersAlone) {
  LowPriorityExecutor executor(2);
  std::thread::id worker;
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = executor.Run([&] {
      EXPECT_GT(Priority(), 0);
      if (i == 0) worker = std::this_thread::get_id();
      EXPECT_EQ(std::this_thread::get_id(), worker) << "a thread was free";
      return absl::AbortedError("its outcome");
    });
    EXPECT_EQ(status, absl::AbortedError("its outcome"));
  }
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(Priority(), 0);
}

TEST(ExecutorTest, InlineRunsOnTheThreadOfTheCaller) {
  InlineExecutor executor;
  std::thread::id worker;
  RunWell(executor, [&] { worker = std::this_thread::get_id(); });
  EXPECT_EQ(worker, std::this_thread::get_id());
}

TEST(ExecutorTest, HasSoManyThreadsAndNoMore) {
  constexpr int kThreads = 3;
  LowPriorityExecutor executor(kThreads);
  Gate all_run, go_on;
  Mutex mutex;
  std::set<std::thread::id> workers;
  int running = 0;
  int most = 0;
  std::thread watcher([&] {
    EXPECT_TRUE(all_run.Wait());
    go_on.Open();
  });
  OnThreads(4 * kThreads, [&](int) {
    RunWell(executor, [&] {
      {
        MutexLock lock(mutex);
        workers.insert(std::this_thread::get_id());
        most = std::max(most, ++running);
        if (running == kThreads) all_run.Open();
      }
      EXPECT_TRUE(go_on.Wait());
      MutexLock lock(mutex);
      --running;
    });
  });
  watcher.join();
  EXPECT_EQ(most, kThreads);
  EXPECT_EQ(workers.size(), kThreads);
}

TEST(ExecutorTest, TheCallersDeadlineIsTheWorks) {
  LowPriorityExecutor executor(1);
  const absl::Time deadline = absl::Now() + absl::Hours(1);
  const auto deadline_there = [&] {
    absl::Time found;
    RunWell(executor, [&] { found = CurrentDeadline(); });
    return found;
  };
  {
    const DeadlineScope scope(deadline);
    EXPECT_EQ(deadline_there(), deadline);
  }
  EXPECT_EQ(deadline_there(), absl::InfiniteFuture()) << "it stayed on the thread";
}

TEST(ExecutorTest, WhatCouldNotBeginInTimeNeverRuns) {
  LowPriorityExecutor executor(1);
  Gate busy, go_on;
  std::thread other([&] {
    RunWell(executor, [&] {
      busy.Open();
      EXPECT_TRUE(go_on.Wait());
    });
  });
  ASSERT_TRUE(busy.Wait());
  bool ran = false;
  const auto run = [&] {
    return executor.Run([&] {
      ran = true;
      return absl::OkStatus();
    });
  };
  {
    const DeadlineScope soon(absl::Now() + absl::Milliseconds(1));
    EXPECT_EQ(ReasonOf(run()), Reason::kDeadlinePassed);
  }
  go_on.Open();
  other.join();
  EXPECT_FALSE(ran);
  EXPECT_TRUE(run().ok()) << "the next one is not held up";
  EXPECT_TRUE(ran);
}

TEST(ExecutorTest, WhatIsThrownComesOutAtTheCaller) {
  struct Crash {};  // as a simulation acts it: no std::exception
  LowPriorityExecutor executor(1);
  EXPECT_THROW(executor.Run([]() -> absl::Status { throw Crash(); }).IgnoreError(), Crash);
  EXPECT_THROW(executor.Run([]() -> absl::Status { throw std::runtime_error("no"); }).IgnoreError(),
               std::runtime_error);
  EXPECT_TRUE(executor.Run([] { return absl::OkStatus(); }).ok());
}

}  // namespace
}  // namespace lingkaran
