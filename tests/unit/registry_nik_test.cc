#include "services/registry/domain/nik.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace lingkaran::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const char kDirectory[] = LINGKARAN_SOURCE_DIR "/deploy/regions";

const Regions* Tree() {
  static const Regions* const tree = [] {
    absl::StatusOr<Regions> loaded = Regions::Load(kDirectory);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return new Regions(*std::move(loaded));
  }();
  return tree;
}

// Codes of all cities, "33.72".
const std::vector<std::string>& Cities() {
  static const auto* const cities = [] {
    auto* result = new std::vector<std::string>;
    std::ifstream file(std::string(kDirectory) + "/regions.csv");
    for (std::string line; std::getline(file, line);) {
      if (line.find(',') == 5) {
        result->push_back(line.substr(0, 5));
      }
    }
    return result;
  }();
  return *cities;
}

struct Person {
  std::string city;
  int district = 0;
  Day birth;
  char sex = ' ';
  int serial = 0;

  std::string Digits() const {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2s%.2s%02d%02d%02d%02d%04d", city.c_str(),
                  city.c_str() + 3, district, birth.day() + (sex == 'P' ? 40 : 0), birth.month(),
                  static_cast<int>(birth.year() % 100), serial);
    return text;
  }
};

Person AnyPerson() {
  Person person;
  person.city = *rc::gen::elementOf(Cities());
  person.district = *rc::gen::inRange(1, 100);
  person.birth = Day(1920, 1, 1) + *rc::gen::inRange(0, 40'000);
  person.sex = *rc::gen::element('L', 'P');
  person.serial = *rc::gen::inRange(1, 10'000);
  return person;
}

FindingCode ProblemOf(const std::string& text) {
  const NikReading reading = ReadNik(text, Tree());
  EXPECT_FALSE(reading.nik.has_value()) << text;
  return reading.problem;
}

TEST(Nik, EveryValidOneRoundTripsItsParts) {
  EXPECT_TRUE(rc::check("parts come back", [] {
    const Person person = AnyPerson();
    const NikReading reading = ReadNik(person.Digits(), Tree());
    RC_ASSERT(reading.nik.has_value());
    const Nik& nik = *reading.nik;
    RC_ASSERT(nik.digits() == person.Digits());
    RC_ASSERT(nik.city() == person.city);
    RC_ASSERT(nik.MatchesBirthDay(person.birth));
    RC_ASSERT(nik.day() == person.birth.day());
    RC_ASSERT(nik.month() == person.birth.month());
    RC_ASSERT(nik.year_of_century() == person.birth.year() % 100);
    RC_ASSERT(nik.sex() == person.sex);
    RC_ASSERT(nik.serial() == person.serial);
    RC_ASSERT(CompareNik(nik, person.birth, person.sex, person.city).empty());
  }));
}

TEST(Nik, FormattingIsLeftOut) {
  for (const char* text :
       {"'3372015505800001", " 3372015505800001 ", "3372.0155.0580.0001", "33 72 01 55 05 80 0001",
        "337201-550580-0001", "\u20193372015505800001", "`3372015505800001",
        "33720155\u00A005800001", "\uFEFF3372015505800001\u200B", "3372015505800001\r",
        " ' 3372015505800001", "337201\u2013550580\u20130001"}) {
    const NikReading reading = ReadNik(text, Tree());
    ASSERT_TRUE(reading.nik.has_value()) << text;
    EXPECT_EQ(reading.nik->digits(), "3372015505800001");
  }
  EXPECT_TRUE(rc::check("noise anywhere between the digits", [] {
    const std::string digits = AnyPerson().Digits();
    std::string text = *rc::gen::elementOf(std::vector<std::string>{"", "'", " '", "\u2019"});
    for (const char digit : digits) {
      text += *rc::gen::elementOf(
          std::vector<std::string>{"", "", "", " ", ".", "-", "  ", "\t", "\u00A0", "\u2013"});
      text += digit;
    }
    text += *rc::gen::elementOf(std::vector<std::string>{"", " ", "\r\n", ".", "-"});
    const NikReading reading = ReadNik(text, Tree());
    RC_ASSERT(reading.nik.has_value());
    RC_ASSERT(reading.nik->digits() == digits);
  }));
}

TEST(Nik, MissingIsNotMalformed) {
  for (const char* text : {"", " ", "-", "'", "--", " . ", "\u00A0"}) {
    EXPECT_EQ(ProblemOf(text), FindingCode::kNikMissing) << text;
  }
}

TEST(Nik, OnlySixteenDigits) {
  for (const char* text :
       {"337201550580000", "33720155058000011", "337201550580000O", "3372015505800001x", "x",
        "3372015505'800001", "''3372015505800001", "3372015505800001,00", "3372015505800001.0",
        "tidak ada", "3372/0155/0580/0001", "+3372015505800001", "\uFF13372015505800001",
        "33720155058000\xC2", "0xFFFFFFFFFFFFFFFF"}) {
    EXPECT_EQ(ProblemOf(text), FindingCode::kNikFormat) << text;
  }
  EXPECT_TRUE(rc::check("any text: a NIK has the 16 digits of the text and no others",
                        [](const std::string& text) {
                          const NikReading reading = ReadNik(text, nullptr);
                          std::string digits;
                          for (const char c : text) {
                            if (c >= '0' && c <= '9') {
                              digits += c;
                            }
                          }
                          RC_ASSERT((!reading.nik.has_value() || reading.nik->digits() == digits));
                        }));
}

TEST(Nik, DigitsThatASpreadsheetLostAreNeverGuessed) {
  for (const char* text :
       {"3.37201E+15", "3,37201E+15", "3.37201e15", "'3.37201E+15", "3E+15",
        "3.372015505800001E+15", "3372015505800001E0", "3.37201E+15 ", "3.37201 E+15"}) {
    EXPECT_EQ(ProblemOf(text), FindingCode::kNikDigitsLost) << text;
  }
  EXPECT_TRUE(rc::check("scientific notation never becomes a NIK", [] {
    char text[64];
    std::snprintf(text, sizeof(text), "%.*E", *rc::gen::inRange(0, 17),
                  std::stod(AnyPerson().Digits()));
    std::string written = text;
    if (*rc::gen::arbitrary<bool>()) {
      const size_t dot = written.find('.');
      if (dot != std::string::npos) {
        written[dot] = ',';
      }
    }
    if (*rc::gen::arbitrary<bool>()) {
      written[written.find('E')] = 'e';
    }
    if (*rc::gen::arbitrary<bool>()) {
      written.insert(0, "'");
    }
    for (const Regions* regions : {Tree(), static_cast<const Regions*>(nullptr)}) {
      const NikReading reading = ReadNik(written, regions);
      RC_ASSERT(!reading.nik.has_value());
      RC_ASSERT(reading.problem == FindingCode::kNikDigitsLost);
    }
  }));
}

TEST(Nik, ImpossibleParts) {
  for (const char* text : {
           "9972015505800001",                      // no such province
           "3399015505800001",                      // no such city
           "0000015505800001", "3372005505800001",  // no such district number
           "3372010005800001", "3372013205800001", "3372014005800001", "3372017205800001",
           "3372019905800001",                      // days
           "3372015500800001", "3372015513800001",  // months
           "3372013102800001", "3372017102800001", "3372013002800001", "3372013104800001",
           "3372012902810001", "3372016902810001",  // 29 February of a year without one
           "3372015505800000",                      // serial
       }) {
    EXPECT_EQ(ProblemOf(text), FindingCode::kNikImpossible) << text;
  }
  for (const char* text : {
           "3372012902800001", "3372016902800001",  // 1980 had one
           "3372012902000001",                      // 1900 had none, 2000 had
           "3372013112990001", "3372017112999999",
           "3372990101010001",  // districts are renumbered: any number
           "6473015505800001",  // Tarakan, when it lay in East Kalimantan
       }) {
    EXPECT_TRUE(ReadNik(text, Tree()).nik.has_value()) << text;
  }
}

TEST(Nik, WithoutATreeOnlyTheShapeOfTheRegionCounts) {
  EXPECT_TRUE(ReadNik("9972015505800001", nullptr).nik.has_value());
  EXPECT_FALSE(ReadNik("0972015505800001", nullptr).nik.has_value());
  EXPECT_FALSE(ReadNik("3300015505800001", nullptr).nik.has_value());
}

TEST(Nik, OneWrongDigitInTheBirthDateIsFound) {
  EXPECT_TRUE(rc::check("by being impossible or by the row's date and sex", [] {
    const Person person = AnyPerson();
    std::string digits = person.Digits();
    const size_t at = *rc::gen::inRange<size_t>(6, 12);
    digits[at] = static_cast<char>('0' + (digits[at] - '0' + *rc::gen::inRange(1, 10)) % 10);
    const NikReading reading = ReadNik(digits, Tree());
    RC_ASSERT((!reading.nik.has_value() ||
               !CompareNik(*reading.nik, person.birth, person.sex, person.city).empty()));
  }));
}

TEST(CompareNik, WarnsOfWhatDiffers) {
  const Nik nik = *ReadNik("3372015505800001", Tree()).nik;  // Surakarta, woman, 15 May 1980
  const Day birth(1980, 5, 15);
  EXPECT_THAT(CompareNik(nik, birth, 'P', "33.72"), IsEmpty());
  EXPECT_THAT(CompareNik(nik, Day(2080, 5, 15), 'P', "33.72"), IsEmpty());
  EXPECT_THAT(CompareNik(nik, birth, 'P', "33.72.03"), IsEmpty());
  EXPECT_THAT(CompareNik(nik, birth, 'P', "33"), IsEmpty());
  EXPECT_THAT(CompareNik(nik, std::nullopt, ' ', ""), IsEmpty());
  EXPECT_THAT(CompareNik(nik, Day(1980, 5, 16), 'P', "33.72"),
              ElementsAre(FindingCode::kNikBirthDateDiffers));
  EXPECT_THAT(CompareNik(nik, birth, 'L', "33.72"), ElementsAre(FindingCode::kNikSexDiffers));
  EXPECT_THAT(CompareNik(nik, birth, 'P', "33.11"), ElementsAre(FindingCode::kNikRegionDiffers));
  EXPECT_THAT(CompareNik(nik, birth, 'P', "34"), ElementsAre(FindingCode::kNikRegionDiffers));
  EXPECT_THAT(CompareNik(nik, Day(1981, 5, 15), 'L', "35.78"),
              ElementsAre(FindingCode::kNikBirthDateDiffers, FindingCode::kNikSexDiffers,
                          FindingCode::kNikRegionDiffers));
}

}  // namespace
}  // namespace lingkaran::registry
