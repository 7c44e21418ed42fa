// Clients that work on few keys at the same time, and the checks of what they saw.
//
// Keys come in groups: the paid month of a worker at coverage, a worker's standing at the registry
// and what coverage makes of it, the money of a pledge. Several clients work on one group through
// the shipped client library, each call at one of the replicas; then the history of each key is
// checked on its own. The group is never touched again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lingkaran::history {

// Addresses of the services: of each at least one; several are replicas on one database.
struct Targets {
  std::vector<std::string> registry;
  std::vector<std::string> sponsorship;
  std::vector<std::string> coverage;
};

struct WorkloadOptions {
  uint64_t seed = 1;
  int64_t histories = 600;                         // as many, rounded up to whole groups,
  absl::Duration time = absl::InfiniteDuration();  // or as many as begin within this time
  int groups = 3;                                  // under way at once
  int clients = 4;                                 // of one group
  int keys = 20;                                   // of one group
  int operations = 100;                            // of one key, about
  int64_t first_candidate = 0;                     // of the people made, see support/candidate.h
  int32_t today = 20191107;                        // at the services
  // Told of each violation as it is found: key, seed and the whole history.
  std::function<void(const std::string&)> report = nullptr;
};

struct WorkloadReport {
  int64_t histories = 0;
  int64_t operations = 0;
  int64_t violations = 0;
  int64_t too_hard = 0;  // histories without a verdict
  int64_t unknown = 0;   // operations whose outcome nobody heard
  int64_t resent = 0;    // calls that were sent more than once under one request_id, or again
  int64_t steps = 0;     // of the checker
  absl::Duration time;
};

// Runs groups until there are enough histories. What the seed decides is what clients ask; threads
// and network do the rest, so a violation need not come again with its seed.
WorkloadReport RunHistories(const Targets& targets, const WorkloadOptions& options);

}  // namespace lingkaran::history
