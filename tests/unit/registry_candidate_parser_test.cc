// Reading a row of a list: what is taken, what warns, what rejects.
#include "services/registry/domain/candidate_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_format.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

// A row that nothing is wrong with, in Surakarta on the day of the event.
RawRow GoodRow() {
  RawRow row;
  row.line = 2;
  row.nik = "3372010711800001";
  row.full_name = "Slamet Widodo";
  row.birth_place = "Surakarta";
  row.birth_date = "07/11/1980";
  row.sex = "L";
  row.address = "Jl. Dr. Radjiman 12";
  row.village = "Sondakan";
  row.district = "Laweyan";
  row.occupation = "Pedagang kaki lima";
  row.disability = "Tidak ada";
  row.monthly_income = "Rp850.000";
  row.phone = "0812-3456-7890";
  return row;
}

class CandidateTest : public testing::Test {
 protected:
  CandidateTest() {
    auto regions = Regions::Load(LINGKARAN_SOURCE_DIR "/deploy/regions");
    EXPECT_TRUE(regions.ok()) << regions.status();
    regions_ = *std::move(regions);
    rules_.tests = {{Day(2015, 7, 1), Day::max(), 15, 65, 90}};
    rules_.transport_occupations = WordList({"becak", "ojek", "sopir angkutan"});
    rules_.no_occupation_words = WordList({"tidak bekerja", "belum/tidak bekerja"});
    rules_.no_disability_words = WordList({"tidak ada", "tidak"});
    reading_.rules = &rules_;
    reading_.test = &rules_.tests[0];
    reading_.regions = &regions_;
    reading_.agency_region = "33.72";
    reading_.list_day = Day(2019, 11, 7);
  }

  Candidate Read(const RawRow& row) const { return ReadCandidate(row, reading_); }
  std::vector<FindingCode> Codes(const RawRow& row) const {
    std::vector<FindingCode> codes;
    for (const Finding& finding : Read(row).findings) codes.push_back(finding.code);
    return codes;
  }

  // One column of a good row changed, and what is found then, in order.
  struct Case {
    std::string_view RawRow::*column;
    std::string_view value;
    std::vector<FindingCode> codes;
  };
  void Expect(const std::vector<Case>& cases) const {
    for (const Case& c : cases) {
      RawRow row = GoodRow();
      row.*c.column = c.value;
      EXPECT_THAT(Codes(row), ElementsAreArray(c.codes)) << c.value;
    }
  }

  Regions regions_;
  EntryRules rules_;
  ReadingRules reading_;
};

