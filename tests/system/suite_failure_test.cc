// What happens when services are away, die, or get in each other's way: no rupiah and no
// person-month is lost, made up or spent twice.
#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/sponsorship/domain/seat_planner.h"
#include "tests/support/gate.h"
#include "tests/system/steps.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;
namespace cv = coverage::v1;
using common::v1::PROGRAMME_JKM;

class SuiteFailureTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  SuiteFailureTest() : suite_({.dialect = GetParam()}) {}

  sv::Allocation GetAllocation(int64_t allocation_id) {
    sv::GetAllocationRequest request;
    request.set_allocation_id(allocation_id);
    return Must(Ask(suite_.sponsorship(), &Sponsorships::GetAllocation, request)).allocation();
  }

  // Looks until `done` says true.
  void Await(const char* what, absl::FunctionRef<bool()> done) {
    ASSERT_TRUE(Eventually(done, absl::Minutes(1))) << what;
  }

  // Looks until the allocation has ended, also while sponsorship is away.
  sv::Allocation AwaitEnd(int64_t allocation_id) {
    sv::GetAllocationRequest request;
    request.set_allocation_id(allocation_id);
    Await("the end", [&] {
      const auto now = Ask(suite_.sponsorship(), &Sponsorships::GetAllocation, request);
      return now.ok() && now->allocation().state() != sv::ALLOCATION_STATE_RUNNING;
    });
    return GetAllocation(allocation_id);
  }

  Suite suite_;
};
LINGKARAN_ON_BOTH_DATABASES(SuiteFailureTest);

TEST_P(SuiteFailureTest, TwoPledgesOverTheSameCandidatesShareThem) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 60);
  const sv::Pledge one = PaidPledge(suite_, 40);
  const sv::Pledge two = PaidPledge(suite_, 40);
  const int64_t first = Allocate(suite_, one.pledge_id(), "same seed");
  const int64_t second = Allocate(suite_, two.pledge_id(), "same seed");
  const sv::Allocation a = WaitForEnd(suite_, first);
  const sv::Allocation b = WaitForEnd(suite_, second);
  EXPECT_EQ(a.seats_filled() + b.seats_filled(), 60) << a.DebugString() << b.DebugString();
  EXPECT_EQ(CoveredOf(suite_, workers, 20191201).size(), 60u);
  int64_t person_months = 0;
  int64_t available = 0;
  for (const sv::Pledge& pledge : {one, two}) {
    ExpectBooksAgree(suite_, pledge);
    person_months += Statistics(suite_, pledge.pledge_id(), 20191201).person_months();
    available += FundsOf(suite_, pledge).available_rupiah();
  }
  EXPECT_EQ(person_months, 60 * 6);  // nobody twice
  EXPECT_EQ(available, 20 * 50'400);
  // Whoever was drawn by both is listed with the reason by one of them.
  for (const sv::Allocation& allocation : {a, b}) {
    EXPECT_EQ(allocation.candidates(),
              allocation.seats_filled() + allocation.refused() + allocation.reserve());
    for (const sv::RefusalCount& count : allocation.refusal_counts()) {
      EXPECT_THAT(count.reason(), testing::AnyOf("MONTH_ALREADY_PAID", "ALREADY_MEMBER"));
    }
  }
}

TEST_P(SuiteFailureTest, ARunningAllocationSurvivesRestartsOfAllThree) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 3'200);
  const sv::Pledge pledge = PaidPledge(suite_, 3'000);
  const int64_t allocation = Allocate(suite_, pledge.pledge_id(), "solo");
  Await("a first chunk", [&] { return GetAllocation(allocation).seats_filled() > 0; });
  suite_.StopSponsorship();
  suite_.StartSponsorship();
  suite_.StopCoverage();
  suite_.StartCoverage();
  suite_.StopRegistry();
  suite_.StartRegistry();
  suite_.StopSponsorship();
  suite_.StartSponsorship();
  const sv::Allocation done = AwaitEnd(allocation);
  EXPECT_EQ(done.state(), sv::ALLOCATION_STATE_COMPLETE) << done.DebugString();
  EXPECT_EQ(done.seats_filled(), 3'000);
  EXPECT_EQ(done.refused(), 0);
  EXPECT_EQ(done.spent_rupiah(), 3'000 * int64_t{50'400});
  EXPECT_EQ(done.reserve(), 200);
  EXPECT_EQ(CoveredOf(suite_, workers, 20200131).size(), 3'000u);
  ExpectBooksAgree(suite_, pledge);
}

// Coverage is away after the enrolment, and a drawn worker turns out to have died before.
TEST_P(SuiteFailureTest, WhoCannotBeCoveredIsReplacedByTheNext) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 12, /*disabled=*/0);
  const sv::Pledge pledge = PaidPledge(suite_, 10);
  std::vector<sponsorship::Candidate> candidates;
  for (int64_t worker : workers) candidates.emplace_back().worker_id = worker;
  const std::vector<sponsorship::Ranked> order = sponsorship::Rank({}, "solo", candidates);

  suite_.StopCoverage();
  const int64_t allocation = Allocate(suite_, pledge.pledge_id(), "solo");
  Await("what it waits for", [&] { return !GetAllocation(allocation).waiting_for().empty(); });
  EXPECT_EQ(GetAllocation(allocation).seats_filled(), 0);
  EXPECT_EQ(FundsOf(suite_, pledge).reserved_rupiah(), 10 * 50'400);
  sv::CancelPledgeRequest cancel;
  cancel.set_request_id(NewRequestId());
  cancel.set_pledge_id(pledge.pledge_id());
  cancel.set_reason("percobaan");
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::CancelPledge, cancel).status()),
            Reason::kAllocationRunning);
  suite_.StopSponsorship();
  suite_.StartCoverage();
  const std::string token = ReportDeath(suite_, order[2].worker_id, 20191105);
  cv::CheckEligibilityRequest check;
  check.mutable_person()->set_worker_id(order[2].worker_id);
  check.mutable_consistency()->set_at_least_as_fresh(token);
  Await("the death at coverage",
        [&] { return Ask(suite_.coverage(), &Coverages::CheckEligibility, check).ok(); });
  suite_.StartSponsorship();

  const sv::Allocation done = AwaitEnd(allocation);
  EXPECT_EQ(done.state(), sv::ALLOCATION_STATE_COMPLETE) << done.DebugString();
  EXPECT_EQ(done.seats_filled(), 10);
  ASSERT_EQ(done.refusals_size(), 1) << done.DebugString();
  EXPECT_EQ(done.refusals(0).worker_id(), order[2].worker_id);
  EXPECT_EQ(done.refusal_counts(0).reason(), "AFTER_DEATH");
  EXPECT_EQ(Check(suite_, order[10].worker_id, PROGRAMME_JKM, 20191107).verdict(),
            cv::VERDICT_COVERED);
  EXPECT_EQ(Check(suite_, order[11].worker_id, PROGRAMME_JKM, 20191107).verdict(),
            cv::VERDICT_NOT_COVERED);
  ExpectBooksAgree(suite_, pledge);
}

