// CoverageService over a real connection: the Solo story, idempotency, refusals, why and what for.
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "tests/support/coverage_fixture.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Gt;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// Also those of coverage_caches_test.cc, coverage_check_test.cc and coverage_report_test.cc.
LINGKARAN_WITH_AND_WITHOUT_REDIS(CoverageServiceTest);

TEST_P(CoverageServiceTest, SoloByIdNikAndNumber) {
  world_.Enrol(2);
  const auto activated = world_.Activate(world_.ActivationOf({world_.LineOf(0, 20191107, 3)}));
  ASSERT_TRUE(activated.ok()) << activated.status();
  EXPECT_EQ(activated->results(0).status().code(), 0);
  EXPECT_EQ(activated->results(0).first_day(), 20191107);
  EXPECT_EQ(activated->results(0).last_day(), 20200131);
  cv1::CheckEligibilityRequest request;
  const auto verdict_on = [&](int32_t day) {
    request.set_day(day);
    const auto response = world_.Check(request);
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->worker_id(), world_.Id(0));
    EXPECT_EQ(response->day(), day);
    EXPECT_THAT(response->answers(), SizeIs(2));
    EXPECT_EQ(response->answers(0).verdict(), response->answers(1).verdict());
    return response->answers(0).verdict();
  };
  for (int way = 0; way < 3; ++way) {
    if (way == 0) request.mutable_person()->set_worker_id(world_.Id(0));
    if (way == 1) request.mutable_person()->set_nik(" '" + world_.Nik(0) + " ");
    if (way == 2) request.mutable_person()->set_membership_number(world_.Number(0));
    EXPECT_EQ(verdict_on(20191106), cv1::VERDICT_NOT_COVERED);
    EXPECT_EQ(verdict_on(20191107), cv1::VERDICT_COVERED);
    EXPECT_EQ(verdict_on(20200131), cv1::VERDICT_COVERED);
    EXPECT_EQ(verdict_on(20200201), cv1::VERDICT_NOT_COVERED);
  }
  request.add_programmes(common::v1::PROGRAMME_JHT);
  request.set_day(20191107);
  EXPECT_EQ(world_.Check(request)->answers(0).reason(), cv1::ANSWER_REASON_NEVER_PAID);
  EXPECT_EQ(world_.Jkk(1, 20191107).reason(), cv1::ANSWER_REASON_NEVER_PAID);
  EXPECT_EQ(world_.Jkk(9, 20191107).reason(), cv1::ANSWER_REASON_PERSON_UNKNOWN);
}

// Nothing runs in the background: time alone makes it true.
TEST_P(CoverageServiceTest, ALaterClockAnswersRightWithoutAnyJob) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  EXPECT_EQ(world_.Jkk(0, 0).verdict(), cv1::VERDICT_COVERED);
  world_.clock.Set(Wib(2020, 1, 31, 23, 59));
  EXPECT_EQ(world_.Jkk(0, 0).verdict(), cv1::VERDICT_COVERED);
  world_.clock.Set(Wib(2020, 2, 1, 0, 0));
  EXPECT_EQ(world_.Jkk(0, 0).reason(), cv1::ANSWER_REASON_ENDED);
  world_.clock.Set(Wib(2021, 2, 1));
  EXPECT_EQ(world_.Jkk(0, 0).reason(), cv1::ANSWER_REASON_LAPSED);
  EXPECT_EQ(world_.Jkk(0, 20191224).verdict(), cv1::VERDICT_COVERED);
}

TEST_P(CoverageServiceTest, TodayIsWhereThePersonLives) {
  cv1::Member east = world_.MemberOf(0);
  east.set_region_code("91.71");  // Jayapura, WIT
  ASSERT_TRUE(world_.Upsert({east, world_.MemberOf(1)}).ok());
  world_.clock.Set(Wib(2019, 11, 7, 22, 30));  // 00:30 on the 8th in Jayapura
  EXPECT_EQ(world_.Check(world_.Ask(0, 0))->day(), 20191108);
  EXPECT_EQ(world_.Check(world_.Ask(1, 0))->day(), 20191107);
  EXPECT_EQ(world_.Check(world_.Ask(9, 0))->day(), 20191107);
}

