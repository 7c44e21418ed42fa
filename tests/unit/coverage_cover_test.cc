// From person-months to days: the boundary rules, runs and spans, booking a line, quotes.
#include "services/coverage/domain/cover.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/base/error.h"
#include "services/coverage/domain/booking.h"
#include "services/coverage/domain/quote.h"
#include "services/coverage/store/rules_file.h"

namespace lingkaran::coverage {
namespace {

using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const Rules> Book() {
  static const auto& rules = *new std::shared_ptr<const Rules>(
      LoadRules(LINGKARAN_SOURCE_DIR "/deploy/rules/coverage.textproto").value());
  return rules;
}

constexpr auto kCalendar = BoundaryKind::kCalendarMonth;
constexpr auto kDayToDay = BoundaryKind::kDayToDay;

DaySpan Days(BoundaryKind kind, Day start, Month month) {
  return CoveredDays(kind, start, month).value();
}

TEST(CoverageBoundary, CalendarMonthRunsToTheEndOfTheMonth) {
  EXPECT_EQ(Days(kCalendar, Day(2019, 11, 7), Month(2019, 11)),
            (DaySpan{Day(2019, 11, 7), Day(2019, 11, 30)}));
  EXPECT_EQ(Days(kCalendar, Day(2019, 11, 7), Month(2020, 1)),
            (DaySpan{Day(2020, 1, 1), Day(2020, 1, 31)}));
  EXPECT_EQ(Days(kCalendar, Day(2020, 2, 29), Month(2020, 2)),
            (DaySpan{Day(2020, 2, 29), Day(2020, 2, 29)}));
}

TEST(CoverageBoundary, DayToDayRunsToTheDayBefore) {
  EXPECT_EQ(Days(kDayToDay, Day(2019, 11, 7), Month(2019, 11)),
            (DaySpan{Day(2019, 11, 7), Day(2019, 12, 6)}));
  EXPECT_EQ(Days(kDayToDay, Day(2020, 1, 31), Month(2020, 2)),
            (DaySpan{Day(2020, 2, 29), Day(2020, 3, 30)}));
}

TEST(CoverageBoundary, AMonthBeforeTheStartIsRefused) {
  const auto days = CoveredDays(kCalendar, Day(2019, 11, 7), Month(2019, 10));
  EXPECT_EQ(ReasonOf(days.status()), Reason::kInvalidField);
}

TEST(CoverageBoundary, ConsecutiveMonthsLeaveNoHole) {
  EXPECT_TRUE(rc::check("each month begins on the day after the one before", [] {
    const auto kind = *rc::gen::element(kCalendar, kDayToDay);
    const Day start = Day(2016, 1, 1) + *rc::gen::inRange(0, 4000);
    const Month month = Month(start) + *rc::gen::inRange(0, 40);
    const DaySpan here = Days(kind, start, month);
    const DaySpan next = Days(kind, start, month + 1);
    RC_ASSERT(here.first <= here.last);
    RC_ASSERT(next.first == here.last + 1);
    RC_ASSERT(Month(here.first) == month);
    RC_ASSERT(Days(kind, start, Month(start)).first == start);
  }));
}

std::vector<PersonMonth> Months(BoundaryKind kind, Day start, Month first, int count) {
  std::vector<PersonMonth> months;
  for (int i = 0; i < count; ++i) {
    PersonMonth month;
    month.programme = Programme::kJkk;
    month.month = first + i;
    const DaySpan days = Days(kind, start, month.month);
    month.first_day = days.first;
    month.last_day = days.last;
    months.push_back(month);
  }
  return months;
}

TEST(CoverageRuns, ConsecutiveMonthsAreOneRun) {
  EXPECT_TRUE(rc::check("a run keeps days, months and the begin of each month", [] {
    const auto kind = *rc::gen::element(kCalendar, kDayToDay);
    const Day start = Day(2016, 1, 1) + *rc::gen::inRange(0, 4000);
    const int count = *rc::gen::inRange(1, 30);
    const auto months = Months(kind, start, Month(start), count);
    const auto runs = ToRuns(months);
    RC_ASSERT(runs.size() == 1u);
    RC_ASSERT(runs[0].first_day == start);
    RC_ASSERT(runs[0].last_day == months.back().last_day);
    RC_ASSERT(runs[0].months == count);
    const int index = *rc::gen::inRange(0, count);
    RC_ASSERT(runs[0].StartOf(index) == months[index].first_day);
    RC_ASSERT(runs[0].MonthsBegunBy(months[index].first_day) == index + 1);
    RC_ASSERT(runs[0].MonthsBegunBy(months[index].last_day) == index + 1);
    RC_ASSERT(runs[0].MonthsBegunBy(start - 1) == 0);
    RC_ASSERT(runs[0].MonthsBegunBy(runs[0].last_day + 400) == count);
  }));
}

TEST(CoverageRuns, RevokedMonthsLeaveAHole) {
  auto months = Months(kCalendar, Day(2019, 11, 7), Month(2019, 11), 3);
  months[1].revoked_position = 9;
  const auto runs = ToRuns(months);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(ToSpans(runs).size(), 2u);
}

TEST(CoverageRuns, RunsThatTouchAreOneSpan) {
  auto months = Months(kCalendar, Day(2019, 11, 7), Month(2019, 11), 2);
  const auto more = Months(kDayToDay, Day(2020, 1, 1), Month(2020, 1), 1);
  months.insert(months.end(), more.begin(), more.end());

  const std::vector<CoverSpan> spans = ToSpans(ToRuns(months));
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].months, 3);
  EXPECT_EQ(spans[0].last_day, Day(2020, 1, 31));
}

