// What is held against each other after each kill: what the clients were told, and what is there.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/kill/client.h"
#include "tests/kill/world.h"

namespace lingkaran::kill {

struct Verdict {
  int64_t lost = 0;        // acknowledged effects that are not there
  int64_t doubled = 0;     // effects that are there more often than they were acknowledged
  int64_t faults = 0;      // all else that is wrong: books that don't agree, work that never ends
  std::string difference;  // the first one, in words
  bool ok() const { return lost + doubled + faults == 0; }
};

// Waits until no service owes another anything, at most `bound`; the error says what is under way,
// or what was given up on.
absl::Status WaitUntilSettled(Stubs& stubs, World& world, absl::Duration bound);

// Settles, re-adds the books of all services and compares them with each other; counts what there
// is of each noun and each pledge's money; makes each call again that was acknowledged since the
// last audit and compares the answers. Nobody writes meanwhile.
Verdict Audit(Stubs& stubs, World& world, absl::Duration bound);

}  // namespace lingkaran::kill
