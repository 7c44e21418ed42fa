// Who goes on after a pledge.
#include <gtest/gtest.h>

#include "services/sponsorship/domain/continuation.h"

namespace lingkaran::sponsorship {
namespace {

constexpr int32_t kEnd = 20200131;
constexpr int32_t kGrace = 20200430;

Continuation Ended(int64_t worker) { return {worker, kEnd, kEnd, kGrace, true, PayerClass::kCsr}; }
Continuation PaidOn(int64_t worker, PayerClass payer) {
  return {worker, kEnd, 20200229, 20200531, false, payer};
}

TEST(Plan, CountsWhoWentOnAndWhoDidNot) {
  const ContinuationPlan plan = Plan(
      {PaidOn(5, PayerClass::kSelf), PaidOn(4, PayerClass::kApbd), PaidOn(3, PayerClass::kVillage),
       PaidOn(2, PayerClass::kBank), Ended(9), Ended(8), Ended(7), Ended(6)},
      20200201);
  EXPECT_EQ(plan.workers, 8);
  EXPECT_EQ(plan.self_paying, 1);
  EXPECT_EQ(plan.taken_over_by_budget, 2);
  EXPECT_EQ(plan.taken_over_by_sponsor, 1);
  EXPECT_EQ(plan.in_grace, 4);
  EXPECT_EQ(plan.still_covered, 0);
  EXPECT_EQ(plan.lapsed, 0);
  EXPECT_EQ(plan.conversion_basis_points, 5'000);
  EXPECT_EQ(plan.open_worker_ids, (std::vector<int64_t>{6, 7, 8, 9}));
  ASSERT_EQ(plan.groups.size(), 1u);
  EXPECT_EQ(plan.groups[0].last_day, kEnd);
  EXPECT_EQ(plan.groups[0].grace_until, kGrace);
  EXPECT_EQ(plan.groups[0].workers, 8);
}

TEST(Plan, LastDayIsCoveredAndTheDayAfterIsNot) {
  EXPECT_EQ(Plan({Ended(1)}, kEnd).still_covered, 1);
  EXPECT_EQ(Plan({Ended(1)}, 20200201).in_grace, 1);
  EXPECT_EQ(Plan({Ended(1)}, kGrace).in_grace, 1);
  EXPECT_EQ(Plan({Ended(1)}, 20200501).lapsed, 1);
}

TEST(Plan, ConversionCountsOnlyWhoseCoverEnded) {
  // Both paid on; the pledge's cover of one still runs.
  Continuation later = PaidOn(2, PayerClass::kSelf);
  later.pledge_last_day = 20200229;
  later.last_day = 20200331;
  const ContinuationPlan plan = Plan({PaidOn(1, PayerClass::kSelf), later, Ended(3)}, 20200201);
  EXPECT_EQ(plan.self_paying, 2);
  EXPECT_EQ(plan.conversion_basis_points, 5'000);
  EXPECT_EQ(Plan({PaidOn(1, PayerClass::kSelf)}, 20200115).conversion_basis_points, 0);
  EXPECT_EQ(Plan({}, 20200115).conversion_basis_points, 0);
}

TEST(Plan, AnotherPayerOfTheSameLastMonthIsNoContinuation) {
  // Somebody else pays another programme up to the same day.
  Continuation same = Ended(1);
  same.paid_by_pledge = false;
  same.payer = PayerClass::kSelf;
  const ContinuationPlan plan = Plan({same}, 20200201);
  EXPECT_EQ(plan.self_paying, 0);
  EXPECT_EQ(plan.in_grace, 1);
}

}  // namespace
}  // namespace lingkaran::sponsorship
