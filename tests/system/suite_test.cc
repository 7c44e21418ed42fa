// The Solo story with all three services, on both databases, with and without Redis.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/sponsorship/domain/seat_planner.h"
#include "tests/system/steps.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;
namespace cv = coverage::v1;
using common::v1::PAYER_CLASS_APBD;
using common::v1::PAYER_CLASS_CSR;
using common::v1::PROGRAMME_JHT;
using common::v1::PROGRAMME_JKK;
using common::v1::PROGRAMME_JKM;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

struct Ground {
  sql::Dialect dialect;
  bool redis;
};

class SuiteTest : public testing::TestWithParam<Ground> {
 protected:
  SuiteTest() : suite_({.dialect = GetParam().dialect, .redis = GetParam().redis}) {}

  // The draw as anybody can repeat it from the published seed.
  static std::vector<int64_t> Draw(const std::vector<int64_t>& workers, int disabled_every,
                                   const std::string& seed) {
    std::vector<sponsorship::Candidate> candidates;
    for (size_t i = 0; i < workers.size(); ++i) {
      sponsorship::Candidate& candidate = candidates.emplace_back();
      candidate.worker_id = workers[i];
      candidate.disabled = i % disabled_every == 0;
    }
    std::vector<int64_t> order;
    for (const sponsorship::Ranked& one :
         sponsorship::Rank({.disabled_first = true}, seed, candidates)) {
      order.push_back(one.worker_id);
    }
    return order;
  }

  // 40 seats of a paid pledge are given to the first 40 of 50 workers in the order of the draw.
  void SeatForty() {
    order_ = Draw(AddWorkers(suite_, 50), 10, "solo");
    pledge_ = PaidPledge(suite_, 40);
    const int64_t allocation = Allocate(suite_, pledge_.pledge_id(), "solo");
    ASSERT_EQ(WaitForEnd(suite_, allocation).seats_filled(), 40);
  }

  // What is known of one worker's cover for JKM on a day.
  cv::Verdict Covered(int place, int day) {
    return Check(suite_, order_[place], PROGRAMME_JKM, day).verdict();
  }

  // The workers at these places of the draw.
  std::vector<int64_t> At(const std::vector<int>& places) const {
    std::vector<int64_t> workers;
    for (const int place : places) workers.push_back(order_[place]);
    return workers;
  }

  absl::StatusOr<sv::PayContributionResponse> PayFor(const sv::PayContributionRequest& request) {
    return Ask(suite_.sponsorship(), &Sponsorships::PayContribution, request);
  }

  Suite suite_;
  sv::Pledge pledge_;
  std::vector<int64_t> order_;
};

INSTANTIATE_TEST_SUITE_P(
    Ground, SuiteTest,
    testing::Values(Ground{sql::Dialect::kSqlite, false}, Ground{sql::Dialect::kSqlite, true},
                    Ground{sql::Dialect::kPostgres, false}, Ground{sql::Dialect::kPostgres, true}),
    [](const testing::TestParamInfo<Ground>& ground) {
      return std::string(ground.param.dialect == sql::Dialect::kSqlite ? "Sqlite" : "Postgres") +
             (ground.param.redis ? "WithRedis" : "");
    });

