#include "common/base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "tests/support/process.h"

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
  const TempDirectory directory;
  const std::string path = directory.path() + "/clock";
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
  const TempDirectory directory;
  const std::string path = directory.path() + "/clock";
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
}

TEST(Clock, RefusesWhatIsNoClock) {
  const TempDirectory directory;
  const std::string path = directory.path() + "/clock";
  Write(path, "yesterday");
  for (const std::string& spec :
       std::vector<std::string>{"", "now", "2019-11-07", "infinite-future", "2019-11-07T09:00:00",
                                "file:", "file:/no/such/file", "file:" + path, "System"}) {
    EXPECT_EQ(MakeClock(spec).status().code(), absl::StatusCode::kInvalidArgument) << spec;
  }
}

}  // namespace
}  // namespace lingkaran
