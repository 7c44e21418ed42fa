#include "tests/freshness/run.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/freshness/load.h"

namespace lingkaran::freshness {
namespace {

constexpr size_t kFailuresOfAKind = 2;  // that are shown
constexpr double kChecksInTime = 1.15;  // of those wanted, in the time of the faults
constexpr absl::Duration kMoreTime = absl::Seconds(30);
constexpr absl::Duration kLook = absl::Milliseconds(50);

// What the lanes share.
struct Shared {
  explicit Shared(const Plan& p) : plan(p), start(absl::Now()) {}
  // False if there is none left.
  bool NextSeed(uint64_t& seed) {
    const std::lock_guard lock(mutex);
    if (begun >= plan.seeds || absl::Now() - start > plan.time) return false;
    if (!report.ok() && !plan.keep_going) return false;
    seed = plan.first_seed + static_cast<uint64_t>(begun++);
    return true;
  }
  const Plan plan;
  const absl::Time start;
  std::mutex mutex;
  int64_t begun = 0;
  Report report;
};

World::Options WorldOf(const Plan& plan, int lane) {
  // Room for all, for some, for next to none.
  static constexpr int kNear[] = {20'000, 64, 20'000, 512};
  World::Options options;
  options.postgres = plan.postgres;
  options.bin = plan.bin;
  options.replicas = lane % 3 == 1 ? 3 : 2;
  options.near_members = plan.near_members >= 0 ? plan.near_members : kNear[lane % 4];
  return options;
}

// Waits until there are enough checks with a token, or time is up.
void AwaitChecks(const Load& load, int64_t wanted) {
  const absl::Time end = absl::Now() + kMoreTime;
  while (load.token_checks() < wanted && !load.failed() && absl::Now() < end) {
    absl::SleepFor(kLook);
  }
}

// Adds what a seed answered to the report.
void JudgeAll(uint64_t seed, const World& world, Load::Result result, bool quiet, Shared& shared) {
  const int64_t writes = std::ssize(result.writes);
  Judge judge(std::move(result.writes));
  std::vector<Judgement> judgements;
  for (const Check& check : result.checks) judgements.push_back(judge.Of(check));

  const std::lock_guard lock(shared.mutex);
  Report& all = shared.report;
  const auto show = [&](const std::string& kind, const std::string& text) {
    std::vector<std::string>& shown = all.failures[kind];
    if (shown.size() < kFailuresOfAKind) shown.push_back(absl::StrCat("seed ", seed, ": ", text));
  };
  ++all.seeds;
  all.quiet_seeds += quiet ? 1 : 0;
  all.writes += writes;
  for (const auto& [name, count] : result.errors) all.errors[name] += count;
  for (const auto& [name, count] : result.calm_errors) all.calm_errors[name] += count;
  if (!result.failure.empty()) show("failed", result.failure);
  for (size_t i = 0; i < judgements.size(); ++i) {
    const Check& check = result.checks[i];
    const Judgement& judgement = judgements[i];
    all.token_checks += check.asked == Asked::kToken;
    all.full_checks += check.asked == Asked::kFull;
    if (check.asked == Asked::kNoToken) {
      ++all.tokenless_checks;
      if (check.calm) {
        ++all.calm_checks;
        all.largest_calm_staleness = std::max(all.largest_calm_staleness, judgement.staleness);
      } else {
        all.staleness_ms.push_back(
            static_cast<float>(absl::ToDoubleMilliseconds(judgement.staleness)));
      }
    }
    if (judgement.wrong == Wrong::kNot) continue;
    const std::string name(WrongName(judgement.wrong));
    ++(judgement.wrong == Wrong::kStale ? all.stale : all.violations[name]);
    show(name, absl::StrCat(judge.Explain(check), "  logs: ", world.directory()));
  }
}

void RunLane(Shared& shared, int lane) {
  uint64_t seed = 0;
  if (!shared.NextSeed(seed)) return;
  World world(WorldOf(shared.plan, lane));
  do {
    Random random(seed);
    const Schedule schedule = MakeSchedule(random, world.replicas(), !shared.plan.postgres.empty());
    Weather weather;
    std::map<std::string, int64_t> faults;
    Load load(world, weather,
              {.seed = seed,
               .people = static_cast<int>(8 + Below(random, 14)),
               .token_checks_per_second = kChecksInTime *
                                          static_cast<double>(shared.plan.checks_per_seed) /
                                          absl::ToDoubleSeconds(schedule.length)});
    Play(schedule, world, weather, faults);
    AwaitChecks(load, shared.plan.checks_per_seed);
    JudgeAll(seed, world, load.Stop(), schedule.evils.empty(), shared);
    const std::lock_guard lock(shared.mutex);
    for (const auto& [name, count] : faults) shared.report.faults[name] += count;
    if (!shared.report.ok()) world.Keep();
  } while (shared.NextSeed(seed));
}

std::string ToJson(const std::map<std::string, int64_t>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", "\"", name, "\": ", count);
  }
  return "{" + out + "}";
}

