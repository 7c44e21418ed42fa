// The ledger, the price schedule and what partial money pays for.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "services/sponsorship/domain/ledger.h"
#include "services/sponsorship/domain/pledge.h"
#include "tests/support/sponsorship_cases.h"

namespace lingkaran::sponsorship {
namespace {

// The Solo pledge: 3 months, JKK Rp10,000 and JKM Rp6,800.
PriceSchedule Solo() {
  std::vector<SeatMonth> months;
  for (int32_t month : {202001, 201911, 201912}) {
    months.push_back({Programme::kJkm, month, Rupiah(6'800)});
    months.push_back({Programme::kJkk, month, Rupiah(10'000)});
  }
  return *PriceSchedule::Make(months);
}

TEST(PriceSchedule, IsInTheStatedOrder) {
  const PriceSchedule schedule = Solo();
  EXPECT_EQ(schedule.ToText(),
            "201911:1:10000 201911:2:6800 201912:1:10000 201912:2:6800 202001:1:10000 "
            "202001:2:6800");
  EXPECT_EQ(schedule.PerSeat(), Rupiah(50'400));
  EXPECT_EQ(schedule.IndexOf(0), 0);
  EXPECT_EQ(schedule.IndexOf(201912), 2);
  EXPECT_EQ(schedule.IndexOf(202002), 6);
}

TEST(PriceSchedule, RefusesWhatIsNone) {
  EXPECT_FALSE(PriceSchedule::Make({}).ok());
  EXPECT_FALSE(PriceSchedule::Make({{Programme::kJkk, 201911, Rupiah(0)}}).ok());
  EXPECT_FALSE(PriceSchedule::Make(
                   {{Programme::kJkk, 201911, Rupiah(1)}, {Programme::kJkk, 201911, Rupiah(2)}})
                   .ok());
  EXPECT_FALSE(PriceSchedule::Parse("").ok());
  EXPECT_FALSE(PriceSchedule::Parse("201911:4:100").ok());
  EXPECT_FALSE(PriceSchedule::Parse("201911:1").ok());
}

TEST(PriceSchedule, SurvivesItsText) {
  EXPECT_TRUE(rc::check("text and back", [] {
    const PriceSchedule schedule = cases::AnySchedule();
    const absl::StatusOr<PriceSchedule> again = PriceSchedule::Parse(schedule.ToText());
    RC_ASSERT(again.ok());
    RC_ASSERT(again->months() == schedule.months());
  }));
}

TEST(PartialMoney, PaysExactlyThePersonMonthsItCovers) {
  const PriceSchedule schedule = Solo();
  struct Case {
    int64_t money;
    int64_t person_months;
    int full_seats;
  };
  for (const Case& c : {Case{0, 0, 0}, Case{9'999, 0, 0}, Case{10'000, 1, 0}, Case{16'799, 1, 0},
                        Case{16'800, 2, 0}, Case{50'399, 5, 0}, Case{50'400, 6, 1},
                        Case{60'400, 7, 1}, Case{504'000, 60, 10}, Case{9'999'999, 60, 10}}) {
    const Extent extent = PaidExtent(schedule, 10, Rupiah(c.money));
    EXPECT_EQ(extent.person_months, c.person_months) << c.money;
    EXPECT_EQ(extent.full_seats, c.full_seats) << c.money;
  }
}

TEST(PartialMoney, StopsAtTheFirstPersonMonthItCannotPay) {
  EXPECT_TRUE(rc::check("walking person-month by person-month gives the same", [] {
    const PriceSchedule schedule = cases::AnySchedule();
    const int seats = *rc::gen::inRange(1, 20);
    const Rupiah money(*rc::gen::inRange<int64_t>(0, 2 * seats * schedule.PerSeat().amount()));
    Rupiah left = money;
    int64_t walked = 0;
    while (walked < int64_t{seats} * schedule.size()) {
      const Rupiah price = schedule.at(static_cast<int>(walked % schedule.size())).price;
      if (price > left) break;
      left -= price;
      ++walked;
    }
    const Extent extent = PaidExtent(schedule, seats, money);
    RC_ASSERT(extent.person_months == walked);
    RC_ASSERT(extent.full_seats == walked / schedule.size());
    RC_ASSERT(extent.cost == money - left);
  }));
}

TEST(PledgeState, IsDerivedFromMoney) {
  const Rupiah invoice(100);
  Funds funds;
  EXPECT_EQ(StateOf(false, invoice, funds), PledgeState::kAwaitingPayment);
  funds.received = funds.available = Rupiah(40);
  EXPECT_EQ(StateOf(false, invoice, funds), PledgeState::kPartPaid);
  funds.received = Rupiah(100);
  funds.available = Rupiah(30);
  funds.spent = Rupiah(70);
  EXPECT_EQ(StateOf(false, invoice, funds), PledgeState::kPaid);
  funds.available = Rupiah(0);
  funds.spent = Rupiah(100);
  EXPECT_EQ(StateOf(false, invoice, funds), PledgeState::kSpent);
  EXPECT_EQ(StateOf(true, invoice, funds), PledgeState::kCancelled);
}

TEST(PaymentCode, CatchesASlipOfThePen) {
  EXPECT_TRUE(rc::check("one wrong digit is no payment code", [] {
    const int64_t pledge = *rc::gen::inRange<int64_t>(1, 1'000'000'000);
    std::string code = PaymentCode(pledge, Day(2019, 11, 7));
    RC_ASSERT(IsPaymentCode(code));
    char& digit = code[*rc::gen::inRange<size_t>(0, code.size())];
    digit = static_cast<char>('0' + (digit - '0' + *rc::gen::inRange(1, 10)) % 10);
    RC_ASSERT(!IsPaymentCode(code));
  }));
}

TEST(Ledger, RefusesTransactionsThatDoNotSumToZero) {
  EXPECT_FALSE(Check({"payment", "x", 1, {{"bank", Rupiah(-5)}, {"a", Rupiah(4)}}}).ok());
  EXPECT_FALSE(Check({"payment", "x", 1, {{"bank", Rupiah(0)}, {"a", Rupiah(0)}}}).ok());
  EXPECT_FALSE(Check({"payment", "x", 1, {}}).ok());
  EXPECT_FALSE(Check({"payment", "x", 1, {{"a", Rupiah(-5)}, {"a", Rupiah(5)}}}).ok());
  EXPECT_TRUE(Check({"payment", "x", 1, {{"bank", Rupiah(-5)}, {"a", Rupiah(5)}}}).ok());
}

// One random movement in the life of a pledge; amounts are not chosen with care on purpose.
LedgerTransaction AnyTransaction() {
  const Rupiah amount(*rc::gen::inRange<int64_t>(1, 1'000));
  const Rupiah other(*rc::gen::inRange<int64_t>(0, 1'000));
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return Payment(1, 2, amount, other, "ref");
    case 1:
      return Reserve(1, amount, "allocation/1");
    case 2:
      return Spend(1, amount, "allocation/1");
    case 3:
      return Release(1, amount, "allocation/1");
    case 4:
      return Revoke(1, amount, "replacement/1");
    case 5:
      return Cancel(1, 2, amount);
    default:
      return Refund(1, 2, amount, other, "ref");
  }
}

TEST(Ledger, NoRupiahIsCreatedOrLost) {
  EXPECT_TRUE(rc::check("any order of movements keeps the ledger", [] {
    Ledger ledger;
    std::vector<EntrySum> sums;
    const int steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      const LedgerTransaction transaction = AnyTransaction();
      RC_ASSERT(Check(transaction).ok());
      if (!ledger.Post(transaction).ok()) continue;
      for (const Posting& line : transaction.lines) {
        sums.push_back({line.account, transaction.kind, line.amount});
      }
    }
    Rupiah total;
    for (const auto& [account, balance] : ledger.balances()) {
      total += balance;
      const bool may_be = account == kBankAccount || balance >= Rupiah();
      RC_ASSERT(may_be);
    }
    RC_ASSERT(total == Rupiah());
    const Funds funds = FundsFromEntries(1, sums);
    RC_ASSERT(funds.Closes());
    RC_ASSERT(funds.available == ledger.Balance("pledge/1/available"));
    RC_ASSERT(funds.reserved == ledger.Balance("pledge/1/reserved"));
    RC_ASSERT(funds.spent == ledger.Balance("pledge/1/spent"));
  }));
}

TEST(Ledger, RefusesToOverdraw) {
  Ledger ledger;
  ASSERT_TRUE(ledger.Post(Payment(1, 2, Rupiah(100), Rupiah(0), "ref")).ok());
  EXPECT_FALSE(ledger.Post(Reserve(1, Rupiah(101), "a")).ok());
  EXPECT_EQ(ledger.Balance("pledge/1/available"), Rupiah(100));
  EXPECT_EQ(ledger.Balance("bank"), Rupiah(-100));
}

}  // namespace
}  // namespace lingkaran::sponsorship
