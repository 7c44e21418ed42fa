// The short form of the histories: real processes, two of each service on one database, a bad
// network between all of them.
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "tests/history/deployment.h"

namespace lingkaran::history {
namespace {

class HistoriesTest : public testing::TestWithParam<std::string> {};

TEST_P(HistoriesTest, AreThoseOfOneRightService) {
  Deployment::Options where;
  if (GetParam() == "postgres") {
    const char* url = std::getenv("LINGKARAN_TEST_POSTGRES");
    ASSERT_NE(url, nullptr) << "run through ./tests/run, which starts PostgreSQL";
    where.postgres = url;
  }
  const char* redis = std::getenv("LINGKARAN_TEST_REDIS");
  ASSERT_NE(redis, nullptr) << "run through ./tests/run, which starts Redis";
  where.redis = redis;
  Deployment deployment(where);
  WorkloadOptions options;
  options.seed = static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()));
  if (const char* seed = std::getenv("LINGKARAN_TEST_SEED")) {
    ASSERT_TRUE(absl::SimpleAtoi(seed, &options.seed));
  }
  SCOPED_TRACE(testing::Message() << "LINGKARAN_TEST_SEED=" << options.seed);
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  options.histories = 120;
  options.keys = 10;
  options.operations = 60;
  options.report = [](const std::string& text) { ADD_FAILURE() << text; };
  deployment.PlayFaults(options.seed, absl::Minutes(5), absl::Milliseconds(700));
  const WorkloadReport report = RunHistories(deployment.targets(), options);
  EXPECT_EQ(report.violations, 0);
  EXPECT_EQ(report.too_hard, 0);
  EXPECT_EQ(report.histories, 120);
  EXPECT_GE(report.operations, 120 * 60);
  // It was bad, indeed.
  EXPECT_GT(report.resent, 0);
  const std::map<std::string, int64_t> faults = deployment.FaultCounts();
  EXPECT_GT(faults.at("cut") + faults.at("drop_replies") + faults.at("half_close"), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, HistoriesTest, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace lingkaran::history
