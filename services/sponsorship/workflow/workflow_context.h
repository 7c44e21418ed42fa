// What sponsorship's handlers and processes share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/date.h"
#include "common/base/region.h"
#include "common/outbox/outbox.h"
#include "common/redis/versioned_cache.h"
#include "common/sql/database.h"
#include "services/sponsorship/clients/peer_client.h"
#include "services/sponsorship/clients/seat_cache.h"
#include "services/sponsorship/domain/rules.h"

namespace lingkaran::sponsorship {

// Says that something moved on; who waits looks again. Never the only way to learn of it.
class Progress {
 public:
  // Without threads nothing can change while one waits, so nobody does.
  explicit Progress(bool threads = true) : threads_(threads) {}
  bool threads() const { return threads_; }
  void Changed() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  int64_t Seen() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return changes_;
  }
  // Returns when something changed after `seen`, or `longest` has passed.
  void Wait(int64_t seen, absl::Duration longest) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoMilliseconds(longest), [&] { return changes_ != seen; });
  }

 private:
  const bool threads_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t changes_ = 0;
};

// All outlive the context.
struct Context {
  sql::Database* database;
  Outbox* outbox;
  const Clock* clock;
  PeerClient* peers;
  const PayerRules* rules;
  const Regions* regions;
  VersionedCache* redis;
  Progress* progress;
  int chunk = 1'000;  // workers in one step of an allocation at most

  absl::Time Now() const { return clock->Now(); }
  // Money has Jakarta's calendar (WIB), wherever the workers live.
  Day Today() const { return LocalDay(clock->Now(), 7); }
};

// After the commit, tells the cache of seats of this pledge. One version for all of a transaction.
void CacheSeats(sql::Tx& tx, const Context& context, int64_t pledge_id,
                std::vector<SeatChange> changes);

// After the commit, wakes those who watch.
void NotifyAfterCommit(sql::Tx& tx, const Context& context);

}  // namespace lingkaran::sponsorship
