// One seed's world from its beginning to its verdict.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/simulation/world.h"

namespace lingkaran::simulation {

// From the end of the faults until nothing is owed, at most, in simulated time: what crashed is
// started again, leases of the dead end, clients ask again, and chains of several steps wait for
// their back-offs in two services.
inline constexpr absl::Duration kLongestSettling = absl::Minutes(2);

struct Result {
  std::string violation;  // empty: all is well
  std::string trace;      // if it was to be kept
  uint64_t digest = 0;    // of the trace
  Counts counts;
  int64_t decided = 0;
  int64_t given_up = 0;
  std::map<std::string, World::Passed> places;
};

// Of many seeds.
struct Totals {
  int64_t seeds = 0;
  int64_t violations = 0;
  uint64_t first_failed = 0;
  uint64_t digest = 0;
  Counts counts;
  int64_t decided = 0;
  int64_t given_up = 0;
  std::map<std::string, World::Passed> places;
  void Add(uint64_t seed, const Result& result);
};

// Reads what all seeds share. `source` is the project's directory. Throws std::runtime_error if
// that can't be.
Shared ReadShared(const std::string& source);

// What this process has computed for so far: other work on the machine does not count.
double CpuSeconds();

Result Run(const Shared& shared, uint64_t seed, bool keep_trace);

}  // namespace lingkaran::simulation