// ---- Activation ----

TEST_P(CoverageServiceTest, ABadLineNeverHoldsUpTheOthers) {
  world_.Enrol(5);
  ASSERT_TRUE(world_.ReportDeath(2, 20191030).ok());
  ASSERT_TRUE(world_.Pay(3, 20191207, 1).ok());
  cv1::ActivationLine wrong = world_.LineOf(4, 20191107, 3);
  wrong.mutable_months(3)->set_amount_rupiah(1);
  const auto response = world_.Activate(world_.ActivationOf(
      {world_.LineOf(0, 20191107, 3), world_.LineOf(77, 20191107, 3), world_.LineOf(2, 20191107, 3),
       world_.LineOf(3, 20191107, 3), wrong, world_.LineOf(1, 20191107, 3)}));
  ASSERT_TRUE(response.ok()) << response.status();
  std::vector<Reason> reasons;
  for (const auto& result : response->results()) {
    reasons.push_back(ReasonOf(FromProto(result.status())));
  }
  EXPECT_THAT(reasons, ElementsAre(Reason::kUnspecified, Reason::kMemberNotFound,
                                   Reason::kAfterDeath, Reason::kMonthAlreadyPaid,
                                   Reason::kContributionMismatch, Reason::kUnspecified));
  EXPECT_EQ(world_.Jkk(0, 20191107).verdict(), cv1::VERDICT_COVERED);
  EXPECT_EQ(world_.Jkk(1, 20200131).verdict(), cv1::VERDICT_COVERED);
  // All or nothing: of the refused lines no month was booked.
  EXPECT_EQ(world_.Jkk(3, 20191107).verdict(), cv1::VERDICT_NOT_COVERED);
  EXPECT_EQ(world_.Jkk(4, 20191107).reason(), cv1::ANSWER_REASON_NEVER_PAID);
}

TEST_P(CoverageServiceTest, AMonthAfterTheWithdrawalIsRefusedAsSuch) {
  world_.Enrol(1);
  cv1::Member gone = world_.MemberOf(0, 2);
  gone.set_withdraw_day(20191201);
  ASSERT_TRUE(world_.Upsert({gone}).ok());
  const absl::Status status = world_.Pay(0, 20191107, 2);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), Reason::kWorkerWithdrawn);
  EXPECT_TRUE(world_.Pay(0, 20191107, 1).ok());
}

// Niceness of the tests themselves.
const int kOwnNiceness = getpriority(PRIO_PROCESS, 0);

// The names of this process' threads that let others go first.
std::vector<std::string> ThreadsThatGiveWay() {
  std::vector<std::string> names;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(thread.path() / "comm") >> name;
    const int id = std::stoi(thread.path().filename());
    if (getpriority(PRIO_PROCESS, id) > kOwnNiceness) names.push_back(name);
  }
  return names;
}

