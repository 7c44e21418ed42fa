// A worker's seat as it stands in the shared Redis: a SeatRecord (proto cache/v1) in field
// <worker id modulo 64> of "l1:s:<worker id / 64>".
#pragma once

#include <cstdint>

#include "common/redis/versioned_cache.h"

namespace lingkaran::sponsorship {

// A worker's seat as the cache shall show it; seat 0: he has none any more.
struct SeatChange {
  int64_t worker_id = 0;
  int seat_number = 0;
};

CachePlace SeatPlace(int64_t worker_id);
CacheValue SeatValue(int64_t pledge_id, const SeatChange& change, int64_t version);

}  // namespace lingkaran::sponsorship
