// What tests of the near cache put in and how they ask.
#pragma once

#include "services/coverage/cache/near_cache.h"
#include "tests/support/coverage_people.h"

namespace lingkaran::coverage {

inline const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

inline MemberRecord AsOf(MemberRecord record, int64_t position) {
  record.facts.position = position;
  return record;
}

inline MemberRecord Gone(int64_t id) {
  MemberRecord record;
  record.facts.worker_id = id;
  return record;
}

// Asks with a token that W always satisfies, so that time does not matter.
inline NearCache::LookupResult Ask(const NearCache& near, const PersonKey& key, Facts& facts) {
  return near.Find(key, {.position = 1}, kStart, facts);
}

inline int MarkAt(const NearCache& near, int64_t id) {
  Facts facts;
  return Ask(near, PersonKey::OfWorker(id), facts) == NearCache::LookupResult::kFound
             ? MarkOf(facts)
             : -1;
}

}  // namespace lingkaran::coverage