TEST(CoverageGrace, EndsWithTheLastUnpaidMonth) {
  const Arrears rule{{}, 3, false};
  EXPECT_EQ(GraceUntil(Day(2020, 1, 31), rule), Day(2020, 4, 30));
  EXPECT_EQ(GraceUntil(Day(2020, 2, 6), rule), Day(2020, 5, 6));
}

// ---- The end of cover ----

TEST(CoverageEnding, IsTheLastDayOfAllWhoPay) {
  auto months = Months(kCalendar, Day(2019, 11, 7), Month(2019, 11), 3);
  for (PersonMonth& month : months) month.source = {PayerClass::kCsr, 5, 0};
  PersonMonth own = Months(kCalendar, Day(2020, 2, 1), Month(2020, 2), 1)[0];
  own.source = {PayerClass::kSelf, 0, 44};
  months.push_back(own);
  for (const PersonMonth& month : Months(kCalendar, Day(2019, 11, 7), Month(2019, 11), 3)) {
    months.push_back(month);
    months.back().programme = Programme::kJkm;
  }
  for (PersonMonth& month : months) month.worker_id = 3;
  const auto open = EndingOf(months, (Day::max)());
  ASSERT_TRUE(open.has_value());
  EXPECT_EQ(open->worker_id, 3);
  EXPECT_EQ(open->last_day, Day(2020, 2, 29));
  EXPECT_THAT(open->programmes, testing::ElementsAre(Programme::kJkk));
  EXPECT_EQ(open->source.contribution_id, 44);
  const auto dead = EndingOf(months, Day(2019, 12, 10));
  EXPECT_EQ(dead->last_day, Day(2019, 12, 10));
  EXPECT_THAT(dead->programmes, testing::ElementsAre(Programme::kJkk, Programme::kJkm));
  EXPECT_FALSE(EndingOf(months, Day(2019, 11, 6)).has_value());
  for (PersonMonth& month : months) month.revoked_position = 9;
  EXPECT_FALSE(EndingOf(months, (Day::max)()).has_value());
}

// ---- Booking a line ----

PaidLine Line(std::vector<PaidMonth> months) {
  PaidLine line;
  line.worker_id = 7;
  line.first_day = Day(2019, 11, 7);
  line.wage_base = Rupiah(1'000'000);
  line.months = std::move(months);
  return line;
}

const Funding kCsr{PayerClass::kCsr, 5, 0};

absl::StatusOr<std::vector<PersonMonth>> Book(const PaidLine& line, const Member& member,
                                              std::vector<PersonMonth> standing = {}) {
  return BookLine(*Book(), member, line, kCsr, standing);
}

Member Worker() {
  Member member;
  member.worker_id = 7;
  return member;
}

