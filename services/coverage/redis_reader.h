// The shared link: records of proto lingkaran/cache/v1 in Redis, guarded by the position of the
// change log at which they were read. A record that does not repeat its own key, comes from another
// database, or is older than asked for, is a miss. Redis down, hung or wiped costs speed, never
// truth.
#pragma once

#include <memory>
#include <optional>

#include "common/redis.h"
#include "services/coverage/reader.h"

namespace lingkaran::coverage {

// Both must outlive the reader. `epoch` names the database (store::Epoch).
std::unique_ptr<Reader> MakeRedisReader(Reader& next, Redis& redis, int64_t epoch);

// Records to and from Redis values; nullopt for what is not the record of that key and database.
CacheValue EncodeFacts(const Facts& facts, int64_t epoch);
std::optional<Facts> DecodeFacts(const CacheValue& value, int64_t epoch);
CacheValue EncodeIdentity(const Identity& identity, int64_t epoch);
std::optional<Identity> DecodeIdentity(const CacheValue& value, int64_t epoch);

}  // namespace lingkaran::coverage
