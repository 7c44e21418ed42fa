#include "tests/kill/lane.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/kill/audit.h"
#include "tests/kill/crew.h"
#include "tests/support/cluster.h"

namespace lingkaran::kill {
namespace {

constexpr absl::Duration kDeliverBound = absl::Seconds(30);
constexpr std::chrono::milliseconds kDeathBound(2500);
constexpr int kKillsOfAStack = 100;  // books grow; then a fresh one
constexpr int kStepsAfter = 12;
constexpr int kWarmUp = 40;                           // steps before the first kill of a stack
constexpr char kNow[] = "2019-11-07T08:00:00+07:00";  // the generated people are young enough then

// What the lanes share.
struct Shared {
  explicit Shared(const Plan& p) : plan(p), victims(p), ready(p.lanes) {}
  // The time runs from here on: servers take long to make, and that is no part of it.
  void WaitForAll() {
    ready.arrive_and_wait();
    std::call_once(begun, [this] {
      start = absl::Now();
      end = start + plan.seconds;
    });
  }
  bool Over() {
    const std::lock_guard lock(mutex);
    return OverLocked();
  }
  // Takes one kill on, which ends with EndKill; false if there is none left.
  bool BeginKill() {
    const std::lock_guard lock(mutex);
    if (OverLocked()) return false;
    ++under_way;
    return true;
  }
  void EndKill() {
    const std::lock_guard lock(mutex);
    --under_way;
  }
  bool OverLocked() const {
    return !report.failure.empty() || absl::Now() >= end ||
           (plan.kills > 0 && report.kills + under_way >= plan.kills);
  }
  const Plan plan;
  Victims victims;
  std::latch ready;
  std::once_flag begun;
  absl::Time start;
  absl::Time end;
  std::mutex mutex;
  Report report;
  int64_t under_way = 0;
};

class Lane {
 public:
  Lane(Shared& shared, int number) : shared_(shared), number_(number) {
    if (shared_.plan.postgres) postgres_ = std::make_unique<PostgresServer>();
    redis_ = std::make_unique<RedisServer>();
  }

  void Run() {
    shared_.WaitForAll();
    for (int stacks = 0; !shared_.Over(); ++stacks) RunStack(stacks);
  }

 private:
  void RunStack(int number);
  // One kill with restart and audit; false if something is wrong.
  bool KillOne(Cluster& cluster, World& world, Crew& crew, Stubs& stubs);
  bool DieAtPlace(Cluster& cluster, Crew& crew, const Victims::Victim& victim);
  void KillAtRandom(Cluster& cluster, Crew& crew, const std::string& who);
  void Count(const Victims::Victim& victim, bool reached, const Verdict& verdict, Cluster& cluster);
  void AddTotals(const World& world);

