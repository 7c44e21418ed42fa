// Fail points and chance: unarmed they do nothing, armed they do what was asked at that very place.
#include "common/base/failpoint.h"

#include <signal.h>

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"

namespace lingkaran {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

class FailPoints : public testing::Test {
 protected:
  ~FailPoints() override {
    SetFailPointHook(nullptr);
    EXPECT_TRUE(ArmFailPoint("").ok());
  }
};

TEST_F(FailPoints, UnarmedNothingHappens) { FailPoint("rpc", "Method", "begin"); }

TEST_F(FailPoints, ArmedTheProcessDiesAtThatPlaceOnly) {
  ASSERT_TRUE(ArmFailPoint("rpc/Method/booked").ok());
  FailPoint("rpc", "Method", "claimed");
  FailPoint("rpc", "Other", "booked");
  FailPoint("outbox", "Method", "booked");
  EXPECT_EXIT(FailPoint("rpc", "lingkaran.v1.Service/Method", "booked"),
              testing::KilledBySignal(SIGKILL), "");
  ASSERT_TRUE(ArmFailPoint("").ok());
  FailPoint("rpc", "Method", "booked");
}

TEST_F(FailPoints, ItDiesAtTheNthPass) {
  EXPECT_EXIT(
      {
        if (ArmFailPoint("outbox/k/taken=3").ok()) {
          for (int i = 0; i < 2; ++i) FailPoint("outbox", "k", "taken");
          std::cerr << "alive after two";
          FailPoint("outbox", "k", "taken");
        }
      },
      testing::KilledBySignal(SIGKILL), "alive after two");
}

TEST_F(FailPoints, WhatCannotBeReadIsRefused) {
  for (const char* spec : {"a/b/c=0", "a/b/c=-1", "a/b/c=x", "a/b/c=", "a/b/c=1=2"}) {
    EXPECT_EQ(ArmFailPoint(spec).code(), absl::StatusCode::kInvalidArgument) << spec;
  }
}

TEST_F(FailPoints, AHookSeesEachPlaceAndMayThrow) {
  std::vector<std::string> places;
  SetFailPointHook([&](const std::string& place) { places.push_back(place); });
  FailPoint("rpc", "/lingkaran.v1.Service/Method", "begin");
  FailPoint("outbox", "enrol", "taken");
  EXPECT_THAT(places, ElementsAre("rpc/Method/begin", "outbox/enrol/taken"));
  struct Crash {};
  SetFailPointHook([](const std::string&) { throw Crash(); });
  EXPECT_THROW(FailPoint("rpc", "Method", "begin"), Crash);
}

class Chance : public testing::Test {
 protected:
  ~Chance() override { SetRandomSource(nullptr); }
  // Knuth's; enough for a test.
  static void Replay() {
    SetRandomSource([state = uint64_t{42}]() mutable {
      return state = state * 6364136223846793005u + 1442695040888963407u;
    });
  }
};

TEST_F(Chance, RequestIdsAreUuidsAndNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = NewRequestId();
    EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                 "[0-9a-f]{12}"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1'000u);
}

TEST_F(Chance, ASourceReplays) {
  Replay();
  const std::vector<std::string> first = {NewRequestId(), NewRequestId()};
  const double fraction = RandomFraction();
  Replay();
  EXPECT_EQ(NewRequestId(), first[0]);
  EXPECT_EQ(NewRequestId(), first[1]);
  EXPECT_EQ(RandomFraction(), fraction);
  EXPECT_NE(first[0], first[1]);
  SetRandomSource(nullptr);
  EXPECT_NE(NewRequestId(), first[0]);
}

TEST_F(Chance, FractionsAndJitterStayWithinTheirBounds) {
  for (int i = 0; i < 1'000; ++i) {
    const double fraction = RandomFraction();
    EXPECT_GE(fraction, 0);
    EXPECT_LT(fraction, 1);
    const absl::Duration pause = Jittered(absl::Seconds(1), 0.5, 1.5);
    EXPECT_GE(pause, absl::Milliseconds(500));
    EXPECT_LT(pause, absl::Milliseconds(1500));
  }
  SetRandomSource([] { return ~uint64_t{0}; });
  EXPECT_LT(RandomFraction(), 1);
}

}  // namespace
}  // namespace lingkaran
