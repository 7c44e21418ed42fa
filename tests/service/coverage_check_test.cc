// The answers' promises: fresh enough, the same from every cache, discreet, and never a wrong "no".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "tests/support/coverage_fixture.h"

namespace lingkaran {
namespace {

using testing::SizeIs;

cv1::Verdict VerdictAt(CoverageWorld& world, CoverageHost& host,
                       const cv1::CheckEligibilityRequest& request) {
  const auto response = world.Check(request, "officer", &host);
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? response->answers(0).verdict() : cv1::VERDICT_UNSPECIFIED;
}

// ---- Freshness ----

TEST_P(CoverageServiceTest, AnAnswerWithoutTokenIsAtMostTwoSecondsOld) {
  const std::unique_ptr<CoverageHost> other = world_.OpenThatDoesNotFollow();
  world_.Enrol(1);
  const cv1::CheckEligibilityRequest request = world_.Ask(0, 20191110);
  EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_NOT_COVERED);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  EXPECT_EQ(VerdictAt(world_, *world_.host, request), cv1::VERDICT_COVERED);  // who wrote knows
  world_.steady.Advance(absl::Seconds(2));
  EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_NOT_COVERED);
  world_.steady.Advance(absl::Milliseconds(1));
  EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_COVERED);
}

TEST_P(CoverageServiceTest, WhoFollowsLearnsWithoutBeingAsked) {
  const std::unique_ptr<CoverageHost> other = world_.Open();
  world_.Enrol(1);
  const cv1::CheckEligibilityRequest request = world_.Ask(0, 20191110);
  EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_NOT_COVERED);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (VerdictAt(world_, *other, request) != cv1::VERDICT_COVERED) {
    ASSERT_LT(absl::Now(), deadline);  // no steady time passes: nothing expires
  }
}

TEST_P(CoverageServiceTest, ATokenIsNeverAnsweredFromOlderData) {
  const std::unique_ptr<CoverageHost> other = world_.OpenThatDoesNotFollow();
  const std::string enrolled = world_.Enrol(1);
  for (int way = 0; way < 3; ++way) {
    cv1::CheckEligibilityRequest request = world_.Ask(0, 20191110 + 10000 * way);
    if (way == 1) request.mutable_person()->set_nik(world_.Nik(0));
    if (way == 2) request.mutable_person()->set_membership_number(world_.Number(0));
    EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_NOT_COVERED);  // fills its cache
    const auto activated =
        world_.Activate(world_.ActivationOf({world_.LineOf(0, 20191107 + 10000 * way, 1)}));
    ASSERT_TRUE(activated.ok()) << activated.status();
    ASSERT_EQ(activated->results(0).status().code(), 0) << way;
    EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_NOT_COVERED);  // not yet 2 s old
    request.mutable_consistency()->set_at_least_as_fresh(activated->consistency_token());
    const auto answer = world_.Check(request, "officer", other.get());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->answers(0).verdict(), cv1::VERDICT_COVERED);
    EXPECT_GE(FromToken(answer->consistency_token())->coverage_position,
              FromToken(activated->consistency_token())->coverage_position);
    world_.steady.Advance(absl::Seconds(2));
  }
}

TEST_P(CoverageServiceTest, WhoIsNewIsKnownToWhoeverHasTheToken) {
  const std::unique_ptr<CoverageHost> other = world_.OpenThatDoesNotFollow();
  cv1::CheckEligibilityRequest by_nik;
  by_nik.mutable_person()->set_nik(world_.Nik(0));
  EXPECT_EQ(world_.Check(by_nik, "officer", other.get())->worker_id(), 0);
  other->app().near().BeginLoad();  // of an empty database: it knows that there is nobody
  other->app().near().FinishLoad();
  const std::string token = world_.Enrol(1);
  EXPECT_EQ(world_.Check(by_nik, "officer", other.get())->worker_id(), 0);
  by_nik.mutable_consistency()->set_at_least_as_fresh(token);
  EXPECT_EQ(world_.Check(by_nik, "officer", other.get())->worker_id(), world_.Id(0));
}

