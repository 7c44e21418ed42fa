// Seats for named workers: who gets which, and whom a refused call leaves alone.
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/base/error.h"
#include "services/sponsorship/domain/seat_planner.h"
#include "tests/support/sponsorship_cases.h"

namespace lingkaran::sponsorship {
namespace {

using Calls = std::vector<std::vector<int64_t>>;

PriceSchedule TwoMonths() {
  return *PriceSchedule::Make(
      {{Programme::kJkm, 201911, Rupiah(100)}, {Programme::kJkm, 201912, Rupiah(100)}});
}

std::vector<Reason> Reasons(const NamedPlan& plan) {
  std::vector<Reason> reasons;
  for (const absl::Status& verdict : plan.verdicts) reasons.push_back(ReasonOf(verdict));
  return reasons;
}

constexpr Reason kGiven = Reason::kUnspecified;

TEST(PlanNamed, GivesVacantSeatsFirstAndThenNewOnes) {
  const PriceSchedule schedule = TwoMonths();
  // Seat 2 is held by somebody with a month open; 3 is vacant and one month of it is paid.
  const std::vector<OpenSeat> open = {{2, 77, false, 1}, {3, 0, false, 1}};
  const NamedPlan plan =
      PlanNamed(schedule, {open, 5, 10, Rupiah(1'000)}, {77}, Calls{{11}, {12, 13}});
  EXPECT_EQ(Reasons(plan), (std::vector<Reason>{kGiven, kGiven}));
  EXPECT_EQ(plan.slots, (std::vector<Slot>{{3, 11, false, false, 1, 2},
                                           {5, 12, false, false, 0, 2},
                                           {6, 13, false, false, 0, 2}}));
  EXPECT_EQ(plan.price, Rupiah(500));
}

TEST(PlanNamed, EachCallHasItsOwnVerdict) {
  const PriceSchedule schedule = TwoMonths();
  // Three seats are left and two are paid; 77 has one.
  const NamedPlan plan =
      PlanNamed(schedule, {{}, 8, 10, Rupiah(450)}, {77},
                Calls{{11}, {12, 77}, {13, 14}, {11}, {15, 16, 17, 18}, {13}, {19}});
  EXPECT_EQ(Reasons(plan), (std::vector<Reason>{kGiven, Reason::kSeatHeld, Reason::kFundsExhausted,
                                                Reason::kSeatHeld, Reason::kFundsExhausted, kGiven,
                                                Reason::kFundsExhausted}));
  EXPECT_EQ(plan.slots,
            (std::vector<Slot>{{8, 11, false, false, 0, 2}, {9, 13, false, false, 0, 2}}));
  EXPECT_EQ(plan.price, Rupiah(400));
  EXPECT_EQ(Reasons(PlanNamed(schedule, {{}, 10, 10, Rupiah(9'000)}, {}, Calls{{1, 2}, {3}, {4}})),
            (std::vector<Reason>{Reason::kSeatsExhausted, kGiven, Reason::kSeatsExhausted}));
}

TEST(PlanNamed, NeverGivesMoreThanThereIs) {
  EXPECT_TRUE(rc::check("money, seats and workers are given once", [] {
    const PriceSchedule schedule = cases::AnySchedule();
    std::vector<OpenSeat> open;
    const int next = *rc::gen::inRange(1, 12);
    for (int seat = 1; seat < next; ++seat) {
      if (*rc::gen::arbitrary<bool>()) continue;
      const int64_t holder = *rc::gen::inRange(0, 3) == 0 ? 1'000 + seat : 0;
      open.push_back({seat, holder, false, *rc::gen::inRange(0, schedule.size())});
    }
    const int seats = next + *rc::gen::inRange(0, 12);
    const Rupiah money(*rc::gen::inRange<int64_t>(0, 20 * schedule.PerSeat().amount()));
    Calls calls;
    const int count = *rc::gen::inRange(0, 12);
    for (int i = 0; i < count; ++i) {
      std::set<int64_t> workers;
      const int size = *rc::gen::inRange(1, 6);
      for (int j = 0; j < size; ++j) workers.insert(*rc::gen::inRange(1, 40));
      calls.emplace_back(workers.begin(), workers.end());
    }
    const absl::flat_hash_set<int64_t> seated = {1, 2, 3};
    const NamedPlan plan = PlanNamed(schedule, {open, next, seats, money}, seated, calls);

    RC_ASSERT(plan.verdicts.size() == calls.size());
    RC_ASSERT(plan.price <= money);
    RC_ASSERT(plan.price == PriceOf(schedule, plan.slots));
    std::set<int> numbers;
    std::set<int64_t> workers;
    for (const Slot& slot : plan.slots) {
      RC_ASSERT(slot.seat_number <= seats);
      RC_ASSERT(slot.to == schedule.size());
      RC_ASSERT(!slot.held);
      RC_ASSERT(numbers.insert(slot.seat_number).second);
      RC_ASSERT(workers.insert(slot.worker_id).second);
      RC_ASSERT(!seated.contains(slot.worker_id));
    }
    // All of a call or nothing, in the order of the calls.
    size_t slot = 0;
    for (size_t i = 0; i < calls.size(); ++i) {
      if (!plan.verdicts[i].ok()) continue;
      for (int64_t worker : calls[i]) RC_ASSERT(plan.slots[slot++].worker_id == worker);
    }
    RC_ASSERT(slot == plan.slots.size());
  }));
}

}  // namespace
}  // namespace lingkaran::sponsorship
