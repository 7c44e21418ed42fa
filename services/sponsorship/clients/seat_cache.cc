#include "services/sponsorship/clients/seat_cache.h"

#include "absl/strings/str_cat.h"
#include "lingkaran/cache/v1/records.pb.h"

namespace lingkaran::sponsorship {
namespace {

constexpr int64_t kWorkersInBucket = 64;

}  // namespace

CachePlace SeatPlace(int64_t worker_id) {
  return {absl::StrCat("l1:s:", worker_id / kWorkersInBucket),
          absl::StrCat(worker_id % kWorkersInBucket)};
}

CacheValue SeatValue(int64_t pledge_id, const SeatChange& change, int64_t version) {
  cache::v1::SeatRecord record;
  record.set_worker_id(change.worker_id);
  record.set_pledge_id(change.seat_number == 0 ? 0 : pledge_id);
  record.set_seat_number(change.seat_number);
  return {SeatPlace(change.worker_id), version, record.SerializeAsString()};
}

}  // namespace lingkaran::sponsorship