// Bulk work runs on threads that are born low; none that serves calls is ever slowed, whoever
// calls.
TEST_P(CoverageServiceTest, WritesGiveWayToChecks) {
  world_.host.reset();
  world_.host = world_.OpenThatDoesNotFollow();  // following has low threads of its own
  const cv1::ActivateCoverageRequest activation =
      world_.ActivationOf({world_.LineOf(0, 20191107, 1)});
  for (const std::string role : {"clinic", "nobody"}) {
    EXPECT_FALSE(world_.host->As(role, &Stub::UpsertMembers, cv1::UpsertMembersRequest()).ok());
    EXPECT_FALSE(world_.host->As(role, &Stub::ActivateCoverage, activation).ok());
    EXPECT_FALSE(world_.host->As(role, &Stub::RevokeCoverage, cv1::RevokeCoverageRequest()).ok());
  }
  EXPECT_THAT(ThreadsThatGiveWay(), IsEmpty()) << "a refused call slowed a thread for good";

  std::map<std::string, int> priority_of;
  SetFailPointHook([&](const std::string& place) {
    if (place.ends_with("/claimed")) priority_of[place] = getpriority(PRIO_PROCESS, 0);
  });
  world_.Enrol(1);
  EXPECT_TRUE(world_.Activate(activation).ok());
  EXPECT_TRUE(world_.Revoke(0, 201911).ok());
  SetFailPointHook(nullptr);
  EXPECT_THAT(priority_of,
              UnorderedElementsAre(Pair("rpc/UpsertMembers/claimed", Gt(kOwnNiceness)),
                                   Pair("rpc/ActivateCoverage/claimed", Gt(kOwnNiceness)),
                                   Pair("rpc/RevokeCoverage/claimed", Gt(kOwnNiceness))))
      << "an import takes the processor from those who ask";
  EXPECT_THAT(ThreadsThatGiveWay(), AllOf(Not(IsEmpty()), Each("bulk")));
}

TEST_P(CoverageServiceTest, TheSameRequestGivesTheFirstAnswerAgain) {
  world_.Enrol(1);
  const cv1::ActivateCoverageRequest request = world_.ActivationOf({world_.LineOf(0, 20191107, 3)});
  const auto first = world_.Activate(request);
  const auto again = world_.Activate(request);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  cv1::ActivateCoverageRequest changed = request;
  changed.mutable_lines(0)->set_first_day(20191108);
  const auto refused = world_.Activate(changed);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kRequestIdReused);
  cv1::ActivateCoverageRequest other = request;
  other.set_request_id(NewRequestId());
  EXPECT_EQ(ReasonOf(FromProto(world_.Activate(other)->results(0).status())),
            Reason::kMonthAlreadyPaid);
}

TEST_P(CoverageServiceTest, ContinuationBeginsWithItsMonth) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  ASSERT_TRUE(world_.Pay(0, 20200201, 1).ok());
  const cv1::ProgrammeAnswer answer = world_.Jkk(0, 20200215);
  EXPECT_EQ(answer.first_day(), 20191107);
  EXPECT_EQ(answer.last_day(), 20200229);
}

TEST_P(CoverageServiceTest, UnknownMembersWaitForTheirToken) {
  cv1::ActivateCoverageRequest request = world_.ActivationOf({world_.LineOf(0, 20191107, 3)});
  request.set_after_token(ToToken({0, {"enrol-1"}}));
  const auto early = world_.Activate(request);
  EXPECT_EQ(early.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(early.status()), Reason::kTokenNotYetApplied);
  ASSERT_TRUE(world_.Upsert({world_.MemberOf(0)}, "enrol-1").ok());
  const auto later = world_.Activate(request);  // the same request: nothing was decided before
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->results(0).status().code(), 0);
}

TEST_P(CoverageServiceTest, RequestsThatCanNotBeReadAreNamedByField) {
  world_.Enrol(1);
  using Request = cv1::ActivateCoverageRequest;
  const Request good = world_.ActivationOf({world_.LineOf(0, 20191107, 3)});
  const std::pair<const char*, std::function<void(Request&)>> cases[] = {
      {"request_id", [](Request& bad) { bad.clear_request_id(); }},
      {"source.payer_class", [](Request& bad) { bad.mutable_source()->clear_payer_class(); }},
      {"lines[0].first_day", [](Request& bad) { bad.mutable_lines(0)->set_first_day(20191131); }},
      {"lines[1].worker_id", [&](Request& bad) { *bad.add_lines() = good.lines(0); }},
      {"lines[0].months[6]",
       [&](Request& bad) { *bad.mutable_lines(0)->add_months() = good.lines(0).months(0); }},
      {"lines", [](Request& bad) { bad.clear_lines(); }}};
  for (const auto& [field, spoil] : cases) {
    Request bad = good;
    spoil(bad);
    const auto violations = FieldViolationsOf(world_.Activate(bad).status());
    ASSERT_THAT(violations, testing::Not(testing::IsEmpty())) << field;
    EXPECT_EQ(violations[0].first, field);
  }
  Request bad = good;
  bad.set_after_token("nonsense");
  EXPECT_EQ(ReasonOf(world_.Activate(bad).status()), Reason::kTokenInvalid);
}

