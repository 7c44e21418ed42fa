// How old the facts of an answer may be.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace lingkaran::coverage {

// Of an answer without a token: "at most 2 s old" is promised.
inline constexpr absl::Duration kMaxAge = absl::Seconds(2);

struct Freshness {
  int64_t position = 0;     // at least this position of the change log
  bool from_store = false;  // past every cache
  // Beside a token's position: no older than is allowed without a token, either. For questions that
  // several ask together, of whom some have none.
  bool recent = false;

  // True if how long ago something was known matters, not only its position.
  bool within_time() const { return recent || position <= 0; }
  friend bool operator==(const Freshness& a, const Freshness& b) = default;
};

}  // namespace lingkaran::coverage
