// The shared cache. It buys speed, never truth: no call here returns an error to a caller of the
// suite. A slow, hung, full or wiped Redis is a miss.
//
// Values stand in small hashes (buckets), which Redis keeps as one flat list: a person then takes a
// third of what a key of its own would. Each value begins with the version that guards it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lingkaran {

// Where a value stands: field of a hash.
struct CachePlace {
  std::string bucket;  // Redis key
  std::string field;
  friend bool operator==(const CachePlace& a, const CachePlace& b) = default;
};

// A value with the version that guards it: 0 to 2^48 - 1, stored as 6 bytes (big endian) before
// the bytes.
struct CacheValue {
  CachePlace place;
  int64_t version = 0;
  std::string bytes;
};

class VersionedCache {
 public:
  struct Options {
    // "HOST:PORT", "unix:PATH", or "redis://[USER[:PASSWORD]@]HOST:PORT[/DB]",
    // "redis+unix://[USER[:PASSWORD]@]PATH[?db=N]",
    // "redis+cluster://[USER[:PASSWORD]@]HOST:PORT,...".
    std::string address;
    absl::Duration operation = absl::Milliseconds(10);  // one round trip; +20 us a value
    absl::Duration connect = absl::Milliseconds(50);
    absl::Duration ttl = absl::Hours(12);  // of a bucket, +-20% jitter: the last resort
    int connections = 4;                   // to each server
    int breaker_failures = 3;              // then no try for breaker_pause
    absl::Duration breaker_pause = absl::Milliseconds(500);
  };
  // INVALID_ARGUMENT for an address that can't be read; says how to write it.
  static absl::Status CheckAddress(const std::string& address);
  // Never fails: a Redis that is not there yet is used when it comes. No address: every call is a
  // miss (the service works without a cache).
  static std::unique_ptr<VersionedCache> Make(const Options& options);
  virtual ~VersionedCache() = default;

  // Values of the places in one round trip (to each server of a cluster, at the same time); nullopt
  // for a miss. A connection on which anything failed or came too late is dropped and never used
  // again. MOVED and ASK are followed within the same deadline; a server that does not answer costs
  // only its places.
  virtual std::vector<std::optional<CacheValue>> Get(absl::Span<const CachePlace> places) = 0;
  // Sets each value unless the stored one has the same or a newer version (a Lua script, one round
  // trip). A bucket's TTL begins when it is made and is not put off by later writes. Failures are
  // counted and forgotten; a Redis that is full or a read-only replica refuses writes and goes on
  // answering. Values of people with many spans (over 58 bytes) need a server with
  // hash-max-listpack-value above its default of 64: it makes a big table of their bucket.
  virtual void SetIfNewer(absl::Span<const CacheValue> values) = 0;
  // True if configured; for the start line.
  virtual bool configured() const = 0;
  // True if it answers now; for the start line and health details.
  virtual bool Ping() = 0;
};

}  // namespace lingkaran
