// How many calls are let in, who waits, who is refused. Time is set by hand.
#include "common/rpc/admission_control.h"

#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/overload.h"
#include "common/base/random.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

constexpr char kNormal[] = "lingkaran.registry.v1.RegistryService/CreateAgency";

class AdmissionTest : public testing::Test {
 protected:
  // A caller on its own thread; waits until it stands in the queue.
  std::future<absl::Status> Wait(absl::Duration deadline = absl::Seconds(60)) {
    const int before = admission_.waiting();
    auto caller = std::async(std::launch::async, [this, deadline] {
      absl::StatusOr<AdmissionControl::Permit> place = admission_.Enter(clock_.Now() + deadline);
      if (!place.ok()) return place.status();
      const std::lock_guard lock(mutex_);
      order_.push_back(deadline);
      return absl::OkStatus();
    });
    EXPECT_TRUE(Eventually([&] { return admission_.waiting() == before + 1; }));
    return caller;
  }
  absl::StatusOr<AdmissionControl::Permit> Enter() {
    return admission_.Enter(clock_.Now() + absl::Seconds(60));
  }

  // As many as may run at once.
  std::vector<absl::StatusOr<AdmissionControl::Permit>> Fill() {
    std::vector<absl::StatusOr<AdmissionControl::Permit>> running;
    for (int i = 0; i < 2; ++i) {
      running.push_back(Enter());
      EXPECT_TRUE(running.back().ok());
    }
    return running;
  }

