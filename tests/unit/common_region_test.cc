#include "common/base/region.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/support/process.h"

namespace lingkaran {
namespace {

const char kDirectory[] = LINGKARAN_SOURCE_DIR "/deploy/regions";

const Regions& Tree() {
  static const Regions* const tree = [] {
    absl::StatusOr<Regions> loaded = Regions::Load(kDirectory);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return new Regions(*std::move(loaded));
  }();
  return *tree;
}

TEST(Regions, HoldsTheTreeDownToDistricts) {
  for (const char* code : {"33", "33.72", "33.72.01", "11", "96.71"}) {
    EXPECT_TRUE(Tree().Contains(code)) << code;
  }
  for (const char* code : {"", "3", "10", "33.", "3372", "33.72.1", "33.72.99", "33.72.01.1001"}) {
    EXPECT_FALSE(Tree().Contains(code)) << code;
  }
  EXPECT_EQ(Tree().Name("33"), "Jawa Tengah");
  EXPECT_EQ(Tree().Name("33.72"), "Kota Surakarta");
  EXPECT_EQ(Tree().Name("33.72.03"), "Pasar Kliwon");
  EXPECT_EQ(Tree().Name("35.29.22"), "Ra'as");
  EXPECT_EQ(Tree().Name("33.72.99"), "");
}

TEST(Regions, DataAreWhole) {
  std::ifstream file(std::string(kDirectory) + "/regions.csv");
  int provinces = 0;
  int cities = 0;
  int districts = 0;
  for (std::string line; std::getline(file, line);) {
    if (line[0] == '#' || line == "code,name") continue;
    const std::string code = line.substr(0, line.find(','));
    provinces += code.size() == 2;
    cities += code.size() == 5;
    districts += code.size() == 8;
    EXPECT_TRUE(Tree().Contains(code)) << code;
    EXPECT_EQ(Tree().Name(code), line.substr(code.size() + 1));
  }
  EXPECT_EQ(provinces, 38);
  EXPECT_EQ(cities, 514);
  EXPECT_EQ(districts, 7285);
}

TEST(Regions, FindsDistrictsAsOfficesWriteThem) {
  for (const char* name : {"Laweyan", "LAWEYAN", " laweyan ", "Kecamatan Laweyan", "KEC. LAWEYAN",
                           "Kec Laweyan", "kec.laweyan", "Lawe yan"}) {
    EXPECT_EQ(Tree().FindDistrict("33.72", name), "33.72.01") << name;
  }
  EXPECT_EQ(Tree().FindDistrict("33.72", "pasarkliwon"), "33.72.03");
  EXPECT_EQ(Tree().FindDistrict("33.72", "Kec. Pasar Kliwon"), "33.72.03");
  EXPECT_EQ(Tree().FindDistrict("33", "Laweyan"), "33.72.01");
  EXPECT_EQ(Tree().FindDistrict("", "Laweyan"), "33.72.01");
  EXPECT_EQ(Tree().FindDistrict("33.72.01", "Laweyan"), "33.72.01");
  EXPECT_EQ(Tree().FindDistrict("53.02", "ki'e"), "53.02.10");
}

TEST(Regions, FindsNoDistrictThatIsNotThereOrNotTheOnlyOne) {
  EXPECT_EQ(Tree().FindDistrict("33.72", "Kartasura"), "");
  EXPECT_EQ(Tree().FindDistrict("33.11", "Laweyan"), "");
  EXPECT_EQ(Tree().FindDistrict("33.72.02", "Laweyan"), "");
  EXPECT_EQ(Tree().FindDistrict("33.72", ""), "");
  EXPECT_EQ(Tree().FindDistrict("33.72", "Kecamatan"), "");
  EXPECT_EQ(Tree().FindDistrict("99.99", "Laweyan"), "");
  // Banjarsari is a district of Surakarta and of other cities: only within one is it certain.
  EXPECT_EQ(Tree().FindDistrict("33.72", "Banjarsari"), "33.72.05");
  EXPECT_EQ(Tree().FindDistrict("", "Banjarsari"), "");
}

TEST(Regions, EveryProvinceHasItsTimeZone) {
  const std::map<int, std::set<std::string>> zones = {
      {7,
       {"11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "31", "32", "33", "34", "35",
        "36", "61", "62"}},
      {8, {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}},
      {9, {"81", "82", "91", "92", "93", "94", "95", "96"}},
  };
  size_t provinces = 0;
  for (const auto& [hours, codes] : zones) {
    provinces += codes.size();
    for (const std::string& code : codes) EXPECT_EQ(Tree().UtcOffsetHours(code), hours) << code;
  }
  EXPECT_EQ(provinces, 38U);
  EXPECT_EQ(Tree().UtcOffsetHours("51.71.01"), 8);
  EXPECT_EQ(Tree().UtcOffsetHours(""), 7);
  EXPECT_EQ(Tree().UtcOffsetHours("99"), 7);
}

TEST(Regions, KnowsCitiesOfTodayAndFromBeforeADivision) {
  EXPECT_TRUE(Tree().KnowsCity("33.72"));
  EXPECT_TRUE(Tree().KnowsCity("65.71"));
  EXPECT_TRUE(Tree().KnowsCity("64.73"));  // Tarakan, when it lay in East Kalimantan
  EXPECT_TRUE(Tree().KnowsCity("92.71"));  // Kota Sorong, when it lay in West Papua
  EXPECT_FALSE(Tree().Contains("64.73"));
  EXPECT_FALSE(Tree().KnowsCity("33.99"));
  EXPECT_FALSE(Tree().KnowsCity("33"));
  EXPECT_FALSE(Tree().KnowsCity("33.72.01"));
}

// A small good tree in a folder of its own, for spoiling.
class RegionFiles : public ::testing::Test {
 protected:
  RegionFiles() { MakeGood(); }

