// Kills without end on stacks of its own: a lane is one stack after the other, each with clients at
// work, from which the next victim is taken in turn. Several lanes go on side by side, since most
// of the time of a kill is spent waiting for a lease of the dead to end.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/kill/places.h"

namespace lingkaran::kill {

struct Plan {
  bool postgres = false;  // else SQLite
  int64_t kills = 0;      // 0: until the time is over
  absl::Duration seconds = absl::InfiniteDuration();
  uint64_t seed = 1;
  std::string bin;  // of the services; empty: this build's
  int lanes = 3;
  int clients = 3;  // per lane
};

struct Report {
  int64_t kills = 0;
  std::map<std::string, int64_t>
      kills_by;  // "at a place", "coverage at random", "postgres at random"
  int64_t acknowledged = 0;
  int64_t refused = 0;
  int64_t asked_again = 0;
  int64_t reads = 0;
  int64_t lost = 0;
  int64_t doubled = 0;
  int64_t audits = 0;
  int64_t audit_failures = 0;
  std::map<std::string, int64_t> reached;  // service:place, and kills there
  std::set<std::string> missed;            // tried and never reached
  std::string failure;                     // the first one, with where its stack is kept
};

// Whom to kill next: all places in a shuffled order, random moments between them. For several
// threads.
class Victims {
 public:
  explicit Victims(const Plan& plan);
  struct Victim {
    std::string who;  // a service, "postgres", "redis" or "all"
    Place place;      // empty name: at a random moment
    int pass = 1;     // at the n-th time it comes there
  };
  Victim Next();

 private:
  const Plan plan_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::vector<Place> places_;
  size_t at_ = 0;
};

// Runs all lanes until the plan is fulfilled or something is wrong; tells of progress on stderr.
Report RunKills(const Plan& plan);

}  // namespace lingkaran::kill