TEST_P(SuiteTest, MoneyPaysExactlyThePersonMonthsItCovers) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 60);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 40, 3);
  EXPECT_EQ(pledge.invoice().amount_rupiah(), 40 * 3 * 16'800);
  EXPECT_EQ(pledge.group_code(), "SC");
  EXPECT_EQ(pledge.first_day(), 20191107);
  EXPECT_EQ(pledge.state(), sv::PLEDGE_STATE_AWAITING_PAYMENT);

  // 16 seats, one JKK month of the next, and Rp3,000 that pay nothing.
  const sv::RecordPaymentResponse part = Pay(suite_, pledge, "BRI-1", 16 * 50'400 + 13'000);
  EXPECT_EQ(part.paid_full_seats(), 16);
  EXPECT_EQ(part.paid_person_months(), 97);
  EXPECT_EQ(part.pledge().state(), sv::PLEDGE_STATE_PART_PAID);
  const sv::RecordPaymentResponse again = Pay(suite_, pledge, "BRI-1", 16 * 50'400 + 13'000);
  EXPECT_TRUE(again.already_recorded());
  EXPECT_EQ(again.payment_id(), part.payment_id());
  EXPECT_EQ(again.pledge().funds().received_rupiah(), 16 * 50'400 + 13'000);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::RecordPayment,
                         PaymentRequest(pledge, "BRI-1", 5))
                         .status()),
            Reason::kPaymentConflict);

  const sv::Allocation first = WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  EXPECT_EQ(first.state(), sv::ALLOCATION_STATE_COMPLETE) << first.DebugString();
  EXPECT_EQ(first.candidates(), 60);
  EXPECT_EQ(first.seats_wanted(), 17);
  EXPECT_EQ(first.seats_filled(), 17);
  EXPECT_EQ(first.person_months(), 97);
  EXPECT_EQ(first.reserve(), 43);
  EXPECT_EQ(FundsOf(suite_, pledge).available_rupiah(), 3'000);
  ExpectBooksAgree(suite_, pledge);
  // The draw is the published one: disabled workers first.
  const std::vector<int64_t> order = Draw(workers, 10, "solo");
  std::vector<int64_t> expected(order.begin(), order.begin() + 17);
  std::sort(expected.begin(), expected.end());
  const int64_t part_paid = order[16];
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKK, 20191130).verdict(), cv::VERDICT_COVERED);
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKM, 20191130).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKK, 20191201).verdict(), cv::VERDICT_NOT_COVERED);
  expected.erase(std::remove(expected.begin(), expected.end(), part_paid), expected.end());
  EXPECT_EQ(CoveredOf(suite_, workers, 20200131), expected);

  // The rest and Rp5,000 too much: the part-paid seat is completed first.
  const sv::RecordPaymentResponse rest =
      Pay(suite_, pledge, "BRI-2", 40 * 50'400 - (16 * 50'400 + 13'000) + 5'000);
  EXPECT_EQ(rest.credit_rupiah(), 5'000);
  EXPECT_EQ(rest.pledge().state(), sv::PLEDGE_STATE_PAID);
  const sv::Allocation second = WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo 2"));
  EXPECT_EQ(second.state(), sv::ALLOCATION_STATE_COMPLETE) << second.DebugString();
  EXPECT_EQ(second.seats_filled(), 24);  // 1 completed, 23 new
  EXPECT_EQ(second.person_months(), 240 - 97);
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKM, 20200131).verdict(), cv::VERDICT_COVERED);
  EXPECT_EQ(CoveredOf(suite_, workers, 20200131).size(), 40u);
  const sv::Pledge spent = GetPledge(suite_, pledge.pledge_id());
  EXPECT_EQ(spent.state(), sv::PLEDGE_STATE_SPENT);
  EXPECT_EQ(spent.funds().spent_rupiah(), 40 * 50'400);
  EXPECT_EQ(spent.seats_filled(), 40);
  EXPECT_EQ(Report(suite_, pledge).disabled_workers(), 6);
  ExpectBooksAgree(suite_, pledge);

  sv::AllocatePledgeRequest more = Naming(pledge, {});
  more.set_seed("x");
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::AllocatePledge, more).status()),
            Reason::kSeatsExhausted);
}

TEST_P(SuiteTest, FirstAndLastDayAreCoveredTheirNeighboursAreNot) {
  SeatForty();
  for (const common::v1::Programme programme : {PROGRAMME_JKK, PROGRAMME_JKM}) {
    EXPECT_EQ(Check(suite_, order_[0], programme, 20191106).verdict(), cv::VERDICT_NOT_COVERED);
    EXPECT_EQ(Check(suite_, order_[0], programme, 20191107).verdict(), cv::VERDICT_COVERED);
    EXPECT_EQ(Check(suite_, order_[0], programme, 20200131).verdict(), cv::VERDICT_COVERED);
    EXPECT_EQ(Check(suite_, order_[0], programme, 20200201).verdict(), cv::VERDICT_NOT_COVERED);
  }
  EXPECT_EQ(Check(suite_, order_[0], PROGRAMME_JHT, 20191107).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Covered(45, 20191107), cv::VERDICT_NOT_COVERED);
}

