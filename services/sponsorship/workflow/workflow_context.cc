#include "services/sponsorship/workflow/workflow_context.h"

#include "services/sponsorship/store/seats.h"

namespace lingkaran::sponsorship {

void CacheSeats(sql::Tx& tx, const Context& context, int64_t pledge_id,
                std::vector<SeatChange> changes) {
  if (!context.redis->configured() || changes.empty()) return;
  const int64_t version = NextSeatVersion(tx);
  tx.AfterCommit([redis = context.redis, pledge_id, version, changes = std::move(changes)] {
    std::vector<CacheValue> values;
    values.reserve(changes.size());
    for (const SeatChange& change : changes) {
      values.push_back(SeatValue(pledge_id, change, version));
    }
    redis->SetIfNewer(values);
  });
}

void NotifyAfterCommit(sql::Tx& tx, const Context& context) {
  tx.AfterCommit([progress = context.progress] { progress->Changed(); });
}

}  // namespace lingkaran::sponsorship
