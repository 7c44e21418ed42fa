// Batches lookups that missed the near cache. A few threads look keys up for all callers together:
// equal keys of different calls are one lookup, and one round trip serves every call that came
// meanwhile. What they learn goes back to the near cache.
//
// How fresh an answer is:
//   * a call that waits before its lookup is begun gets an answer that was read after it came;
//   * a call that joins a lookup under way gets its answer only if that is fresh enough: its token
//     is not beyond it or, without a token, it was begun less than kMaxAge ago. Else the key is
//     looked up again. Full consistency never joins what has begun.
// A token that the log has not reached yet fails alone, whoever else was in the batch.
//
// The queue is bounded: beyond it calls are refused with RESOURCE_EXHAUSTED/OVERLOADED. Errors go
// to every call that waits, and are never kept.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/reader.h"

namespace lingkaran::coverage {

class LookupBatcher {
 public:
  struct Options {
    int threads = 2;  // 0: each call works on its own thread, for simulations
    size_t waiting_keys = 50'000;
    size_t batch_keys = 1'000;  // in one batch; the keys that a call brought stay together
  };
  // Facts in the order of the keys (known is false for nobody), or why there are none.
  using Done = std::function<void(absl::StatusOr<std::vector<Facts>>)>;
  // OK: do it now. Otherwise it is too late, or too much waits.
  using Work = std::function<void(absl::Status)>;
  // Until when the caller waits, and whether the caller still does; null: yes.
  struct Patience {
    absl::Time deadline = absl::InfiniteFuture();  // by the machine's clock
    std::function<bool()> gone = nullptr;
  };

  // Tells the near cache what is new; LogFollower::CatchUp.
  using CatchUp = std::function<absl::Status()>;

  // All outlive it. `next` is what is read if the near cache does not know.
  LookupBatcher(NearCache& near, CatchUp catch_up, Reader& next, const Clock& steady,
                const Options& options);
  // Ends calls that wait with CANCELLED, and waits for lookups under way.
  ~LookupBatcher();

  // `done` runs on a thread of the batcher (of the caller, if refused or without threads). Keys
  // that every caller has given up are not looked up.
  void Find(std::vector<PersonKey> keys, const Freshness& fresh, Patience patience, Done done);
  // Something else that a check must wait for and that may block, on a thread of the batcher.
  void Run(Work work);

 private:
  struct Caller;
  struct Lookup;
  struct Waiter {
    std::shared_ptr<Caller> caller;
    size_t place;  // in caller->facts
    bool late;     // came when the lookup was under way
    absl::Time came;
  };
  struct Outcome;
  using LookupPtr = std::shared_ptr<Lookup>;

  void Serve();
  // Does the next piece of work, or one batch; false if there is nothing to do.
  bool WorkOnce();
  // With threads they are told; without, the work is done here.
  void Wake();

  void Join(const PersonKey& key, uint64_t call, Waiter waiter)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<LookupPtr> TakeBatch(absl::Time& deadline, std::vector<Outcome>& outcomes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes away callers that have given up; true if none is left.
  bool Drop(Lookup& lookup, absl::Time now, std::vector<Outcome>& outcomes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle(const LookupPtr& lookup, std::vector<Outcome>& outcomes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const std::shared_ptr<Caller>& caller, absl::Status status,
           std::vector<Outcome>& outcomes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What a waiter is told; nullopt if the key has to be looked up again.
  std::optional<absl::StatusOr<Facts>> AnswerFor(const Waiter& waiter, const Lookup& lookup) const;

  // Answers a batch, each key once; may block until CurrentDeadline. The near cache is asked again
  // (others may have filled it) and made to catch up if it has to, then `next` is read.
  void Answer(const std::vector<LookupPtr>& batch);
  void AnswerFrom(const std::vector<Lookup*>& lookups, const Freshness& fresh);

  NearCache& near_;
  const CatchUp catch_up_;
  Reader& next_;
  const Clock& steady_;
  const Options options_;

  Mutex mutex_;
  CondVar more_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // keys, of all who wait
  std::deque<Work> works_ ABSL_GUARDED_BY(mutex_);
  std::deque<LookupPtr> queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<PersonKey, LookupPtr> queued_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<PersonKey, LookupPtr> under_way_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // last: they use the others
};

}  // namespace lingkaran::coverage
