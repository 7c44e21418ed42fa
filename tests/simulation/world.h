// A world in one thread: the three services as they are, each on a SQLite database in memory, with
// a clock that jumps to the next event, and everything that can befall a process: it dies at a
// named place or at any moment, its clock goes wrong, its disk is full.
//
// While a message is under way other events run, those of the caller included: that is how calls
// overlap in one thread. A process that dies meanwhile loses its half-done calls when they would go
// on: they end by a thrown Crash, which is no std::exception, so nothing of theirs is committed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/region.h"
#include "common/outbox/outbox.h"
#include "common/server/config.h"
#include "common/sql/database.h"
#include "services/coverage/app.h"
#include "services/registry/app.h"
#include "services/sponsorship/app.h"
#include "tests/support/process.h"
#include "tests/workload/chance.h"

namespace lingkaran::simulation {

using workload::Chance;

// Places in the world. Clients never die.
inline constexpr int kRegistry = 0;
inline constexpr int kCoverage = 1;
inline constexpr int kSponsorship = 2;
inline constexpr int kServices = 3;
inline constexpr int kClient = 3;
const char* NameOf(int place);
int PlaceOf(const std::string& name);

// What leaves a dying process's calls.
struct Crash {
  int node;
};

// Read once for all seeds.
struct Shared {
  std::shared_ptr<const TempDirectory> directory = std::make_shared<TempDirectory>();
  ServiceConfig config;
  std::shared_ptr<const Regions> regions;
};

// How often what happens; rates of ten thousand. Each seed draws its own mix.
struct Faults {
  int lost_request = 0;
  int lost_reply = 0;
  int late_request = 0;    // arrives when the caller has given up
  int second_request = 0;  // a copy arrives later
  int slow = 0;            // seconds on the way
  int crash_at_point = 0;  // for each named place that is passed
  int calamity = 0;        // every second or so: a death, a partition, a wrong clock, a full disk
  bool wrong_clocks = false;
  bool full_disks = false;
};

// What happened, for the report.
struct Counts {
  int64_t events = 0;
  int64_t messages = 0;
  int64_t lost = 0;
  int64_t late = 0;
  int64_t twice = 0;
  int64_t crashes = 0;
  int64_t partitions = 0;
  int64_t clock_jumps = 0;
  int64_t full_disks = 0;
  int64_t deliveries = 0;
  absl::Duration simulated;  // all of it
  absl::Duration busy;       // of it: no pause between two events counted longer than a second
  absl::Duration settling;   // from the end of the faults until nothing was owed
  void Add(const Counts& other);
};

class World {
 public:
  // `keep_trace` false: only its digest is kept.
  World(const Shared& shared, uint64_t seed, bool keep_trace);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // -- time --
  absl::Time now() const { return now_; }
  // Runs `event` after this time.
  void After(absl::Duration wait, std::function<void()> event);
  // Lets time pass; what comes up meanwhile runs.
  void Pass(absl::Duration time);
  // All machines sleep for this time: what was under way goes on after it.
  void Leap(absl::Duration time);
  // Lets time pass until no event and nothing owed is left. False if `limit` is over first.
  bool Settle(absl::Duration limit);

  // -- processes --
  bool up(int node) const { return node == kClient || nodes_[node].up; }
  // Counts the deaths: a call that began in another life is over.
  int life(int node) const { return node == kClient ? 0 : nodes_[node].life; }
  // Runs `body` as this process; false if it died in it.
  bool OnNode(int node, const std::function<void()>& body);
  void Kill(int node, const std::string& why);
  sql::Database& database(int node) { return *nodes_[node].database; }
  // The process must be up.
  registry::RegistryApp& registry() { return *nodes_[kRegistry].registry; }
  coverage::CoverageApp& coverage() { return *nodes_[kCoverage].coverage; }
  sponsorship::SponsorshipApp& sponsorship() { return *nodes_[kSponsorship].sponsorship; }
  // What the process takes for the time.
  absl::Time ClockOf(int node) const { return now_ + nodes_[node].clock.offset; }

  // -- faults --
  Faults faults;
  // How processes reach each other; before Start.
  sponsorship::PeerCalls* peers = nullptr;
  registry::CoverageCalls* member_calls = nullptr;
  void Start();
  bool IsCut(int from, int to) const;
  // One calamity of the seed's kinds.
  void Strike();
  // Ends all faults: everything is up, connected, on time.
  void Heal();

  // -- chance and report --
  Chance& chance() { return chance_; }
  Counts& counts() { return counts_; }
  // Adds a line: the simulated time and `text`.
  void Trace(const std::string& text);
  const std::string& trace() const { return trace_; }
  uint64_t digest() const { return digest_; }
  // The first violation; empty if there is none.
  void Violation(const std::string& what);
  const std::string& violation() const { return violation_; }
  // How often each named place was passed, and how often a process died there.
  struct Passed {
    int64_t passed = 0;
    int64_t died = 0;
  };
  const std::map<std::string, Passed>& places() const { return places_; }

 private:
  class NodeClock final : public Clock {
   public:
    absl::Time Now() const override { return world->now_ + offset; }
    const World* world = nullptr;
    absl::Duration offset;
  };
  struct Node {
    std::unique_ptr<sql::Database> database;
    NodeClock clock;
    std::unique_ptr<registry::RegistryApp> registry;
    std::unique_ptr<coverage::CoverageApp> coverage;
    std::unique_ptr<sponsorship::SponsorshipApp> sponsorship;
    bool up = false;
    int life = 0;
    int frames = 0;  // calls of it that are on the stack, dead ones too
    bool stale = true;
    bool disk_full = false;
    absl::Time due = absl::InfiniteFuture();  // of what it owes, in the world's time
    absl::Time not_before = absl::InfinitePast();
  };

  void StartNode(int node);
  void Bury(int node);
  Outbox* OwedBy(int node);
  absl::Time DueOf(int node);
  void Deliver(int node);
  bool Step(absl::Time until);
  void GoTo(absl::Time time);
  void AtFailPoint(const std::string& place);
  void FillDisk(int node, bool full);
  void Cut();
  void SetClock(int node, absl::Duration offset);

  const Shared& shared_;
  const bool keep_trace_;
  Chance chance_;
  Chance product_chance_;
  absl::Time now_;
  std::map<std::pair<absl::Time, uint64_t>, std::function<void()>> events_;
  uint64_t next_event_ = 0;
  int depth_ = 0;
  std::vector<int> current_;  // whose code runs, innermost last
  std::array<Node, kServices> nodes_;
  std::map<std::pair<int, int>, absl::Time> cuts_;
  Counts counts_;
  std::map<std::string, Passed> places_;
  std::string trace_;
  uint64_t digest_ = 14695981039346656037u;
  std::string violation_;
};

}  // namespace lingkaran::simulation
