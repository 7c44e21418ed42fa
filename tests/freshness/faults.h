// What goes wrong during a seed, when, and for how long: decided by the seed, played on a world.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/freshness/people.h"
#include "tests/freshness/world.h"

namespace lingkaran::freshness {

enum class Evil {
  // On the way from one replica, or from all, to Redis.
  kCut,
  kHalfClose,
  kStall,
  kDelay,
  kDropReplies,
  kThrottle,
  kRefuse,
  // Redis itself.
  kFlushAll,
  kScriptFlush,
  kKillRedis,   // comes back empty
  kSetBack,     // killed, comes back with what it held earlier in this seed
  kFull,        // takes no writes
  kReadOnly,    // replica of a master that is gone
  kPauseRedis,  // SIGSTOP
  // Coverage.
  kKillReplica,
  kKillAtPlace,   // at a fail point between commit and publishing
  kPauseReplica,  // SIGSTOP
  kCutDatabase,   // PostgreSQL ends all sessions
};
inline constexpr int kEvils = 18;

// One of them.
struct Planned {
  absl::Duration at = {};      // from the start of the seed
  absl::Duration length = {};  // of those that last
  Evil evil = Evil::kCut;
  int replica = -1;  // -1: all, where that can be
  uint64_t random = 0;
};

// How long a seed is quiet before the first and after the last of them.
struct Schedule {
  absl::Duration length = {};
  std::vector<Planned> evils;
};

// One seed in five has no faults at all.
Schedule MakeSchedule(Random& random, int replicas, bool postgres);

// When something was wrong, for the question whether a moment was calm. For several threads.
class Weather {
 public:
  void Begin(absl::Time now);
  void End(absl::Time now);
  // True if nothing was wrong from one moment to the other.
  bool Calm(absl::Time from, absl::Time to) const;

 private:
  mutable std::mutex mutex_;
  int storms_ = 0;
  std::vector<std::pair<absl::Time, absl::Time>> spells_;  // the last may be without end
};

// Plays the schedule, from now to its end, on the thread that made the world; in the end all is
// well again. Counts what it did.
void Play(const Schedule& schedule, World& world, Weather& weather,
          std::map<std::string, int64_t>& counts);

}  // namespace lingkaran::freshness
