#include "tests/simulation/simulation.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "tests/simulation/audits.h"
#include "tests/simulation/client.h"
#include "tests/simulation/network.h"
#include "tests/workload/oracle.h"
#include "tests/workload/workload.h"

namespace lingkaran::simulation {
namespace {

// Each seed has its own weather: one in ten is calm, the others draw each fault or leave it out, so
// that rare ones are also met alone.
Faults DrawFaults(Chance& chance) {
  Faults faults;
  if (chance.Percent(10)) return faults;
  const auto rate = [&](int most) {
    return chance.Percent(60) ? static_cast<int>(chance.Between(most / 20 + 1, most)) : 0;
  };
  faults.lost_request = rate(1'500);
  faults.lost_reply = rate(1'500);
  faults.late_request = rate(1'500);
  faults.second_request = rate(1'500);
  faults.slow = rate(2'000);
  faults.crash_at_point = rate(400);
  faults.calamity = rate(4'000);
  faults.wrong_clocks = chance.Percent(40);
  faults.full_disks = chance.Percent(30);
  return faults;
}

// A stretch of work, then often days in which nothing is asked for.
void WorkForAWhile(World& world, workload::Workload& work, const workload::Deployment& deployment) {
  Chance& chance = world.chance();
  const int64_t acts = chance.Between(3, 12);
  for (int64_t i = 0; i < acts && world.violation().empty(); ++i) {
    work.Act();
    if (chance.Percent(40)) continue;  // at the same moment
    world.Pass(absl::Milliseconds(chance.Percent(70) ? chance.Between(1, 400)
                                                     : chance.Between(400, 8'000)));
    if (chance.PerMyriad(world.faults.calamity)) world.Strike();
    if (chance.Percent(20)) CheckLedger(deployment);
  }
  if (chance.Percent(30)) world.Pass(absl::Hours(chance.Between(1, 30 * 24)));
  if (chance.Percent(20)) world.Leap(absl::Hours(chance.Between(1, 12 * 24)));
}

}  // namespace

void Totals::Add(uint64_t seed, const Result& result) {
  ++seeds;
  decided += result.decided;
  given_up += result.given_up;
  digest = digest * 1099511628211u + result.digest;
  counts.Add(result.counts);
  for (const auto& [place, passed] : result.places) {
    places[place].passed += passed.passed;
    places[place].died += passed.died;
  }
  if (!result.violation.empty() && violations++ == 0) first_failed = seed;
}

Shared ReadShared(const std::string& source) {
  Shared shared;
  shared.config.rules = source + "/deploy/rules";
  shared.config.regions = source + "/deploy/regions";
  shared.config.keys = shared.directory->path() + "/keys.json";
  // Always the same: hashes and their order are part of what replays. It protects nobody.
  std::ofstream(shared.config.keys)
      << absl::StrCat("{\"active\": \"k1\", \"sealing\": {\"k1\": \"", std::string(43, 'A'),
                      "=\"}, \"nik_hash\": \"", std::string(43, 'B'), "=\"}\n");
  std::filesystem::permissions(shared.config.keys, std::filesystem::perms::owner_read);
  absl::StatusOr<Regions> regions = Regions::Load(shared.config.regions);
  if (!regions.ok()) throw std::runtime_error(regions.status().ToString());
  shared.regions = std::make_shared<const Regions>(*std::move(regions));
  return shared;
}

double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

Result Run(const Shared& shared, uint64_t seed, bool keep_trace) {
  World world(shared, seed, keep_trace);
  Network network(world);
  world.peers = &network;
  world.member_calls = &network;
  world.Start();
  Client client(world, network);
  workload::Ledger ledger;
  workload::Workload work(client, ledger, world.chance());
  const workload::Deployment deployment{
      [&](const std::string& service) -> sql::Database& {
        return world.database(PlaceOf(service));
      },
      [&](workload::Fault, const std::string& what) { world.Violation(what); }};
  work.Prepare();
  world.Pass(absl::Seconds(5));
  world.faults = DrawFaults(world.chance());
  for (int64_t round = world.chance().Between(1, 4); round > 0; --round) {
    WorkForAWhile(world, work, deployment);
  }
  world.Heal();
  const absl::Time healed = world.now();
  if (!world.Settle(kLongestSettling) && world.violation().empty()) {
    world.Violation(absl::StrCat("not settled ", absl::FormatDuration(kLongestSettling),
                                 " after the end of all faults; ", client.open(),
                                 " requests are open"));
  }
  world.counts().settling = world.now() - healed;
  if (world.violation().empty()) CheckEnd(deployment, ledger.facts());
  if (world.violation().empty()) CheckAudits(world);
  return {world.violation(), world.trace(),     world.digest(), world.counts(),
          client.decided(),  client.given_up(), world.places()};
}

}  // namespace lingkaran::simulation