TEST_P(CoverageServiceTest, FullyConsistentReadsPastEveryCache) {
  const std::unique_ptr<CoverageHost> other = world_.Open();
  world_.Enrol(1);
  cv1::CheckEligibilityRequest request = world_.Ask(0, 20191110);
  EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_NOT_COVERED);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  request.mutable_consistency()->set_fully_consistent(true);
  EXPECT_EQ(VerdictAt(world_, *other, request), cv1::VERDICT_COVERED);
}

TEST_P(CoverageServiceTest, WhatHasNotArrivedIsNotAnswered) {
  const std::string token = world_.Enrol(1);
  cv1::CheckEligibilityRequest request = world_.Ask(0, 20191110);
  request.mutable_consistency()->set_at_least_as_fresh(
      ToToken({FromToken(token)->coverage_position + 1, {}}));
  absl::Status status = world_.Check(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), Reason::kTokenNotYetApplied);
  request.mutable_consistency()->set_at_least_as_fresh(ToToken({0, {"death-7"}}));
  EXPECT_EQ(ReasonOf(world_.Check(request).status()), Reason::kTokenNotYetApplied);
  const std::unique_ptr<CoverageHost> other = world_.Open();
  EXPECT_EQ(world_.Check(world_.Ask(0, 20191110), "officer", other.get())->answers(0).reason(),
            cv1::ANSWER_REASON_NEVER_PAID);  // in its cache now
  ASSERT_TRUE(world_.ReportDeath(0, 20191109, 2, "death-7").ok());
  const auto told = world_.Check(request, "officer", other.get());
  EXPECT_EQ(told->answers(0).reason(), cv1::ANSWER_REASON_DECEASED);
  EXPECT_GT(FromToken(told->consistency_token())->coverage_position,
            FromToken(token)->coverage_position);
  cv1::BatchCheckEligibilityRequest many;
  *many.mutable_consistency() = request.consistency();
  *many.add_items()->mutable_person() = request.person();
  many.mutable_items(0)->set_day(20191110);
  const std::unique_ptr<CoverageHost> third = world_.Open();
  EXPECT_EQ(
      third->As("officer", &Stub::BatchCheckEligibility, many)->results(0).answers(0).reason(),
      cv1::ANSWER_REASON_DECEASED);
  request.mutable_consistency()->set_at_least_as_fresh("not one of ours");
  status = world_.Check(request).status();
  EXPECT_EQ(ReasonOf(status), Reason::kTokenInvalid);
}

// ---- The same answer from every cache (coverage_caches_test.cc compares them) ----

TEST(CoverageWithoutItsRedis, AnswersAreTheSame) {
  CoverageWorld world(sql::Dialect::kSqlite, "127.0.0.1:1");  // nobody listens there
  world.Enrol(1);
  ASSERT_TRUE(world.Pay(0, 20191107, 3).ok());
  const std::unique_ptr<CoverageHost> other = world.Open();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(VerdictAt(world, *other, world.Ask(0, 20191107)), cv1::VERDICT_COVERED);
    EXPECT_EQ(VerdictAt(world, *other, world.Ask(0, 20200201)), cv1::VERDICT_NOT_COVERED);
    world.steady.Advance(absl::Seconds(2));
  }
}

TEST_P(CoverageServiceTest, AnotherDatabaseOnTheSameRedisIsAnotherWorld) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  EXPECT_EQ(VerdictAt(world_, *world_.host, world_.Ask(0, 20191110)), cv1::VERDICT_COVERED);
  const TestDatabase fresh = MakeTestDatabase(sql::Dialect::kSqlite);
  ServiceConfig setting = world_.setting;
  setting.database = fresh.url;
  CoverageHost reborn(setting, world_.clock, world_.steady);
  EXPECT_EQ(VerdictAt(world_, reborn, world_.Ask(0, 20191110)), cv1::VERDICT_NOT_COVERED);
  EXPECT_EQ(VerdictAt(world_, *world_.Open(), world_.Ask(0, 20191110)), cv1::VERDICT_COVERED);
}

// ---- Discretion ----