  void MakeGood() {
    Write("regions.csv",
          "# comment\ncode,name\n33,Jawa Tengah\n33.72,Kota Surakarta\n33.72.01,Laweyan\n");
    Write("timezones.csv", "# comment\nprovince,utc_offset\n33,7\n");
    Write("former.csv", "code,province\n33.90,33\n");
  }
  void Write(const std::string& file, const std::string& text) {
    std::ofstream(directory_.path() + "/" + file, std::ios::trunc) << text;
  }

  const TempDirectory directory_;
};

TEST_F(RegionFiles, GoodOnesLoad) {
  const absl::StatusOr<Regions> tree = Regions::Load(directory_.path());
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(tree->Name("33.72.01"), "Laweyan");
  EXPECT_TRUE(tree->KnowsCity("33.90"));
}

TEST_F(RegionFiles, BadOnesNameFileAndLine) {
  const struct {
    const char* file;
    const char* text;
    const char* where;
  } kCases[] = {
      {"regions.csv", "", "regions.csv"},
      {"regions.csv", "code;name\n33;Jawa Tengah\n", "regions.csv:1:"},
      {"regions.csv", "code,name\n33,Jawa Tengah\n33.72.01,Laweyan\n", "regions.csv:3:"},
      {"regions.csv", "code,name\n33,Jawa Tengah\n33,Jawa Tengah\n", "regions.csv:3:"},
      {"regions.csv", "code,name\n3372,Surakarta\n", "regions.csv:2:"},
      {"regions.csv", "code,name\n33,\n", "regions.csv:2:"},
      {"regions.csv", "code,name\n33,Jawa,Tengah\n", "regions.csv:2:"},
      {"regions.csv", "code,name\n33,Jawa Tengah\n\n", "regions.csv:3:"},
      {"regions.csv", "code,name\n33,Jawa Tengah\n34,Yogyakarta\n", "regions.csv:3:"},
      {"timezones.csv", "province,utc_offset\n33,6\n", "timezones.csv:2:"},
      {"timezones.csv", "province,utc_offset\n33,7\n33,7\n", "timezones.csv:3:"},
      {"timezones.csv", "province,utc_offset\n33,seven\n", "timezones.csv:2:"},
      {"timezones.csv", "province,utc_offset\n33,7\n34,7\n", "timezones.csv"},
      {"former.csv", "code,province\n33.72,33\n", "former.csv:2:"},
      {"former.csv", "code,province\n33.90,34\n", "former.csv:2:"},
  };
  for (const auto& test : kCases) {
    MakeGood();
    Write(test.file, test.text);
    const absl::Status status = Regions::Load(directory_.path()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_TRUE(absl::StrContains(status.message(), test.where)) << status;
  }
}

TEST_F(RegionFiles, MissingOnesAreAnError) {
  for (const char* file : {"regions.csv", "timezones.csv", "former.csv"}) {
    MakeGood();
    std::filesystem::remove(directory_.path() + "/" + file);
    EXPECT_EQ(Regions::Load(directory_.path()).status().code(), absl::StatusCode::kInvalidArgument)
        << file;
  }
}

TEST(InRegion, Table) {
  for (const char* area : {"33.72.01", "33.72", "33", ""}) {
    EXPECT_TRUE(InRegion("33.72.01", area)) << area;
  }
  for (const char* area : {"33.7", "33.", "3", "34"}) {
    EXPECT_FALSE(InRegion("33.72.01", area)) << area;
  }
  EXPECT_TRUE(InRegion("", ""));
  EXPECT_FALSE(InRegion("", "33"));
  EXPECT_FALSE(InRegion("33.72", "33.72.01"));
}

TEST(InRegion, IsThatTheAreasPartsComeFirst) {
  EXPECT_TRUE(rc::check("against a comparison part by part", [] {
    const auto code = [] {
      const auto part =
          rc::gen::elementOf(std::vector<std::string>{"33", "34", "3", "72", "7", "01"});
      return absl::StrJoin(*rc::gen::container<std::vector<std::string>>(
                               static_cast<size_t>(*rc::gen::inRange(1, 4)), part),
                           ".");
    };
    const std::string a = code();
    const std::string b = code();
    const std::vector<std::string> parts = absl::StrSplit(a, '.');
    const std::vector<std::string> area = absl::StrSplit(b, '.');
    const bool expected =
        area.size() <= parts.size() &&
        std::vector<std::string>(parts.begin(),
                                 parts.begin() + static_cast<std::ptrdiff_t>(area.size())) == area;
    RC_ASSERT(InRegion(a, b) == expected);
  }));
}

}  // namespace
}  // namespace lingkaran
