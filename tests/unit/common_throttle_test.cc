// How a client holds itself back, against a peer that the test acts out.
#include "common/rpc/adaptive_throttle.h"

#include <random>

#include <gtest/gtest.h>

namespace lingkaran {
namespace {

class ThrottleTest : public testing::Test {
 protected:
  struct Sums {
    double asked = 0, sent = 0, accepted = 0;
  };
  // Calls at `rate` a second for so long at a peer that accepts `capacity` a second and lets 90
  // wait, as ours do.
  Sums Run(double rate, double capacity, absl::Duration time) {
    Sums sums;
    double room = 0;
    for (const absl::Time end = now_ + time; now_ < end; now_ += absl::Seconds(1) / rate) {
      room = std::min(room + capacity / rate, 90.0);
      sums.asked += 1;
      if (!throttle_.Allows(now_, chance_(random_))) continue;
      sums.sent += 1;
      if (room < 1) {
        throttle_.Refused(now_);
        continue;
      }
      room -= 1;
      sums.accepted += 1;
      throttle_.Accepted(now_);
    }
    return sums;
  }

  AdaptiveThrottle throttle_;
  absl::Time now_ = absl::FromUnixSeconds(1'573'100'000);
  std::mt19937_64 random_{7};
  std::uniform_real_distribution<> chance_{0, 1};
};

TEST_F(ThrottleTest, AFewRefusalsProveNothing) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(throttle_.Allows(now_, 0));
    throttle_.Refused(now_);
  }
}

TEST_F(ThrottleTest, CallsUnderWayProveNothing) {
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(throttle_.Allows(now_, 0));
}

TEST_F(ThrottleTest, WhoIsAcceptedIsNeverHeldBack) {
  const Sums sums = Run(1'000, 2'000, absl::Seconds(10));
  EXPECT_EQ(sums.sent, sums.asked);
}

TEST_F(ThrottleTest, AtFourTimesTheCapacityHalfAsManyMoreAreSent) {
  Run(4'000, 1'000, absl::Seconds(10));
  const Sums sums = Run(4'000, 1'000, absl::Seconds(10));
  EXPECT_NEAR(sums.sent, 15'000, 700);
  EXPECT_GT(sums.accepted, 9'500) << "the peer has enough to do";
}

TEST_F(ThrottleTest, APeerThatRefusesAllIsStillProbed) {
  Run(1'000, 0, absl::Seconds(10));
  const Sums sums = Run(1'000, 0, absl::Seconds(10));
  EXPECT_GT(sums.sent, 10);
  EXPECT_LT(sums.sent, 200);
}

TEST_F(ThrottleTest, ABadMinuteIsSoonForgotten) {
  Run(1'000, 0, absl::Seconds(60));
  Run(1'000, 2'000, absl::Seconds(30));
  const Sums sums = Run(1'000, 2'000, absl::Seconds(5));
  EXPECT_GT(sums.sent, 0.99 * sums.asked);
}

TEST_F(ThrottleTest, AClockThatIsSetBackDoesNoHarm) {
  Run(1'000, 0, absl::Seconds(10));
  now_ -= absl::Hours(1);
  Run(1'000, 2'000, absl::Seconds(30));
  const Sums sums = Run(1'000, 2'000, absl::Seconds(5));
  EXPECT_GT(sums.sent, 0.99 * sums.asked);
}

}  // namespace
}  // namespace lingkaran
