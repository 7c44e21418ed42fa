// Histories of the suite under a bad network, checked; runs for as long as it is told to.
//
//   lingkaran-histories --histories 10000 --store postgres --seed 1 --json FILE
//
// Ends with 1 if a history is no history of a right service; prints it with its key and the seed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <map>
#include <random>
#include <string>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tests/history/deployment.h"

namespace lingkaran::history {
namespace {

struct Flags {
  WorkloadOptions work;
  Deployment::Options where;
  int64_t seconds = 0;
  std::string store = "sqlite";
  std::string json = "";
  int fault_gap_ms = 500;
  int kill_gap_ms = 0;
};

Flags ReadFlags(int argc, char** argv) {
  Flags flags;
  flags.work.seed = std::random_device{}();
  flags.work.histories = 0;
  CLI::App app("Histories of the suite under a bad network, checked.");
  app.add_option("--seconds", flags.seconds, "How long to begin new histories");
  app.add_option("--histories", flags.work.histories,
                 "How many; default: 10,000 if no time is given");
  app.add_option("--store", flags.store)->check(CLI::IsMember({"sqlite", "postgres"}));
  app.add_option("--redis", flags.where.redis, "HOST:PORT of a Redis for the services");
  app.add_option("--seed", flags.work.seed);
  app.add_option("--json", flags.json, "Where to write the figures");
  app.add_option("--fault-gap-ms", flags.fault_gap_ms,
                 "Average time between faults on one connection's way; 0: none");
  app.add_option("--kill-gap-ms", flags.kill_gap_ms,
                 "Time between kills of one of the processes; 0: none");
  app.add_option("--replicas", flags.where.replicas, "Processes of each service");
  app.add_option("--groups", flags.work.groups, "Groups of keys worked on at once");
  app.add_option("--clients", flags.work.clients, "Clients of one group");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (flags.work.histories == 0) {
    flags.work.histories = flags.seconds > 0 ? std::numeric_limits<int64_t>::max() / 2 : 10'000;
  }
  return flags;
}

using Figures = std::map<std::string, std::string>;

Figures FiguresOf(const Flags& flags, const WorkloadReport& report,
                  const std::map<std::string, int64_t>& faults, int64_t kills) {
  int64_t sum = 0;
  std::vector<std::string> kinds;
  for (const auto& [name, count] : faults) {
    sum += count;
    kinds.push_back(absl::StrCat("\"", name, "\": ", count));
  }
  return {{"histories", absl::StrCat(report.histories)},
          {"operations", absl::StrCat(report.operations)},
          {"violations", absl::StrCat(report.violations)},
          {"too_hard", absl::StrCat(report.too_hard)},
          {"unknown", absl::StrCat(report.unknown)},
          {"resent", absl::StrCat(report.resent)},
          {"faults", absl::StrCat(sum)},
          {"faults_by_kind", absl::StrCat("{", absl::StrJoin(kinds, ", "), "}")},
          {"kills", absl::StrCat(kills)},
          {"checker_steps", absl::StrCat(report.steps)},
          {"seconds", absl::StrCat(absl::ToInt64Seconds(report.time))},
          {"seed", absl::StrCat(flags.work.seed)},
          {"store", absl::StrCat("\"", flags.store, "\"")}};
}

int Main(int argc, char** argv) {
  Flags flags = ReadFlags(argc, argv);
  WorkloadOptions& options = flags.work;
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  if (flags.store == "postgres") {
    const char* url = std::getenv("LINGKARAN_TEST_POSTGRES");
    if (url == nullptr) {
      std::fprintf(stderr, "LINGKARAN_TEST_POSTGRES names no server\n");
      return 2;
    }
    flags.where.postgres = url;
  }
  Deployment deployment(flags.where);
  if (flags.seconds > 0) options.time = absl::Seconds(flags.seconds);
  options.report = [](const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  };
  if (flags.fault_gap_ms > 0) {
    deployment.PlayFaults(options.seed, absl::Hours(24), absl::Milliseconds(flags.fault_gap_ms));
  }
  std::future<WorkloadReport> run =
      std::async(std::launch::async, [&] { return RunHistories(deployment.targets(), options); });
  std::mt19937_64 random(options.seed);
  int64_t kills = 0;
  const auto gap = std::chrono::milliseconds(flags.kill_gap_ms > 0 ? flags.kill_gap_ms : 1'000);
  while (run.wait_for(gap) != std::future_status::ready) {
    if (flags.kill_gap_ms == 0) continue;
    deployment.KillOne(random());
    ++kills;
  }
  const Figures figures = FiguresOf(flags, run.get(), deployment.FaultCounts(), kills);
  std::vector<std::string> lines;
  for (const auto& [name, value] : figures) {
    std::printf("%-16s %s\n", name.c_str(), value.c_str());
    lines.push_back(absl::StrCat("  \"", name, "\": ", value));
  }
  if (!flags.json.empty()) {
    std::ofstream(flags.json) << "{\n" << absl::StrJoin(lines, ",\n") << "\n}\n";
  }
  return figures.at("violations") == "0" && figures.at("too_hard") == "0" ? 0 : 1;
}

}  // namespace
}  // namespace lingkaran::history

int main(int argc, char** argv) { return lingkaran::history::Main(argc, argv); }
