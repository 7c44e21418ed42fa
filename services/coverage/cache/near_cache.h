// Near cache: the members in this process, as of a known position of the change log (the watermark
// W), which decides what it may answer.
//
//   position W     every change of coverage's log up to W is in the table
//   confirmed      the steady time at which W was known to be the head of the log
//   window (B, W]  which workers changed, and where last; older changes are forgotten
//
// An answer is "as of W": it was true at W or, if that is what was read, a little later. Without a
// token it is given while the confirmation is younger than kMaxAge; with a token T if W >= T; never
// when full consistency is asked for. Nothing here does I/O: LogFollower feeds it.
//
// The one rule that keeps old facts out (IsCurrent): what was read anywhere as of position P about
// a worker is right as of W if P >= B and the worker is not among those that changed in (P, W].
// So a slow reader can't put back what an invalidation removed, and a Redis that was wiped, failed
// over or set back is believed exactly as far as the log allows.
//
// It rests on this: whoever gains or loses a key (NIK, membership number) at a position is among
// the workers that the log names for that position.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"
#include "services/coverage/cache/change_window.h"
#include "services/coverage/cache/member_table.h"
#include "services/coverage/record/freshness.h"

namespace lingkaran::coverage {

struct NearOptions {
  // People that the table has room for; 0: none are kept, but position and window are.
  size_t members = 1'000'000;
  size_t window = 1'000'000;  // changes that are remembered
};

class NearCache {
 public:
  enum class LookupResult {
    kFound,        // `out` is filled, known or surely unknown
    kMiss,         // not held here
    kUnconfirmed,  // W may be older than kMaxAge allows: LogFollower::CatchUp, then ask again
    kBehind,       // the token is ahead of W: the same
    kBypassed      // full consistency was asked for, or nothing is followed
  };

  explicit NearCache(const NearOptions& options);

  // ---- Readers: any thread, no lock ----

  // out.position is W on kFound. `now` is steady time.
  LookupResult Find(const PersonKey& key, const Freshness& fresh, absl::Time now, Facts& out) const;
  // These keys are asked for next (MemberTable::Prefetch).
  static constexpr size_t kPrefetchBatch = MemberTable::kPrefetchBatch;
  void Prefetch(absl::Span<const PersonKey* const> keys) const { table_.Prefetch(keys); }
  int64_t position() const { return shown_.position.load(std::memory_order_acquire); }
  // True if everybody is in the table: a key that is not there is nobody's.
  bool complete() const { return shown_.state.load(std::memory_order_acquire) & kComplete; }
  size_t size() const { return table_.size(); }
  // What it takes when the table is full, without the window (some 50 bytes a remembered change).
  size_t bytes() const { return table_.bytes(); }

  // ---- The follower: any thread, these take a lock ----

  // Empties everything; the table is as of `position`. `last`: the changes that led there, oldest
  // first and without a hole; the window begins with them.
  void Restart(int64_t position, absl::Span<const ChangeWindow::Change> last = {});
  // Nothing is followed any more, until Restart: every Find gives kBypassed.
  void Bypass();
  // All changes in (from, to]: the people they left, as they are at `to` or later
  // (facts.position, if that is more than `to`); facts.known is false for one who is gone. Of
  // two records of one worker the later stands. Nothing happens if to <= W. False, and nothing
  // happens, if from > W (there is a gap) or nothing is followed.
  bool Advance(int64_t from, int64_t to, absl::Span<const MemberRecord> changed);
  // As of steady time `at`, no change beyond `head` was committed. Counts if head <= W.
  void Confirm(int64_t head, absl::Time at);
  // People read elsewhere (facts.position says as of when): kept as far as IsCurrent and as there
  // is room.
  void Fill(absl::Span<const MemberRecord> read);
  // True if a record of this worker as of `position` is right as of W.
  bool IsCurrent(int64_t worker_id, int64_t position) const;

  // Warm start: people in any order, each span of rows as of a position of its own, none of them
  // before W at BeginLoad; what changed meanwhile is left out by the same rule, and who finds the
  // table full stays out. FinishLoad makes it complete if, since BeginLoad, all that were loaded or
  // brought by Advance found room, the window reached back far enough, and nothing restarted.
  void BeginLoad();
  void Load(absl::Span<const MemberEntry> rows, int64_t as_of);
  void FinishLoad();

 private:
  static constexpr uint64_t kFollowed = 1;
  static constexpr uint64_t kComplete = 2;
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::min() / 2;

  // What readers look at; one cache line.
  struct alignas(64) Shown {
    // kFollowed, kComplete. Above: counted up whenever one of them changes.
    std::atomic<uint64_t> state{0};
    std::atomic<int64_t> position{0};
    std::atomic<int64_t> confirmed{kNever};  // ns of steady time
    // The latest position that anything in the table is as of: W, or more while W is on its way.
    std::atomic<int64_t> latest{0};
  };

  bool followed() const { return shown_.state.load(std::memory_order_relaxed) & kFollowed; }
  void Show(uint64_t flags) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Something as of this position goes in next.
  void RaiseLatest(int64_t as_of) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `Person` is a MemberRecord or a MemberEntry.
  template <typename Person>
  void Put(const Person& person) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsCurrentLocked(int64_t worker_id, int64_t as_of) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return followed() && window_.Unchanged(worker_id, as_of);
  }

  Shown shown_;
  MemberTable table_;

  mutable Mutex mutex_;  // all below, and writing all above
  ChangeWindow window_ ABSL_GUARDED_BY(mutex_);
  bool load_good_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t load_since_ ABSL_GUARDED_BY(mutex_) = 0;  // W at BeginLoad
};

}  // namespace lingkaran::coverage
