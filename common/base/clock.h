// Where services take the time from. Domain code never asks: it is told.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lingkaran {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's clock.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

// A clock that tests set by hand.
class ManualClock : public Clock {
 public:
  explicit ManualClock(absl::Time now) : nanos_(absl::ToUnixNanos(now)) {}
  absl::Time Now() const override { return absl::FromUnixNanos(nanos_.load()); }
  void Set(absl::Time now) { nanos_.store(absl::ToUnixNanos(now)); }
  void Advance(absl::Duration by) { nanos_.fetch_add(absl::ToInt64Nanoseconds(by)); }

 private:
  std::atomic<int64_t> nanos_;
};

// Makes the clock of the --clock flag:
//   "system"                         the machine's clock;
//   "2019-11-07T09:00:00+07:00"      starts there and runs on;
//   "file:PATH"                      the RFC 3339 instant that the file holds at each question, so
//                                    that a demo can move several services through time at once. If
//                                    the file can't be read later, the last instant stays.
// INVALID_ARGUMENT for anything else, or a file that holds no instant at the start.
absl::StatusOr<std::unique_ptr<Clock>> MakeClock(std::string_view spec);

}  // namespace lingkaran