  ManualClock clock_{absl::FromUnixSeconds(1'573'100'000)};
  AdmissionControl admission_{{2, 3, absl::Milliseconds(100)}, &clock_};
  std::mutex mutex_;
  std::vector<absl::Duration> order_;  // deadlines of those who ran, as they came to it
};

TEST_F(AdmissionTest, BeyondThoseRunningAndWaitingARefusalComesAtOnce) {
  auto running = Fill();
  std::vector<std::future<absl::Status>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(Wait());
  EXPECT_EQ(admission_.waiting(), 3);

  // If it waited, nobody would wake it before the places are given back.
  std::future<absl::Status> beyond =
      std::async(std::launch::async, [&] { return Enter().status(); });
  EXPECT_EQ(beyond.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(admission_.running(), 2);
  EXPECT_EQ(admission_.waiting(), 3);
  running.clear();
  const absl::Status refused = beyond.get();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(ReasonOf(refused), Reason::kOverloaded);
  EXPECT_GE(RetryDelayOf(refused), absl::Milliseconds(125));
  EXPECT_LE(RetryDelayOf(refused), absl::Milliseconds(375));

  for (std::future<absl::Status>& one : waiting) EXPECT_TRUE(one.get().ok());
  EXPECT_EQ(admission_.running(), 0);
  EXPECT_EQ(admission_.waiting(), 0);
}

TEST_F(AdmissionTest, RefusedTogetherTheyComeBackApart) {
  const AdmissionControl::Limits none = {0, 0, absl::ZeroDuration()};
  AdmissionControl closed(none, &clock_);
  const auto delay = [&] { return RetryDelayOf(closed.Enter(absl::InfiniteFuture()).status()); };
  const absl::Duration first = delay();
  int other = 0;
  for (int i = 0; i < 10; ++i) other += delay() != first;
  EXPECT_GT(other, 0);
}

TEST_F(AdmissionTest, FirstComeFirstServed) {
  auto running = Fill();
  std::vector<std::future<absl::Status>> waiting;
  for (int i = 1; i <= 3; ++i) waiting.push_back(Wait(absl::Seconds(10 * i)));
  running.pop_back();  // one place: the three have it one after the other
  for (std::future<absl::Status>& one : waiting) EXPECT_TRUE(one.get().ok());
  EXPECT_EQ(order_, (std::vector{absl::Seconds(10), absl::Seconds(20), absl::Seconds(30)}));
}

TEST_F(AdmissionTest, WhoWaitedTooLongIsRefusedAlthoughAPlaceIsFree) {
  auto running = Fill();
  std::future<absl::Status> late = Wait();
  clock_.Advance(absl::Milliseconds(101));
  std::future<absl::Status> fresh = Wait();
  running.pop_back();
  EXPECT_EQ(ReasonOf(late.get()), Reason::kOverloaded);
  EXPECT_TRUE(fresh.get().ok());
  EXPECT_EQ(order_.size(), 1u);
}

TEST_F(AdmissionTest, NobodyWaitsLongerThanHisDeadlineAllows) {
  auto running = Fill();
  // A quarter of 200 ms.
  std::future<absl::Status> hurried = Wait(absl::Milliseconds(200));
  std::future<absl::Status> patient = Wait();
  clock_.Advance(absl::Milliseconds(51));
  admission_.LookAgain();
  EXPECT_EQ(hurried.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(admission_.waiting(), 1);
  clock_.Advance(absl::Milliseconds(50));
  admission_.LookAgain();
  EXPECT_EQ(ReasonOf(hurried.get()), Reason::kOverloaded);
  EXPECT_EQ(ReasonOf(patient.get()), Reason::kOverloaded);
  EXPECT_EQ(admission_.waiting(), 0);
  EXPECT_TRUE(order_.empty());
}

TEST_F(AdmissionTest, ACallWhoseTimeIsOverDoesNotBegin) {
  const absl::Status late = admission_.Enter(clock_.Now()).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  EXPECT_EQ(ReasonOf(late), Reason::kDeadlinePassed);
  EXPECT_EQ(admission_.running(), 0);
}

TEST_F(AdmissionTest, APlaceIsGivenBackWhateverEndsTheCall) {
  struct Crash {};
  const auto work = [&] {
    const absl::StatusOr<AdmissionControl::Permit> place = Enter();
    EXPECT_EQ(admission_.running(), 1);
    throw Crash();
  };
  for (int i = 0; i < 5; ++i) EXPECT_THROW(work(), Crash);
  EXPECT_EQ(admission_.running(), 0);
}

TEST_F(AdmissionTest, OnTheMachinesClockWaitingEnds) {
  AdmissionControl real({1, 1, absl::Milliseconds(1)});
  const absl::StatusOr<AdmissionControl::Permit> first = real.Enter(absl::InfiniteFuture());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(ReasonOf(real.Enter(absl::InfiniteFuture()).status()), Reason::kOverloaded);
}

TEST(AdmissionForTest, EachServiceHasItsOwn) {
  AdmissionControl& registry = AdmissionControl::For(kNormal);
  EXPECT_EQ(&registry,
            &AdmissionControl::For("lingkaran.registry.v1.RegistryService/EnrolWorkers"));
  EXPECT_NE(&registry,
            &AdmissionControl::For("lingkaran.coverage.v1.CoverageService/CheckEligibility"));
  EXPECT_GT(registry.limits().waiting, 0);
}

TEST(AdmissionForTest, WhatMostlyWaitsHoldsNoPlaceOfTheOthers) {
  const AdmissionControl* const normal =
      &AdmissionControl::For("lingkaran.sponsorship.v1.SponsorshipService/GetPledge");
  for (const char* method :
       {"WatchAllocation", "ReplaceWorkers", "PayContribution", "AllocatePledge"}) {
    const AdmissionControl& patient =
        AdmissionControl::For(std::string("lingkaran.sponsorship.v1.SponsorshipService/") + method);
    EXPECT_NE(&patient, normal) << method;
    EXPECT_GT(patient.limits().running, 0);
    EXPECT_EQ(patient.limits().waiting, 0);
  }
  EXPECT_NE(&AdmissionControl::For(kNormal),
            &AdmissionControl::For("lingkaran.registry.v1.RegistryService/SubmitCandidates"));
}

TEST(AdmissionForTest, OperatorsGetInWhenAllElseIsFull) {
  std::vector<absl::StatusOr<AdmissionControl::Permit>> full;
  AdmissionControl& normal = AdmissionControl::For(kNormal);
  while (normal.running() < normal.limits().running) {
    full.push_back(normal.Enter(absl::InfiniteFuture()));
  }
  EXPECT_FALSE(normal.Enter(absl::Now() + absl::Milliseconds(20)).ok());
  EXPECT_TRUE(AdmissionControl::For("lingkaran.ops.v1.OperationsService/RetryOwed")
                  .Enter(absl::Now() + absl::Seconds(1))
                  .ok());
}

}  // namespace
}  // namespace lingkaran