TEST_P(CoverageServiceTest, EveryNoLooksTheSameToAClinic) {
  cv1::Member elsewhere = world_.MemberOf(2);
  elsewhere.set_region_code("91.71");
  cv1::Member dead = world_.MemberOf(3);
  dead.set_death_day(20191108);
  ASSERT_TRUE(world_.Upsert({world_.MemberOf(0), world_.MemberOf(1), elsewhere, dead}).ok());
  ASSERT_TRUE(world_.Pay(0, 20191107, 1).ok());
  ASSERT_TRUE(world_.Pay(2, 20191107, 1).ok());
  ASSERT_TRUE(world_.Pay(3, 20191107, 1).ok());
  // Ended, never paid, other region (where it is another day already), dead, unknown.
  world_.clock.Set(Wib(2020, 3, 10, 22, 30));
  for (const int32_t day : {0, 20200201}) {
    for (const char* role : {"clinic", "agency"}) {
      for (const bool batch : {false, true}) {
        std::vector<std::string> answers;
        for (const int n : {0, 1, 2, 3, 77}) {
          cv1::CheckEligibilityRequest request = world_.Ask(n, day);
          request.mutable_person()->set_nik(world_.Nik(n));
          if (!batch) {
            const auto response = world_.Check(request, role);
            ASSERT_TRUE(response.ok()) << response.status();
            EXPECT_EQ(response->answers(0).reason(), cv1::ANSWER_REASON_NOT_DISCLOSED);
            EXPECT_EQ(response->answers(0).verdict(), cv1::VERDICT_NOT_COVERED);
            EXPECT_EQ(response->consistency_token(), ToToken({})) << "no more than was asked for";
            answers.push_back(response->SerializeAsString());
          } else {
            cv1::BatchCheckEligibilityRequest many;
            *many.add_items()->mutable_person() = request.person();
            many.mutable_items(0)->set_day(day);
            answers.push_back(
                world_.host->As(role, &Stub::BatchCheckEligibility, many)->SerializeAsString());
          }
        }
        for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]);
      }
    }
  }
  const auto covered = world_.Check(world_.Ask(0, 20191107), "clinic");
  EXPECT_EQ(covered->answers(0).verdict(), cv1::VERDICT_COVERED);
  EXPECT_EQ(covered->answers(0).last_day(), 20191130);
  EXPECT_EQ(covered->worker_id(), 0);
  EXPECT_EQ(world_.Check(world_.Ask(3, 20200201), "officer")->answers(0).reason(),
            cv1::ANSWER_REASON_DECEASED);
}

TEST_P(CoverageServiceTest, SponsorsMayNotAskAndOthersMayNotWrite) {
  EXPECT_EQ(ReasonOf(world_.Check(world_.Ask(0, 0), "sponsor").status()), Reason::kNotAllowed);
  EXPECT_EQ(ReasonOf(world_.host
                         ->As("officer", &Stub::ActivateCoverage,
                              world_.ActivationOf({world_.LineOf(0, 20191107, 3)}))
                         .status()),
            Reason::kNotAllowed);
}

// ---- Faults ----

TEST_P(CoverageServiceTest, AnInnerFailureIsAnErrorNeverNo) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  ASSERT_TRUE(world_.database()
                  .Write([](sql::Tx& tx) {
                    tx.db() << "DROP TABLE person_months";
                    return absl::OkStatus();
                  })
                  .ok());
  cv1::CheckEligibilityRequest request = world_.Ask(0, 20191110);
  request.mutable_consistency()->set_fully_consistent(true);
  const auto broken = world_.Check(request);
  EXPECT_FALSE(broken.ok());
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kInternal);
  // Nobody's failure is remembered as "nobody": the cached facts still answer.
  request.clear_consistency();
  EXPECT_EQ(VerdictAt(world_, *world_.host, request), cv1::VERDICT_COVERED);
  const std::unique_ptr<CoverageHost> empty = world_.OpenThatDoesNotFollow();
  for (int i = 0; i < 2; ++i) {  // errors are not cached
    EXPECT_FALSE(world_.Check(world_.Ask(0, 20191110), "officer", empty.get()).ok());
    EXPECT_FALSE(world_.Check(world_.Ask(5, 20191110), "officer", empty.get()).ok());
  }
}