  Shared& shared_;
  const int number_;
  std::unique_ptr<PostgresServer> postgres_;
  std::unique_ptr<RedisServer> redis_;
};

void Lane::RunStack(int number) {
  Cluster::Options options;
  options.postgres = postgres_ ? postgres_->url() : "";
  options.redis = redis_->address();
  options.bin = shared_.plan.bin;
  options.drop_databases = false;  // they go with the server
  TempDirectory time;
  options.clock = absl::StrCat("file:", time.path(), "/now");
  std::ofstream(time.path() + "/now") << kNow << "\n";
  Cluster cluster(options);
  World world;
  const uint64_t seed = shared_.plan.seed * 10'000 + number_ * 100 + number;
  Crew crew(cluster, &world, seed, shared_.plan.clients, {});
  Stubs stubs(cluster);
  crew.Work("");
  crew.WaitForSteps(kWarmUp, absl::Seconds(20));
  bool well = true;
  for (int kills = 0; well && kills < kKillsOfAStack && shared_.BeginKill(); ++kills) {
    well = KillOne(cluster, world, crew, stubs);
    shared_.EndKill();
  }
  crew.Rest();
  AddTotals(world);
}

bool Lane::KillOne(Cluster& cluster, World& world, Crew& crew, Stubs& stubs) {
  const Victims::Victim victim = shared_.victims.Next();
  const bool reached = !victim.place.name.empty() && DieAtPlace(cluster, crew, victim);
  if (!reached) KillAtRandom(cluster, crew, victim.who);
  // What was interrupted goes on while others work.
  crew.WaitForSteps(kStepsAfter, absl::Seconds(5));
  crew.Rest();
  const Verdict verdict = Audit(cluster, stubs, world, kDeliverBound);
  Count(victim, reached, verdict, cluster);
  crew.Work("");
  return verdict.ok();
}

// Restarts the service so that it dies there, and waits for it; then starts it as usual. False if
// it did not come there in time: it lives.
bool Lane::DieAtPlace(Cluster& cluster, Crew& crew, const Victims::Victim& victim) {
  cluster.Stop(victim.who);
  Cluster::StartOptions armed;
  armed.environment = {absl::StrCat("LINGKARAN_FAILPOINT=", victim.place.name, "=", victim.pass)};
  crew.Work(victim.place.what);
  if (cluster.TryStart(victim.who, armed) &&
      !cluster.WaitForEnd(victim.who, kDeathBound).has_value()) {
    return false;
  }
  cluster.Start(victim.who);
  return true;
}

void Lane::KillAtRandom(Cluster& cluster, Crew& crew, const std::string& who) {
  thread_local std::mt19937_64 random(shared_.plan.seed + number_);
  crew.Work("");
  crew.WaitForSteps(1 + static_cast<int64_t>(random() % 30), absl::Seconds(3));
  // All at once is a power cut that spared the disk.
  const bool all = who == "all";
  if (all || who == "redis") redis_->Kill();
  for (const std::string& service : ServiceNames()) {
    if (all || who == service) cluster.Kill(service);
  }
  if (postgres_ && (all || who == "postgres")) {
    postgres_->Kill();
    postgres_->Start();
  }
  if (all || who == "redis") redis_->Start();
  for (const std::string& service : ServiceNames()) {
    if (all || who == service) cluster.Start(service);
  }
}

void Lane::Count(const Victims::Victim& victim, bool reached, const Verdict& verdict,
                 Cluster& cluster) {
  const std::lock_guard lock(shared_.mutex);
  Report& report = shared_.report;
  ++report.kills;
  ++report.audits;
  ++report.kills_by[reached ? "at a place" : victim.who + " at random"];
  const std::string place = absl::StrCat(victim.who, ":", victim.place.name);
  if (reached) {
    ++report.reached[place];
  } else if (!victim.place.name.empty()) {
    report.missed.insert(place);
  }
  report.lost += verdict.lost;
  report.doubled += verdict.doubled;
  if (!verdict.ok()) {
    ++report.audit_failures;
    cluster.Keep();
    if (postgres_) postgres_->Keep();
    if (report.failure.empty()) {
      report.failure = absl::StrCat(
          "kill ", report.kills, ", ", victim.who, " ",
          reached ? absl::StrCat("at ", victim.place.name, "=", victim.pass) : "at random",
          ", seed ", shared_.plan.seed, ":\n  ", verdict.difference,
          "\n  kept: ", cluster.directory());
    }
  }
  if (report.kills % 50 == 0) {
    std::fprintf(stderr, "%s: %d kills in %.0f s, %d lost, %d doubled\n",
                 shared_.plan.postgres ? "postgres" : "sqlite", static_cast<int>(report.kills),
                 absl::ToDoubleSeconds(absl::Now() - shared_.start), static_cast<int>(report.lost),
                 static_cast<int>(report.doubled));
  }
}

void Lane::AddTotals(const World& world) {
  const std::lock_guard lock(shared_.mutex);
  shared_.report.acknowledged += world.acknowledged;
  shared_.report.refused += world.refused;
  shared_.report.asked_again += world.asked_again;
  shared_.report.reads += world.reads;
}

}  // namespace

Victims::Victims(const Plan& plan) : plan_(plan), random_(plan.seed), places_(AllPlaces()) {
  std::shuffle(places_.begin(), places_.end(), random_);
  // A stage of each mutation and of each kind comes first, then another of each, and so on.
  std::map<std::string, int> before;
  std::map<std::string, int> turn;
  for (const Place& place : places_) turn[place.name] = before[place.service + place.what]++;
  std::stable_sort(places_.begin(), places_.end(),
                   [&](const Place& a, const Place& b) { return turn[a.name] < turn[b.name]; });
}

Victims::Victim Victims::Next() {
  const std::lock_guard lock(mutex_);
  Victim victim;
  // One in four at a random moment, PostgreSQL and Redis among them.
  if (random_() % 4 == 0) {
    std::vector<std::string> all = ServiceNames();
    if (plan_.postgres) all.push_back("postgres");
    all.insert(all.end(), {"redis", "all"});
    victim.who = all[random_() % all.size()];
    return victim;
  }
  victim.place = places_[at_++ % places_.size()];
  victim.who = victim.place.service;
  victim.pass = random_() % 3 == 0 ? 2 : 1;
  return victim;
}

Report RunKills(const Plan& plan) {
  Shared shared(plan);
  std::vector<std::thread> lanes;
  for (int i = 0; i < plan.lanes; ++i) {
    lanes.emplace_back([&shared, i] { Lane(shared, i).Run(); });
  }
  for (std::thread& lane : lanes) lane.join();
  for (const auto& [place, kills] : shared.report.reached) shared.report.missed.erase(place);
  return shared.report;
}

}  // namespace lingkaran::kill