// Two sponsors, eight threads, the same fifty workers: each month is booked once.
class CoverageRaceTest : public testing::TestWithParam<sql::Dialect> {};
LINGKARAN_ON_BOTH_DATABASES(CoverageRaceTest);

TEST_P(CoverageRaceTest, NoPersonMonthTwice) {
  CoverageWorld world(GetParam(), "");
  world.Enrol(50);
  const std::unique_ptr<CoverageHost> other = world.Open();
  std::atomic<int> booked{0}, refused{0}, odd{0};
  OnThreads(8, [&](int i) {
    std::vector<cv1::ActivationLine> lines;
    for (int n = 0; n < 50; ++n) lines.push_back(world.LineOf((n * 7 + i) % 50, 20191107, 1));
    const auto response =
        (i % 2 == 0 ? *world.host : *other)
            .As("service", &Stub::ActivateCoverage, world.ActivationOf(lines, 100 + i));
    if (!response.ok()) {
      ++odd;
      return;
    }
    for (const auto& result : response->results()) {
      const Reason reason = ReasonOf(FromProto(result.status()));
      result.status().code() == 0           ? ++booked
      : reason == Reason::kMonthAlreadyPaid ? ++refused
                                            : ++odd;
    }
  });
  EXPECT_EQ(booked, 50);
  EXPECT_EQ(refused, 350);
  EXPECT_EQ(odd, 0);
  cv1::GetCoverageStatisticsRequest request;
  const auto statistics = world.host->As("officer", &Stub::GetCoverageStatistics, request);
  EXPECT_EQ(statistics->person_months(), 100);
}

// ---- Members ----

TEST_P(CoverageServiceTest, AnOlderVersionOfAMemberIsIgnored) {
  ASSERT_TRUE(world_.ReportDeath(0, 20191110, 3).ok());
  const auto late = world_.Upsert({world_.MemberOf(0, 2)});
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->changed(), 0);
  const auto same = world_.Upsert({world_.MemberOf(0, 3)});
  EXPECT_EQ(same->changed(), 0);
  EXPECT_EQ(world_.Jkk(0, 20191111).reason(), cv1::ANSWER_REASON_DECEASED);
  EXPECT_EQ(world_.Upsert({world_.MemberOf(0, 4)})->changed(), 1);
  EXPECT_EQ(world_.Jkk(0, 20191111).reason(), cv1::ANSWER_REASON_NEVER_PAID);
}

TEST_P(CoverageServiceTest, ACorrectedNikMovesAtOnce) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  cv1::CheckEligibilityRequest old_nik, new_nik;
  old_nik.mutable_person()->set_nik(world_.Nik(0));
  new_nik.mutable_person()->set_nik(world_.Nik(50));
  EXPECT_EQ(world_.Check(old_nik)->worker_id(), world_.Id(0));
  EXPECT_EQ(world_.Check(new_nik)->worker_id(), 0);
  cv1::Member corrected = world_.MemberOf(0, 2);
  corrected.set_nik_hash(world_.HashOf(world_.Nik(50)));
  ASSERT_TRUE(world_.Upsert({corrected}).ok());
  EXPECT_EQ(world_.Check(old_nik)->answers(0).reason(), cv1::ANSWER_REASON_PERSON_UNKNOWN);
  EXPECT_EQ(world_.Check(new_nik)->worker_id(), world_.Id(0));
  EXPECT_EQ(world_.Check(new_nik)->answers(0).verdict(), cv1::VERDICT_COVERED);
}

