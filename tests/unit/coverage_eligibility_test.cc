// Decide: first and last day in, neighbours out; waiting, lapse, death; how long an answer holds.
#include "services/coverage/domain/eligibility.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "services/coverage/store/rules_file.h"

namespace lingkaran::coverage {
namespace {

const Rules& Book() {
  static const std::shared_ptr<const Rules>& rules =
      *new auto(LoadRules(LINGKARAN_SOURCE_DIR "/deploy/rules/coverage.textproto").value());
  return *rules;
}

// Months paid from `start` on, as the boundary rule books them.
void Pay(std::vector<PersonMonth>& months, Programme programme, Day start, Month first, int count,
         BoundaryKind kind = BoundaryKind::kCalendarMonth) {
  for (int i = 0; i < count; ++i) {
    PersonMonth month;
    month.programme = programme;
    month.month = first + i;
    const DaySpan days = CoveredDays(kind, start, month.month).value();
    month.first_day = days.first;
    month.last_day = days.last;
    months.push_back(month);
  }
}

Facts FactsOf(const std::vector<PersonMonth>& months) {
  Facts facts;
  facts.worker_id = 1;
  facts.known = true;
  facts.runs = ToRuns(months);
  return facts;
}

// `count` JKM months from `start` on.
Facts Paid(Day start, int count) {
  std::vector<PersonMonth> months;
  Pay(months, Programme::kJkm, start, Month(start), count);
  return FactsOf(months);
}

Answer On(const Facts& facts, Day day, Programme programme = Programme::kJkm) {
  return Decide(facts, Book(), programme, day);
}

// The Solo sponsorship: three months from 7 November 2019.
TEST(CoverageDecide, SoloFirstAndLastDayInNeighboursOut) {
  const Facts facts = Paid(Day(2019, 11, 7), 3);
  EXPECT_EQ(On(facts, Day(2019, 11, 6)).verdict, Verdict::kNotCovered);
  EXPECT_EQ(On(facts, Day(2019, 11, 6)).reason, AnswerReason::kNotStarted);
  EXPECT_EQ(On(facts, Day(2019, 11, 7)).verdict, Verdict::kCovered);
  EXPECT_EQ(On(facts, Day(2020, 1, 31)).verdict, Verdict::kCovered);
  EXPECT_EQ(On(facts, Day(2020, 2, 1)).verdict, Verdict::kNotCovered);
  EXPECT_EQ(On(facts, Day(2020, 2, 1)).reason, AnswerReason::kEnded);
  EXPECT_EQ(On(facts, Day(2020, 4, 30)).reason, AnswerReason::kEnded);
  EXPECT_EQ(On(facts, Day(2020, 5, 1)).reason, AnswerReason::kLapsed);
  const Answer inside = On(facts, Day(2019, 12, 24));
  EXPECT_EQ(inside.span, (DaySpan{Day(2019, 11, 7), Day(2020, 1, 31)}));
  EXPECT_EQ(inside.valid_until, Day(2020, 1, 31));
  EXPECT_EQ(On(facts, Day(2019, 11, 1)).valid_until, Day(2019, 11, 6));
  EXPECT_EQ(On(facts, Day(2020, 2, 1)).valid_until, Day(2020, 4, 30));
  EXPECT_EQ(On(facts, Day(2020, 5, 1)).valid_until, std::nullopt);
}

TEST(CoverageDecide, OtherProgrammeWasNeverPaid) {
  const Answer answer = On(Paid(Day(2019, 11, 7), 3), Day(2019, 12, 1), Programme::kJht);
  EXPECT_EQ(answer.reason, AnswerReason::kNeverPaid);
  EXPECT_EQ(answer.span, std::nullopt);
}

TEST(CoverageDecide, UnknownPersonIsAnAnswer) {
  const Answer answer = On(Facts(), Day(2019, 12, 1));
  EXPECT_EQ(answer.verdict, Verdict::kNotCovered);
  EXPECT_EQ(answer.reason, AnswerReason::kPersonUnknown);
}

TEST(CoverageDecide, DayOfDeathIsCoveredTheNextIsNot) {
  Facts facts = Paid(Day(2019, 11, 7), 3);
  facts.death_day = Day(2019, 12, 10);
  EXPECT_EQ(On(facts, Day(2019, 12, 10)).verdict, Verdict::kCovered);
  EXPECT_EQ(On(facts, Day(2019, 12, 10)).span->last, Day(2019, 12, 10));
  EXPECT_EQ(On(facts, Day(2019, 12, 11)).reason, AnswerReason::kDeceased);
  EXPECT_EQ(On(facts, Day(2019, 12, 11)).valid_until, std::nullopt);
}

TEST(CoverageDecide, DayOfWithdrawalIsTheFirstWithoutCover) {
  Facts facts = Paid(Day(2019, 11, 7), 3);
  facts.withdraw_day = Day(2019, 12, 10);
  EXPECT_EQ(On(facts, Day(2019, 12, 9)).verdict, Verdict::kCovered);
  EXPECT_EQ(On(facts, Day(2019, 12, 10)).reason, AnswerReason::kWithdrawn);
}

TEST(CoverageDecide, FullFromTheFirstDayBeforeMarch2025) {
  EXPECT_EQ(On(Paid(Day(2019, 11, 7), 3), Day(2019, 11, 7)).level, Level::kFull);
}

TEST(CoverageDecide, ThreeMonthsReducedThenFull) {
  const Facts facts = Paid(Day(2025, 7, 10), 6);
  const Answer second = On(facts, Day(2025, 8, 15));
  EXPECT_EQ(second.level, Level::kReduced);
  EXPECT_EQ(second.reason, AnswerReason::kWaitingPeriod);
  EXPECT_EQ(second.valid_until, Day(2025, 9, 30));
  EXPECT_EQ(On(facts, Day(2025, 9, 30)).level, Level::kReduced);
  EXPECT_EQ(On(facts, Day(2025, 10, 1)).level, Level::kFull);
  EXPECT_EQ(On(facts, Day(2025, 11, 20)).level, Level::kFull);
}

TEST(CoverageDecide, JkkNeverWaits) {
  std::vector<PersonMonth> months;
  Pay(months, Programme::kJkk, Day(2025, 7, 10), Month(2025, 7), 3);
  EXPECT_EQ(On(FactsOf(months), Day(2025, 7, 10), Programme::kJkk).level, Level::kFull);
}

TEST(CoverageDecide, TheRuleOfTheDayAskedDecides) {
  const Facts facts = Paid(Day(2025, 1, 15), 6);  // two months paid when the rule changes
  EXPECT_EQ(On(facts, Day(2025, 2, 28)).level, Level::kFull);
  EXPECT_EQ(On(facts, Day(2025, 2, 28)).valid_until, Day(2025, 2, 28));
  EXPECT_EQ(On(facts, Day(2025, 3, 1)).level, Level::kReduced);
  EXPECT_EQ(On(facts, Day(2025, 4, 1)).level, Level::kFull);
}

TEST(CoverageDecide, ShortGapKeepsTheCountALapseRestartsIt) {
  std::vector<PersonMonth> months;
  Pay(months, Programme::kJkm, Day(2025, 3, 5), Month(2025, 3), 3);  // to 31 May
  std::vector<PersonMonth> lapsed = months;
  Pay(months, Programme::kJkm, Day(2025, 9, 1), Month(2025, 9), 2);  // June to August unpaid
  EXPECT_EQ(On(FactsOf(months), Day(2025, 7, 1)).reason, AnswerReason::kGap);
  EXPECT_EQ(On(FactsOf(months), Day(2025, 9, 1)).level, Level::kFull);
  Pay(lapsed, Programme::kJkm, Day(2025, 10, 1), Month(2025, 10), 2);  // four months unpaid
  EXPECT_EQ(On(FactsOf(lapsed), Day(2025, 10, 1)).level, Level::kReduced);
}

TEST(CoverageDecide, SpansThatTouchAreOne) {
  std::vector<PersonMonth> months;
  Pay(months, Programme::kJkm, Day(2019, 11, 7), Month(2019, 11), 3);
  Pay(months, Programme::kJkm, Day(2020, 2, 1), Month(2020, 2), 2);  // another payer goes on
  EXPECT_EQ(On(FactsOf(months), Day(2020, 1, 15)).span,
            (DaySpan{Day(2019, 11, 7), Day(2020, 3, 31)}));
}

// A rule that is missing must give UNKNOWN, never "no".
Rules Without(bool arrears, bool waiting) {
  RuleBook book;
  const Validity always{Day(2015, 7, 1), (Day::max)(), "S", Confidence::kHigh, "", ""};
  if (!arrears) book.arrears.push_back({always, 3, false});
  Waiting rule{always, Programme::kJkm, 3};
  if (waiting) rule.validity.to = Day(2019, 12, 31);
  book.waitings.push_back(rule);
  return Rules(std::move(book), "test");
}

TEST(CoverageDecide, MissingRuleIsUnknownNeverNo) {
  const Facts facts = Paid(Day(2019, 11, 7), 3);
  const Rules no_arrears = Without(true, false);
  const Rules no_waiting = Without(false, true);
  const Answer after = Decide(facts, no_arrears, Programme::kJkm, Day(2020, 3, 1));
  EXPECT_EQ(after.verdict, Verdict::kUnknown);
  EXPECT_EQ(after.reason, AnswerReason::kFactsUnavailable);
  const Answer inside = Decide(facts, no_waiting, Programme::kJkm, Day(2020, 1, 1));
  EXPECT_EQ(inside.verdict, Verdict::kUnknown);
  EXPECT_EQ(Decide(facts, no_waiting, Programme::kJkm, Day(2019, 12, 31)).verdict,
            Verdict::kCovered);
}

TEST(CoverageDecide, ArrearsMayCountAsCovered) {
  RuleBook book;
  const Validity always{Day(2015, 7, 1), (Day::max)(), "S", Confidence::kHigh, "", ""};
  book.arrears.push_back({always, 3, true});
  const Rules rules(std::move(book), "test");
  const Facts facts = Paid(Day(2019, 11, 7), 3);
  const Answer answer = Decide(facts, rules, Programme::kJkm, Day(2020, 4, 30));
  EXPECT_EQ(answer.verdict, Verdict::kCovered);
  EXPECT_EQ(answer.reason, AnswerReason::kArrears);
  EXPECT_EQ(Decide(facts, rules, Programme::kJkm, Day(2020, 5, 1)).reason, AnswerReason::kLapsed);
}

// ---- Properties over random people ----

struct Life {
  Facts facts;
  std::vector<PersonMonth> months;
};

Day AnyDay(int years) { return Day(2023, 1, 1) + *rc::gen::inRange(0, 366 * years); }

// Up to four payments one after the other, with and without holes between, and perhaps an end.
Life AnyLife() {
  Life life;
  const auto kind = *rc::gen::element(BoundaryKind::kCalendarMonth, BoundaryKind::kDayToDay);
  Day start = AnyDay(2);
  const int payments = *rc::gen::inRange(0, 5);
  for (int i = 0; i < payments; ++i) {
    const int count = *rc::gen::inRange(1, 7);
    Pay(life.months, Programme::kJkm, start, Month(start), count, kind);
    const Day end = life.months.back().last_day;
    start = end + 1 + (*rc::gen::element(0, 0, 1)) * *rc::gen::inRange(0, 200);
    if (MonthsBetween(life.months.back().month, Month(start)) < 1) start = Day(Month(end) + 1);
  }
  life.facts = FactsOf(life.months);
  if (*rc::gen::inRange(0, 4) == 0) life.facts.death_day = AnyDay(4);
  if (*rc::gen::inRange(0, 4) == 0) life.facts.withdraw_day = AnyDay(4);
  return life;
}

TEST(CoverageDecide, CoveredExactlyOnPaidDaysOfTheLiving) {
  EXPECT_TRUE(rc::check("a day is covered if and only if a month that holds it was paid", [] {
    const Life life = AnyLife();
    const Day day = AnyDay(5);
    bool paid = false;
    for (const PersonMonth& month : life.months) {
      paid = paid || (month.first_day <= day && day <= month.last_day);
    }
    if (life.facts.death_day && day > *life.facts.death_day) paid = false;
    if (life.facts.withdraw_day && day >= *life.facts.withdraw_day) paid = false;
    const Answer answer = On(life.facts, day);
    RC_ASSERT((answer.verdict == Verdict::kCovered) == paid);
    RC_ASSERT(answer.verdict != Verdict::kUnknown);
  }));
}

TEST(CoverageDecide, EdgesOfEverySpan) {
  EXPECT_TRUE(rc::check("first and last day of a span are in, their neighbours out", [] {
    const Life life = AnyLife();
    const Answer answer = On(life.facts, AnyDay(5));
    if (!answer.span) return;
    RC_ASSERT(On(life.facts, answer.span->first).verdict == Verdict::kCovered);
    RC_ASSERT(On(life.facts, answer.span->last).verdict == Verdict::kCovered);
    RC_ASSERT(On(life.facts, answer.span->first - 1).verdict == Verdict::kNotCovered);
    RC_ASSERT(On(life.facts, answer.span->last + 1).verdict == Verdict::kNotCovered);
  }));
}

bool SameAnswer(const Answer& a, const Answer& b) {
  return a.verdict == b.verdict && a.level == b.level && a.reason == b.reason && a.span == b.span;
}

TEST(CoverageDecide, ValidUntilIsExact) {
  EXPECT_TRUE(rc::check("the answer stays until valid_until and changes on the next day", [] {
    const Life life = AnyLife();
    const Day day = AnyDay(5);
    const Answer answer = On(life.facts, day);
    const Day end = answer.valid_until.value_or(day + 2000);
    RC_ASSERT(end >= day);
    const Day between = day + *rc::gen::inRange<int>(0, static_cast<int>(end - day) + 1);
    RC_ASSERT(SameAnswer(On(life.facts, between), answer));
    if (answer.valid_until) RC_ASSERT(!SameAnswer(On(life.facts, end + 1), answer));
  }));
}

TEST(CoverageDecide, ReducedExactlyWhileNotMoreMonthsThanTheWaitingWerePaid) {
  EXPECT_TRUE(rc::check("level follows the count of begun months", [] {
    const int count = *rc::gen::inRange(1, 13);
    const Day start = Day(2025, 3, 1) + *rc::gen::inRange(0, 365);
    const Facts facts = Paid(start, count);
    const Day day =
        start + *rc::gen::inRange<int>(0, static_cast<int>(facts.runs[0].last_day - start) + 1);
    const int begun = MonthsBetween(Month(start), Month(day)) + 1;
    RC_ASSERT(MonthsCounted(facts, Book(), Programme::kJkm, day) == begun);
    RC_ASSERT((On(facts, day).level == Level::kReduced) == (begun <= 3));
  }));
}

TEST(CoverageExplain, NamesSpansAndRulesWithoutSayingWho) {
  const Facts facts = Paid(Day(2025, 7, 10), 6);
  const Explanation why = Explain(facts, Book(), On(facts, Day(2025, 8, 15)), Day(2025, 8, 15));
  ASSERT_EQ(why.steps.size(), 3u);
  EXPECT_EQ(why.steps[0], "JKM: masa yang dibayar: 10 Juli 2025 sampai dengan 31 Desember 2025.");
  ASSERT_EQ(why.rules.size(), 1u);
  EXPECT_EQ(why.rules[0].name, "waiting JKM");
}

}  // namespace
}  // namespace lingkaran::coverage
