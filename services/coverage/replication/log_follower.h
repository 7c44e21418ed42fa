// Keeps the near cache of this process at the head of coverage's change log.
//
// Three sources, the first of which is the truth:
//   SQL     the log is asked every poll interval, and when a check finds the near cache unconfirmed
//           (CatchUp): what changed since the watermark W, and as of when W is the head;
//   writes  of this process, after their commit (Wrote);
//   notices that other replicas publish through Redis after theirs, with the changed people inside.
// A notice that comes too early waits for the gap to close; a gap that stays is closed from SQL.
// When Redis or its line is lost, the poll goes on and nothing need be thrown away; when SQL is
// lost, nothing confirms W, and the near cache stops answering by itself.
//
// Also the warm start: streams member_records into the near cache while it answers.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/concurrency/single_flight.h"
#include "common/redis/pubsub.h"
#include "common/sql/database.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/record/member_record.h"
#include "services/coverage/replication/change_notices.h"

namespace lingkaran::coverage {

class LogFollower {
 public:
  struct Options {
    bool threads = true;  // false: CatchUp is all there is, for simulations
    absl::Duration poll = absl::Milliseconds(250);
    bool load = true;  // warm start
  };

  // `pubsub` may be null (no Redis). All outlive it. `epoch` names the database (store::Epoch).
  LogFollower(sql::Database& database, NearCache& near, PubSub* pubsub, const Clock& steady,
              int64_t epoch, const Options& options);
  ~LogFollower();

  // Asks SQL now and takes over what changed; concurrent callers share one question. Errors are the
  // store's.
  absl::Status CatchUp();
  // A transaction of this process committed: log position and the people it changed, as of it.
  // Takes them over and publishes the notice.
  void Wrote(int64_t position, std::vector<MemberRecord> changed);
  // True as soon as W lies beyond `position`; false if `most` goes by without that.
  bool AwaitBeyond(int64_t position, absl::Duration most);

 private:
  // What the threads are to do.
  struct Wishes {
    bool mend = false;
    bool load = false;
    bool work() const { return mend || load; }
  };

  // One question to SQL, to its end: errors are the store's.
  absl::Status Ask();
  absl::Status BeginAnew();
  // True if there is more to ask for.
  absl::StatusOr<bool> FollowOn();
  // W may have moved.
  void Moved();

  void Take(ChangeNotice notice);

  void Poll();
  void Work();
  void Want(bool Wishes::*wish);
  absl::Status WorkOnce(bool mend);
  void ShowGauges() const;

  sql::Database& database_;
  NearCache& near_;
  PubSub* const pubsub_;
  const Clock& steady_;
  const int64_t epoch_;
  const Options options_;
  const uint64_t sender_;

  ChangeNotices notices_;
  SingleFlight flight_;
  std::atomic<bool> following_{false};

  Mutex move_mutex_;
  CondVar moved_;
  int64_t moved_to_ ABSL_GUARDED_BY(move_mutex_) = 0;  // W, as those who wait know it

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Wishes wishes_ ABSL_GUARDED_BY(mutex_);
  std::thread poller_;
  std::thread worker_;
};

}  // namespace lingkaran::coverage
