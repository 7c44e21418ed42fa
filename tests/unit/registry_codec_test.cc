// How sealed persons and findings stand in columns: nothing is lost, release 0.1 can read them, and
// what a later release adds is kept.
#include "services/registry/store/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/escaping.h"
#include "lingkaran/internal/v1/registry.pb.h"
#include "services/registry/domain/list_row.h"

namespace lingkaran::registry {
namespace {

// As release 0.1 wrote it.
constexpr char kOldBytes[] =
    "0113242e014c50f80c00000000000a0054756e612064616b736110003333373230313037313138303030303"
    "10d00536c616d6574205769646f646f0900537572616b6172746113004a6c2e2044722e205261646a696d61"
    "6e2031320800536f6e64616b616e07004c61776579616e0c00303831323334353637383930";

Person Slamet() {
  Person person;
  person.birth_day = 19801107;
  person.sex = 'L';
  person.monthly_income_rupiah = 850'000;
  person.disability = "Tuna daksa";
  person.nik = "3372010711800001";
  person.full_name = "Slamet Widodo";
  person.birth_place = "Surakarta";
  person.address = "Jl. Dr. Radjiman 12";
  person.village = "Sondakan";
  person.district = "Laweyan";
  person.phone = "081234567890";
  return person;
}

// Readable, as the texts of a row are after reading.
std::string AnyText() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')); }

TEST(PersonCodecTest, KeepsEverything) {
  EXPECT_TRUE(rc::check("decode(encode(person)) is the person", [] {
    Person person;
    person.birth_day = *rc::gen::inRange(19000101, 20991231);
    person.sex = *rc::gen::element('L', 'P', ' ');
    person.monthly_income_rupiah = *rc::gen::inRange<int64_t>(0, 100'000'000'000'000);
    for (std::string* text :
         {&person.disability, &person.nik, &person.full_name, &person.birth_place, &person.address,
          &person.village, &person.district, &person.phone}) {
      *text = AnyText();
    }
    const auto decoded = DecodePerson(EncodePerson(person));
    RC_ASSERT(decoded.ok());
    RC_ASSERT(*decoded == person);
  }));
}

TEST(PersonCodecTest, ReadsTheFormOfRelease01) {
  const std::string bytes = absl::HexStringToBytes(kOldBytes);
  const auto decoded = DecodePerson(PlainPersonalData(bytes));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, Slamet());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(DecodePerson(PlainPersonalData(bytes.substr(0, cut))).status().code(),
              absl::StatusCode::kDataLoss)
        << cut;
  }
  EXPECT_FALSE(DecodePerson(PlainPersonalData(bytes + "x")).ok());
}

TEST(PersonCodecTest, WritesWhatRelease01Reads) {
  EXPECT_EQ(absl::BytesToHexString(EncodePerson(Slamet()).Reveal()), kOldBytes);
}

// As the next release writes a person: with field 12, an e-mail address, that this one does not
// know.
internal::v1::Person NewForm() {
  internal::v1::Person person;
  person.set_birth_day(19801107);
  person.set_sex("L");
  person.set_monthly_income_rupiah(850'000);
  person.set_disability("Tuna daksa");
  person.set_nik("3372010711800001");
  person.set_full_name("Slamet Widodo");
  person.set_birth_place("Surakarta");
  person.set_address("Jl. Dr. Radjiman 12");
  person.set_village("Sondakan");
  person.set_district("Laweyan");
  person.set_phone("081234567890");
  return person;
}
constexpr char kEmail[] = "\x62\x0Fslamet@mail.com";

TEST(PersonCodecTest, ReadsTheNewForm) {
  const std::string bytes = NewForm().SerializeAsString();
  const auto read = DecodePerson(PlainPersonalData(bytes));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Slamet());
  EXPECT_FALSE(DecodePerson(PlainPersonalData(bytes.substr(0, bytes.size() - 1))).ok());
  EXPECT_FALSE(DecodePerson(PlainPersonalData("no person")).ok());
}

TEST(PersonCodecTest, KeepsTheFieldsOfALaterRelease) {
  const auto read = DecodePerson(PlainPersonalData(NewForm().SerializeAsString() + kEmail));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->later_fields, kEmail);
  // A correction writes the person back.
  Person corrected = *read;
  corrected.full_name = "Slamet Raharjo";
  const auto again = DecodePerson(EncodePerson(corrected));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, corrected);
}

// Stored rows keep their hash whatever a release adds: it is made of these bytes.
TEST(ContentTest, StaysAsItWasStored) {
  const RawRow row{.line = 7,
                   .nik = "3372010711800001",
                   .full_name = "Slamet Widodo",
                   .birth_place = "Surakarta",
                   .birth_date = "07/11/1980",
                   .sex = "L",
                   .district = "Laweyan"};
  EXPECT_EQ(absl::BytesToHexString(ContentOf(row)),
            "10000000333337323031303731313830303030310d000000536c616d6574205769646f646f090000005375"
            "72616b617274610a00000030372f31312f31393830010000004c0000000000000000070000004c61776579"
            "616e0000000000000000000000000000000000000000");
}

TEST(FindingsCodecTest, KeepsEverything) {
  EXPECT_TRUE(rc::check("unpack(pack(findings)) are the findings", [] {
    std::vector<Finding> findings;
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
      findings.push_back({static_cast<FindingCode>(*rc::gen::inRange(1, kLastFindingCode + 1)),
                          static_cast<RowField>(*rc::gen::inRange(0, kLastRowField + 1))});
    }
    RC_ASSERT(UnpackFindings(PackFindings(findings)) == findings);
  }));
  EXPECT_EQ(PackFindings({}), "");
}

TEST(FindingsCodecTest, ReadsAndWritesTheFormOfRelease01) {
  EXPECT_EQ(UnpackFindings("9 23/3 99 7"),
            (std::vector<Finding>{FindingOf(FindingCode::kBirthDateUnreadable),
                                  {FindingCode::kTextUnreadable, RowField::kFullName},
                                  FindingOf(FindingCode::kNikRegionDiffers)}));
  EXPECT_EQ(PackFindings({FindingOf(FindingCode::kBirthDateUnreadable),
                          {FindingCode::kTextUnreadable, RowField::kFullName}}),
            "9 23/3");
}

TEST(FindingsCodecTest, ReadsTheNewFormWithoutWhatItDoesNotKnow) {
  internal::v1::RowFindings findings;
  findings.add_findings()->set_code(kLastFindingCode + 1);
  internal::v1::RowFinding* const known = findings.add_findings();
  known->set_code(static_cast<int>(FindingCode::kSexUnreadable));
  known->set_field(static_cast<int>(RowField::kSex));
  EXPECT_EQ(UnpackFindings("." + Base64Url(findings.SerializeAsString())),
            (std::vector<Finding>{{FindingCode::kSexUnreadable, RowField::kSex}}));
}

}  // namespace
}  // namespace lingkaran::registry
