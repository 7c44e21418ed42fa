// How a check gets its facts when the near cache has none: links that ask the next one.
//   near_cache.h (in process, no lock) -> miss_pool.h (joins equal questions) ->
//   redis_reader.h (shared) -> store_reader.h (SQL)
// Caches hold facts, never verdicts; errors are never cached.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

// How fresh an answer must be.
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

class Reader {
 public:
  virtual ~Reader() = default;

  // One record for each key, in their order; facts.known is false for nobody, facts.position says
  // as of when. At most one round trip to Redis and one SQL statement for all. Errors are the
  // store's, and UNAVAILABLE/TOKEN_NOT_YET_APPLIED if not even the store is as fresh as asked.
  virtual absl::StatusOr<std::vector<Record>> Find(absl::Span<const PersonKey> keys,
                                                   const Freshness& fresh) = 0;
};

}  // namespace lingkaran::coverage