TEST_P(CoverageServiceTest, ATakenNikIsToBeSentAgain) {
  world_.Enrol(1);
  cv1::Member other = world_.MemberOf(1);
  other.set_nik_hash(world_.HashOf(world_.Nik(0)));
  const absl::Status status = world_.Upsert({other}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), Reason::kTokenNotYetApplied);
  EXPECT_TRUE(IsRetryable(status));
  EXPECT_EQ(world_.Jkk(1, 20191107).reason(), cv1::ANSWER_REASON_PERSON_UNKNOWN);
}

TEST_P(CoverageServiceTest, DeathAndRevocationShowAtOnce) {
  world_.Enrol(2);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  ASSERT_TRUE(world_.Pay(1, 20191107, 3).ok());
  EXPECT_EQ(world_.Jkk(0, 20191220).verdict(), cv1::VERDICT_COVERED);
  EXPECT_EQ(world_.Jkk(1, 20191220).verdict(), cv1::VERDICT_COVERED);
  ASSERT_TRUE(world_.ReportDeath(0, 20191219).ok());
  EXPECT_EQ(world_.Jkk(0, 20191220).reason(), cv1::ANSWER_REASON_DECEASED);
  EXPECT_EQ(world_.Jkk(0, 20191219).verdict(), cv1::VERDICT_COVERED);
  const auto revoked = world_.Revoke(1, 201912);
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  ASSERT_THAT(revoked->results(0).revoked(), SizeIs(4));
  EXPECT_EQ(revoked->results(0).revoked(0).month(), 201912);
  EXPECT_EQ(revoked->results(0).revoked(0).amount_rupiah(), 10'000);
  EXPECT_EQ(world_.Jkk(1, 20191220).verdict(), cv1::VERDICT_NOT_COVERED);
  EXPECT_EQ(world_.Jkk(1, 20191130).verdict(), cv1::VERDICT_COVERED);
  EXPECT_THAT(world_.Revoke(1, 201912)->results(0).revoked(), SizeIs(0));
  EXPECT_EQ(ReasonOf(FromProto(world_.Revoke(70, 0)->results(0).status())),
            Reason::kMemberNotFound);
}

// ---- Why, and what was known ----

TEST_P(CoverageServiceTest, ExplainsWhatWasKnownAtAnInstant) {
  world_.clock.Set(Wib(2019, 11, 7, 9));
  world_.Enrol(1);
  world_.clock.Set(Wib(2019, 11, 7, 10));
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  world_.clock.Set(Wib(2019, 12, 20));
  ASSERT_TRUE(world_.ReportDeath(0, 20191210).ok());
  world_.clock.Set(Wib(2019, 12, 21));
  ASSERT_TRUE(world_.Revoke(0, 202001).ok());
  world_.clock.Set(Wib(2020, 6, 1));
  int64_t version = 0;
  const auto reason_at = [&](std::optional<absl::Time> instant, int32_t day) {
    cv1::ExplainEligibilityRequest request;
    request.mutable_person()->set_worker_id(world_.Id(0));
    request.set_day(day);
    if (instant) request.mutable_as_known_at()->set_seconds(absl::ToUnixSeconds(*instant));
    const auto response = world_.host->As("officer", &Stub::ExplainEligibility, request);
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_GT(response->steps_size(), 0);
    EXPECT_GE(response->facts_version(), version);  // asked in the order of recording
    version = response->facts_version();
    return response->answer().answers(0).reason();
  };
  EXPECT_EQ(reason_at(Wib(2019, 11, 7, 8), 20191215), cv1::ANSWER_REASON_PERSON_UNKNOWN);
  EXPECT_EQ(reason_at(Wib(2019, 11, 7, 9), 20191215), cv1::ANSWER_REASON_NEVER_PAID);
  EXPECT_EQ(reason_at(Wib(2019, 11, 7, 10), 20191215), cv1::ANSWER_REASON_PAID);
  EXPECT_EQ(reason_at(Wib(2019, 12, 19), 20200115), cv1::ANSWER_REASON_PAID);
  EXPECT_EQ(reason_at(Wib(2019, 12, 20), 20191215), cv1::ANSWER_REASON_DECEASED);
  EXPECT_EQ(reason_at(std::nullopt, 20191215), cv1::ANSWER_REASON_DECEASED);
  EXPECT_EQ(reason_at(std::nullopt, 20191210), cv1::ANSWER_REASON_PAID);
}

TEST_P(CoverageServiceTest, RevokedMonthsStayInTheList) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 2).ok());
  ASSERT_TRUE(world_.Revoke(0, 201912).ok());
  cv1::ListCoverageRequest request;
  request.set_worker_id(world_.Id(0));
  const auto list = world_.host->As("officer", &Stub::ListCoverage, request);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_THAT(list->months(), SizeIs(4));
  EXPECT_EQ(list->months(0).month(), 201911);
  EXPECT_FALSE(list->months(0).has_revoke_time());
  EXPECT_TRUE(list->months(1).has_revoke_time());
  EXPECT_EQ(list->months(1).revoke_reason(), "test");
  EXPECT_EQ(list->months(1).source().pledge_id(), 5);
  request.set_worker_id(world_.Id(70));
  EXPECT_EQ(ReasonOf(world_.host->As("officer", &Stub::ListCoverage, request).status()),
            Reason::kMemberNotFound);
}

