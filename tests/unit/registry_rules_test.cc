// The rules as a file: the one that ships, and what stops the service.
#include "services/registry/store/rules_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/support/process.h"

namespace lingkaran::registry {
namespace {

using testing::HasSubstr;

class RulesFileTest : public testing::Test {
 protected:
  absl::StatusOr<LoadedRules> Load(const std::string& text) {
    std::ofstream(path_) << text;
    return LoadRules(path_);
  }
  // Message of the error that must come.
  std::string Fault(const std::string& text) {
    const auto rules = Load(text);
    EXPECT_EQ(ReasonOf(rules.status()), Reason::kRulesInvalid) << text;
    return std::string(rules.status().message());
  }
  static std::string Test(int from, int to, const std::string& more = "") {
    return "entry_tests { valid_from: " + std::to_string(from) +
           (to == 0 ? "" : " valid_to: " + std::to_string(to)) +
           " source: \"x\" confidence: CONFIDENCE_LOW min_age_years: 15 age_limit_years: 65 "
           "evidence_max_age_days: 90 " +
           more + "}\n";
  }

  const TempDirectory directory_;
  const std::string path_ = directory_.path() + "/registry.textproto";
};

TEST_F(RulesFileTest, TheShippedFileIsValid) {
  const auto loaded = LoadRules(LINGKARAN_SOURCE_DIR "/deploy/rules/registry.textproto");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->version.size(), 12u);
  for (const Day day : {Day(2019, 11, 7), Day(2025, 3, 1)}) {
    const EntryTest* test = loaded->rules.TestOn(day);
    ASSERT_NE(test, nullptr);
    EXPECT_EQ(test->age_limit_years, 65);
  }
  EXPECT_EQ(loaded->rules.TestOn(Day(2015, 6, 30)), nullptr);
  EXPECT_TRUE(loaded->rules.transport_occupations.StandsIn("tukang becak"));
  EXPECT_TRUE(loaded->rules.no_occupation_words.Is("belum tidak bekerja"));
  EXPECT_TRUE(loaded->rules.no_disability_words.Is("tidak ada"));
}

TEST_F(RulesFileTest, FaultsNameFileAndLine) {
  EXPECT_THAT(Fault(Test(20150701, 20191231) + Test(20200102, 0)), HasSubstr(":2: "));
  EXPECT_THAT(Fault(Test(20150701, 20200101) + Test(20200101, 0)), HasSubstr(":2: "));
  EXPECT_THAT(Fault(Test(20150701, 0, "colour: 3")), HasSubstr(path_ + ":1"));
  EXPECT_THAT(Fault(Test(20150701, 0) + "\ntransport_occupations: \"-\"\n"), HasSubstr(":3: "));
}

TEST_F(RulesFileTest, ImpossibleValuesAreRefused) {
  Fault("");
  Fault(Test(20150230, 0));
  Fault(Test(20150701, 20150630));
  const auto one = [](const std::string& values) {
    return "entry_tests { valid_from: 20150701 " + values + "}";
  };
  const std::string rest = "min_age_years: 15 age_limit_years: 65 evidence_max_age_days: 90";
  Fault(one("confidence: CONFIDENCE_LOW " + rest));
  Fault(one("source: \"x\" " + rest));
  const std::string origin = "source: \"x\" confidence: CONFIDENCE_LOW ";
  Fault(one(origin + "min_age_years: 65 age_limit_years: 65 evidence_max_age_days: 90"));
  Fault(one(origin + "min_age_years: 15 age_limit_years: 650 evidence_max_age_days: 90"));
  Fault(one(origin + "min_age_years: 15 age_limit_years: 65"));
  Fault(Test(20150701, 0) +
        "no_disability_words: \"tidak ada\" no_disability_words: \"Tidak-Ada\"");
  EXPECT_TRUE(Load(one(origin + rest)).ok());
}

}  // namespace
}  // namespace lingkaran::registry
