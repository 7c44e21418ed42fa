// Eligibility checks against their bars: one table, one flat JSON object, one picture.
//
// Servers run on the first processor, this program and so all callers on the second. Variants take
// turns; medians of the rounds count. Answers are judged all the while.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_join.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/people.h"

namespace lingkaran::bench {
namespace {

struct Flags {
  std::string json, plot, work, programs = LINGKARAN_BIN_DIR;
  std::vector<std::string> only;
  int64_t members = 40'000'000;
  int rounds = 7, redis_share = 16;
  double seconds = 2;
  bool quick = false;
};

constexpr int64_t kQuickMembers = 100'000;

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--json", flags.json, "Where to write the figures");
  app.add_option("--plot", flags.plot, "Where to write the picture (SVG)");
  app.add_option("--members", flags.members, "People of the largest nation")
      ->check(CLI::Range(1'000, 100'000'000));
  app.add_option("--rounds", flags.rounds, "Medians are taken over so many")
      ->check(CLI::Range(1, 100));
  app.add_option("--seconds", flags.seconds, "Of each phase")->check(CLI::Range(0.1, 60.0));
  app.add_option("--work", flags.work,
                 "Directory where nations are kept for the next run; 20 GB for 40 million people");
  app.add_option("--programs", flags.programs, "Directory of the services' programs");
  app.add_option("--redis-share", flags.redis_share,
                 "Redis gets one in so many buckets; 1 for all, which takes 8 GB and more")
      ->check(CLI::Range(1, 4096));
  app.add_option("--only", flags.only, "A part to run; all without it")
      ->check(CLI::IsMember({"costs", "tail", "batches", "cold", "redis", "stampede"}));
  app.add_flag("--quick", flags.quick,
               "A test of half a minute: 100,000 people, three short rounds, bars that noise does "
               "not reach");
}

Setting MakeSetting(const Flags& flags, const std::string& scratch) {
  Setting out;
  out.quick = flags.quick;
  out.members = flags.quick ? kQuickMembers : flags.members;
  out.rounds = flags.quick ? 3 : flags.rounds;
  out.seconds = flags.quick ? 0.4 : flags.seconds;
  out.redis_share = flags.quick ? 1 : flags.redis_share;
  out.programs = flags.programs;
  out.scratch = scratch;
  out.work = flags.work.empty() ? scratch : flags.work;
  std::filesystem::create_directories(out.work);
  out.keys = out.work + "/keys.json";
  std::ofstream(out.keys) << NationKeys();
  chmod(out.keys.c_str(), 0600);
  return out;
}

int Run(const Flags& flags) {
  if (!flags.work.empty()) std::filesystem::create_directories(flags.work);
  // The copy of a nation that is changed lies where the nations are: there is room.
  if (!flags.work.empty()) setenv("TMPDIR", flags.work.c_str(), 1);
  const TempDirectory scratch;
  Setting setting = MakeSetting(flags, scratch.path());
  const OnProcessor callers(kCallerProcessor);
  const std::pair<const char*, std::function<void()>> parts[] = {
      {"costs", [&] { MeasureCosts(setting); }},
      {"tail", [&] { MeasureTail(setting, flags.plot); }},
      {"batches", [&] { MeasureBatches(setting); }},
      {"cold", [&] { MeasureColdStart(setting); }},
      {"redis", [&] { MeasureRedis(setting); }},
      {"stampede", [&] { MeasureStampede(setting); }},
  };
  for (const auto& [name, measure] : parts) {
    const bool chosen = std::find(flags.only.begin(), flags.only.end(), name) != flags.only.end();
    if (!flags.only.empty() && !chosen) continue;
    std::fprintf(stderr, "%s\n", name);
    measure();
  }
  setting.figures.Print();
  if (!flags.json.empty()) setting.figures.WriteJson(flags.json);
  const std::vector<std::string> missed = setting.figures.Missed();
  if (!missed.empty()) std::printf("bars missed: %s\n", absl::StrJoin(missed, ", ").c_str());
  return missed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace lingkaran::bench

int main(int argc, char** argv) {
  CLI::App app("Eligibility checks against their bars");
  lingkaran::bench::Flags flags;
  lingkaran::bench::AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);
  return lingkaran::bench::Run(flags);
}
