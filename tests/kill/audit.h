// What is held against each other after each kill: what the clients were told, and what is there.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tests/kill/client.h"
#include "tests/kill/world.h"
#include "tests/support/cluster.h"

namespace lingkaran::kill {

struct Verdict {
  int64_t lost = 0;        // acknowledged effects that are not there
  int64_t doubled = 0;     // effects that are there more often than they were acknowledged
  int64_t faults = 0;      // all else that is wrong: books that don't agree, work that never ends
  std::string difference;  // the first one, in words
  bool ok() const { return lost + doubled + faults == 0; }
};

// Waits, at most `bound`, until no service owes another anything; has the oracle look into the
// stores; makes each call again that was acknowledged since the last audit and compares the
// answers; has the services' audits compared with each other. Nobody writes meanwhile.
Verdict Audit(const Cluster& cluster, Stubs& stubs, World& world, absl::Duration bound);

}  // namespace lingkaran::kill
