// A thousand seeds of the simulated world, and that a seed replays. LINGKARAN_SIMULATION_SEEDS and
// LINGKARAN_SIMULATION_FIRST_SEED set how many and which.
#include "tests/simulation/simulation.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace lingkaran::simulation {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

class SimulationTest : public testing::Test {
 protected:
  SimulationTest() { SetUpLog("simulation", Severity::kError); }

  const Shared shared_ = ReadShared(LINGKARAN_SOURCE_DIR);
};

std::string FileText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_F(SimulationTest, ThousandSeedsKeepEveryPromise) {
  const uint64_t seeds = FromEnvironment("LINGKARAN_SIMULATION_SEEDS", 1'000);
  const uint64_t first = FromEnvironment("LINGKARAN_SIMULATION_FIRST_SEED", 1);
  Totals totals;
  const double start = CpuSeconds();
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const Result result = simulation::Run(shared_, seed, /*keep_trace=*/false);
    ASSERT_EQ(result.violation, "")
        << "seed " << seed << "; replay: lingkaran-simulation --seeds 1 --first-seed " << seed
        << " --trace FILE";
    totals.Add(seed, result);
  }
  const double real = CpuSeconds() - start;
  const Counts& counts = totals.counts;
  std::printf(
      "seeds %llu from %llu: %lld requests decided, %lld messages, %lld crashes, %lld partitions; "
      "%.0f simulated seconds (%.0f without pauses) in %.1f s of computing: %.0f (%.0f) times as "
      "fast\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first),
      static_cast<long long>(totals.decided), static_cast<long long>(counts.messages),
      static_cast<long long>(counts.crashes), static_cast<long long>(counts.partitions),
      absl::ToDoubleSeconds(counts.simulated), absl::ToDoubleSeconds(counts.busy), real,
      absl::ToDoubleSeconds(counts.simulated) / real, absl::ToDoubleSeconds(counts.busy) / real);
  // Pauses in which nothing happens cost nothing: only the time with something going on counts, no
  // gap between two events longer than a second.
  EXPECT_GE(absl::ToDoubleSeconds(counts.busy) / real, 100);
  // The faults came about, and so did the work.
  EXPECT_GT(totals.decided, static_cast<int64_t>(seeds) * 20);
  EXPECT_GT(counts.crashes, static_cast<int64_t>(seeds));
  EXPECT_GT(counts.lost, static_cast<int64_t>(seeds));
  EXPECT_GT(counts.late, 0);
  EXPECT_GT(counts.twice, 0);
  EXPECT_GT(counts.partitions, 0);
  EXPECT_GT(counts.clock_jumps, 0);
  EXPECT_GT(counts.full_disks, 0);
  for (const char* place :
       {"rpc/AllocatePledge/begin", "rpc/AllocatePledge/claimed", "rpc/AllocatePledge/booked",
        "rpc/AllocatePledge/committed", "rpc/AllocatePledge/answered",
        "rpc/ActivateCoverage/booked", "rpc/UpsertMembers/committed", "outbox/enrol/taken",
        "outbox/enrol/called", "outbox/activate/called", "outbox/activate/settled",
        "outbox/activate/committed", "outbox/upsert_members/called", "outbox/contribute/settled"}) {
    EXPECT_GT(totals.places[place].passed, 0) << place;
    EXPECT_GT(totals.places[place].died, 0) << "nobody ever died at " << place;
  }
}

// Two processes: what a hash table's order or an address decides would differ between them.
TEST_F(SimulationTest, SeedReplaysByteForByteInAnotherProcess) {
  std::string traces[2];
  for (int i = 0; i < 2; ++i) {
    const std::string file = absl::StrCat(shared_.directory->path(), "/trace", i);
    const std::string command =
        absl::StrCat(LINGKARAN_BIN_DIR, "/lingkaran-simulation --seeds 30 --first-seed 1 --trace ",
                     file, " >/dev/null 2>&1");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    traces[i] = FileText(file);
  }
  EXPECT_GT(traces[0].size(), 100'000u);
  EXPECT_TRUE(traces[0] == traces[1]);
}

TEST_F(SimulationTest, SeedReplaysInOneProcessAndDiffersFromOthers) {
  const Result first = simulation::Run(shared_, 7, /*keep_trace=*/true);
  const Result other = simulation::Run(shared_, 8, /*keep_trace=*/true);
  const Result again = simulation::Run(shared_, 7, /*keep_trace=*/true);
  EXPECT_TRUE(first.trace == again.trace);
  EXPECT_EQ(first.digest, again.digest);
  EXPECT_NE(first.digest, other.digest);
}

}  // namespace
}  // namespace lingkaran::simulation
