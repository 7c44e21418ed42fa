// The short form of lingkaran-freshness: coverage under faults, on both stores.
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "tests/freshness/run.h"
#include "tests/support/servers.h"

namespace lingkaran::freshness {
namespace {

class FreshnessTest : public testing::TestWithParam<std::string> {};

TEST_P(FreshnessTest, NoAnswerIsOlderThanItMayBe) {
  Plan plan;
  plan.seeds = 8;
  plan.checks_per_seed = 3'000;
  plan.first_seed = static_cast<uint64_t>(absl::ToUnixSeconds(absl::Now()));
  if (const char* seed = std::getenv("LINGKARAN_TEST_SEED")) {
    ASSERT_TRUE(absl::SimpleAtoi(seed, &plan.first_seed));
  }
  SCOPED_TRACE(testing::Message() << "LINGKARAN_TEST_SEED=" << plan.first_seed);
  std::unique_ptr<PostgresServer> server;
  if (GetParam() == "postgres") {
    server = std::make_unique<PostgresServer>();
    plan.postgres = server->url();
  }
  const Report report = RunSeeds(plan);
  Print(plan, report);
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.seeds, plan.seeds);
  EXPECT_GE(report.token_checks, plan.seeds * plan.checks_per_seed);
  EXPECT_GT(report.calm_checks, 0);
  EXPECT_GT(report.writes, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, FreshnessTest, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace lingkaran::freshness
