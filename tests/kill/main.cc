// lingkaran-kills: kills the services, PostgreSQL and Redis with kill -9 while clients work, at
// every named place and at random moments, and audits after each kill; or restarts the services one
// after the other (--restarts). Exit code 1 if anything is lost, doubled or wrong.
#include <cstdio>
#include <fstream>
#include <random>
#include <string>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "tests/kill/lane.h"
#include "tests/kill/rolling.h"
#include "tests/support/servers.h"

namespace lingkaran::kill {
namespace {

long long Shown(int64_t number) { return number; }

void Print(const Plan& plan, const Report& report) {
  std::printf("kills on %s, seed %llu\n", plan.postgres ? "PostgreSQL" : "SQLite",
              static_cast<unsigned long long>(plan.seed));
  for (const auto& [what, count] : report.kills_by) {
    std::printf("  %-28s %8lld\n", what.c_str(), Shown(count));
  }
  std::printf("  %-28s %8lld\n", "kills", Shown(report.kills));
  std::printf("  %-28s %8lld\n", "mutations acknowledged", Shown(report.acknowledged));
  std::printf("  %-28s %8lld\n", "mutations refused", Shown(report.refused));
  std::printf("  %-28s %8lld\n", "asked again", Shown(report.asked_again));
  std::printf("  %-28s %8lld\n", "lost", Shown(report.lost));
  std::printf("  %-28s %8lld\n", "doubled", Shown(report.doubled));
  std::printf("  %-28s %8lld\n", "audits", Shown(report.audits));
  std::printf("  %-28s %8lld\n", "audit failures", Shown(report.audit_failures));
  std::printf("  %-28s %8zu of %zu\n", "places reached", report.reached.size(), AllPlaces().size());
  if (!report.missed.empty()) {
    std::printf("  tried and not reached:");
    for (const std::string& place : report.missed) std::printf(" %s", place.c_str());
    std::printf("\n");
  }
  if (!report.failure.empty()) std::printf("FAILED: %s\n", report.failure.c_str());
}

void WriteJson(const std::string& path, const Plan& plan, const Report& report) {
  if (path.empty()) return;
  std::string missed;
  for (const std::string& place : report.missed) {
    absl::StrAppend(&missed, missed.empty() ? "" : ", ", "\"", place, "\"");
  }
  std::ofstream(path) << "{\"seed\": " << plan.seed << ", \"kills\": " << report.kills
                      << ", \"acknowledged\": " << report.acknowledged
                      << ", \"lost\": " << report.lost << ", \"doubled\": " << report.doubled
                      << ", \"audit_failures\": " << report.audit_failures
                      << ", \"places\": " << AllPlaces().size()
                      << ", \"places_reached\": " << report.reached.size()
                      << ", \"places_missed\": [" << missed << "]}\n";
}

int RunKillsFromFlags(const Plan& plan, const std::string& json) {
  const Report report = RunKills(plan);
  Print(plan, report);
  WriteJson(json, plan, report);
  return report.failure.empty() && report.kills > 0 ? 0 : 1;
}

int RunRestartsFromFlags(const RollingPlan& plan, const std::string& json) {
  const RollingReport report = RunRollingRestarts(plan);
  std::printf("rolling restarts on %s, seed %llu\n",
              plan.postgres.empty() ? "SQLite" : "PostgreSQL",
              static_cast<unsigned long long>(plan.seed));
  std::printf("  %-28s %8lld\n", "restarts", Shown(report.restarts));
  std::printf("  %-28s %8lld\n", "health NOT_SERVING first", Shown(report.not_serving_first));
  std::printf("  %-28s %8lld\n", "requests", Shown(report.requests));
  std::printf("  %-28s %8lld\n", "failed requests", Shown(report.failed_requests));
  std::printf("  %-28s %8lld ms\n", "longest exit",
              Shown(absl::ToInt64Milliseconds(report.longest_exit)));
  if (!report.failure.empty()) std::printf("FAILED: %s\n", report.failure.c_str());
  if (!json.empty()) {
    std::ofstream(json) << "{\"seed\": " << plan.seed
                        << ", \"rolling_restarts\": " << report.restarts
                        << ", \"requests\": " << report.requests
                        << ", \"failed_requests\": " << report.failed_requests
                        << ", \"audit_failures\": " << report.audit_failures << "}\n";
  }
  return report.failure.empty() && report.restarts > 0 ? 0 : 1;
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
