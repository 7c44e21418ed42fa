// lingkaran-freshness: asks coverage about people who change, while Redis and the processes fail in
// all ways we know, and judges each answer by the whole truth. What a seed decides is what happens
// and what is asked; threads and network do the rest, so a violation need not come again with it.
//
//   lingkaran-freshness --seeds 200 --checks-per-seed 5000 --store sqlite --json FILE
//
// Ends with 1 if an answer was wrong or stale; prints it with its seed and its person's history.
#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include <CLI/CLI.hpp>

#include "tests/freshness/run.h"
#include "tests/support/servers.h"

int main(int argc, char** argv) {
  CLI::App app("Checks are never stale: answers under faults, judged by the whole truth");
  lingkaran::freshness::Plan plan;
  plan.seeds = 200;
  plan.first_seed = std::random_device{}() % 1'000'000'000;
  std::string store = "sqlite", json;
  int64_t seconds = 0;
  app.add_option("--seeds", plan.seeds, "How many")->check(CLI::PositiveNumber);
  app.add_option("--first-seed", plan.first_seed, "The first; others follow");
  app.add_option("--checks-per-seed", plan.checks_per_seed, "With a token, at least")
      ->check(CLI::PositiveNumber);
  app.add_option("--store", store, "sqlite or postgres")
      ->check(CLI::IsMember({"sqlite", "postgres"}));
  app.add_option("--seconds", seconds, "Begin no seed later; 0: all of them");
  app.add_flag("--keep-going", plan.keep_going, "After a violation, too");
  app.add_option("--lanes", plan.lanes, "Worlds side by side")->check(CLI::Range(1, 16));
  app.add_option("--near-members", plan.near_members,
                 "Of each replica; default: another in each lane; 0: the program's default");
  app.add_option("--bin", plan.bin, "Where lingkaran-coverage is, if not of this build");
  app.add_option("--json", json, "Where to write the counts");
  CLI11_PARSE(app, argc, argv);
  if (seconds > 0) plan.time = absl::Seconds(seconds);
  std::printf("seed %llu\n", static_cast<unsigned long long>(plan.first_seed));
  std::fflush(stdout);
  std::unique_ptr<lingkaran::PostgresServer> server;
  if (store == "postgres") {
    server = std::make_unique<lingkaran::PostgresServer>();
    plan.postgres = server->url();
  }
  const lingkaran::freshness::Report report = RunSeeds(plan);
  Print(plan, report);
  WriteJson(json, plan, report);
  return report.ok() && report.token_checks > 0 ? 0 : 1;
}
