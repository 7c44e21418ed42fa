// Keeps the near cache of this process at the head of coverage's change log.
//
// Three sources, the first of which is the truth:
//   SQL     the log is asked every poll interval, and when a check finds the near cache unconfirmed
//           (CatchUp): what changed since W, and whether W is the head;
//   writes  of this process, after their commit (Wrote);
//   notices that other replicas publish through Redis after theirs, with the changed people inside.
// A notice that comes too early waits for the gap to close; a gap that stays is closed from SQL.
// Our own heartbeat that comes back over Redis proves that all notices published before it have
// come. When Redis or its link is lost, the poll goes on and nothing need be thrown away; when SQL
// is lost too, the near cache stops answering by itself.
//
// Also the warm start: streams member_records into the near cache while it answers.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/redis/pubsub.h"
#include "common/sql/database.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

class LogFollower {
 public:
  struct Options {
    bool threads = true;  // false: CatchUp is all there is, for simulations
    absl::Duration poll = absl::Milliseconds(250);
    bool load = true;  // warm start
    // Heartbeats alone confirm at most for so long after the last answer of SQL.
    absl::Duration longest_without_sql = absl::Minutes(1);
  };

  // `link` may be null (no Redis). All outlive it. `epoch` names the database (store::Epoch).
  LogFollower(sql::Database& database, NearCache& near, PubSub* link, const Clock& steady,
              int64_t epoch, const Options& options);
  ~LogFollower();

  // Asks SQL now and takes over what changed; concurrent callers share one question. Errors are the
  // store's.
  absl::Status CatchUp();
  // A transaction of this process committed: log position and the people it changed, as of it.
  // Takes them over and publishes the notice.
  void Wrote(int64_t position, std::vector<MemberRecord> changed);
  // Calls `changed` (no blocking) whenever W moves, until the returned handle goes.
  std::shared_ptr<void> OnMove(std::function<void(int64_t position)> changed);

  // For start line, metrics and tests: how the warm start stands.
  struct Progress {
    int64_t loaded = 0;
    bool complete = false;
  };
  Progress progress() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lingkaran::coverage