TEST_P(SuiteTest, AnAllocationInTheMiddleOfTheMonthInsuresNobodyForDaysGoneBy) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 2);
  const sv::Pledge pledge = PaidPledge(suite_, 2);
  suite_.GoTo(2019, 11, 20);
  WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  EXPECT_THAT(CoveredOf(suite_, workers, 20191119), testing::IsEmpty());
  EXPECT_EQ(CoveredOf(suite_, workers, 20191120).size(), 2u);
  EXPECT_EQ(CoveredOf(suite_, workers, 20200131).size(), 2u);
  ExpectBooksAgree(suite_, pledge);
}

TEST_P(SuiteTest, TheBenefitRuleChangesInTheMiddleOfTheSponsorship) {
  SeatForty();
  suite_.GoTo(2019, 12, 10);
  for (const auto& [day, total] : {std::pair(20191201, 24'000'000), {20191202, 42'000'000}}) {
    cv::EstimateBenefitRequest death;
    death.mutable_person()->set_worker_id(order_[0]);
    death.set_event(cv::BENEFIT_EVENT_NATURAL_DEATH);
    death.set_day(day);
    EXPECT_EQ(Must(Ask(suite_.coverage(), &Coverages::EstimateBenefit, death)).total_rupiah(),
              total);
  }
}

TEST_P(SuiteTest, SeatsOfWhoNeverTookPartGoToTheNext) {
  SeatForty();
  // The next day two turn out not to take part at all; the third never held a seat.
  suite_.GoTo(2019, 11, 8);
  const sv::ReplaceWorkersRequest replace = Replacing(pledge_, At({3, 49, 7}));
  const sv::ReplaceWorkersResponse replaced =
      Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace));
  ASSERT_EQ(replaced.results_size(), 3);
  EXPECT_EQ(replaced.results(0).new_worker_id(), order_[40]);
  EXPECT_EQ(replaced.results(2).new_worker_id(), order_[41]);
  for (int i : {0, 2}) {
    EXPECT_EQ(replaced.results(i).status().code(), 0) << replaced.DebugString();
    EXPECT_EQ(replaced.results(i).revoked_person_months(), 6);
    EXPECT_EQ(replaced.results(i).activated_person_months(), 6);
    EXPECT_EQ(replaced.results(i).moved_rupiah(), 50'400);
    EXPECT_EQ(replaced.results(i).membership_number().size(), 11u);
  }
  EXPECT_EQ(replaced.results(1).status().code(),
            static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Covered(3, 20191201), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Covered(40, 20191107), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Covered(40, 20191108), cv::VERDICT_COVERED);
  EXPECT_EQ(Report(suite_, pledge_).replacements(), 2);
  ExpectBooksAgree(suite_, pledge_);
  // The same request gives the same answer and moves nothing.
  const sv::ReplaceWorkersResponse repeated =
      Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace));
  EXPECT_EQ(repeated.SerializeAsString(), replaced.SerializeAsString());
  ExpectBooksAgree(suite_, pledge_);
}

TEST_P(SuiteTest, OnlyTheMonthsAfterADeathMove) {
  SeatForty();
  suite_.GoTo(2019, 12, 10);
  const sv::ReplaceWorkersRequest replace = Replacing(pledge_, At({0}), 202001);
  const sv::ReplacementResult moved =
      Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace)).results(0);
  EXPECT_EQ(moved.moved_rupiah(), 16'800);
  EXPECT_EQ(moved.activated_person_months(), 2);
  EXPECT_EQ(moved.new_worker_id(), order_[40]);
  EXPECT_EQ(Covered(0, 20191231), cv::VERDICT_COVERED);
  EXPECT_EQ(Covered(0, 20200101), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Covered(40, 20191231), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Covered(40, 20200101), cv::VERDICT_COVERED);
  ExpectBooksAgree(suite_, pledge_);
}

