#include "services/sponsorship/service_context.h"

#include "absl/strings/str_cat.h"
#include "lingkaran/cache/v1/records.pb.h"
#include "services/sponsorship/store_seat.h"

namespace lingkaran::sponsorship {

void CacheSeats(sql::Tx& tx, const Context& context, int64_t pledge_id,
                std::vector<SeatChange> changes) {
  if (!context.redis->configured() || changes.empty()) return;
  const int64_t version = NextSeatVersion(tx);
  tx.AfterCommit([redis = context.redis, pledge_id, version, changes = std::move(changes)] {
    std::vector<CacheValue> values;
    values.reserve(changes.size());
    cache::v1::SeatRecord record;
    for (const SeatChange& change : changes) {
      record.set_key(absl::StrCat("l1:s:", change.worker_id));
      record.set_worker_id(change.worker_id);
      record.set_version(version);
      record.set_pledge_id(change.seat_number == 0 ? 0 : pledge_id);
      record.set_seat_number(change.seat_number);
      values.push_back({record.key(), version, record.SerializeAsString()});
    }
    redis->SetIfNewer(values);
  });
}

void NotifyAfterCommit(sql::Tx& tx, const Context& context) {
  tx.AfterCommit([progress = context.progress] { progress->Changed(); });
}

}  // namespace lingkaran::sponsorship
