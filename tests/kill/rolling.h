// Rolling restarts: each service in turn gets SIGTERM and is started again while clients work on,
// who use the shipped retry policy and must not see a single failure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace lingkaran::kill {

struct RollingPlan {
  std::string postgres;  // URL of a server, or empty for SQLite
  int64_t restarts = 0;  // 0: until the time is over
  absl::Duration seconds = absl::InfiniteDuration();
  uint64_t seed = 1;
  std::string bin;  // of the services; empty: this build's
  int clients = 4;
};

struct RollingReport {
  int64_t restarts = 0;
  int64_t requests = 0;           // answered: mutations, refusals and reads
  int64_t failed_requests = 0;    // an outcome that the client does not know
  int64_t not_serving_first = 0;  // restarts in which health said NOT_SERVING before the end
  absl::Duration longest_exit;    // from SIGTERM to the end
  int64_t audit_failures = 0;
  std::string failure;
};

RollingReport RunRollingRestarts(const RollingPlan& plan);

}  // namespace lingkaran::kill