TEST_F(CandidateTest, TakesAGoodRowWithoutFindings) {
  const Candidate candidate = Read(GoodRow());
  EXPECT_THAT(candidate.findings, IsEmpty());
  EXPECT_EQ(candidate.person.nik, "3372010711800001");
  EXPECT_EQ(candidate.person.full_name, "Slamet Widodo");
  EXPECT_EQ(candidate.person.birth_day, 19801107);
  EXPECT_EQ(candidate.person.sex, 'L');
  EXPECT_EQ(candidate.person.monthly_income_rupiah, 850'000);
  EXPECT_EQ(candidate.person.phone, "081234567890");
  EXPECT_EQ(candidate.person.disability, "");
  EXPECT_EQ(candidate.region_code, "33.72.01");
  EXPECT_EQ(candidate.sector, Sector::kOther);
}

TEST_F(CandidateTest, NamesWhatIsWrongWithTheNik) {
  Expect({{&RawRow::nik, "", {FindingCode::kNikMissing}},
          {&RawRow::nik, "33720107118000", {FindingCode::kNikFormat}},
          {&RawRow::nik, "3.37201E+15", {FindingCode::kNikDigitsLost}},
          {&RawRow::nik, "3372013913800001", {FindingCode::kNikImpossible}}});
}

TEST_F(CandidateTest, WarnsWhereTheNikDiffers) {
  Expect({{&RawRow::birth_date, "08/11/1980", {FindingCode::kNikBirthDateDiffers}},
          {&RawRow::sex, "P", {FindingCode::kNikSexDiffers}},
          {&RawRow::nik, "3374010711800001", {FindingCode::kNikRegionDiffers}}});
  RawRow row = GoodRow();
  row.nik = "3374010711800001";
  EXPECT_FALSE(HasErrors(Read(row).findings));
}

TEST_F(CandidateTest, CountsAgeOnTheDayOfTheList) {
  struct Birth {
    const char* nik;
    const char* date;
    std::vector<FindingCode> codes;
  };
  for (const Birth& birth : {Birth{"3372010711540001", "07/11/1954", {FindingCode::kOverAge}},
                             Birth{"3372010811540001", "08/11/1954", {}},  // 65 a day later
                             Birth{"3372010711040001", "07/11/2004", {}},  // 15 on the day
                             Birth{"3372010811040001", "08/11/2004", {FindingCode::kUnderAge}}}) {
    RawRow row = GoodRow();
    row.nik = birth.nik;
    row.birth_date = birth.date;
    EXPECT_THAT(Codes(row), ElementsAreArray(birth.codes)) << birth.date;
  }
  RawRow row = GoodRow();
  row.birth_date = "08/11/2020";  // after the list
  EXPECT_THAT(Codes(row), Contains(FindingCode::kBirthDateUnreadable));
}

TEST_F(CandidateTest, NeedsAnOccupation) {
  for (const char* text : {"", " - ", "Tidak Bekerja", "BELUM/TIDAK BEKERJA"}) {
    Expect({{&RawRow::occupation, text, {FindingCode::kOccupationMissing}}});
  }
}

TEST_F(CandidateTest, TellsTransportByWholeWords) {
  const auto sector = [this](std::string_view occupation) {
    RawRow row = GoodRow();
    row.occupation = occupation;
    return Read(row).sector;
  };
  EXPECT_EQ(sector("Tukang Becak"), Sector::kTransport);
  EXPECT_EQ(sector("OJEK online"), Sector::kTransport);
  EXPECT_EQ(sector("sopir angkutan kota"), Sector::kTransport);
  EXPECT_EQ(sector("Pembuat becakan"), Sector::kOther);
  EXPECT_EQ(sector("Sopir pribadi"), Sector::kOther);
}

TEST_F(CandidateTest, UsesTheAgencysRegionForAnUnknownDistrict) {
  Expect({{&RawRow::district, "Atlantis", {FindingCode::kDistrictUnknown}},
          {&RawRow::district, "", {}}});
  for (const char* district : {"Atlantis", ""}) {
    RawRow row = GoodRow();
    row.district = district;
    EXPECT_EQ(Read(row).region_code, "33.72");
  }
}

TEST_F(CandidateTest, OptionalColumnsOnlyWarn) {
  RawRow row = GoodRow();
  row.sex = "x";
  row.monthly_income = "cukup";
  row.phone = "12";
  EXPECT_THAT(Codes(row), ElementsAre(FindingCode::kSexUnreadable, FindingCode::kIncomeUnreadable,
                                      FindingCode::kPhoneUnreadable));
  const Candidate candidate = Read(row);
  EXPECT_FALSE(HasErrors(candidate.findings));
  EXPECT_EQ(candidate.person.phone, "");
}

TEST_F(CandidateTest, RejectsDamagedTextAndNamesItsColumn) {
  const std::string longest(kMaxTextBytes, 'a');
  const std::string too_long(kMaxTextBytes + 1, 'a');
  Expect({{&RawRow::address, longest, {}},
          {&RawRow::address, "Jl. Radjiman\r\nRT 01", {}}});  // offices do that
  struct Damage {
    std::string_view RawRow::*column;
    std::string_view value;
    RowField field;
  };
  for (const Damage& damage :
       {Damage{&RawRow::address, too_long, RowField::kAddress},
        Damage{&RawRow::full_name, {"Sla\0met", 7}, RowField::kFullName},
        // The occupation stands in the clear in the database, so it must hold no NIK.
        Damage{&RawRow::occupation, "3372.0107.1180.0001 tukang", RowField::kOccupation}}) {
    RawRow row = GoodRow();
    row.*damage.column = damage.value;
    EXPECT_THAT(Read(row).findings,
                ElementsAre(Finding{FindingCode::kTextUnreadable, damage.field}));
  }
}

TEST_F(CandidateTest, ErrorsComeBeforeWarnings) {
  RawRow row = GoodRow();
  row.sex = "";
  row.occupation = "";
  EXPECT_THAT(Codes(row),
              ElementsAre(FindingCode::kOccupationMissing, FindingCode::kSexUnreadable));
}

TEST_F(CandidateTest, ExistingMembersBringTheirNumberAndMayBeOlder) {
  reading_.kind = BatchKind::kExistingMembers;
  reading_.entry_tests = false;
  RawRow row = GoodRow();
  row.nik = "3372010711500001";
  row.birth_date = "07/11/1950";
  row.occupation = "";
  EXPECT_THAT(Codes(row), ElementsAre(FindingCode::kMembershipNumberMissing));
  row.membership_number = "19 0000.1234-5";
  EXPECT_THAT(Codes(row), IsEmpty());
  EXPECT_EQ(Read(row).membership_number, "19000012345");
}

TEST_F(CandidateTest, ReadsAnyTextWithoutHarm) {
  EXPECT_TRUE(rc::check("any bytes in any column give a person or an error",
                        [this](std::string a, std::string b, std::string c) {
                          RawRow row = GoodRow();
                          row.nik = a;
                          row.full_name = b;
                          row.birth_date = c;
                          row.occupation = a;
                          row.district = b;
                          row.monthly_income = c;
                          row.phone = a;
                          const Candidate candidate = Read(row);
                          if (!HasErrors(candidate.findings)) {
                            RC_ASSERT(candidate.person.nik.size() == 16u);
                            RC_ASSERT(!candidate.person.full_name.empty());
                            RC_ASSERT(candidate.person.birth_day > 0);
                          }
                        }));
}

TEST(ContentTest, TellsColumnsApart) {
  RawRow a = GoodRow();
  RawRow b = a;
  b.line = 99;
  EXPECT_EQ(ContentOf(a), ContentOf(b)) << "the line is no content";
  b.village = "Sondakan1";
  EXPECT_NE(ContentOf(a), ContentOf(b));
  // A letter that moves over a column's border is another content.
  RawRow left = GoodRow();
  RawRow right = GoodRow();
  left.village = "ab";
  left.district = "c";
  right.village = "a";
  right.district = "bc";
  EXPECT_NE(ContentOf(left), ContentOf(right));
}

TEST(PhoneTest, ReadsWhatOfficesWrite) {
  for (const auto& [text, phone] : {std::pair{"0271 641 642", "0271641642"},
                                    {"+62 812-3456-7890", "+6281234567890"},
                                    {"6281234567890", "+6281234567890"},
                                    {"81234567890", "081234567890"},
                                    {"8.12346E+10", ""},
                                    {"tidak ada", ""}}) {
    EXPECT_EQ(ReadPhone(text), phone);
  }
}

TEST(TextTest, FindsANikInFreeText) {
  EXPECT_TRUE(HoldsNik("nik 3372 0107 1180 0001"));
  EXPECT_TRUE(HoldsNik("'3372010711800001"));
  EXPECT_FALSE(HoldsNik("SK 400.9/1234/2019, 3372-KM-07112019-0001"));
  EXPECT_FALSE(HoldsNik("337201071180000"));
}

TEST(TextTest, FoldsWords) {
  EXPECT_EQ(FoldWords("  Tukang-BECAK  "), "tukang becak");
  EXPECT_EQ(FoldWords(" - / "), "");
}

TEST(FindingTest, EveryCodeHasAMessageAHintAndAColumn) {
  for (int code = 1; code <= kLastFindingCode; ++code) {
    Finding finding = FindingOf(static_cast<FindingCode>(code));
    EXPECT_EQ(static_cast<int>(finding.code), code);
    const FindingText text = TextOf(finding, 17, 15, 65);
    EXPECT_FALSE(text.message.empty()) << code;
    EXPECT_FALSE(text.hint.empty()) << code;
    EXPECT_EQ(FieldName(finding.field).empty(), code == 23) << code;
  }
  EXPECT_THAT(TextOf(FindingOf(FindingCode::kOverAge), 0, 15, 65).message,
              testing::HasSubstr("65"));
  EXPECT_THAT(TextOf(FindingOf(FindingCode::kDuplicateInList), 17, 15, 65).message,
              testing::HasSubstr("baris 17"));
}

}  // namespace
}  // namespace lingkaran::registry
