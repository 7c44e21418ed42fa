#include "common/base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "absl/time/clock.h"

namespace lingkaran {
namespace {

absl::Time Instant(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

TEST(Clock, SystemIsTheMachines) {
  const absl::Time before = absl::Now();
  const absl::Time now = (*MakeClock("system"))->Now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, absl::Now());
}

TEST(Clock, ManualIsWhereItIsSet) {
  ManualClock clock(Instant("2019-11-07T09:00:00+07:00"));
  EXPECT_EQ(clock.Now(), Instant("2019-11-07T02:00:00Z"));
  clock.Advance(absl::Hours(24));
  EXPECT_EQ(clock.Now(), Instant("2019-11-08T02:00:00Z"));
  clock.Set(Instant("2019-12-02T00:00:00Z"));
  EXPECT_EQ(clock.Now(), Instant("2019-12-02T00:00:00Z"));
}

TEST(Clock, InstantRunsOn) {
  const auto clock = *MakeClock("2019-11-07T09:00:00+07:00");
  const absl::Time first = clock->Now();
  EXPECT_GE(first, Instant("2019-11-07T02:00:00Z"));
  EXPECT_LT(first, Instant("2019-11-07T02:05:00Z"));
  while (clock->Now() == first) {
  }
  EXPECT_GT(clock->Now(), first);
}

TEST(Clock, FileIsAskedEachTime) {
  const std::string path = ::testing::TempDir() + "lingkaran_clock_each_time";
  Write(path, "2019-11-07T09:00:00+07:00\n");
  const auto clock = *MakeClock("file:" + path);
  EXPECT_EQ(clock->Now(), Instant("2019-11-07T02:00:00Z"));
  Write(path, "2020-02-01T00:00:00+07:00");
  EXPECT_EQ(clock->Now(), Instant("2020-01-31T17:00:00Z"));
  Write(path, "");
  EXPECT_EQ(clock->Now(), Instant("2020-01-31T17:00:00Z"));
  Write(path, "2021-01-01T00:00:00Z and more");
  EXPECT_EQ(clock->Now(), Instant("2020-01-31T17:00:00Z"));
  std::remove(path.c_str());
  EXPECT_EQ(clock->Now(), Instant("2020-01-31T17:00:00Z"));
}

TEST(Clock, FileMayChangeUnderReaders) {
  const std::string path = ::testing::TempDir() + "lingkaran_clock_readers";
  const absl::Time a = Instant("2019-11-07T02:00:00Z");
  const absl::Time b = Instant("2019-12-02T02:00:00Z");
  Write(path, "2019-11-07T02:00:00Z");
  const auto clock = *MakeClock("file:" + path);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      Write(path, i % 2 == 0 ? "2019-12-02T02:00:00Z" : "2019-11-07T02:00:00Z");
    }
    done = true;
  });
  while (!done) {
    const absl::Time now = clock->Now();
    EXPECT_TRUE(now == a || now == b) << now;
  }
  writer.join();
  std::remove(path.c_str());
}

TEST(Clock, RefusesWhatIsNoClock) {
  const std::string path = ::testing::TempDir() + "lingkaran_clock_refused";
  Write(path, "yesterday");
  for (const std::string& spec :
       {std::string(), std::string("now"), std::string("2019-11-07"),
        std::string("infinite-future"), std::string("2019-11-07T09:00:00"), std::string("file:"),
        std::string("file:/no/such/file"), "file:" + path, std::string("System")}) {
    EXPECT_EQ(MakeClock(spec).status().code(), absl::StatusCode::kInvalidArgument) << spec;
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace lingkaran
