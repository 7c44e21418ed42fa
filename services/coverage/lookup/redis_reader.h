// Shared cache: packed member records in Redis, in small hashes, three families:
//   l1:<epoch36>:n:<first 20 bits of the NIK hash>   by NIK
//   l1:<epoch36>:m:<20 bits of a hash of the number> by membership number
//   l1:<epoch36>:c:<worker id / 64>                  by worker
// Fields are four bytes of a hash of the NIK hash or the number, or the worker id modulo 64.
// The epoch (store::Epoch, base 36) names the database: another one's records stand elsewhere. A
// value's version is its position of the change log less the epoch.
//
// A hit is believed if it is as new as a token asks for, or if the near cache says that its
// worker has not changed since. A record without the key that was looked up, or that can't be read,
// is a miss. People whom nobody knows are never stored. Redis down, hung, wiped or set back costs
// speed, never truth.
#pragma once

#include <memory>
#include <vector>

#include "common/redis/versioned_cache.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/reader.h"

namespace lingkaran::coverage {

// Asks `next` for what Redis does not have, and stores that. All must outlive the reader.
std::unique_ptr<Reader> MakeRedisReader(Reader& next, VersionedCache& redis, const NearCache& near,
                                        int64_t epoch);

// Where the record of a key stands; {}, where nothing ever stands, for kNone.
CachePlace PlaceOf(const PersonKey& key, int64_t epoch);
// The values of a person, one for each key; facts.known must be true.
std::vector<CacheValue> CacheValuesOf(const MemberRecord& record, int64_t epoch);

}  // namespace lingkaran::coverage