TEST_P(CoverageServiceTest, AMissingRuleIsUnknownNeverNo) {
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20250301, 6).ok());
  std::ifstream in(world_.rules_file());
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::ofstream(world_.rules_file()) << absl::StrReplaceAll(
      text, {{"valid_from: 20250301\n    source: \"Permenaker 1/2025: JKM penuh",
              "valid_from: 20250301\n    valid_to: 20250430\n    source: \"Permenaker 1/2025: JKM "
              "penuh"}});
  ASSERT_TRUE(world_.host->As("admin", &Stub::ReloadRules, cv1::ReloadRulesRequest()).ok());
  for (const char* role : {"officer", "clinic"}) {
    const auto answer = world_.Check(world_.Ask(0, 20250501), role);
    EXPECT_EQ(answer->answers(0).verdict(), cv1::VERDICT_COVERED);  // JKK does not wait
    EXPECT_EQ(answer->answers(1).verdict(), cv1::VERDICT_UNKNOWN);
    EXPECT_EQ(answer->answers(1).reason(), cv1::ANSWER_REASON_FACTS_UNAVAILABLE);
  }
}

// ---- Batches ----

TEST_P(CoverageServiceTest, ABatchKeepsItsOrderAndGivesEachItemItsStatus) {
  world_.Enrol(3);
  ASSERT_TRUE(world_.Pay(1, 20191107, 3).ok());
  cv1::BatchCheckEligibilityRequest request;
  const auto add = [&](const std::string& id) {
    request.add_items()->set_correlation_id(id);
    request.mutable_items(request.items_size() - 1)->set_day(20191110);
    return request.mutable_items(request.items_size() - 1)->mutable_person();
  };
  add("a")->set_worker_id(world_.Id(1));
  add("b")->set_nik("12");
  add("c")->set_nik(world_.Nik(1));
  add("d")->set_membership_number(world_.Number(2));
  add("e")->set_worker_id(world_.Id(77));
  add("f");
  add("g")->set_worker_id(world_.Id(1));
  add(std::string(65, 'h'))->set_worker_id(world_.Id(1));
  add("i\n")->set_worker_id(world_.Id(1));
  add("")->set_worker_id(world_.Id(1));
  add(std::string(64, 'k'))->set_worker_id(world_.Id(1));
  const auto response = world_.host->As("officer", &Stub::BatchCheckEligibility, request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_THAT(response->results(), SizeIs(11));
  std::string ids, verdicts;
  for (const cv1::BatchCheckResult& result : response->results()) {
    ids += result.correlation_id();
    verdicts += result.status().code() != 0                           ? 'x'
                : result.answers(0).verdict() == cv1::VERDICT_COVERED ? 'y'
                                                                      : 'n';
  }
  EXPECT_EQ(ids, "abcdefg" + std::string(64, 'k'));
  EXPECT_EQ(verdicts, "yxynnxyxxyy");
  EXPECT_EQ(FieldViolationsOf(FromProto(response->results(7).status()))[0].first,
            "items[7].correlation_id");
  EXPECT_EQ(ReasonOf(FromProto(response->results(1).status())), Reason::kInvalidField);
  EXPECT_EQ(FieldViolationsOf(FromProto(response->results(1).status()))[0].first,
            "items[1].person.nik");
}

TEST_P(CoverageServiceTest, ABatchHasABound) {
  cv1::BatchCheckEligibilityRequest request;
  for (int i = 0; i < 1'000; ++i)
    request.add_items()->mutable_person()->set_worker_id(world_.Id(i));
  EXPECT_THAT(world_.host->As("officer", &Stub::BatchCheckEligibility, request)->results(),
              SizeIs(1'000));
  request.add_items()->mutable_person()->set_worker_id(1);
  EXPECT_EQ(ReasonOf(world_.host->As("officer", &Stub::BatchCheckEligibility, request).status()),
            Reason::kBatchTooLarge);
}

}  // namespace
}  // namespace lingkaran