TEST(CoverageBooking, FirstMonthBeginsOnTheFirstDay) {
  const auto booked = Book(Line({{Programme::kJkk, Month(2019, 11), Rupiah(10'000)},
                                 {Programme::kJkk, Month(2020, 1), Rupiah(10'000)}}),
                           Worker());
  ASSERT_TRUE(booked.ok()) << booked.status();
  EXPECT_EQ((*booked)[0].first_day, Day(2019, 11, 7));
  EXPECT_EQ((*booked)[1].first_day, Day(2020, 1, 1));
  EXPECT_EQ((*booked)[1].last_day, Day(2020, 1, 31));
  EXPECT_EQ((*booked)[0].source.pledge_id, 5);
}

TEST(CoverageBooking, WrongAmountIsRefusedWithTheRightOne) {
  const auto booked = Book(Line({{Programme::kJkk, Month(2019, 11), Rupiah(9'999)}}), Worker());
  EXPECT_EQ(ReasonOf(booked.status()), Reason::kContributionMismatch);
  EXPECT_THAT(std::string(booked.status().message()), HasSubstr("Rp10.000"));
}

TEST(CoverageBooking, PaidMonthIsRefusedWhoeverPaid) {
  PersonMonth paid;
  paid.programme = Programme::kJkk;
  paid.month = Month(2019, 11);
  paid.source.payer = PayerClass::kSelf;
  const PaidLine line = Line({{Programme::kJkk, Month(2019, 11), Rupiah(10'000)}});
  EXPECT_EQ(ReasonOf(Book(line, Worker(), {paid}).status()), Reason::kMonthAlreadyPaid);
  paid.revoked_position = 3;
  EXPECT_TRUE(Book(line, Worker(), {paid}).ok());
  paid.revoked_position = 0;
  paid.programme = Programme::kJkm;
  EXPECT_TRUE(Book(line, Worker(), {paid}).ok());
}

TEST(CoverageBooking, NothingAfterDeathOrWithdrawal) {
  const PaidLine december = Line({{Programme::kJkk, Month(2019, 12), Rupiah(10'000)}});
  Member member = Worker();
  member.death_day = Day(2019, 12, 1);
  EXPECT_TRUE(Book(december, member).ok());
  member.death_day = Day(2019, 11, 30);
  EXPECT_EQ(ReasonOf(Book(december, member).status()), Reason::kAfterDeath);
  member = Worker();
  member.withdraw_day = Day(2019, 12, 2);
  EXPECT_TRUE(Book(december, member).ok());
  member.withdraw_day = Day(2019, 12, 1);
  const absl::Status withdrawn = Book(december, member).status();
  EXPECT_EQ(withdrawn.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(withdrawn), Reason::kWorkerWithdrawn);
  member.death_day = Day(2019, 11, 30);
  EXPECT_EQ(ReasonOf(Book(december, member).status()), Reason::kAfterDeath);
}

TEST(CoverageBooking, TheMembersSectorDecidesIfTheLineHasNone) {
  PaidLine line = Line({{Programme::kJkk, Month(2026, 1), Rupiah(5'000)}});
  line.first_day = Day(2026, 1, 1);
  Member driver = Worker();
  driver.sector = Sector::kTransport;
  EXPECT_TRUE(Book(line, driver).ok());
  line.sector = Sector::kOther;
  EXPECT_EQ(ReasonOf(Book(line, driver).status()), Reason::kContributionMismatch);
}

TEST(CoverageBooking, BeforeAllRulesIsRefused) {
  PaidLine line = Line({{Programme::kJkk, Month(2014, 1), Rupiah(10'000)}});
  line.first_day = Day(2014, 1, 1);
  EXPECT_EQ(ReasonOf(Book(line, Worker()).status()), Reason::kNoRuleInForce);
}

// ---- Quotes ----

QuoteRequest Solo(Day first_day, int months) {
  QuoteRequest request;
  request.seats = 1'000;
  request.months = months;
  request.programmes = {Programme::kJkk, Programme::kJkm};
  request.wage_base = Rupiah(1'000'000);
  request.payer = PayerClass::kCsr;
  request.first_day = first_day;
  return request;
}

TEST(CoverageQuote, SoloCosts50400000AndSaysWhatAFamilyGets) {
  const Quote quote = MakeQuote(*Book(), Solo(Day(2019, 11, 7), 3)).value();
  EXPECT_EQ(quote.total, Rupiah(50'400'000));
  EXPECT_EQ(quote.per_seat, Rupiah(50'400));
  ASSERT_EQ(quote.lines.size(), 2u);
  EXPECT_EQ(quote.lines[0].months, 3);
  EXPECT_FALSE(quote.advice.weak);
  EXPECT_FALSE(quote.better.has_value());
  EXPECT_EQ(quote.advice.natural_death, Rupiah(42'000'000));
  EXPECT_EQ(quote.advice.accident_death, Rupiah(70'000'000));
  // 48 x 1,000,000 + 4,800,000 + 3,000,000 under the rules of November 2019.
  EXPECT_EQ(quote.advice.natural_death_first_day, Rupiah(24'000'000));
  EXPECT_EQ(quote.advice.accident_death_first_day, Rupiah(55'800'000));
  EXPECT_EQ(quote.advice.full_benefit_months, 3);
  EXPECT_THAT(quote.advice.text, HasSubstr("7 November 2019 sampai dengan 31 Januari 2020"));
  EXPECT_THAT(quote.advice.text, HasSubstr("Rp24.000.000 pada hari pertama"));
  EXPECT_THAT(quote.advice.text, HasSubstr("Rp42.000.000 pada hari terakhir"));
  EXPECT_THAT(quote.settings, testing::Contains("cover_boundary=CALENDAR_MONTH"));
}

TEST(CoverageQuote, ThreeMonthsAreTheWeakestLengthSinceMarch2025) {
  const Quote quote = MakeQuote(*Book(), Solo(Day(2025, 3, 1), 3)).value();
  EXPECT_TRUE(quote.advice.weak);
  EXPECT_EQ(quote.advice.natural_death, Rupiah(10'000'000));
  EXPECT_EQ(quote.advice.full_benefit_months, 0);
  EXPECT_THAT(quote.advice.text, HasSubstr("terlemah"));
  ASSERT_TRUE(quote.better.has_value());
  EXPECT_EQ(quote.better->months, 6);
  EXPECT_EQ(quote.better->total, Rupiah(100'800'000));
  EXPECT_EQ(quote.better->natural_death, Rupiah(42'000'000));
  EXPECT_EQ(quote.better->natural_death_first_day, Rupiah(10'000'000));
  EXPECT_EQ(quote.better->full_benefit_months, 3);
  EXPECT_FALSE(quote.better->weak);
}

TEST(CoverageQuote, AProgrammeThatIsNotPartPaysNothing) {
  QuoteRequest request = Solo(Day(2019, 11, 7), 3);
  request.programmes = {Programme::kJkk};
  const TermAdvice advice = MakeQuote(*Book(), request).value().advice;
  EXPECT_EQ(advice.natural_death, Rupiah());
  EXPECT_EQ(advice.natural_death_first_day, Rupiah());
  EXPECT_EQ(advice.accident_death_first_day, Rupiah(55'800'000));
}

TEST(CoverageQuote, SixMonthsAreNotWeak) {
  const Quote quote = MakeQuote(*Book(), Solo(Day(2025, 3, 1), 6)).value();
  EXPECT_FALSE(quote.advice.weak);
  EXPECT_THAT(quote.advice.text, Not(HasSubstr("PERHATIAN")));
}

TEST(CoverageQuote, PriceChangesInTheMiddle) {
  QuoteRequest request = Solo(Day(2026, 3, 1), 3);
  request.seats = 1;
  const Quote quote = MakeQuote(*Book(), request).value();
  EXPECT_EQ(quote.per_seat, Rupiah(16'800 + 8'400 + 8'400));
  ASSERT_EQ(quote.lines.size(), 4u);
  EXPECT_EQ(quote.lines[0].unit, Rupiah(10'000));
  EXPECT_EQ(quote.lines[1].first_month, Month(2026, 4));
  EXPECT_EQ(quote.lines[1].months, 2);
  EXPECT_EQ(quote.lines[1].unit, Rupiah(5'000));
  EXPECT_EQ(quote.lines[1].tariff, Rupiah(10'000));
  EXPECT_EQ(quote.lines[1].discount_source, "PP 50/2025");
}

TEST(CoverageQuote, AprilToJune2026) {
  QuoteRequest request = Solo(Day(2026, 4, 1), 3);
  EXPECT_EQ(MakeQuote(*Book(), request)->total, Rupiah(25'200'000));
  request.payer = PayerClass::kApbd;
  EXPECT_EQ(MakeQuote(*Book(), request)->total, Rupiah(50'400'000));
}

TEST(CoverageQuote, OnlyPermittedLengths) {
  const auto quote = MakeQuote(*Book(), Solo(Day(2019, 11, 7), 2));
  EXPECT_EQ(ReasonOf(quote.status()), Reason::kMonthsNotPermitted);
  EXPECT_THAT(std::string(quote.status().message()), HasSubstr("1,3,6,12"));
  EXPECT_EQ(ReasonOf(MakeQuote(*Book(), Solo(Day(2015, 6, 30), 3)).status()),
            Reason::kNoRuleInForce);
}

TEST(CoverageQuote, LinesSumToTheTotal) {
  EXPECT_TRUE(rc::check("total = lines = seats x seat, months are each priced once", [] {
    QuoteRequest request =
        Solo(Day(2025, 1, 1) + *rc::gen::inRange(0, 900), *rc::gen::element(1, 3, 6, 12));
    request.seats = *rc::gen::inRange<int64_t>(1, 1'000'001);
    request.sector = *rc::gen::element(Sector::kOther, Sector::kTransport);
    request.payer = static_cast<PayerClass>(*rc::gen::inRange(1, 9));
    request.wage_base = Rupiah(*rc::gen::inRange<int64_t>(0, 30'000'000));
    const Quote quote = MakeQuote(*Book(), request).value();
    Rupiah sum;
    int months = 0;
    for (const QuoteLine& line : quote.lines) {
      sum += line.total;
      months += line.months;
    }
    RC_ASSERT(sum == quote.total);
    RC_ASSERT(quote.per_seat * request.seats == quote.total);
    RC_ASSERT(quote.advice.total == quote.total);
    RC_ASSERT(months == 2 * request.months);
    RC_ASSERT(quote.advice.weak == quote.better.has_value());
  }));
}

}  // namespace
}  // namespace lingkaran::coverage