TEST_P(CoverageServiceTest, BenefitFollowsTheRuleOfTheDay) {
  world_.Enrol(2);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  cv1::EstimateBenefitRequest request;
  request.mutable_person()->set_worker_id(world_.Id(0));
  const auto estimate = [&](cv1::BenefitEvent event, int32_t day) {
    request.set_event(event);
    request.set_day(day);
    return world_.host->As("officer", &Stub::EstimateBenefit, request);
  };
  EXPECT_EQ(estimate(cv1::BENEFIT_EVENT_NATURAL_DEATH, 20191201)->total_rupiah(), 24'000'000);
  const auto after = estimate(cv1::BENEFIT_EVENT_NATURAL_DEATH, 20191202);
  EXPECT_EQ(after->total_rupiah(), 42'000'000);
  EXPECT_THAT(after->lines(), SizeIs(3));
  EXPECT_EQ(after->level(), cv1::BENEFIT_LEVEL_FULL);
  EXPECT_EQ(estimate(cv1::BENEFIT_EVENT_ACCIDENT_DEATH, 20191202)->total_rupiah(), 70'000'000);
  EXPECT_EQ(ReasonOf(estimate(cv1::BENEFIT_EVENT_NATURAL_DEATH, 20200201).status()),
            Reason::kNotCovered);
  EXPECT_EQ(ReasonOf(estimate(cv1::BENEFIT_EVENT_UNSPECIFIED, 20200101).status()),
            Reason::kInvalidField);
  request.mutable_person()->set_worker_id(world_.Id(70));
  EXPECT_EQ(ReasonOf(estimate(cv1::BENEFIT_EVENT_NATURAL_DEATH, 20191201).status()),
            Reason::kMemberNotFound);
}

TEST_P(CoverageServiceTest, ReducedBenefitInTheWaitingPeriod) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20250701, 6).ok());
  cv1::EstimateBenefitRequest request;
  request.mutable_person()->set_worker_id(world_.Id(0));
  request.set_event(cv1::BENEFIT_EVENT_NATURAL_DEATH);
  request.set_day(20250815);
  const auto second = world_.host->As("officer", &Stub::EstimateBenefit, request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->total_rupiah(), 10'000'000);
  EXPECT_EQ(second->reason(), cv1::ANSWER_REASON_WAITING_PERIOD);
  request.set_day(20251115);
  EXPECT_EQ(world_.host->As("officer", &Stub::EstimateBenefit, request)->total_rupiah(),
            42'000'000);
}

}  // namespace
}  // namespace lingkaran
