#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/bench/check/calls.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/work.h"

namespace lingkaran::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Starts are long, and their cost is that of the database's pages, not of a moment's load.
constexpr int kRounds = 3;
// A thousandth more than there are; the figures are for those who are there.
constexpr int64_t kRoom = 1'000;
constexpr std::chrono::seconds kLongest(600);

double SecondsSince(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

// Nothing of the file is in memory: as after a boot of the machine.
void Forget(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  fdatasync(fd);
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  close(fd);
}

struct Start {
  double first_answer = 0, complete = 0, near_bytes = 0, resident_bytes = 0;
};

// While it loads, it is asked about people all over the nation, and each answer must be right.
Start ColdStart(const Setting& setting, const std::string& database, int64_t members, int round) {
  Forget(database);
  Start out;
  const Clock::time_point start = Clock::now();
  const CoverageServer server(setting,
                              {.database = database, .near_members = members + members / kRoom});
  OneCheck check(server.address(), setting.verdicts);
  int64_t asked = static_cast<int64_t>(round) << 32;
  check.AskRight(Asked(asked++, members));
  out.first_answer = SecondsSince(start);
  while (!server.Complete()) {
    if (Clock::now() - start > kLongest) Fail("the warm start never ended");
    for (int i = 0; i < 20; ++i) {
      check.AskRight(Asked(asked++, members));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  out.complete = SecondsSince(start);
  if (server.Metric("lingkaran_near_members") < static_cast<double>(members)) {
    Fail("the near cache calls itself complete and is not");
  }
  out.near_bytes = server.Metric("lingkaran_near_bytes");
  out.resident_bytes = ResidentBytes(server.pid());
  return out;
}

}  // namespace

void MeasureColdStart(Setting& setting) {
  const int64_t members = setting.members;
  const std::string database = setting.Nation(members);
  Series first, complete, bytes, resident;
  for (int round = 0; round < (setting.quick ? 1 : kRounds); ++round) {
    const Start start = ColdStart(setting, database, members, round);
    first.Add(start.first_answer);
    complete.Add(start.complete);
    bytes.Add(start.near_bytes / static_cast<double>(members));
    resident.Add(start.resident_bytes / static_cast<double>(members));
    std::fprintf(stderr, "  start %d: first answer %.2f s, complete %.1f s\n", round + 1,
                 start.first_answer, start.complete);
  }
  const auto limit = [&](double full, double quick) { return setting.quick ? quick : full; };
  Figures& out = setting.figures;
  out.Add("cold_members", "people in the largest nation", static_cast<double>(members));
  out.Add("cold_first_answer_s", "cold start to the first right answer (s)", first, Bar::kAtMost,
          limit(2, 30));
  out.Add("cold_complete_s", "cold start to the complete near cache (s)", complete, Bar::kAtMost,
          limit(60, 60));
  // A small table is all room to grow.
  out.Add("bytes_per_member", "near cache, all indexes (bytes a person)", bytes,
          setting.quick ? Bar::kNone : Bar::kAtMost, 64);
  out.Add("resident_bytes_per_member", "  whole process, resident (bytes a person)", resident);
}

}  // namespace lingkaran::bench
