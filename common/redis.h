// The shared cache. It buys speed, never truth: no call here returns an error to a caller of the
// suite. A slow, hung, full or wiped Redis is a miss.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lingkaran {

// A value with the version that guards it. Stored as 8 bytes (big endian version), then the bytes.
struct CacheValue {
  std::string key;
  int64_t version = 0;
  std::string bytes;
};

class Redis {
 public:
  struct Options {
    std::string address;                                // "HOST:PORT" or "unix:PATH"
    absl::Duration operation = absl::Milliseconds(10);  // one round trip; +20 us a key
    absl::Duration connect = absl::Milliseconds(50);
    absl::Duration ttl = absl::Minutes(10);  // +-20% jitter: the last resort
    int connections = 4;
    int breaker_failures = 3;  // then no try for breaker_pause
    absl::Duration breaker_pause = absl::Milliseconds(500);
  };
  // Never fails: a Redis that is not there yet is used when it comes. No address: every call is a
  // miss (the service works without a cache).
  static std::unique_ptr<Redis> Make(const Options& options);
  virtual ~Redis() = default;

  // Values of the keys in one round trip; nullopt for a miss. A connection is dropped after any
  // error or time-out and never used again.
  virtual std::vector<std::optional<CacheValue>> Get(absl::Span<const std::string> keys) = 0;
  // Sets each value unless the stored one has the same or a newer version (a Lua script, one round
  // trip). Failures are counted and forgotten.
  virtual void SetIfNewer(absl::Span<const CacheValue> values) = 0;
  // Same, with its own TTL.
  virtual void SetIfNewer(absl::Span<const CacheValue> values, absl::Duration ttl) = 0;
  // True if configured; for the start line.
  virtual bool configured() const = 0;
  // True if it answers now; for the start line and health details.
  virtual bool Ping() = 0;
};

}  // namespace lingkaran
