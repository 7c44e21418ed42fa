#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/bench/check/echo_server.h"
#include "tests/bench/check/import.h"
#include "tests/bench/check/load.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/plot.h"
#include "tests/bench/check/sqlite.h"
#include "tests/bench/check/work.h"

namespace lingkaran::bench {
namespace {

constexpr int64_t kMembers = 1'000'000;
constexpr int64_t kImportRoom = 2'000'000;
constexpr int kConnections = 64;
constexpr int kCallers = 64;
constexpr int kPeopleASecond = 60'000;  // more than are imported in a second

// A nation of its own, because the import changes it.
std::string Copy(const Setting& setting, int64_t members) {
  std::string path = setting.scratch + "/import.db";
  std::filesystem::copy_file(setting.Nation(members), path);
  return path;
}

// At this moment: the machine is faster at one time than at another.
double Capacity(Load& load, const Setting& setting) {
  return load.Closed(kCallers, setting.seconds, {}).rate();
}

void Plot(Load& load, const Setting& setting, double capacity, const std::string& path) {
  std::vector<LoadPoint> points;
  for (int percent = 10; percent <= 90; percent += 10) {
    Series p50, p99, p999;
    for (int round = 0; round < 3; ++round) {
      const Phase phase = load.Open(capacity * percent / 100, setting.seconds, {});
      p50.Add(phase.Ms(0.5));
      p99.Add(phase.Ms(0.99));
      p999.Add(phase.Ms(0.999));
    }
    points.push_back({static_cast<double>(percent), capacity * percent / 100, p50.Median(),
                      p99.Median(), p999.Median()});
    std::fprintf(stderr, "  load %d%%: p50 %.2f, p99 %.2f, p99.9 %.2f ms\n", percent, p50.Median(),
                 p99.Median(), p999.Median());
  }
  std::ofstream out(path);
  out << LatencyPlot(points, absl::StrCat("CheckEligibility, latency from the intended sending; "
                                          "one server and one client processor; capacity ",
                                          static_cast<int64_t>(capacity), "/s"));
  if (!out.flush()) Fail("can't write " + path);
}

}  // namespace

void MeasureTail(Setting& setting, const std::string& plot) {
  const int64_t members = setting.AtMost(kMembers);
  const CoverageServer server(
      setting, {.database = Copy(setting, members), .near_members = members + kImportRoom});
  server.AwaitComplete();
  const SingleWork work(members, &setting.verdicts);
  Load load(server.address(), work, kConnections);
  // The same load on an empty echo shows what of it all is gRPC's and the machine's.
  const std::unique_ptr<BaselineServer> echo = StartEcho(setting, server, members);
  const SingleWork unjudged(members, nullptr);
  Load echo_load(echo->address(), unjudged, kConnections);
  Import import(server.address(), members + 1);
  Series capacity, p50, p99, p999, echo_p99, echo_p999, during, imported;
  for (int round = 0; round < setting.rounds; ++round) {
    import.Prepare(static_cast<int64_t>((setting.seconds + 1) * kPeopleASecond));
    capacity.Add(Capacity(load, setting));
    const double half = capacity.values.back() / 2;
    const Phase quiet = load.Open(half, setting.seconds, {server.pid()});
    const Phase empty = echo_load.Open(half, setting.seconds, {});
    import.Start();
    const Phase busy = load.Open(half, setting.seconds, {});
    const auto people = static_cast<double>(import.Stop());
    p50.Add(quiet.Ms(0.5));
    p99.Add(quiet.Ms(0.99));
    p999.Add(quiet.Ms(0.999));
    echo_p99.Add(empty.Ms(0.99));
    echo_p999.Add(empty.Ms(0.999));
    during.Add(busy.Ms(0.99));
    imported.Add(people / (busy.seconds + 0.25));
    std::fprintf(stderr, "  round %d: %.0f calls/s: p99 %.2f ms (server %.0f%%)", round + 1, half,
                 quiet.Ms(0.99), 100 * quiet.processor[0] / quiet.seconds);
    std::fprintf(stderr, ", of an echo %.2f ms, during an import %.2f ms\n", empty.Ms(0.99),
                 busy.Ms(0.99));
  }
  if (!plot.empty()) Plot(load, setting, capacity.Median(), plot);
  const auto limit = [&](double full) { return setting.quick ? 1'000 : full; };
  Figures& out = setting.figures;
  out.Add("capacity_per_s", "capacity, closed loop of 64 callers (checks/s)", capacity);
  out.Add("open_loop_p50_ms", "open loop at half the capacity, p50 (ms)", p50);
  out.Add("open_loop_p99_ms", "  p99 (ms)", p99, Bar::kAtMost, limit(2));
  out.Add("open_loop_p999_ms", "  p99.9 (ms)", p999, Bar::kAtMost, limit(5));
  out.Add("open_loop_echo_p99_ms", "  p99 of an empty echo under this load (ms)", echo_p99);
  out.Add("open_loop_echo_p999_ms", "  p99.9 of an empty echo under this load (ms)", echo_p999);
  out.Add("open_loop_p99_during_import_ms", "  p99 during an import (ms; bar: twice the quiet one)",
          during, Bar::kAtMost, limit(2 * p99.Median()));
  out.Add("import_people_per_s", "  people imported meanwhile (people/s)", imported);
}

}  // namespace lingkaran::bench
