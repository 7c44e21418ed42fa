#include "common/base/clock.h"

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/string_views.h"

namespace lingkaran {
namespace {

std::optional<absl::Time> ParseInstant(absl::string_view text) {
  absl::Time time;
  std::string error;
  // ParseTime takes "infinite-future" as well, which is no instant.
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time == absl::InfiniteFuture() ||
      time == absl::InfinitePast()) {
    return std::nullopt;
  }
  return time;
}

// Starts at an instant and runs on, unmoved by changes of the machine's clock.
class OffsetClock : public Clock {
 public:
  explicit OffsetClock(absl::Time start) : start_(start) {}
  absl::Time Now() const override {
    return start_ + absl::FromChrono(std::chrono::steady_clock::now() - begun_);
  }

 private:
  const absl::Time start_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

std::optional<absl::Time> ReadInstant(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return ParseInstant(absl::StripAsciiWhitespace(text.str()));
}

// Asks the file each time. A file in the middle of a change counts as unreadable.
class FileClock : public Clock {
 public:
  FileClock(std::string path, absl::Time first)
      : path_(std::move(path)), nanos_(absl::ToUnixNanos(first)) {}
  absl::Time Now() const override {
    if (const std::optional<absl::Time> now = ReadInstant(path_)) {
      nanos_.store(absl::ToUnixNanos(*now));
      return *now;
    }
    return absl::FromUnixNanos(nanos_.load());
  }

 private:
  const std::string path_;
  mutable std::atomic<int64_t> nanos_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Clock>> MakeClock(std::string_view spec) {
  absl::string_view text = AbslView(spec);
  if (text == "system") {
    return std::make_unique<SystemClock>();
  }
  if (absl::ConsumePrefix(&text, "file:")) {
    std::string path(text);
    const std::optional<absl::Time> first = ReadInstant(path);
    if (!first) {
      return absl::InvalidArgumentError(absl::StrCat(
          "clock: ", path, " holds no instant like 2019-11-07T09:00:00+07:00, or can't be read"));
    }
    return std::make_unique<FileClock>(std::move(path), *first);
  }
  if (const std::optional<absl::Time> start = ParseInstant(text)) {
    return std::make_unique<OffsetClock>(*start);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("clock: \"", text,
                   "\" is neither system, nor an instant like 2019-11-07T09:00:00+07:00, "
                   "nor file:PATH"));
}

}  // namespace lingkaran
