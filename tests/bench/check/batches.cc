#include <unistd.h>

#include <cstdio>

#include "tests/bench/check/load.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/work.h"

namespace lingkaran::bench {
namespace {

// The shape of a published test: eight callers, ten million people, 1,000 in a request.
constexpr int64_t kMembers = 10'000'000;
constexpr int kBatch = 1'000;
constexpr int kCallers = 8;

}  // namespace

void MeasureBatches(Setting& setting) {
  const int64_t members = setting.AtMost(kMembers);
  const CoverageServer server(
      setting, {.database = setting.Nation(members), .near_members = members + members / 50});
  const BatchWork work(members, kBatch, setting.quick ? 50 : 2'000, &setting.verdicts);
  Load load(server.address(), work, kCallers);
  server.AwaitComplete();
  load.Closed(kCallers, setting.seconds / 4, {});
  Series rate, p99, micros;
  for (int round = 0; round < setting.rounds; ++round) {
    const Phase phase = load.Closed(kCallers, setting.seconds, {server.pid(), getpid()});
    rate.Add(phase.rate() * kBatch);
    p99.Add(phase.Ms(0.99));
    micros.Add(phase.Micros(0) / kBatch);
    std::fprintf(stderr, "  round %d: %.0f checks/s, p99 %.1f ms, server %.0f%%, callers %.0f%%\n",
                 round + 1, phase.rate() * kBatch, phase.Ms(0.99),
                 100 * phase.processor[0] / phase.seconds,
                 100 * phase.processor[1] / phase.seconds);
  }
  Figures& out = setting.figures;
  out.Add("batch1000_checks_per_s", "batches of 1,000 from 8 callers (checks/s)", rate,
          Bar::kAtLeast, setting.quick ? 5'000 : 500'000);
  out.Add("batch1000_p99_ms", "  p99 of a batch (ms)", p99, Bar::kAtMost,
          setting.quick ? 5'000 : 100);
  out.Add("batch1000_check_us", "  server's processor time for a check (us)", micros);
}

}  // namespace lingkaran::bench
