// Seeds: each plays its faults while its people change and are asked about, then all that was
// answered is judged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lingkaran::freshness {

struct Plan {
  int64_t seeds = 8;
  uint64_t first_seed = 1;
  int64_t checks_per_seed = 5'000;                 // with a token, at least
  absl::Duration time = absl::InfiniteDuration();  // no seed begins later
  std::string postgres = "";                       // URL of a server, superuser; empty: SQLite
  std::string bin = "";                            // see World::Options
  bool keep_going = false;                         // after a violation
  int lanes = 4;                                   // worlds side by side
  int near_members = -1;  // of a replica; -1: another in each lane; 0: the program's default
};

struct Report {
  int64_t seeds = 0, quiet_seeds = 0, writes = 0;
  int64_t token_checks = 0, full_checks = 0, calm_checks = 0, tokenless_checks = 0;
  // By what was wrong; stale ones apart.
  std::map<std::string, int64_t> violations;
  int64_t stale = 0;
  absl::Duration largest_calm_staleness;
  std::vector<float> staleness_ms;  // of each answer without a token near faults
  std::map<std::string, int64_t> errors, calm_errors, faults;
  // By what was wrong: seed, check and history of the first ones.
  std::map<std::string, std::vector<std::string>> failures;
  absl::Duration time;

  int64_t violated() const;
  // Of staleness_ms; 0 if there are none.
  double StalenessQuantile(double quantile) const;
  bool ok() const { return violated() == 0 && stale == 0 && failures.empty(); }
};

Report RunSeeds(const Plan& plan);

void Print(const Plan& plan, const Report& report);
void WriteJson(const std::string& path, const Plan& plan, const Report& report);

}  // namespace lingkaran::freshness
