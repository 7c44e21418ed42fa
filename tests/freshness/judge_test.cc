// The judge is judged: right histories pass, each kind of wrong one is found.
#include "tests/freshness/judge.h"

#include <gtest/gtest.h>

#include "lingkaran/coverage/v1/coverage.pb.h"

namespace lingkaran::freshness {
namespace {

namespace cv1 = coverage::v1;

constexpr int32_t kDay = 20200315;

absl::Time Ms(int64_t ms) { return absl::UnixEpoch() + absl::Milliseconds(ms); }

// Paid from the first of January 2020 until the end of that month of the year.
State PaidUntil(int32_t last_day) {
  State state;
  for (Span& span : state.paid) span = {20200101, last_day};
  return state;
}

const State kNew = {};
const State kOne = PaidUntil(20200131);
const State kThree = PaidUntil(20200331);

// Enrolled at 10, one month at 11, three at 13; the NIK goes to worker 2 at 15. Each write takes
// 10 ms, one each second.
std::vector<Write> Story() {
  return {
      {10, Ms(0), Ms(10), "enrol", {{1, kNew}}, {{NikKey("a"), 1}, {NumberKey("n"), 1}}},
      {11, Ms(1000), Ms(1010), "pay", {{1, kOne}}, {}},
      {12, Ms(2000), Ms(2010), "enrol", {{2, kNew}}, {{NikKey("b"), 2}}},
      {13, Ms(3000), Ms(3010), "pay", {{1, kThree}}, {}},
      {14, Ms(4000), Ms(4010), "pay", {{2, kThree}}, {}},
      {15,
       Ms(5000),
       Ms(5010),
       "correct",
       {{1, kThree}, {2, kThree}},
       {{NikKey("a"), 2}, {NikKey("b"), 0}, {NikKey("c"), 1}}},
  };
}

Check Ask(const std::string& key, Answer answer, int64_t sent_ms = 9000) {
  Check check;
  check.key = key;
  check.day = kDay;
  check.sent = Ms(sent_ms);
  check.answered = Ms(sent_ms + 5);
  check.answer = answer;
  return check;
}

Check WithToken(Check check, int64_t token, int64_t reply_token = 0) {
  check.asked = Asked::kToken;
  check.token = token;
  check.reply_token = reply_token == 0 ? token : reply_token;
  return check;
}

Check Calm(Check check) {
  check.calm = true;
  return check;
}

Check Full(Check check) {
  check.asked = Asked::kFull;
  return check;
}

Wrong Verdict(const Check& check) { return Judge(Story()).Of(check).wrong; }

Answer Of(int64_t worker, const State& state) { return AnswerFor(worker, state, kDay); }

TEST(FreshnessTruth, AnswersByReason) {
  const auto reason = [](const State& state, int32_t day) {
    return AnswerFor(1, state, day).said[0].reason;
  };
  EXPECT_EQ(reason(kNew, kDay), cv1::ANSWER_REASON_NEVER_PAID);
  EXPECT_EQ(reason(kThree, 20191231), cv1::ANSWER_REASON_NOT_STARTED);
  EXPECT_EQ(reason(kThree, 20200101), cv1::ANSWER_REASON_PAID);
  EXPECT_EQ(reason(kThree, 20200331), cv1::ANSWER_REASON_PAID);
  EXPECT_EQ(reason(kThree, 20200401), cv1::ANSWER_REASON_ENDED);
  EXPECT_EQ(reason(kThree, 20200630), cv1::ANSWER_REASON_ENDED);
  EXPECT_EQ(reason(kThree, 20200701), cv1::ANSWER_REASON_LAPSED);
  State dead = kThree;
  dead.death_day = 20200210;
  EXPECT_EQ(reason(dead, 20200210), cv1::ANSWER_REASON_PAID);
  EXPECT_EQ(reason(dead, 20200211), cv1::ANSWER_REASON_DECEASED);
  EXPECT_EQ(AnswerFor(1, dead, kDay).said[0].span, (Span{20200101, 20200210}));
  State gone = kThree;
  gone.withdraw_day = 20200301;
  EXPECT_EQ(reason(gone, 20200229), cv1::ANSWER_REASON_PAID);
  EXPECT_EQ(reason(gone, 20200301), cv1::ANSWER_REASON_WITHDRAWN);
  EXPECT_EQ(AnswerFor(1, gone, kDay).said[1].span, (Span{20200101, 20200229}));
  gone.withdraw_day = 20200101;
  EXPECT_EQ(AnswerFor(1, gone, 20191231).said[0].span, Span());
  EXPECT_EQ(reason(gone, 20191231), cv1::ANSWER_REASON_NEVER_PAID);
}

TEST(FreshnessJudge, LetsRightAnswersPass) {
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(1), Of(1, kThree)), 13)), Wrong::kNot);
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("a"), Of(1, kOne)), 12)), Wrong::kNot);
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("a"), Of(2, kThree)), 15)), Wrong::kNot);
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("b"), AnswerForNobody()), 15)), Wrong::kNot);
  EXPECT_EQ(Verdict(WithToken(Ask(NumberKey("n"), Of(1, kThree)), 15)), Wrong::kNot);
  EXPECT_EQ(Verdict(Full(Ask(WorkerKey(2), Of(2, kThree)))), Wrong::kNot);
  EXPECT_EQ(Verdict(Calm(Ask(WorkerKey(2), Of(2, kThree)))), Wrong::kNot);
  // Newer than the token asks for.
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(1), Of(1, kThree)), 10)), Wrong::kNot);
  // Nobody yet.
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(2), AnswerForNobody(), 1500), 11)), Wrong::kNot);
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("never"), AnswerForNobody()), 15)), Wrong::kNot);
  // Under way: seen before it is acknowledged.
  Check early = Ask(WorkerKey(1), Of(1, kOne), 1002);
  EXPECT_EQ(Verdict(early), Wrong::kNot);
  // Fully consistent beside a write under way: both will do.
  EXPECT_EQ(Verdict(Full(Ask(WorkerKey(1), Of(1, kNew), 1005))), Wrong::kNot);
}

