// deploy/rules/sponsorship.textproto: what is shipped is right, what is faulty is refused by line.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/sponsorship/store/rules_file.h"

namespace lingkaran::sponsorship {
namespace {

using testing::HasSubstr;

constexpr char kShipped[] = LINGKARAN_SOURCE_DIR "/deploy/rules/sponsorship.textproto";

std::string Shipped() {
  std::ifstream file(kShipped);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What LoadRules says about the shipped file with `from` replaced by `to` in its first place.
absl::Status WithFault(const std::string& from, const std::string& to) {
  std::string text = Shipped();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const std::string path = testing::TempDir() + "/faulty.textproto";
  std::ofstream(path) << text;
  return LoadRules(path).status();
}

TEST(Rules, ShippedFileAnswersForEveryPayerClass) {
  const absl::StatusOr<PayerRules> rules = LoadRules(kShipped);
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(rules->version().size(), 12u);
  for (int payer = 1; payer <= 8; ++payer) {
    EXPECT_TRUE(rules->Find(static_cast<PayerClass>(payer), Day(2019, 11, 7)).ok()) << payer;
  }
  EXPECT_EQ(rules->Find(PayerClass::kCsr, Day(2019, 11, 7))->group_code, "SC");
  EXPECT_TRUE(rules->Find(PayerClass::kCsr, Day(2019, 11, 7))->refundable);
  EXPECT_FALSE(rules->Find(PayerClass::kApbd, Day(2019, 11, 7))->refundable);
  EXPECT_EQ(ReasonOf(rules->Find(PayerClass::kCsr, Day(2015, 6, 30)).status()),
            Reason::kNoRuleInForce);
}

TEST(Rules, FaultsAreNamedByLine) {
  struct Case {
    std::string from, to, says;
  };
  for (const Case& c :
       {Case{"invoice_due_days: 14", "invoice_due_days: 0", "invoice_due_days"},
        Case{"reservation_days: 7", "reservation_days: 400", "reservation_days"},
        Case{"refundable: true", "refundible: true", "refundible"},
        Case{"  payer_class: PAYER_CLASS_CSR\n", "", "payer_class"},
        Case{"confidence: CONFIDENCE_MEDIUM", "", "confidence"},
        Case{"PAYER_CLASS_BANK", "PAYER_CLASS_CSR", "CLASS_CSR|overlap|20150701|2015"},
        Case{"valid_from: 20150701", "valid_from: 20150732", "valid_from"}}) {
    const absl::Status status = WithFault(c.from, c.to);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.to;
    EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid) << c.to;
    EXPECT_THAT(std::string(status.message()), HasSubstr("faulty.textproto:")) << c.to;
    if (c.says.find('|') == std::string::npos) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
    }
  }
}

TEST(Rules, APayerClassWithoutRulesIsRefused) {
  const absl::Status status =
      WithFault("payer_class: PAYER_CLASS_VILLAGE", "payer_class: PAYER_CLASS_UNSPECIFIED");
  EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid);
}

}  // namespace
}  // namespace lingkaran::sponsorship
