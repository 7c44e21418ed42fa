// CoverageService over a real connection: lists and counts, quotes and the rule book.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "tests/support/coverage_fixture.h"

namespace lingkaran {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// ---- Lists and counts ----

TEST_P(CoverageServiceTest, ListsWhoRunsOutPageByPage) {
  world_.Enrol(5);
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(world_.Pay(n, 20191107, 3).ok());
  ASSERT_TRUE(world_.Pay(2, 20200201, 1).ok());  // goes on
  world_.Upsert({world_.MemberOf(5), world_.MemberOf(6), world_.MemberOf(7)}).value();
  ASSERT_TRUE(world_.Pay(5, 20191107, 3).ok());
  cv1::Member dead = world_.MemberOf(5, 2);  // ended before
  dead.set_death_day(20191210);
  ASSERT_TRUE(world_.Upsert({dead}).ok());
  ASSERT_TRUE(world_.Pay(6, 20191107, 3).ok());
  ASSERT_TRUE(world_.Revoke(6, 0).ok());  // this pledge pays nothing any more
  ASSERT_TRUE(world_.Activate(world_.ActivationOf({world_.LineOf(6, 20191107, 3)}, 8)).ok());
  ASSERT_TRUE(world_.Activate(world_.ActivationOf({world_.LineOf(7, 20191107, 3)}, 8)).ok());
  cv1::ListExpiringRequest request;
  request.set_from_day(20200101);
  request.set_to_day(20200131);
  request.set_pledge_id(5);
  request.set_page_size(3);
  std::vector<int64_t> workers;
  do {
    const auto page = world_.host->As("officer", &Stub::ListExpiring, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const cv1::ExpiringCover& cover : page->covers()) {
      workers.push_back(cover.worker_id());
      EXPECT_EQ(cover.last_day(), 20200131);
      EXPECT_EQ(cover.grace_until(), 20200430);
      EXPECT_THAT(cover.programmes(),
                  ElementsAre(common::v1::PROGRAMME_JKK, common::v1::PROGRAMME_JKM));
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(workers, ElementsAre(world_.Id(0), world_.Id(1), world_.Id(3), world_.Id(4)));
  request.set_pledge_id(0);
  request.clear_page_token();
  request.set_page_size(0);
  EXPECT_THAT(world_.host->As("officer", &Stub::ListExpiring, request)->covers(), SizeIs(6));
  request.set_page_token("?");
  EXPECT_EQ(ReasonOf(world_.host->As("officer", &Stub::ListExpiring, request).status()),
            Reason::kInvalidField);
}

TEST_P(CoverageServiceTest, CountsTheCoveredOfADay) {
  world_.Enrol(3);
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(world_.Pay(n, 20191107, 3).ok());
  ASSERT_TRUE(world_.Revoke(2, 201912).ok());
  cv1::GetCoverageStatisticsRequest request;
  request.set_day(20191224);
  request.set_region_code("33");
  request.set_pledge_id(5);
  const auto counts = world_.host->As("officer", &Stub::GetCoverageStatistics, request);
  ASSERT_TRUE(counts.ok()) << counts.status();
  ASSERT_THAT(counts->counts(), SizeIs(2));
  EXPECT_EQ(counts->counts(0).workers(), 2);
  EXPECT_EQ(counts->counts(0).payer_class(), common::v1::PAYER_CLASS_CSR);
  EXPECT_EQ(counts->person_months(), 14);
  EXPECT_EQ(counts->amount_rupiah(), 7 * 16'800);
  EXPECT_EQ(counts->revoked_person_months(), 4);
  request.set_region_code("34");
  EXPECT_THAT(world_.host->As("officer", &Stub::GetCoverageStatistics, request)->counts(),
              SizeIs(0));
}

// ---- Rules ----

TEST_P(CoverageServiceTest, QuotesTheSoloSponsorship) {
  cv1::QuoteContributionRequest request;
  request.set_seats(1'000);
  request.set_months(3);
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_wage_base_rupiah(1'000'000);
  request.set_payer_class(common::v1::PAYER_CLASS_CSR);
  const auto solo = world_.host->As("officer", &Stub::QuoteContribution, request);
  ASSERT_TRUE(solo.ok()) << solo.status();
  EXPECT_EQ(solo->total_rupiah(), 50'400'000);
  EXPECT_FALSE(solo->has_better());
  request.set_first_day(20250301);
  const auto later = world_.host->As("officer", &Stub::QuoteContribution, request);
  EXPECT_TRUE(later->advice().weak());
  EXPECT_EQ(later->better().months(), 6);
  EXPECT_EQ(later->rules_version(), world_.host->app().rules_version());
  request.set_months(2);
  EXPECT_EQ(ReasonOf(world_.host->As("officer", &Stub::QuoteContribution, request).status()),
            Reason::kMonthsNotPermitted);
  request.clear_programmes();
  EXPECT_EQ(ReasonOf(world_.host->As("officer", &Stub::QuoteContribution, request).status()),
            Reason::kInvalidField);
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_P(CoverageServiceTest, FaultyRulesChangeNothing) {
  const std::string before = world_.host->app().rules_version();
  const std::string text = ReadAll(world_.rules_file());
  std::ofstream(world_.rules_file())
      << absl::StrReplaceAll(text, {{"percent: 50", "percent: 500"}});
  const auto refused = world_.host->As("admin", &Stub::ReloadRules, cv1::ReloadRulesRequest());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kRulesInvalid);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("coverage.textproto:"));
  EXPECT_EQ(world_.host->app().rules_version(), before);
  EXPECT_THROW(world_.Open(), std::exception);  // a start with them is refused

  std::ofstream(world_.rules_file())
      << absl::StrReplaceAll(text, {{"lapse_after_months: 3", "lapse_after_months: 2"}});
  const auto reloaded = world_.host->As("admin", &Stub::ReloadRules, cv1::ReloadRulesRequest());
  ASSERT_TRUE(reloaded.ok()) << reloaded.status();
  EXPECT_EQ(reloaded->previous_rules_version(), before);
  EXPECT_NE(reloaded->rules_version(), before);
  world_.Enrol(1);
  ASSERT_TRUE(world_.Pay(0, 20191107, 3).ok());
  EXPECT_EQ(world_.Jkk(0, 20200401).reason(), cv1::ANSWER_REASON_LAPSED);
}

TEST_P(CoverageServiceTest, ListsTheRulesOfADay) {
  cv1::ListRulesRequest request;
  request.set_day(20191201);
  const auto rules = world_.host->As("clinic", &Stub::ListRules, request);
  ASSERT_TRUE(rules.ok()) << rules.status();
  int natural = 0;
  for (const cv1::RuleEntry& rule : rules->rules()) {
    EXPECT_FALSE(rule.source().empty());
    EXPECT_NE(rule.confidence(), common::v1::CONFIDENCE_UNSPECIFIED);
    EXPECT_LE(rule.valid_from(), 20191201);
    if (rule.name() == "benefit NATURAL_DEATH") {
      ++natural;
      EXPECT_THAT(rule.text(), HasSubstr("Rp16.200.000"));
    }
  }
  EXPECT_EQ(natural, 1);
  request.clear_day();
  EXPECT_GT(world_.host->As("clinic", &Stub::ListRules, request)->rules_size(),
            rules->rules_size());
}

}  // namespace
}  // namespace lingkaran
