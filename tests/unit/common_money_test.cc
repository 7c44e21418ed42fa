#include "common/base/money.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"

namespace lingkaran {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
__extension__ using Wide = __int128;

rc::Gen<int64_t> AnyAmount() { return rc::gen::inRange<int64_t>(0, kMaxAmount.amount() + 1); }

TEST(Rupiah, FiguresOfTheProgramme) {
  const Rupiah month(10'000 + 6'800);
  EXPECT_EQ(month * 3 * 1000, Rupiah(50'400'000));
  EXPECT_EQ(month * 3 * 35'000, Rupiah(1'764'000'000));
  const Rupiah half = MulDiv(month, 50, 100);
  EXPECT_EQ(half, Rupiah(8'400));
  EXPECT_EQ(half * 3 * 1000, Rupiah(25'200'000));
  EXPECT_EQ(month + half + half, Rupiah(33'600));
  // Death by accident at wage base 1,000,000: 60% x 80 months, funeral, 24 months of benefit.
  EXPECT_EQ(MulDiv(Rupiah(1'000'000) * 80, 60, 100) + Rupiah(10'000'000) + Rupiah(12'000'000),
            Rupiah(70'000'000));
  EXPECT_EQ(FormatRupiah(month * 3 * 1000), "Rp50.400.000");
}

TEST(Rupiah, SumsAndProductsAreThoseOfWiderNumbers) {
  EXPECT_TRUE(rc::check("sums, differences, products", [] {
    const int64_t a = *AnyAmount();
    const int64_t b = *AnyAmount();
    const int64_t times = *rc::gen::inRange<int64_t>(-90'000, 90'000);
    RC_ASSERT((Rupiah(a) + Rupiah(b)).amount() == a + b);
    RC_ASSERT((Rupiah(a) - Rupiah(b)).amount() == a - b);
    RC_ASSERT((-Rupiah(a)).amount() == -a);
    RC_ASSERT(static_cast<Wide>((Rupiah(a) * times).amount()) == static_cast<Wide>(a) * times);
    RC_ASSERT((Rupiah(a) < Rupiah(b)) == (a < b));
  }));
}

TEST(RupiahDeathTest, OverflowEndsTheProgram) {
  EXPECT_EQ(Rupiah(kMost - 1) + Rupiah(1), Rupiah(kMost));
  EXPECT_EQ(Rupiah(kLeast + 1) - Rupiah(1), Rupiah(kLeast));
  EXPECT_EQ(Rupiah(kMost / 2) * 2, Rupiah(kMost - 1));
  EXPECT_DEATH(Rupiah(kMost) + Rupiah(1), "does not fit");
  EXPECT_DEATH(Rupiah(kLeast) + Rupiah(-1), "does not fit");
  EXPECT_DEATH(Rupiah(kLeast) - Rupiah(1), "does not fit");
  EXPECT_DEATH(-Rupiah(kLeast), "does not fit");
  EXPECT_DEATH(Rupiah(kMost / 2 + 1) * 2, "does not fit");
  EXPECT_DEATH(Rupiah(kLeast) * -1, "does not fit");
}

TEST(MulDiv, IsTheWideQuotientRoundedDown) {
  EXPECT_TRUE(rc::check("against 128 bits", [] {
    const int64_t a = *AnyAmount();
    const int64_t c = *rc::gen::inRange<int64_t>(1, kMost);
    const int64_t b = *rc::gen::inRange<int64_t>(0, c);  // shares are at most the whole
    RC_ASSERT(static_cast<Wide>(MulDiv(Rupiah(a), b, c).amount()) == static_cast<Wide>(a) * b / c);
  }));
  EXPECT_EQ(MulDiv(Rupiah(10), 1, 3), Rupiah(3));
  EXPECT_EQ(MulDiv(Rupiah(kMost), kMost, kMost), Rupiah(kMost));
  EXPECT_EQ(MulDiv(Rupiah(0), 5, 7), Rupiah(0));
}

TEST(MulDivDeathTest, RefusesWhatHasNoAnswer) {
  EXPECT_DEATH(MulDiv(Rupiah(kMost), 2, 1), "does not fit");
  EXPECT_DEATH(MulDiv(Rupiah(-1), 2, 1), "negative");
  EXPECT_DEATH(MulDiv(Rupiah(1), -2, 1), "negative");
  EXPECT_DEATH(MulDiv(Rupiah(1), 2, 0), "zero");
}

TEST(FormatRupiah, Table) {
  EXPECT_EQ(FormatRupiah(Rupiah(0)), "Rp0");
  EXPECT_EQ(FormatRupiah(Rupiah(999)), "Rp999");
  EXPECT_EQ(FormatRupiah(Rupiah(1000)), "Rp1.000");
  EXPECT_EQ(FormatRupiah(Rupiah(-1000)), "-Rp1.000");
  EXPECT_EQ(FormatRupiah(Rupiah(-999)), "-Rp999");
  EXPECT_EQ(FormatRupiah(kMaxAmount), "Rp100.000.000.000.000");
  EXPECT_EQ(FormatRupiah(Rupiah(kLeast)), "-Rp9.223.372.036.854.775.808");
}

TEST(ParseRupiah, ReadsWhatPeopleWrite) {
  for (const char* text : {"50400000", "Rp50.400.000", "Rp 50.400.000,-", "50.400.000,00",
                           "rp50400000", " RP. 50.400.000 ", "Rp.50.400.000,-", "50400000,00"}) {
    const absl::StatusOr<Rupiah> amount = ParseRupiah(text);
    ASSERT_TRUE(amount.ok()) << text;
    EXPECT_EQ(*amount, Rupiah(50'400'000)) << text;
  }
  EXPECT_EQ(*ParseRupiah("0"), Rupiah(0));
  EXPECT_EQ(*ParseRupiah("Rp100.000.000.000.000"), kMaxAmount);
}

TEST(ParseRupiah, RoundTrip) {
  EXPECT_TRUE(rc::check("every form of any amount", [] {
    const Rupiah amount(*AnyAmount());
    RC_ASSERT(*ParseRupiah(FormatRupiah(amount)) == amount);
    RC_ASSERT(*ParseRupiah(FormatRupiah(amount) + ",-") == amount);
    RC_ASSERT(*ParseRupiah(FormatRupiah(amount).substr(2) + ",00") == amount);
    RC_ASSERT(*ParseRupiah(absl::StrCat(amount.amount())) == amount);
  }));
}

TEST(ParseRupiah, RefusesTheRest) {
  for (const char* text : {"",
                           "Rp",
                           "Rp.",
                           "-1000",
                           "Rp-1.000",
                           "-Rp1.000",
                           "1,000",
                           "50,400,000",
                           "1000,5",
                           "1000.50",
                           "1.00",
                           "1.0000",
                           "1000.000",
                           ".000",
                           "1.",
                           "1..000",
                           "1.000.",
                           "0.400",
                           "007",
                           "1e6",
                           "5 juta",
                           "1 000",
                           "+1000",
                           "1000,-,-",
                           "1000,00,00",
                           "IDR 1000",
                           "100000000000001",
                           "99999999999999999999999",
                           "9223372036854775808",
                           "0x10",
                           "1000 rp",
                           ",-"}) {
    EXPECT_EQ(ParseRupiah(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_TRUE(
      rc::check("any text gives an amount in range or an error", [](const std::string& text) {
        const absl::StatusOr<Rupiah> amount = ParseRupiah(text);
        RC_ASSERT((!amount.ok() || (*amount >= Rupiah(0) && *amount <= kMaxAmount)));
      }));
}

}  // namespace
}  // namespace lingkaran
