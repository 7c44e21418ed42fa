// Near cache: the members in this process, as of a known position of the change log (the watermark
// W), which decides what it may answer.
//
//   position W     every change of coverage's log up to W is in the table
//   confirmed      the steady time at which W was known to be the head of the log
//   window (B, W]  which workers changed, and where last; older changes are forgotten
//
// An answer is "as of W": it was true at W or, if that is what was read, a little later. Without a
// token it is given while the confirmation is younger than max_age; with a token T if W >= T; never
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

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/coverage/cache/member_table.h"
#include "services/coverage/record/freshness.h"

namespace lingkaran::coverage {

struct NearOptions {
  // People that the table is made for; 0: none are kept, but position and window are.
  size_t members = 1'000'000;
  absl::Duration max_age = absl::Seconds(2);  // "at most 2 s old" is promised; not more
  size_t window = 1'000'000;                  // changes that are remembered
};

class NearCache {
 public:
  enum class LookupResult {
    kFound,        // `out` is filled, known or surely unknown
    kMiss,         // not held here
    kUnconfirmed,  // W may be older than max_age allows: LogFollower::CatchUp, then ask again
    kBehind,       // the token is ahead of W: the same
    kBypassed      // full consistency was asked for, or nothing is followed
  };

  explicit NearCache(const NearOptions& options);
  ~NearCache();

  // ---- Readers: any thread, no lock ----

  // out.position is W on kFound. `now` is steady time.
  LookupResult Find(const PersonKey& key, const Freshness& fresh, absl::Time now, Facts& out) const;
  // These keys are asked for next (MemberTable::Prefetch).
  static constexpr size_t kPrefetchBatch = MemberTable::kPrefetchBatch;
  void Prefetch(absl::Span<const PersonKey* const> keys) const;
  int64_t position() const;
  // True if everybody is in the table: a key that is not there is nobody's.
  bool complete() const;
  size_t size() const;
  // What it takes when the table is full, without the window (some 50 bytes a remembered change).
  size_t bytes() const;

  // ---- The follower: any thread, these take a lock ----

  // Empties everything; the table is as of `position` and its window begins there.
  void Restart(int64_t position);
  // Nothing is followed any more, until Restart: every Find gives kBypassed.
  void Bypass();
  // All changes in (from, to]: the people they left, as they are at `to` or later
  // (facts.position, if that is more than `to`); facts.known is false for one who is gone. Of
  // two records of one worker the later stands. Nothing happens if to <= W. False, and nothing
  // happens, if from > W (there is a gap) or nothing is followed.
  bool Advance(int64_t from, int64_t to, absl::Span<const MemberRecord> changed);
  // The same where only the workers are known: they go from the table, which then is not complete.
  // Fills the window after a Restart at an earlier position.
  bool Changed(int64_t from, int64_t to, absl::Span<const int64_t> worker_ids);
  // As of steady time `at`, no change beyond `position` was committed. Counts if position <= W.
  void Confirm(int64_t position, absl::Time at);
  // People read elsewhere (facts.position says as of when): kept as far as IsCurrent. Where the
  // table is full, others are evicted.
  void Fill(absl::Span<const MemberRecord> read);
  // A key that nobody had as of `position`, as read at steady time `read`: remembered for a second
  // at most, and no longer than until somebody comes who has it.
  void FillNobody(const PersonKey& key, int64_t position, absl::Time read);
  // True if a record of this worker as of `position` is right as of W.
  bool IsCurrent(int64_t worker_id, int64_t position) const;

  // Warm start: people in any order, each span of rows as of a position of its own, none of them
  // before W at BeginLoad; what changed meanwhile is left out by the same rule, and who finds the
  // table full stays out. FinishLoad makes it complete if, since BeginLoad, all that were loaded or
  // brought by Advance found room, the window reached back far enough, and nothing restarted.
  void BeginLoad();
  void Load(absl::Span<const MemberRecord> rows, int64_t position);
  void Load(absl::Span<const MemberEntry> rows, int64_t position);
  void FinishLoad();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lingkaran::coverage
