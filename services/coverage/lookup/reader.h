// How a check gets its facts: a chain of readers, each of which asks the next for what it lacks.
//   near_cache.h (in process, no lock) -> lookup_batcher.h (joins equal keys) ->
//   redis_reader.h (shared) -> store_reader.h (SQL)
// Caches hold facts, never verdicts; errors are never cached.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/coverage/record/freshness.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

class Reader {
 public:
  virtual ~Reader() = default;

  // One record for each key, in their order; facts.known is false for nobody, facts.position says
  // as of when. At most one round trip to Redis and one SQL statement for all. Errors are the
  // store's, and UNAVAILABLE/TOKEN_NOT_YET_APPLIED if not even the store is as fresh as asked.
  virtual absl::StatusOr<std::vector<MemberRecord>> Find(absl::Span<const PersonKey> keys,
                                                         const Freshness& fresh) = 0;
};

}  // namespace lingkaran::coverage
