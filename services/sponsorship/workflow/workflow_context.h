// What sponsorship's handlers and workflows share.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/date.h"
#include "common/base/mutex.h"
#include "common/base/region.h"
#include "common/outbox/outbox.h"
#include "common/sql/database.h"
#include "services/sponsorship/clients/peer_client.h"
#include "services/sponsorship/domain/rules.h"

namespace lingkaran::sponsorship {

// Says that something moved on; who waits looks again. Never the only way to learn of it.
class Progress {
 public:
  // Without threads nothing can change while one waits, so nobody does.
  explicit Progress(bool threads = true) : threads_(threads) {}
  bool threads() const { return threads_; }
  void Changed() {
    MutexLock lock(mutex_);
    ++changes_;
    changed_.NotifyAll();
  }
  int64_t Seen() {
    MutexLock lock(mutex_);
    return changes_;
  }
  // Returns when something changed after `seen`, or `longest` has passed.
  void Wait(int64_t seen, absl::Duration longest) {
    MutexLock lock(mutex_);
    changed_.WaitFor(lock, longest,
                     [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return changes_ != seen; });
  }

 private:
  const bool threads_;
  Mutex mutex_;
  CondVar changed_;
  int64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// All outlive the context.
struct Context {
  sql::Database* database;
  Outbox* outbox;
  const Clock* clock;
  PeerClient* peers;
  const PayerRules* rules;
  const Regions* regions;
  Progress* progress;
  int chunk = 1'000;  // workers in one chunk of an allocation at most

  absl::Time Now() const { return clock->Now(); }
  // Money has Jakarta's calendar (WIB), wherever the workers live.
  Day Today() const { return LocalDay(clock->Now(), 7); }
};

// After the commit, wakes those who watch.
inline void NotifyAfterCommit(sql::Tx& tx, const Context& context) {
  tx.AfterCommit([progress = context.progress] { progress->Changed(); });
}

}  // namespace lingkaran::sponsorship
