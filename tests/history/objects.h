// Objects that clients work on at the same time, in simulated time and without any service: right
// ones, and ones with a bug each, to show what the checker takes and what it finds.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/history/wgl.h"

namespace lingkaran::history {

// What a faulty object does wrong.
enum class Bug {
  kNone,
  kStaleRead,      // an answer from a copy that is a while old, whatever freshness was asked for
  kLostUpdate,     // now and then a change is acknowledged and not made
  kNoReplay,       // a change that is sent twice is made twice
  kPaidTwice,      // a bank reference counts as often as it comes
  kTornRead,       // an answer of which one half is older than the other
  kNoCheck,        // a change is made although the state forbids it
  kVersionStuck,   // a change does not count the version or position on
  kFromTheFuture,  // an answer of a change that is made later, or never
};
std::string BugName(Bug bug);

enum class Kind { kCover, kMember, kPledge };

// The model that a right object of this kind follows.
std::unique_ptr<Model> MakeModel(Kind kind);
// Bugs that an object of this kind can have.
std::vector<Bug> BugsOf(Kind kind);

struct SimulationOptions {
  int clients = 4;
  int operations = 40;
  int unknown_percent = 5;  // operations whose caller never hears of them
  int resent_percent = 20;  // changes that are sent twice, as after a lost answer
};

// The history of clients with an object of `kind` that has `bug`. The same seed, the same history.
std::vector<Operation> Simulate(Kind kind, Bug bug, uint64_t seed,
                                const SimulationOptions& options);

}  // namespace lingkaran::history
