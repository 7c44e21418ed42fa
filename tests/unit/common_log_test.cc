#include "common/base/log.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

using google::protobuf::Struct;

// Restores what other tests of the program expect.
class LogTest : public ::testing::Test {
 protected:
  LogTest() { SetUpLog("registry", Severity::kInfo); }
  ~LogTest() override { SetUpLog("", Severity::kInfo); }
};

// The lines that `body` logs.
template <typename Body>
std::vector<std::string> Logged(Body body) {
  ::testing::internal::CaptureStderr();
  body();
  return absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty());
}

Struct Parse(const std::string& line) {
  Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &object);
  EXPECT_TRUE(status.ok()) << line;
  return object;
}

std::string Text(const Struct& object, const std::string& key) {
  const auto place = object.fields().find(key);
  return place == object.fields().end() ? "(none)" : place->second.string_value();
}

TEST_F(LogTest, OneEventIsOneJsonLine) {
  const absl::Time before = absl::Now() - absl::Milliseconds(1);
  const std::vector<std::string> lines = Logged([] {
    Log(Severity::kWarning, "rpc", {{"method", "GetWorker"}, {"ms", 12}, {"ok", true}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const Struct object = Parse(lines[0]);
  EXPECT_EQ(Text(object, "severity"), "WARNING");
  EXPECT_EQ(Text(object, "service"), "registry");
  EXPECT_EQ(Text(object, "event"), "rpc");
  EXPECT_EQ(Text(object, "method"), "GetWorker");
  EXPECT_EQ(object.fields().at("ms").number_value(), 12);
  EXPECT_EQ(object.fields().at("ok").number_value(), 1);
  const std::string time = Text(object, "time");
  EXPECT_EQ(time.size(), sizeof("2019-11-07T02:00:00.000Z") - 1) << time;
  absl::Time parsed;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, time, &parsed, &error)) << error;
  EXPECT_GE(parsed, before);
  EXPECT_LE(parsed, absl::Now());
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLowest) {
  SetUpLog("registry", Severity::kWarning);
  EXPECT_EQ(Logged([] {
              Log(Severity::kDebug, "a");
              Log(Severity::kInfo, "b");
              Log(Severity::kWarning, "c");
              Log(Severity::kError, "d");
            }).size(),
            2U);
}

TEST_F(LogTest, AnyTextStaysOneValidLine) {
  EXPECT_TRUE(rc::check("escapes", [](const std::string& text) {
    const std::vector<std::string> lines = Logged([&] {
      Log(Severity::kInfo, text, {{"text", text}});
    });
    RC_ASSERT(lines.size() == 1U);
    Struct object;
    RC_ASSERT(google::protobuf::util::JsonStringToMessage(lines[0], &object).ok());
    const bool ascii = std::all_of(text.begin(), text.end(), absl::ascii_isascii);
    RC_ASSERT((!ascii || Text(object, "text") == text));
  }));
}

TEST_F(LogTest, BrokenUtf8BecomesTheReplacementCharacter) {
  const struct {
    std::string text;
    std::string logged;
  } kCases[] = {
      {"Jalan \"Slamet\"\\\n\t", "Jalan \"Slamet\"\\\n\t"},
      {"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"},
      {"a\xE9"
       "b",
       "a\xEF\xBF\xBD"
       "b"},
      {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const auto& test : kCases) {
    const auto lines = Logged([&] { Log(Severity::kInfo, "e", {{"text", test.text}}); });
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(Text(Parse(lines[0]), "text"), test.logged);
  }
}

TEST_F(LogTest, LinesOfThreadsStayWhole) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  const std::vector<std::string> lines = Logged([] {
    OnThreads(kThreads, [](int t) {
      const std::string text(200, static_cast<char>('a' + t));
      for (int i = 0; i < kLines; ++i) {
        Log(Severity::kInfo, "line", {{"text", text}, {"i", i}});
      }
    });
  });
  ASSERT_EQ(lines.size(), static_cast<size_t>(kThreads * kLines));
  for (const std::string& line : lines) {
    const std::string text = Text(Parse(line), "text");
    EXPECT_EQ(text, std::string(200, text[0]));
  }
}

}  // namespace
}  // namespace lingkaran
