// The rule book on disk: what it gives on which day, and that a faulty one is refused by its line.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "services/coverage/domain/benefit.h"
#include "services/coverage/domain/quote.h"
#include "services/coverage/store/rules_file.h"

namespace lingkaran::coverage {
namespace {

using testing::HasSubstr;

const std::string kFile = LINGKARAN_SOURCE_DIR "/deploy/rules/coverage.textproto";

const Rules& Book() {
  static const std::shared_ptr<const Rules>& rules = *new auto(LoadRules(kFile).value());
  return *rules;
}

TEST(CoverageRules, TheFileOfTheRepositoryIsSound) {
  const auto rules = LoadRules(kFile);
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ((*rules)->version().size(), 12u);
}

// ---- Tariffs and discounts ----

Rupiah PriceOf(Programme programme, Month month, Sector sector, PayerClass payer,
               Rupiah income = Rupiah(1'000'000)) {
  return ContributionOf(Book(), programme, month, income, sector, payer).value().amount;
}

Rupiah BasicPrice(Month month, Sector sector, PayerClass payer) {
  return PriceOf(Programme::kJkk, month, sector, payer) +
         PriceOf(Programme::kJkm, month, sector, payer);
}

TEST(CoverageTariff, BasicPriceIs16800) {
  EXPECT_EQ(BasicPrice(Month(2019, 11), Sector::kOther, PayerClass::kCsr), Rupiah(16'800));
  EXPECT_EQ(PriceOf(Programme::kJht, Month(2019, 11), Sector::kOther, PayerClass::kCsr),
            Rupiah(20'000));
}

TEST(CoverageTariff, DiscountHoldsFromItsFirstToItsLastMonth) {
  const auto other = [](int year, int month) {
    return BasicPrice(Month(year, month), Sector::kOther, PayerClass::kCsr);
  };
  EXPECT_EQ(other(2026, 3), Rupiah(16'800));
  EXPECT_EQ(other(2026, 4), Rupiah(8'400));
  EXPECT_EQ(other(2026, 12), Rupiah(8'400));
  EXPECT_EQ(other(2027, 1), Rupiah(16'800));
  const auto transport = [](int year, int month) {
    return BasicPrice(Month(year, month), Sector::kTransport, PayerClass::kSelf);
  };
  EXPECT_EQ(transport(2025, 12), Rupiah(16'800));
  EXPECT_EQ(transport(2026, 1), Rupiah(8'400));
  EXPECT_EQ(transport(2027, 3), Rupiah(8'400));
  EXPECT_EQ(transport(2027, 4), Rupiah(16'800));
}

TEST(CoverageTariff, BudgetsGetNoDiscount) {
  EXPECT_EQ(BasicPrice(Month(2026, 5), Sector::kOther, PayerClass::kApbd), Rupiah(16'800));
  EXPECT_EQ(BasicPrice(Month(2026, 5), Sector::kOther, PayerClass::kApbn), Rupiah(16'800));
  EXPECT_EQ(PriceOf(Programme::kJht, Month(2026, 5), Sector::kOther, PayerClass::kCsr),
            Rupiah(20'000));
}

TEST(CoverageTariff, NoRuleBeforeTheFirst) {
  const auto due = ContributionOf(Book(), Programme::kJkk, Month(2015, 6), Rupiah(), Sector::kOther,
                                  PayerClass::kCsr);
  EXPECT_EQ(ReasonOf(due.status()), Reason::kNoRuleInForce);
}

TEST(CoverageTariff, EdgesOfTheBands) {
  const Tariff& jkk = *Book().TariffOn(Programme::kJkk, Day(2019, 11, 1));
  for (size_t i = 0; i + 1 < jkk.bands.size(); ++i) {
    EXPECT_EQ(jkk.BandOf(jkk.bands[i].up_to).contribution, jkk.bands[i].contribution);
    EXPECT_EQ(jkk.BandOf(jkk.bands[i].up_to + Rupiah(1)).contribution,
              jkk.bands[i + 1].contribution);
  }
  EXPECT_EQ(jkk.BandOf(Rupiah()).contribution, Rupiah(10'000));
  EXPECT_EQ(jkk.BandOf(kMaxAmount).contribution, Rupiah(207'000));
}

TEST(CoverageTariff, HigherIncomeNeverPaysLess) {
  EXPECT_TRUE(rc::check("the tariff rises with income and stays in its bounds", [] {
    const Rupiah low(*rc::gen::inRange<int64_t>(0, 30'000'000));
    const Rupiah high = low + Rupiah(*rc::gen::inRange<int64_t>(0, 30'000'000));
    const Tariff& jkk = *Book().TariffOn(Programme::kJkk, Day(2020, 1, 1));
    RC_ASSERT(jkk.BandOf(low).contribution <= jkk.BandOf(high).contribution);
    RC_ASSERT(jkk.BandOf(low).base <= jkk.BandOf(high).base);
    RC_ASSERT(jkk.BandOf(low).contribution >= Rupiah(10'000));
    RC_ASSERT(jkk.BandOf(high).contribution <= Rupiah(207'000));
    // 1% of the nominal base, as the regulation says.
    RC_ASSERT(jkk.BandOf(high).contribution * 100 == jkk.BandOf(high).base);
  }));
}

TEST(CoverageTariff, ADiscountTakesAtMostItsShare) {
  EXPECT_TRUE(rc::check("the price lies between the exact share and the tariff", [] {
    const auto programme = *rc::gen::element(Programme::kJkk, Programme::kJkm, Programme::kJht);
    const auto sector = *rc::gen::element(Sector::kOther, Sector::kTransport);
    const auto payer = static_cast<PayerClass>(*rc::gen::inRange(1, 9));
    const Month month = Month(2015, 7) + *rc::gen::inRange(0, 200);
    const Rupiah income(*rc::gen::inRange<int64_t>(0, 30'000'000));
    const Contribution due =
        ContributionOf(Book(), programme, month, income, sector, payer).value();
    const int percent = due.discount == nullptr ? 0 : due.discount->percent;
    RC_ASSERT(due.amount * 100 >= due.tariff * (100 - percent));
    RC_ASSERT(due.amount <= due.tariff);
    RC_ASSERT((due.discount != nullptr) == (due.amount < due.tariff));
  }));
}

// ---- Benefits ----

Rupiah TotalOf(BenefitEvent event, Level level, Day day) {
  return BenefitOf(Book(), event, level, Rupiah(1'000'000), day).value().total;
}

TEST(CoverageBenefit, ReducedIsTheFuneral) {
  EXPECT_EQ(TotalOf(BenefitEvent::kNaturalDeath, Level::kReduced, Day(2025, 8, 15)),
            Rupiah(10'000'000));
  EXPECT_EQ(ReasonOf(BenefitOf(Book(), BenefitEvent::kNaturalDeath, Level::kReduced, Rupiah(),
                               Day(2025, 2, 28))
                         .status()),
            Reason::kNoRuleInForce);
}

TEST(CoverageBenefit, AccidentRestsOnTheNominalWage) {
  EXPECT_EQ(TotalOf(BenefitEvent::kAccidentDeath, Level::kFull, Day(2019, 12, 2)),
            Rupiah(70'000'000));
  EXPECT_EQ(TotalOf(BenefitEvent::kAccidentDeath, Level::kFull, Day(2019, 12, 1)),
            Rupiah(48'000'000 + 4'800'000 + 3'000'000));
  EXPECT_EQ(TotalOf(BenefitEvent::kTotalDisability, Level::kFull, Day(2020, 1, 1)),
            Rupiah(56'000'000));
  const auto wealthy = BenefitOf(Book(), BenefitEvent::kAccidentDeath, Level::kFull,
                                 Rupiah(2'150'000), Day(2020, 1, 1));
  EXPECT_EQ(wealthy->total, Rupiah(48 * 2'200'000 + 22'000'000));
}

TEST(CoverageBenefit, SaysUntilWhenToClaim) {
  const auto due =
      BenefitOf(Book(), BenefitEvent::kNaturalDeath, Level::kFull, Rupiah(), Day(2020, 2, 29));
  EXPECT_THAT(due->notes.back(), HasSubstr("28 Februari 2025"));
}

// ---- Faulty files ----

// A short book that is sound; each case breaks one thing in it.
constexpr char kSound[] = R"(tariffs {
  validity { valid_from: 20150701 valid_to: 20191231 source: "S" confidence: CONFIDENCE_HIGH }
  programme: PROGRAMME_JKK
  bands { up_to_income_rupiah: 1099999 base_rupiah: 1000000 contribution_rupiah: 10000 }
  bands { base_rupiah: 1200000 contribution_rupiah: 12000 }
}
tariffs {
  validity { valid_from: 20200101 source: "S" confidence: CONFIDENCE_HIGH }
  programme: PROGRAMME_JKK
  bands { base_rupiah: 1000000 contribution_rupiah: 11000 }
}
tariffs {
  validity { valid_from: 20150701 source: "S" confidence: CONFIDENCE_HIGH }
  programme: PROGRAMME_JKM
  bands { base_rupiah: 1000000 contribution_rupiah: 6800 }
}
discounts {
  validity { valid_from: 20260401 valid_to: 20261231 source: "S" confidence: CONFIDENCE_HIGH }
  programmes: [ PROGRAMME_JKK, PROGRAMME_JKM ]
  sector: SECTOR_OTHER
  percent: 50
}
permitted_months {
  validity { valid_from: 20150701 source: "S" confidence: CONFIDENCE_HIGH }
  months: [ 1, 3, 6 ]
}
waitings {
  validity { valid_from: 20250301 source: "S" confidence: CONFIDENCE_HIGH }
  programme: PROGRAMME_JKM months: 3 count: WAITING_COUNT_CONTRIBUTION_MONTHS
}
arrears {
  validity { valid_from: 20150701 source: "S" confidence: CONFIDENCE_HIGH }
  lapse_after_months: 3
}
boundaries {
  validity { valid_from: 20150701 source: "S" confidence: CONFIDENCE_HIGH }
  boundary: COVER_BOUNDARY_CALENDAR_MONTH
}
benefits {
  validity { valid_from: 20250301 source: "S" confidence: CONFIDENCE_HIGH }
  cause: BENEFIT_CAUSE_NATURAL_DEATH_REDUCED
  parts { label: "Biaya pemakaman" amount_rupiah: 10000000 }
}
)";

struct Fault {
  std::string name;
  std::string from;  // text of kSound that is replaced
  std::string to;
  std::string line;  // ":7:"; empty for faults of the whole file
  std::string says;

  friend std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.name;
  }
};

class CoverageRulesFault : public testing::TestWithParam<Fault> {
 protected:
  ~CoverageRulesFault() override { std::filesystem::remove(path_); }
  absl::StatusOr<std::shared_ptr<const Rules>> LoadText(const std::string& text) {
    std::ofstream(path_) << text;
    return LoadRules(path_);
  }
  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/coverage_rules_", getpid(), ".textproto");
};

TEST_P(CoverageRulesFault, IsNamedWithItsLine) {
  ASSERT_TRUE(LoadText(kSound).ok()) << LoadText(kSound).status();
  const Fault& fault = GetParam();
  const std::string text = absl::StrReplaceAll(kSound, {{fault.from, fault.to}});
  ASSERT_NE(text, kSound) << "the case breaks nothing";
  const absl::Status status = LoadText(text).status();
  EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_ + fault.line));
  EXPECT_THAT(std::string(status.message()), HasSubstr(fault.says));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CoverageRulesFault,
    testing::Values(
        Fault{"Gap", "20200101", "20200102", ":7:", "gap"},
        Fault{"Overlap", "20200101", "20191231", ":7:", "overlaps"},
        Fault{"UnknownKey", "lapse_after_months: 3", "lapse_months: 3", ":33:", "lapse_months"},
        Fault{"UnknownValue", "PROGRAMME_JKM months", "PROGRAMME_XYZ months",
              ":29:", "PROGRAMME_XYZ"},
        Fault{"WrongType", "percent: 50", "percent: \"half\"", ":21:", "integer"},
        Fault{"NoSource", "20200101 source: \"S\"", "20200101", ":7:", "source"},
        Fault{"NoConfidence", "20200101 source: \"S\" confidence: CONFIDENCE_HIGH",
              "20200101 source: \"S\"", ":7:", "confidence"},
        Fault{"NoDay", "20260401", "20260431", ":17:", "20260431"},
        Fault{"WrongWayRound", "valid_to: 20261231", "valid_to: 20260331", ":17:", "before"},
        Fault{"BandsDoNotRise", "bands { base_rupiah: 1200000 contribution_rupiah: 12000 }",
              "bands { up_to_income_rupiah: 1099999 base_rupiah: 1200000 contribution_rupiah: "
              "12000 } bands { base_rupiah: 1200000 contribution_rupiah: 12000 }",
              ":1:", "does not rise"},
        Fault{"LastBandHasALimit", "bands { base_rupiah: 1200000",
              "bands { up_to_income_rupiah: 9 base_rupiah: 1200000", ":1:", "last"},
        Fault{"ContributionAboveBase", "contribution_rupiah: 6800", "contribution_rupiah: 68000000",
              ":12:", "contribution_rupiah"},
        Fault{"NegativeContribution", "contribution_rupiah: 6800", "contribution_rupiah: -6800",
              ":12:", "contribution_rupiah"},
        Fault{"Percent", "percent: 50", "percent: 101", ":17:", "percent 101"},
        Fault{"NoSector", "sector: SECTOR_OTHER", "", ":17:", "sector"},
        Fault{"MonthsFall", "[ 1, 3, 6 ]", "[ 3, 1 ]", ":23:", "months 1"},
        Fault{"NoMonths", "months: [ 1, 3, 6 ]", "", ":23:", "no months"},
        Fault{"WaitingTooLong", "months: 3 count", "months: 300 count", ":27:", "months 300"},
        Fault{"WaitingWithoutCount", "count: WAITING_COUNT_CONTRIBUTION_MONTHS", "",
              ":27:", "count"},
        Fault{"WaitingWithoutReducedBenefit", "BENEFIT_CAUSE_NATURAL_DEATH_REDUCED",
              "BENEFIT_CAUSE_NATURAL_DEATH", ":27:", "REDUCED"},
        Fault{"JkkWaits", "programme: PROGRAMME_JKM months: 3",
              "programme: PROGRAMME_JKK months: 3", ":27:", "only JKM"},
        Fault{"NeverLapses", "lapse_after_months: 3", "lapse_after_months: 0",
              ":31:", "lapse_after_months 0"},
        Fault{"NoBoundary", "boundary: COVER_BOUNDARY_CALENDAR_MONTH", "", ":35:", "boundary"},
        Fault{"EmptyPart", "amount_rupiah: 10000000", "", ":39:", "impossible amount"},
        Fault{"NoLabel", "label: \"Biaya pemakaman\"", "", ":39:", "label"},
        Fault{"NoJkmTariff", "PROGRAMME_JKM\n  bands", "PROGRAMME_JHT\n  bands", "", "JKM"},
        Fault{"Syntax", "parts {", "parts [", "", ""}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(CoverageRulesFile, MissingFileIsAnError) {
  EXPECT_EQ(ReasonOf(LoadRules("/nowhere/coverage.textproto").status()), Reason::kRulesInvalid);
}

}  // namespace
}  // namespace lingkaran::coverage
