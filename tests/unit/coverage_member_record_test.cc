// The packed form of a person: comes back as it went, and nothing else comes back.
#include "services/coverage/record/member_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "services/coverage/cache/member_entry.h"
#include "services/coverage/record/span_codec.h"
#include "tests/support/coverage_people.h"

namespace lingkaran::coverage {
namespace {

int64_t AnyId() {
  const int bits = Any(1, 63);
  return Any<int64_t>(1, (int64_t{1} << bits) + 1);
}

// Body with the check sum that Pack would give it (FNV-1a, as the form says).
std::string Summed(std::string body) {
  uint32_t sum = 2166136261u;
  for (unsigned char c : body) sum = (sum ^ c) * 16777619u;
  for (int i = 0; i < 4; ++i) body.push_back(static_cast<char>(sum >> (8 * i)));
  return body;
}

bool IsNone(const std::string& bytes) { return !Unpack(bytes) && !UnpackCoded(bytes); }

std::string BodyOf(const std::string& packed) { return packed.substr(0, packed.size() - 4); }

TEST(CoverageRecord, ComesBackAsItWent) {
  EXPECT_TRUE(rc::check("Unpack(Pack(record)) is the record", [] {
    const MemberRecord record = AnyRecord(AnyId());
    const std::optional<MemberRecord> back = Unpack(Pack(record));
    RC_ASSERT(back.has_value());
    RC_ASSERT(SameRecord(*back, record));
    RC_ASSERT(back->facts.position == 0);
  }));
}

TEST(CoverageRecord, TheCodesAreThoseOfTheRecord) {
  EXPECT_TRUE(rc::check("an entry of the codes is the entry of the record", [] {
    const MemberRecord record = AnyRecord(AnyId());
    const std::optional<CodedRecord> coded = UnpackCoded(Pack(record));
    const std::optional<MemberEntry> whole = MemberEntry::Of(record);
    const bool number = record.membership_number.empty() || NumberCode(record.membership_number);
    RC_CLASSIFY(coded.has_value());
    RC_ASSERT(coded.has_value() ==
              (number && PackSpans(record.facts) && record.facts.utc_offset_hours >= 7 &&
               record.facts.utc_offset_hours <= 9));
    if (!coded) return;
    const std::optional<MemberEntry> entry = MemberEntry::Of(*coded);
    RC_ASSERT(entry.has_value() == whole.has_value());
    if (entry) RC_ASSERT(entry->words == whole->words);
  }));
}

TEST(CoverageRecord, IsShort) {
  MemberRecord record = Marked(39'999'999, 1);
  record.facts.death_day.reset();
  record.facts.withdraw_day.reset();
  record.facts.runs = PaidFrom(Day(2025, 3, 7), 3, {Programme::kJkk, Programme::kJkm});
  record.membership_number = "19039999999";
  EXPECT_LE(Pack(record).size(), 38u);
}

TEST(CoverageRecord, ADamagedByteIsSeen) {
  EXPECT_TRUE(rc::check("no record is one byte away from another", [] {
    std::string bytes = Pack(AnyRecord(AnyId()));
    const auto at = Any<size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ Any(1, 256));
    RC_ASSERT(IsNone(bytes));
  }));
}

TEST(CoverageRecord, ACutOrLongerOneIsNone) {
  EXPECT_TRUE(rc::check("with the right check sum, too", [] {
    const std::string bytes = Pack(AnyRecord(AnyId()));
    const std::string body = BodyOf(bytes);
    const auto cut = Any<size_t>(0, body.size());
    RC_ASSERT(IsNone(bytes.substr(0, cut)));
    RC_ASSERT(IsNone(Summed(body.substr(0, cut))));
    RC_ASSERT(IsNone(Summed(body + static_cast<char>(Any(0, 256)))));
  }));
}

TEST(CoverageRecord, HasOneFormOnly) {
  // What was forged well enough to have a right check sum still is a whole and regular record, or
  // none: no two byte strings mean the same person.
  EXPECT_TRUE(rc::check("Pack(Unpack(bytes)) is the bytes", [] {
    std::string body = BodyOf(Pack(AnyRecord(AnyId())));
    for (int changes = Any(1, 4); changes > 0; --changes) {
      body[Any<size_t>(0, body.size())] = static_cast<char>(Any(0, 256));
    }
    const std::string bytes = Summed(body);
    const std::optional<MemberRecord> back = Unpack(bytes);
    RC_CLASSIFY(back.has_value());
    if (!back) return;
    RC_ASSERT(back->facts.worker_id > 0);
    RC_ASSERT(Pack(*back) == bytes);
  }));
}

TEST(CoverageRecord, ALongerFormThanNeededIsNone) {
  const std::string head = "\x01";
  const std::string rest = std::string(16, 'h') + '\0';  // hash, no number
  const std::string id = "\x05";
  EXPECT_TRUE(Unpack(Summed(head + '\0' + id + rest)));
  EXPECT_FALSE(Unpack(Summed(head + '\0' + "\x85" + '\0' + rest))) << "the id in two bytes";
  EXPECT_FALSE(Unpack(Summed(head + '\x08' + id + rest + '\0'))) << "no runs, one by one";
  EXPECT_FALSE(Unpack(Summed(head + '\0' + '\0' + rest))) << "worker 0";
}

TEST(CoverageRecord, NoiseIsNone) {
  EXPECT_TRUE(rc::check("any bytes behind a right head are read without harm", [] {
    std::string body = "\x01";
    body += *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const std::optional<MemberRecord> back = Unpack(Summed(body));
    if (back) RC_ASSERT(Pack(*back) == Summed(body));
  }));
  EXPECT_FALSE(Unpack(""));
  EXPECT_FALSE(Unpack("noise"));
}

TEST(CoverageRecord, AnotherVersionIsNone) {
  std::string body = BodyOf(Pack(Marked(17, 3)));
  EXPECT_TRUE(Unpack(Summed(body)));
  EXPECT_TRUE(UnpackCoded(Summed(body)));
  body[0] = 2;
  EXPECT_TRUE(IsNone(Summed(body)));
}

TEST(CoverageRecord, DaysThatAreNoneAreRefused) {
  MemberRecord record = Marked(17, 3);
  record.facts.death_day = Day(2200, 1, 1);
  EXPECT_FALSE(Unpack(Pack(record)));
  record.facts.death_day = Day(2199, 12, 31);
  EXPECT_TRUE(Unpack(Pack(record)));
  record.facts.runs[0].last_day = record.facts.runs[0].first_day - 1;
  EXPECT_FALSE(Unpack(Pack(record)));
}

TEST(CoverageRecord, KnowsItsKeys) {
  MemberRecord record = Marked(17, 3);
  EXPECT_TRUE(record.Has(PersonKey::OfWorker(17)));
  EXPECT_TRUE(record.Has(PersonKey::OfNik(NikOf(17))));
  EXPECT_TRUE(record.Has(PersonKey::OfNumber("00000000017")));
  EXPECT_FALSE(record.Has(PersonKey::OfWorker(18)));
  EXPECT_FALSE(record.Has(PersonKey::OfNik(NikOf(18))));
  EXPECT_FALSE(record.Has(PersonKey::OfNumber("17")));
  record.membership_number.clear();
  EXPECT_FALSE(record.Has(PersonKey::OfNumber("")));
  EXPECT_FALSE(record.Has(PersonKey()));
}

TEST(CoverageCompact, NumbersHaveExactCodes) {
  EXPECT_TRUE(rc::check("one to sixteen digits, leading zeros and all", [] {
    const auto digits =
        rc::gen::container<std::string>(Any<size_t>(1, 17), rc::gen::inRange<char>('0', '9' + 1));
    const std::string number = *digits;
    const std::optional<uint64_t> code = NumberCode(number);
    RC_ASSERT(code.has_value());
    RC_ASSERT(*code > 0u);
    RC_ASSERT((*code >> kNumberCodeBits) == 0u);
    RC_ASSERT(NumberOfCode(*code) == number);
  }));
  EXPECT_EQ(NumberOfCode(*NumberCode("9999999999999999")), "9999999999999999");
  EXPECT_EQ(NumberOfCode(*NumberCode("9999999999999999") + 1), "");
  EXPECT_EQ(NumberOfCode(0), "");
  EXPECT_NE(NumberCode("0"), NumberCode("00"));
  for (const char* none : {"", "12345678901234567", "12a", " 1", "-1", "+1"}) {
    EXPECT_FALSE(NumberCode(none)) << none;
  }
}

TEST(CoverageCompact, DaysHaveTheIndexOfTheCalendar) {
  const int64_t end = DayIndex(Day(2200, 1, 1));
  for (int64_t index = DayIndex(Day(1900, 1, 1)); index < end; ++index) {
    ASSERT_EQ(DayOfIndex(index), Day(1970, 1, 1) + index);
  }
}

TEST(CoverageCompact, RunsOfBothBoundariesFit) {
  for (Day first(2023, 1, 1); first < Day(2025, 1, 1); ++first) {
    for (int months : {1, 2, 12, 13, 511}) {
      Facts facts;
      facts.runs = PaidFrom(first, months, {Programme::kJkk, Programme::kJkm});
      ASSERT_TRUE(PackSpans(facts)) << first;
      for (auto& run : facts.runs) run.last_day = AddMonths(first, months) - 1;
      ASSERT_TRUE(PackSpans(facts)) << first;
    }
  }
}

TEST(CoverageCompact, ProgrammesWithTheSameDaysAreOneSpan) {
  Facts facts;
  facts.runs = PaidFrom(Day(2025, 3, 7), 3, {Programme::kJkk, Programme::kJkm, Programme::kJht});
  EXPECT_EQ(PackSpans(facts)->count, 1);
  facts.runs[2].months = 4;
  facts.runs[2].last_day = Day(2025, 6, 30);
  EXPECT_EQ(PackSpans(facts)->count, 2);
  facts.death_day = facts.withdraw_day = Day(2025, 4, 1);
  EXPECT_EQ(PackSpans(facts)->count, 4);
  facts.runs[1].first_day = Day(2025, 3, 8);
  EXPECT_FALSE(PackSpans(facts));
}

TEST(CoverageCompact, ComesBackInOrderOrIsNotPacked) {
  EXPECT_TRUE(rc::check("ReadSpans(PackSpans(facts)) are the facts", [] {
    const Facts facts = AnyFacts(1);
    const std::optional<Spans> spans = PackSpans(facts);
    RC_CLASSIFY(spans.has_value());
    if (!spans) return;
    Facts back = facts;
    back.runs.clear();
    back.death_day.reset();
    back.withdraw_day = Day(2000, 1, 1);
    ReadSpans(*spans, back);
    RC_ASSERT(SameFacts(back, facts));
  }));
}

TEST(CoverageCompact, WhatIsLeftOfARunFromThe31stFits) {
  // 31 January, day to day; January was revoked, so the run of February begins on the 29th.
  Facts facts;
  facts.runs = {{Programme::kJkk, Day(2024, 2, 29), Day(2024, 3, 30), Month(2024, 2), 1}};
  EXPECT_TRUE(PackSpans(facts));
  facts.runs[0].last_day = Day(2024, 4, 3);
  EXPECT_FALSE(PackSpans(facts));
}

}  // namespace
}  // namespace lingkaran::coverage
