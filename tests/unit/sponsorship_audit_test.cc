// What must add up in the accounts of one pledge.
#include "services/sponsorship/domain/audit_rules.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lingkaran::sponsorship {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Two programmes in two months: 10, 7, 10, 7.
PriceSchedule Schedule() {
  return *PriceSchedule::Make({{Programme::kJkk, 201911, Rupiah(10)},
                               {Programme::kJkm, 201911, Rupiah(7)},
                               {Programme::kJkk, 201912, Rupiah(10)},
                               {Programme::kJkm, 201912, Rupiah(7)}});
}

// 100 came in, 5 went back and 3 to credit; 61 pay a full seat, one month and half a month, 17
// wait.
PledgeAudit Audited() {
  PledgeAudit audit;
  audit.pledge_id = 3;
  audit.funds.received = Rupiah(100);
  audit.funds.available = Rupiah(14);
  audit.funds.reserved = Rupiah(17);
  audit.funds.spent = Rupiah(61);
  audit.funds.refunded = Rupiah(5);
  audit.funds.moved_to_credit = Rupiah(3);
  audit.entries = {{"bank", "payment", Rupiah(-100)},
                   {"pledge/3/available", "payment", Rupiah(100)},
                   {"pledge/3/available", "reserve", Rupiah(-78)},
                   {"pledge/3/available", "refund", Rupiah(-5)},
                   {"pledge/3/available", "cancel", Rupiah(-3)},
                   {"pledge/3/refunded", "refund", Rupiah(5)},
                   {"pledge/3/reserved", "reserve", Rupiah(78)},
                   {"pledge/3/reserved", "spend", Rupiah(-61)},
                   {"pledge/3/spent", "spend", Rupiah(61)}};
  audit.receipts = Rupiah(100);
  audit.seats = {{1, true, 1, 1}, {2, true, 1, 1}, {4, false, 1, 1}};
  audit.seats_filled = 3;
  audit.waiting = {{0, 2, 1}};
  return audit;
}

TEST(PledgeFaultsTest, WhatAddsUpHasNone) {
  EXPECT_THAT(PledgeFaults(Audited(), Schedule()), IsEmpty());
}

TEST(PledgeFaultsTest, EachNumberThatIsOffIsNamed) {
  const struct {
    const char* says;
    std::function<void(PledgeAudit&)> spoil;
  } cases[] = {
      {"account available says 13", [](auto& b) { b.funds.available = Rupiah(13); }},
      {"received 100 is not what", [](auto& b) { b.funds.available = Rupiah(13); }},
      {"account refunded says 6", [](auto& b) { b.funds.refunded = Rupiah(6); }},
      {"moved to credit says 2, the journal 3",
       [](auto& b) { b.funds.moved_to_credit = Rupiah(2); }},
      {"received on the invoice says 99, the journal 100",
       [](auto& b) { b.funds.received = Rupiah(99); }},
      {"received on the invoice says 100, the receipts 98",
       [](auto& b) { b.receipts = Rupiah(98); }},
      {"account spent says 62, its entries 61", [](auto& b) { b.funds.spent = Rupiah(62); }},
      {"account spent says 61, the price of what its seats hold 71",
       [](auto& b) { b.seats[1].paid_to = 3; }},
      {"account spent says 61, the price of what its seats hold 71",
       [](auto& b) { b.seats[0].seats = 2; }},
      {"account reserved says 17, the price of what waits 34",
       [](auto& b) { b.waiting[0].seats = 2; }},
      {"account reserved says 17, the price of what waits 0", [](auto& b) { b.waiting.clear(); }},
      {"account reserved says 18, its entries 17", [](auto& b) { b.funds.reserved = Rupiah(18); }},
      {"seats filled says 4, the seats themselves 3", [](auto& b) { b.seats_filled = 4; }},
      {"1 seats are paid to 5 of 4", [](auto& b) { b.seats[2].paid_to = 5; }},
      {"marked as closed", [](auto& b) { b.seats[0].open = false; }},
      {"marked as open", [](auto& b) { b.seats[2].open = true; }},
      {"a work item waits for person-months 3 to 9 of 4",
       [](auto& b) {
         b.waiting[0] = {3, 9, 1};
       }},
  };
  for (const auto& c : cases) {
    PledgeAudit audit = Audited();
    c.spoil(audit);
    EXPECT_THAT(PledgeFaults(audit, Schedule()), Contains(HasSubstr(c.says)));
  }
}

TEST(PersonMonthsTest, AreCountedBySeats) {
  EXPECT_EQ(PersonMonths(Audited().seats), 7);
  EXPECT_EQ(PersonMonths({{4, false, 3, 2}}), 12);
}

TEST(KeptAfterTest, EachHolderBeginsWhereTheOneBeforeWasCut) {
  // Seat 2: 70 kept [0,2), 71 [2,3), 72 nothing. Seat 5: 60 kept nothing.
  const std::vector<SeatCut> cuts = {{2, 70, 2}, {2, 71, 3}, {2, 72, 3}, {5, 60, 0}};
  const Kept kept = KeptAfter(cuts);
  ASSERT_EQ(kept.holdings.size(), 2u);
  EXPECT_EQ(kept.holdings[0].worker_id, 70);
  EXPECT_EQ(kept.holdings[0].from, 0);
  EXPECT_EQ(kept.holdings[0].to, 2);
  EXPECT_EQ(kept.holdings[1].worker_id, 71);
  EXPECT_EQ(kept.holdings[1].from, 2);
  EXPECT_EQ(kept.holdings[1].to, 3);
  EXPECT_EQ(kept.first_index.at(2), 3);
  EXPECT_EQ(kept.first_index.at(5), 0);
}

TEST(MonthsByProgrammeTest, SortsByProgrammeAndShowsWhatComesTwice) {
  const MonthsByProgramme months(Schedule());
  const Holding part{9, 1, 4};
  EXPECT_THAT(
      months.Of({&part, 1}),
      ElementsAre(AuditMonth{1, 201912, 10}, AuditMonth{2, 201911, 7}, AuditMonth{2, 201912, 7}));
  const std::vector<Holding> twice = {{9, 0, 1}, {9, 0, 2}};
  EXPECT_THAT(months.Of(twice), ElementsAre(AuditMonth{1, 201911, 10}, AuditMonth{1, 201911, 10},
                                            AuditMonth{2, 201911, 7}));
}

}  // namespace
}  // namespace lingkaran::sponsorship