TEST_P(SuiteFailureTest, AReplacementGoesOnWhenCoverageComesBack) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 4);
  const sv::Pledge pledge = PaidPledge(suite_, 3);
  WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  const std::vector<int64_t> seated = CoveredOf(suite_, workers, 20191107);
  ASSERT_EQ(seated.size(), 3u);
  suite_.StopCoverage();
  const sv::ReplaceWorkersRequest replace = Replacing(pledge, {seated[0], seated[1]});
  const absl::Status away =
      Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace).status();
  EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable) << away;
  EXPECT_EQ(ReasonOf(away), Reason::kPeerUnavailable);
  // Another request on the same worker does not start twice what is under way.
  sv::ReplaceWorkersRequest rival = replace;
  rival.set_request_id(NewRequestId());
  rival.mutable_lines()->RemoveLast();
  const auto refused = Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, rival);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_NE(refused->results(0).status().code(), 0);

  suite_.StartCoverage();
  absl::StatusOr<sv::ReplaceWorkersResponse> later = absl::UnknownError("");
  Await("the result", [&] {
    later = Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace);
    return later.ok();
  });
  // One is left on the reserve list; the other seat is free and its money available.
  EXPECT_EQ(later->results(0).status().code(), 0) << later->DebugString();
  EXPECT_EQ(later->results(0).moved_rupiah(), 50'400);
  EXPECT_EQ(later->results(1).status().code(),
            static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(later->results(1).released_rupiah(), 50'400);
  EXPECT_EQ(FundsOf(suite_, pledge).available_rupiah(), 50'400);
  EXPECT_EQ(GetPledge(suite_, pledge.pledge_id()).seats_filled(), 2);
  ExpectBooksAgree(suite_, pledge);

  // New candidates fill the free seat from the money that is available again.
  AddWorkers(suite_, 2, 0, 1'000);
  EXPECT_EQ(WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "lagi")).seats_filled(), 1);
  EXPECT_EQ(GetPledge(suite_, pledge.pledge_id()).seats_filled(), 3);
  ExpectBooksAgree(suite_, pledge);
}

// The registry is away from the middle of an allocation until after its last day.
TEST_P(SuiteFailureTest, AReservationEndsByItsDate) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 8'000);
  const sv::Pledge pledge = PaidPledge(suite_, 8'000);
  const int64_t allocation = Allocate(suite_, pledge.pledge_id(), "solo");
  Await("a first chunk", [&] { return GetAllocation(allocation).seats_filled() > 0; });
  suite_.StopRegistry();
  Await("what it waits for", [&] { return !GetAllocation(allocation).waiting_for().empty(); });
  EXPECT_GT(FundsOf(suite_, pledge).reserved_rupiah(), 0);
  suite_.GoTo(2019, 11, 15);  // the rule gives it 7 days
  suite_.StartRegistry();
  const sv::Allocation done = WaitForEnd(suite_, allocation);
  EXPECT_EQ(done.state(), sv::ALLOCATION_STATE_SHORT) << done.DebugString();
  EXPECT_LT(done.seats_filled(), 8'000);
  EXPECT_EQ(FundsOf(suite_, pledge).available_rupiah(),
            (8'000 - done.seats_filled()) * int64_t{50'400});
  ExpectBooksAgree(suite_, pledge);
  // What was given back can be allocated anew.
  const sv::Allocation again = WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "lagi"));
  EXPECT_EQ(again.seats_filled(), again.candidates());
  EXPECT_EQ(CoveredOf(suite_, workers, 20191201).size(),
            static_cast<size_t>(done.seats_filled() + again.seats_filled()));
  ExpectBooksAgree(suite_, pledge);
}

}  // namespace
}  // namespace lingkaran
