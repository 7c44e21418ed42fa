// lingkaran-kills: kills the services, PostgreSQL and Redis with kill -9 while clients work, at
// every named place and at random moments, and audits after each kill; or restarts the services one
// after the other (--restarts). Exit code 1 if anything is lost, doubled or wrong.
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/kill/lane.h"
#include "tests/kill/rolling.h"
#include "tests/support/servers.h"

namespace lingkaran::kill {
namespace {

using Figures = std::vector<std::pair<std::string, int64_t>>;

// Prints the figures, and writes them to `json` under the same names unless that is empty.
void Tell(const std::string& what, bool postgres, uint64_t seed, const Figures& figures,
          const std::string& json) {
  std::string text = absl::StrCat("{\"seed\": ", seed);
  std::printf("%s on %s, seed %llu\n", what.c_str(), postgres ? "PostgreSQL" : "SQLite",
              static_cast<unsigned long long>(seed));
  for (const auto& [name, figure] : figures) {
    std::printf("  %-28s %8lld\n", name.c_str(), static_cast<long long>(figure));
    absl::StrAppend(&text, ", \"", name, "\": ", figure);
  }
  if (!json.empty()) std::ofstream(json) << text << "}\n";
}

// The exit code.
int Judge(const std::string& failure, bool done) {
  if (!failure.empty()) std::printf("FAILED: %s\n", failure.c_str());
  return failure.empty() && done ? 0 : 1;
}

int RunKillsFromFlags(const Plan& plan, const std::string& json) {
  const Report report = RunKills(plan);
  Figures figures(report.kills_by.begin(), report.kills_by.end());
  figures.insert(figures.end(), {{"kills", report.kills},
                                 {"acknowledged", report.acknowledged},
                                 {"refused", report.refused},
                                 {"asked_again", report.asked_again},
                                 {"reads", report.reads},
                                 {"lost", report.lost},
                                 {"doubled", report.doubled},
                                 {"audits", report.audits},
                                 {"audit_failures", report.audit_failures},
                                 {"places", static_cast<int64_t>(AllPlaces().size())},
                                 {"places_reached", static_cast<int64_t>(report.reached.size())}});
  Tell("kills", plan.postgres, plan.seed, figures, json);
  if (!report.missed.empty()) {
    std::printf("  tried and not reached: %s\n", absl::StrJoin(report.missed, " ").c_str());
  }
  return Judge(report.failure, report.kills > 0);
}

int RunRestartsFromFlags(const RollingPlan& plan, const std::string& json) {
  const RollingReport report = RunRollingRestarts(plan);
  Tell("rolling restarts", !plan.postgres.empty(), plan.seed,
       {{"rolling_restarts", report.restarts},
        {"not_serving_first", report.not_serving_first},
        {"requests", report.requests},
        {"failed_requests", report.failed_requests},
        {"longest_exit_ms", absl::ToInt64Milliseconds(report.longest_exit)},
        {"audit_failures", report.audit_failures}},
       json);
  return Judge(report.failure, report.restarts > 0);
}

}  // namespace
}  // namespace lingkaran::kill

int main(int argc, char** argv) {
  CLI::App app("Kills services, PostgreSQL and Redis under load and audits after each kill");
  lingkaran::kill::Plan plan;
  std::string store = "sqlite", json;
  int64_t seconds = 0, restarts = -1;
  plan.seed = std::random_device{}();
  app.add_option("--store", store, "sqlite or postgres")
      ->check(CLI::IsMember({"sqlite", "postgres"}));
  app.add_option("--kills", plan.kills, "How many; 0: until --seconds are over");
  app.add_option("--restarts", restarts,
                 "Rolling restarts in place of kills; 0: until --seconds are over");
  app.add_option("--seconds", seconds, "At most so long; 0: without end");
  app.add_option("--seed", plan.seed, "Of victims, moments and load");
  app.add_option("--lanes", plan.lanes, "Stacks side by side")->check(CLI::Range(1, 64));
  app.add_option("--clients", plan.clients, "Client threads of each stack")
      ->check(CLI::Range(1, 64));
  app.add_option("--bin", plan.bin, "Where the services' programs are, if not of this build");
  app.add_option("--json", json, "Where to write the counts");
  CLI11_PARSE(app, argc, argv);
  if (plan.kills <= 0 && restarts <= 0 && seconds <= 0) {
    std::fprintf(stderr, "say how many kills or seconds\n");
    return 2;
  }
  if (seconds > 0) plan.seconds = absl::Seconds(seconds);
  plan.postgres = store == "postgres";
  if (restarts < 0) return lingkaran::kill::RunKillsFromFlags(plan, json);

  std::unique_ptr<lingkaran::PostgresServer> server;
  if (plan.postgres) server = std::make_unique<lingkaran::PostgresServer>();
  return lingkaran::kill::RunRestartsFromFlags({.postgres = server ? server->url() : "",
                                                .restarts = restarts,
                                                .seconds = plan.seconds,
                                                .seed = plan.seed,
                                                .bin = plan.bin},
                                               json);
}
