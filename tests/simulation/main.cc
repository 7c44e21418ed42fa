// lingkaran-simulation: many seeds of the simulated world, for as long as asked.
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "tests/simulation/simulation.h"

namespace {

using lingkaran::simulation::Result;
using lingkaran::simulation::Totals;

std::string Hex(uint64_t digest) { return absl::StrFormat("%016x", digest); }

std::string Json(const Totals& totals, double seconds, double cpu) {
  const auto& c = totals.counts;
  std::string text = absl::StrFormat(
      "{\"simulation_seeds\": %d, \"violations\": %d, \"first_failed_seed\": %d, "
      "\"digest\": \"%s\", \"operations\": %d, \"given_up\": %d, "
      "\"events\": %d, \"messages\": %d, \"lost\": %d, \"late\": %d, \"twice\": %d, "
      "\"crashes\": %d, \"partitions\": %d, \"clock_jumps\": %d, \"full_disks\": %d, "
      "\"deliveries\": %d, \"simulated_seconds\": %.0f, \"busy_seconds\": %.0f, "
      "\"real_seconds\": %.3f, \"cpu_seconds\": %.3f, \"speed\": %.0f, \"busy_speed\": %.0f, "
      "\"longest_settling_seconds\": %.1f, \"places\": {",
      totals.seeds, totals.violations, totals.first_failed, Hex(totals.digest), totals.decided,
      totals.given_up, c.events, c.messages, c.lost, c.late, c.twice, c.crashes, c.partitions,
      c.clock_jumps, c.full_disks, c.deliveries, absl::ToDoubleSeconds(c.simulated),
      absl::ToDoubleSeconds(c.busy), seconds, cpu, absl::ToDoubleSeconds(c.simulated) / seconds,
      absl::ToDoubleSeconds(c.busy) / cpu, absl::ToDoubleSeconds(c.settling));
  const char* comma = "";
  for (const auto& [place, passed] : totals.places) {
    absl::StrAppendFormat(&text, "%s\"%s\": [%d, %d]", comma, place, passed.passed, passed.died);
    comma = ", ";
  }
  return text + "}}\n";
}

}  // namespace

int main(int argc, char** argv) {
  int64_t seeds = 1'000;
  uint64_t first = 1;
  double seconds = 0;
  std::string json, trace;
  std::string source = LINGKARAN_SOURCE_DIR;
  CLI::App flags("lingkaran-simulation: the three services under a simulated clock and network");
  flags.add_option("--seeds", seeds, "how many seeds")->check(CLI::PositiveNumber);
  flags.add_option("--seconds", seconds, "as many seeds as fit into this time, instead");
  flags.add_option("--first-seed", first, "the first of them; the others follow");
  flags.add_option("--json", json, "file for the report");
  flags.add_option("--trace", trace, "file for what happened, line by line");
  flags.add_option("--source", source, "the project's directory, for rules and regions");
  CLI11_PARSE(flags, argc, argv);
  lingkaran::SetUpLog("simulation", lingkaran::Severity::kError);

  const lingkaran::simulation::Shared shared = lingkaran::simulation::ReadShared(source);
  std::ofstream traces;
  if (!trace.empty()) traces.open(trace);

  Totals totals;
  const absl::Time start = absl::Now();
  const double cpu_before = lingkaran::simulation::CpuSeconds();
  const absl::Time end = start + absl::Seconds(seconds);
  for (int64_t i = 0; seconds > 0 ? absl::Now() < end : i < seeds; ++i) {
    const uint64_t seed = first + static_cast<uint64_t>(i);
    const Result result = lingkaran::simulation::Run(shared, seed, !trace.empty());
    totals.Add(seed, result);
    if (!trace.empty()) traces << "seed " << seed << "\n" << result.trace;
    if (!result.violation.empty()) {
      std::cerr << "seed " << seed << ": " << result.violation
                << "\n  replay: lingkaran-simulation --seeds 1 --first-seed " << seed
                << " --trace FILE\n";
    }
  }
  const std::string report = Json(totals, absl::ToDoubleSeconds(absl::Now() - start),
                                  lingkaran::simulation::CpuSeconds() - cpu_before);
  if (!json.empty()) std::ofstream(json) << report;
  std::cout << report;
  return totals.violations == 0 ? 0 : 1;
}
