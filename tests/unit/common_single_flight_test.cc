// One question for all who ask.
#include "common/concurrency/single_flight.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/gate.h"

namespace lingkaran {
namespace {

TEST(SingleFlightTest, WhoComesWhileOneRunsSharesTheNext) {
  SingleFlight flight;
  Gate first_runs, go_on;
  std::atomic<int> runs{0}, asked{0};
  const auto work = [&] {
    if (++runs == 1) {
      first_runs.Open();
      EXPECT_TRUE(go_on.Wait());
    }
    return absl::OkStatus();
  };
  std::vector<std::thread> callers;
  callers.emplace_back([&] { EXPECT_TRUE(flight.Do(work).ok()); });
  ASSERT_TRUE(first_runs.Wait());
  for (int i = 0; i < 20; ++i) {
    callers.emplace_back([&] {
      ++asked;
      EXPECT_TRUE(flight.Do(work).ok());
      EXPECT_GE(runs, 2) << "the one that ran already began before the question";
    });
  }
  ASSERT_TRUE(Eventually([&] { return asked == 20; }));
  go_on.Open();
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(runs, 21);
  EXPECT_GE(runs, 2);
}

TEST(SingleFlightTest, AnothersDeadlineIsNotOurs) {
  SingleFlight flight;
  Gate first_runs, go_on;
  std::atomic<int> runs{0};
  const auto work = [&] {
    const int run = ++runs;
    if (run == 1) {
      first_runs.Open();
      EXPECT_TRUE(go_on.Wait());
    }
    return run == 2 ? absl::DeadlineExceededError("its time is over") : absl::OkStatus();
  };
  std::thread first([&] { EXPECT_TRUE(flight.Do(work).ok()); });
  ASSERT_TRUE(first_runs.Wait());
  std::atomic<int> well{0}, late{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] { flight.Do(work).ok() ? ++well : ++late; });
  }
  go_on.Open();
  first.join();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(late, 1) << "only the one whose time was over";
  EXPECT_EQ(well, 1);
}

}  // namespace
}  // namespace lingkaran