TEST_P(SuiteTest, AContributionCountsOnceAndUnusedMoneyComesBack) {
  SeatForty();
  suite_.GoTo(2020, 2, 10);
  sv::PayContributionRequest self = Contribution(At({1}), "BRI-SELF-1");
  const sv::PayContributionResponse paid = Must(PayFor(self));
  EXPECT_EQ(paid.results(0).status().code(), 0) << paid.DebugString();
  EXPECT_EQ(paid.results(0).first_day(), 20200201);
  EXPECT_EQ(paid.results(0).last_day(), 20200229);
  EXPECT_EQ(Must(PayFor(self)).SerializeAsString(), paid.SerializeAsString());
  self.set_request_id(NewRequestId());
  EXPECT_TRUE(Must(PayFor(self)).already_recorded());
  self.set_request_id(NewRequestId());
  self.set_months(3);
  EXPECT_EQ(ReasonOf(PayFor(self).status()), Reason::kPaymentConflict);

  sv::PayContributionRequest budget = Contribution(At({1, 2, 4, 5}), "BRI-CITY-1");
  budget.set_payer_class(PAYER_CLASS_APBD);
  budget.set_sponsor_id(MakeSponsor(suite_, PAYER_CLASS_APBD));
  budget.set_first_month(202002);
  const sv::PayContributionResponse taken = Must(PayFor(budget));
  // The first of them has paid February alone: that share comes back.
  EXPECT_EQ(taken.results(0).status().code(), static_cast<int>(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(taken.unused_rupiah(), 16'800);
  EXPECT_EQ(taken.results(3).last_day(), 20200229);
  budget.set_request_id(NewRequestId());
  budget.set_bank_reference("BRI-CITY-2");
  budget.set_first_month(202003);
  budget.set_amount_rupiah(4 * 16'800 - 1);
  EXPECT_EQ(ReasonOf(PayFor(budget).status()), Reason::kAmountMismatch);
  EXPECT_TRUE(suite_.Audit().ok()) << suite_.Audit();
}

TEST_P(SuiteTest, ContinuationIsMeasured) {
  SeatForty();
  suite_.GoTo(2020, 1, 20);
  sv::PlanContinuationRequest request;
  request.set_pledge_id(pledge_.pledge_id());
  auto plan = [&] {
    return Must(Ask(suite_.sponsorship(), &Sponsorships::PlanContinuation, request));
  };
  EXPECT_EQ(plan().still_covered(), 40);

  suite_.GoTo(2020, 2, 10);
  Must(PayFor(Contribution(At({1}), "BRI-SELF-1")));
  sv::PayContributionRequest budget = Contribution(At({2, 4, 5}), "BRI-CITY-1");
  budget.set_payer_class(PAYER_CLASS_APBD);
  budget.set_sponsor_id(MakeSponsor(suite_, PAYER_CLASS_APBD));
  Must(PayFor(budget));
  const sv::PlanContinuationResponse planned = plan();
  EXPECT_EQ(planned.workers(), 40);
  EXPECT_EQ(planned.self_paying(), 1);
  EXPECT_EQ(planned.taken_over_by_budget(), 3);
  EXPECT_EQ(planned.in_grace(), 36);
  EXPECT_EQ(planned.conversion_basis_points(), 1'000);
  EXPECT_EQ(planned.monthly_price_rupiah(), 16'800);
  EXPECT_EQ(planned.open_worker_ids_size(), 36);
  ASSERT_EQ(planned.groups_size(), 1);
  EXPECT_EQ(planned.groups(0).last_day(), 20200131);
  // Nothing runs in the background: another day is another question.
  request.set_day(20200601);
  EXPECT_EQ(plan().lapsed(), 36);
  ExpectBooksAgree(suite_, pledge_);
}

TEST_P(SuiteTest, ReportHoldsNobodysNumberOrName) {
  AddWorkers(suite_, 20);
  const sv::Pledge pledge = PaidPledge(suite_, 10);
  WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  const sv::PledgeReport report = Report(suite_, pledge);
  EXPECT_TRUE(report.sums_close());
  EXPECT_EQ(report.months_size(), 6);
  EXPECT_EQ(report.months(0).person_months(), 10);
  EXPECT_EQ(report.months(0).amount_rupiah(), 100'000);
  EXPECT_EQ(report.person_months(), 60);
  EXPECT_EQ(report.receipts(0).bank_reference(), absl::StrCat("BRI-", pledge.pledge_id()));
  const std::string text = report.DebugString();
  EXPECT_THAT(text, Not(HasSubstr("3372")));
  EXPECT_THAT(text, Not(HasSubstr("Warga")));
  EXPECT_THAT(text, Not(HasSubstr("worker_id")));
}

}  // namespace
}  // namespace lingkaran
