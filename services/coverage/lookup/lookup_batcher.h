// Where checks wait that the near cache could not answer. A few threads ask the next links for all
// of them together: equal keys of different requests are one question, and one round trip serves
// everybody who came meanwhile. Gives back to the near cache what it learns.
//
// How fresh what is:
//   * who waits before his question is begun gets an answer that was read after he came;
//   * who joins a question under way gets its answer only if it is fresh enough for him all the
//     same (his token is not beyond it, or it was begun less than max_age ago); else it is asked
//     again for him. Full consistency never joins what has begun.
// A token that the log has not reached yet fails alone, whoever else was in the round.
//
// The queue is bounded: beyond it checks are refused with RESOURCE_EXHAUSTED/OVERLOADED. Errors go
// to all who asked and are never kept.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/reader.h"
#include "services/coverage/replication/log_follower.h"

namespace lingkaran::coverage {

class LookupBatcher {
 public:
  struct Options {
    int threads = 2;  // 0: everything works on the caller's thread, for simulations
    size_t waiting_keys = 50'000;
    size_t batch_keys = 1'000;  // in one round; the keys that a caller brought stay together
    absl::Duration max_age =
        absl::Seconds(2);  // of an answer without a token; NearOptions::max_age
  };
  // Facts in the order of the keys (known is false for nobody), or why there are none.
  using Done = std::function<void(absl::StatusOr<std::vector<Facts>>)>;
  // OK: do it now. Otherwise it is too late, or too much waits.
  using Work = std::function<void(absl::Status)>;
  // Until when the caller waits, and whether he still does; null: he does.
  struct Patience {
    absl::Time deadline = absl::InfiniteFuture();  // by the machine's clock
    std::function<bool()> gone = nullptr;
  };

  // Tells the near cache what is new; LogFollower::CatchUp.
  using CatchUp = std::function<absl::Status()>;

  // All outlive it. `next` is the first link behind the near cache.
  LookupBatcher(NearCache& near, LogFollower& follower, Reader& next, const Clock& steady,
                const Options& options)
      : LookupBatcher(
            near, [&follower] { return follower.CatchUp(); }, next, steady, options) {}
  LookupBatcher(NearCache& near, CatchUp catch_up, Reader& next, const Clock& steady,
                const Options& options);
  // Ends those that wait with CANCELLED, and waits for those under way.
  ~LookupBatcher();

  // `done` runs on a thread of the pool (of the caller, if refused or without threads). Questions
  // whose every asker has given up are not asked.
  void Find(std::vector<PersonKey> keys, const Freshness& fresh, Patience patience, Done done);
  // Something else that a check must wait for and that may block, on a thread of the pool.
  void Run(Work work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lingkaran::coverage