void PrintCounts(const char* title, const std::map<std::string, int64_t>& counts) {
  std::printf("  %s:\n", title);
  for (const auto& [name, count] : counts) {
    absl::PrintF("    %-36s %9d\n", name, count);
  }
}

}  // namespace

int64_t Report::violated() const {
  int64_t sum = 0;
  for (const auto& [name, count] : violations) sum += count;
  return sum;
}

double Report::StalenessQuantile(double quantile) const {
  if (staleness_ms.empty()) return 0;
  std::vector<float> sorted = staleness_ms;
  const auto at = sorted.begin() +
                  static_cast<std::ptrdiff_t>(quantile * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

Report RunSeeds(const Plan& plan) {
  Shared shared(plan);
  std::vector<std::thread> lanes;
  for (int i = 0; i < plan.lanes; ++i) lanes.emplace_back(RunLane, std::ref(shared), i);
  for (std::thread& lane : lanes) lane.join();
  shared.report.time = absl::Now() - shared.start;
  return shared.report;
}

void Print(const Plan& plan, const Report& report) {
  absl::PrintF("freshness on %s, seeds from %d on, %.0f s\n",
               plan.postgres.empty() ? "SQLite" : "PostgreSQL", plan.first_seed,
               absl::ToDoubleSeconds(report.time));
  const auto row = [](const std::string& name, int64_t count) {
    absl::PrintF("  %-38s %9d\n", name, count);
  };
  row("seeds", report.seeds);
  row("seeds without faults", report.quiet_seeds);
  row("changes acknowledged", report.writes);
  row("checks with a token", report.token_checks);
  row("checks fully consistent", report.full_checks);
  row("checks without a token", report.tokenless_checks);
  row("  of these far from any fault", report.calm_checks);
  row("violations", report.violated());
  for (const auto& [name, count] : report.violations) row("  " + name, count);
  row("stale without faults", report.stale);
  std::printf("  %-38s %9.0f ms\n", "largest staleness without faults",
              absl::ToDoubleMilliseconds(report.largest_calm_staleness));
  for (const double quantile : {0.5, 0.99, 0.999, 1.0}) {
    std::printf("  %-38s %9.0f ms\n",
                absl::StrCat("staleness near faults, p", quantile * 100).c_str(),
                report.StalenessQuantile(quantile));
  }
  PrintCounts("errors of checks, all allowed", report.errors);
  PrintCounts("  of these far from any fault", report.calm_errors);
  PrintCounts("faults", report.faults);
  for (const auto& [name, texts] : report.failures) {
    for (const std::string& text : texts) std::printf("FAILED: %s\n", text.c_str());
  }
}

void WriteJson(const std::string& path, const Plan& plan, const Report& report) {
  if (path.empty()) return;
  std::ofstream(path) << absl::StrFormat(
      "{\"seed\": %d, \"seeds\": %d, \"token_checks\": %d, \"violations\": %d,\n"
      " \"full_checks\": %d, \"tokenless_calm_checks\": %d, \"stale\": %d,\n"
      " \"largest_calm_staleness_ms\": %.0f, \"staleness_near_faults_p999_ms\": %.0f,\n"
      " \"writes\": %d, \"errors\": %s, \"calm_errors\": %s, \"faults\": %s,\n"
      " \"seconds\": %.0f, \"store\": \"%s\"}\n",
      plan.first_seed, report.seeds, report.token_checks, report.violated(), report.full_checks,
      report.calm_checks, report.stale, absl::ToDoubleMilliseconds(report.largest_calm_staleness),
      report.StalenessQuantile(0.999), report.writes, ToJson(report.errors),
      ToJson(report.calm_errors), ToJson(report.faults), absl::ToDoubleSeconds(report.time),
      plan.postgres.empty() ? "sqlite" : "postgres");
}

}  // namespace lingkaran::freshness