TEST(FreshnessJudge, RejectsWhatIsOlderThanItsToken) {
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(1), Of(1, kOne)), 13)), Wrong::kOlderThanToken);
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(1), Of(1, kOne)), 15)), Wrong::kOlderThanToken);
  EXPECT_EQ(Verdict(WithToken(Ask(NumberKey("n"), Of(1, kNew)), 11)), Wrong::kOlderThanToken);
}

TEST(FreshnessJudge, RejectsUnknownForWhoWasEnrolled) {
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(1), AnswerForNobody()), 10)), Wrong::kOlderThanToken);
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("b"), AnswerForNobody()), 12)), Wrong::kNot)
      << "true again at 15";
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("b"), AnswerForNobody(), 4500), 12)),
            Wrong::kOlderThanToken);
}

TEST(FreshnessJudge, RejectsTheOldOwnerOfANik) {
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("a"), Of(1, kThree)), 15)), Wrong::kOlderThanToken);
  EXPECT_EQ(Verdict(WithToken(Ask(NikKey("b"), Of(2, kThree)), 15)), Wrong::kOlderThanToken);
}

TEST(FreshnessJudge, RejectsWhatWasNeverTrue) {
  EXPECT_EQ(Verdict(Ask(WorkerKey(1), Of(1, PaidUntil(20200229)))), Wrong::kNeverTrue);
  EXPECT_EQ(Verdict(Ask(WorkerKey(1), Of(2, kThree))), Wrong::kNeverTrue);
  EXPECT_EQ(Verdict(Ask(NikKey("b"), Of(1, kThree))), Wrong::kNeverTrue);
  // Not written yet.
  EXPECT_EQ(Verdict(Ask(WorkerKey(1), Of(1, kThree), 1500)), Wrong::kNeverTrue);
  // An inner failure as an answer.
  Answer failure = Of(1, kThree);
  failure.said[1] = AnswerForNobody().said[1];
  EXPECT_EQ(Verdict(Ask(WorkerKey(1), failure)), Wrong::kNeverTrue);
}

TEST(FreshnessJudge, RejectsTheOwnerOfOneMomentWithTheFactsOfAnother) {
  EXPECT_EQ(Verdict(Ask(NikKey("a"), Of(2, kNew))), Wrong::kTorn);
}

TEST(FreshnessJudge, RejectsTokensThatGoBackOrLie) {
  EXPECT_EQ(Verdict(WithToken(Ask(WorkerKey(1), Of(1, kThree)), 13, 12)), Wrong::kReplyTokenBehind);
  Check lie = Ask(WorkerKey(1), Of(1, kOne));
  lie.reply_token = 12;
  EXPECT_EQ(Verdict(lie), Wrong::kNot);
  lie.reply_token = 13;
  EXPECT_EQ(Verdict(lie), Wrong::kOlderThanReply);
}

TEST(FreshnessJudge, RejectsFullConsistencyThatIsNone) {
  EXPECT_EQ(Verdict(Full(Ask(WorkerKey(1), Of(1, kNew), 1011))), Wrong::kNotConsistent);
  // Who sees what was acknowledged later has seen what came before in the log.
  std::vector<Write> story = Story();
  story[1].acknowledged = absl::InfiniteFuture();
  EXPECT_EQ(Judge(story).Of(Full(Ask(WorkerKey(1), Of(1, kNew), 1500))).wrong, Wrong::kNot);
  EXPECT_EQ(Judge(story).Of(Full(Ask(WorkerKey(1), Of(1, kNew), 2500))).wrong,
            Wrong::kNotConsistent);
}

TEST(FreshnessJudge, RejectsStaleAnswersInQuietTimesAndMeasuresThem) {
  EXPECT_EQ(Verdict(Calm(Ask(WorkerKey(1), Of(1, kOne), 5009))), Wrong::kNot);
  const Check stale = Calm(Ask(WorkerKey(1), Of(1, kOne), 5011));
  const Judgement judged = Judge(Story()).Of(stale);
  EXPECT_EQ(judged.wrong, Wrong::kStale);
  EXPECT_EQ(judged.staleness, absl::Milliseconds(2001));
  const Judgement faulty = Judge(Story()).Of(Ask(WorkerKey(1), Of(1, kOne), 9000));
  EXPECT_EQ(faulty.wrong, Wrong::kNot);
  EXPECT_EQ(faulty.staleness, absl::Milliseconds(5990));
  EXPECT_EQ(Judge(Story()).Of(Calm(Ask(WorkerKey(1), Of(1, kThree)))).staleness,
            absl::ZeroDuration());
}

TEST(FreshnessJudge, ExplainsWithTheHistoryOfAllWhoHadTheKey) {
  const std::string text = Judge(Story()).Explain(WithToken(Ask(NikKey("a"), Of(1, kThree)), 15));
  EXPECT_NE(text.find("older_than_token: nik a"), std::string::npos) << text;
  EXPECT_NE(text.find("10 enrol"), std::string::npos) << text;
  EXPECT_NE(text.find("14 pay"), std::string::npos) << text;
  EXPECT_NE(text.find("nik a is of worker 2"), std::string::npos) << text;
}

}  // namespace
}  // namespace lingkaran::freshness
