#include "common/base/rules_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/process.h"

namespace lingkaran {
namespace {

using google::rpc::BadRequest;

// BadRequest stands in for a file of rules: repeated entries of text fields.
class TextprotoTest : public ::testing::Test {
 protected:
  absl::StatusOr<TextprotoFile> Load(const std::string& text) {
    std::ofstream(path_, std::ios::trunc) << text;
    message_.Clear();
    return TextprotoFile::Load(path_, &message_);
  }
  std::string At(int line) const { return path_ + ":" + std::to_string(line); }

  // A file of so many entries, the first in line 1, one a line.
  TextprotoFile Entries(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "field_violations { field: \"a\" }\n";
    absl::StatusOr<TextprotoFile> file = Load(text);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  const TempDirectory directory_;
  const std::string path_ = directory_.path() + "/rules.textproto";
  BadRequest message_;
};

constexpr char kField[] = "field_violations";

TEST_F(TextprotoTest, KnowsTheLineOfEachEntry) {
  const auto file = Load(
      "# rules\n"
      "field_violations { field: \"a\" }\n"
      "\n"
      "field_violations {\n"
      "  field: \"b\"\n"
      "}  field_violations { field: \"c\" }\n");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(message_.field_violations(1).field(), "b");
  EXPECT_EQ(file->Where(kField, 0), At(2));
  EXPECT_EQ(file->Where(kField, 1), At(4));
  EXPECT_EQ(file->Where(kField, 2), At(6));
  EXPECT_EQ(file->Where(kField, 3), path_);
  EXPECT_EQ(file->Where("other", 0), path_);
  const absl::Status status = file->ErrorAt(kField, 1, "is impossible");
  EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), At(4) + ": is impossible");
}

TEST_F(TextprotoTest, FaultsNameTheLine) {
  const struct {
    const char* text;
    int line;
  } kCases[] = {
      {"field_violations { field: \"a\" }\nno_such_key: 1\n", 2},
      {"\n\nfield_violations { field: 7 }\n", 3},
      {"field_violations {\n field: \"a\"\n no_such_key: \"b\"\n}\n", 3},
      {"field_violations {\n field: \"a\"\n field: \"b\"\n}\n", 3},
      {"field_violations { field: \"a\"\n", 2},
      {"field_violations = 1\n", 1},
  };
  for (const auto& test : kCases) {
    const absl::Status status = Load(test.text).status();
    EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid) << test.text;
    EXPECT_TRUE(absl::StartsWith(status.message(), At(test.line) + ": ")) << status;
  }
}

TEST_F(TextprotoTest, MissingFileIsAnError) {
  const absl::Status status = TextprotoFile::Load("/no/such/file.textproto", &message_).status();
  EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid);
  EXPECT_TRUE(absl::StartsWith(status.message(), "/no/such/file.textproto: ")) << status;
  EXPECT_EQ(ReasonOf(TextprotoFile::Load(::testing::TempDir(), &message_).status()),
            Reason::kRulesInvalid);
}

TEST_F(TextprotoTest, DigestIsThatOfTheText) {
  // printf '' | sha256sum
  EXPECT_EQ(Load("")->digest(), "e3b0c44298fc");
  const std::string one = Load("# a\n")->digest();
  EXPECT_EQ(one.size(), 12U);
  EXPECT_EQ(Load("# a\n")->digest(), one);
  EXPECT_NE(Load("# b\n")->digest(), one);
}

TEST_F(TextprotoTest, ReadsSpans) {
  const TextprotoFile file = Entries(1);
  const auto open = ReadSpan(file, kField, 0, 20150701, 0);
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(open->from, Day(2015, 7, 1));
  EXPECT_EQ(open->to, Day::max());
  const auto closed = ReadSpan(file, kField, 0, 20150701, 20191201);
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(closed->to, Day(2019, 12, 1));
  EXPECT_TRUE(ReadSpan(file, kField, 0, 20150701, 20150701).ok());
  for (const auto& [from, to] : std::vector<std::pair<int, int>>{
           {0, 0}, {20190230, 0}, {20150701, 20150631}, {20150701, 20150630}, {20150701, -1}}) {
    const absl::Status status = ReadSpan(file, kField, 0, from, to).status();
    EXPECT_EQ(ReasonOf(status), Reason::kRulesInvalid) << from << " " << to;
    EXPECT_TRUE(absl::StartsWith(status.message(), At(1) + ": ")) << status;
  }
}

TEST_F(TextprotoTest, SeriesWithoutGapAndOverlapPass) {
  const TextprotoFile file = Entries(3);
  const Span a{kField, 0, Day(2015, 7, 1), Day(2019, 12, 1)};
  const Span b{kField, 1, Day(2019, 12, 2), Day(2025, 2, 28)};
  const Span c{kField, 2, Day(2025, 3, 1), Day::max()};
  EXPECT_TRUE(CheckSeries(file, {}, false).ok());
  EXPECT_TRUE(CheckSeries(file, {c}, false).ok());
  EXPECT_TRUE(CheckSeries(file, {a, b, c}, false).ok());
  EXPECT_TRUE(CheckSeries(file, {c, a, b}, false).ok());
  EXPECT_TRUE(CheckSeries(file, {a, c}, true).ok());
}

TEST_F(TextprotoTest, GapsAndOverlapsNameBothLines) {
  const TextprotoFile file = Entries(3);
  const Span a{kField, 0, Day(2015, 7, 1), Day(2019, 12, 1)};
  const Span touching{kField, 1, Day(2019, 12, 1), Day::max()};
  const Span late{kField, 2, Day(2019, 12, 3), Day::max()};
  const Span open{kField, 0, Day(2015, 7, 1), Day::max()};
  for (const bool gaps_allowed : {false, true}) {
    const absl::Status overlap = CheckSeries(file, {touching, a}, gaps_allowed);
    EXPECT_EQ(ReasonOf(overlap), Reason::kRulesInvalid);
    EXPECT_TRUE(absl::StartsWith(overlap.message(), At(2) + ": ")) << overlap;
    EXPECT_TRUE(absl::StrContains(overlap.message(), At(1))) << overlap;
    EXPECT_FALSE(CheckSeries(file, {open, late}, gaps_allowed).ok());
    EXPECT_FALSE(CheckSeries(file, {late, touching}, gaps_allowed).ok());
  }
  const absl::Status gap = CheckSeries(file, {a, late}, false);
  EXPECT_EQ(ReasonOf(gap), Reason::kRulesInvalid);
  EXPECT_TRUE(absl::StartsWith(gap.message(), At(3) + ": ")) << gap;
  EXPECT_TRUE(absl::StrContains(gap.message(), "20191202 to 20191202")) << gap;
  EXPECT_TRUE(CheckSeries(file, {a, late}, true).ok());
}

}  // namespace
}  // namespace lingkaran
