#include "tests/simulation/world.h"

#include <algorithm>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/failpoint.h"
#include "common/base/random.h"

namespace lingkaran::simulation {
namespace {

// 7 November 2019, 09:00 in Jakarta.
constexpr int64_t kBeginning = 1'573'092'000;
constexpr int kDeepest = 4;
// Calls of one process at once, at most.
constexpr int kMostFrames = 6;
// Of a seed: many times what the busiest one needs.
constexpr int64_t kMostEvents = 20'000;

}  // namespace

const char* NameOf(int place) {
  static constexpr const char* kNames[] = {"registry", "coverage", "sponsorship", "client"};
  return kNames[place];
}

int PlaceOf(const std::string& name) {
  int place = 0;
  while (name != NameOf(place)) ++place;
  return place;
}

void Counts::Add(const Counts& other) {
  events += other.events;
  messages += other.messages;
  lost += other.lost;
  late += other.late;
  twice += other.twice;
  crashes += other.crashes;
  partitions += other.partitions;
  clock_jumps += other.clock_jumps;
  full_disks += other.full_disks;
  deliveries += other.deliveries;
  simulated += other.simulated;
  busy += other.busy;
  settling = std::max(settling, other.settling);
}

World::World(const Shared& shared, uint64_t seed, bool keep_trace)
    : shared_(shared),
      keep_trace_(keep_trace),
      chance_(seed),
      product_chance_(seed ^ 0x5EED5EED5EED5EED),
      now_(absl::FromUnixSeconds(kBeginning)) {
  for (Node& node : nodes_) {
    absl::StatusOr<std::unique_ptr<sql::Database>> opened =
        sql::Database::Open({.url = "sqlite::memory:"});
    if (!opened.ok()) throw std::runtime_error(opened.status().ToString());
    node.database = *std::move(opened);
    node.clock.world = this;
  }
  SetRandomSource([this] { return product_chance_.Next(); });
  SetFailPointHook([this](const std::string& place) { AtFailPoint(place); });
}

World::~World() {
  SetFailPointHook(nullptr);
  for (Node& node : nodes_) {
    node.sponsorship.reset();
    node.registry.reset();
    node.coverage.reset();
  }
  SetRandomSource(nullptr);
}

void World::Trace(const std::string& text) {
  const std::string line = absl::StrFormat(
      "%.3f %s\n", absl::ToDoubleSeconds(now_ - absl::FromUnixSeconds(kBeginning)), text);
  for (const char c : line) digest_ = (digest_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  if (keep_trace_) trace_ += line;
}

void World::Violation(const std::string& what) {
  Trace("VIOLATION " + what);
  if (violation_.empty()) violation_ = what;
}

// -- time --

void World::GoTo(absl::Time time) {
  if (time <= now_) return;
  counts_.simulated += time - now_;
  counts_.busy += std::min(time - now_, absl::Seconds(1));
  now_ = time;
}

void World::After(absl::Duration wait, std::function<void()> event) {
  events_.emplace(std::pair(now_ + wait, next_event_++), std::move(event));
}

bool World::Step(absl::Time until) {
  if (!violation_.empty()) return false;
  absl::Time soonest = events_.empty() ? absl::InfiniteFuture() : events_.begin()->first.first;
  int owing = -1;
  for (int node = 0; node < kServices; ++node) {
    const absl::Time due = DueOf(node);
    if (due >= soonest) continue;
    soonest = due;
    owing = node;
  }
  if (soonest > until || soonest == absl::InfiniteFuture()) return false;
  GoTo(soonest);
  if (++counts_.events > kMostEvents) {
    std::string owed;
    for (const int node : {kRegistry, kSponsorship}) {
      if (!nodes_[node].up) continue;
      const auto rows = OwedBy(node)->List("", false, 0, 3);
      if (!rows.ok()) continue;
      for (const Outbox::Owed& row : *rows) {
        absl::StrAppend(&owed, "; ", NameOf(node), " owes ", row.kind, ": ", row.last_error);
      }
    }
    Violation("the work never ends" + owed);
    return false;
  }
  if (owing >= 0) {
    Deliver(owing);
  } else {
    const std::function<void()> event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
  return true;
}

void World::Pass(absl::Duration time) {
  const absl::Time until = now_ + time;
  if (depth_ < kDeepest) {
    ++depth_;
    while (Step(until)) {
    }
    --depth_;
  }
  GoTo(until);
}

void World::Leap(absl::Duration time) {
  now_ += time;
  Trace("all wake up");
}

bool World::Settle(absl::Duration limit) {
  const absl::Time until = now_ + limit;
  ++depth_;
  while (Step(until)) {
  }
  --depth_;
  if (!events_.empty()) return false;
  for (int node = 0; node < kServices; ++node) {
    if (!nodes_[node].up || DueOf(node) != absl::InfiniteFuture()) return false;
  }
  return true;
}

// -- what is owed --

Outbox* World::OwedBy(int node) {
  if (node == kRegistry) return &nodes_[node].registry->owed();
  if (node == kSponsorship) return &nodes_[node].sponsorship->owed();
  return nullptr;
}

absl::Time World::DueOf(int index) {
  Node& node = nodes_[index];
  if (index == kCoverage || !node.up || node.frames >= kMostFrames) return absl::InfiniteFuture();
  if (node.stale) {
    node.stale = false;
    const absl::StatusOr<absl::Time> due = OwedBy(index)->NextDue();
    if (!due.ok()) {
      node.due = now_;
      node.not_before = now_ + absl::Milliseconds(200);
    } else {
      node.due = *due - node.clock.offset;
    }
  }
  return std::max(node.due, node.not_before);
}

void World::Deliver(int index) {
  Node& node = nodes_[index];
  absl::StatusOr<bool> done = false;
  ++counts_.deliveries;
  const bool alive = OnNode(index, [&] { done = OwedBy(index)->Pump(); });
  if (!alive) return;
  if (!done.ok() || !*done) {
    // Somebody else has the row, or the disk is full: a look a little later, as the relay does.
    node.not_before = now_ + absl::Milliseconds(100);
    Trace(absl::StrCat(NameOf(index),
                       " delivers nothing: ", absl::StatusCodeToString(done.status().code())));
  }
}

// -- processes --

bool World::OnNode(int index, const std::function<void()>& body) {
  Node& node = nodes_[index];
  const int life = node.life;
  const int depth = depth_;
  const size_t size = current_.size();
  ++node.frames;
  current_.push_back(index);
  try {
    body();
  } catch (const Crash& crash) {
    if (crash.node != index) Violation("a crash left its process");
    depth_ = depth;
  }
  current_.resize(size);
  --node.frames;
  node.stale = true;
  if (!node.up && node.frames == 0) Bury(index);
  return node.life == life;
}

void World::Kill(int index, const std::string& why) {
  Node& node = nodes_[index];
  if (!node.up) return;
  ++counts_.crashes;
  Trace(absl::StrCat(NameOf(index), " dies ", why));
  node.up = false;
  ++node.life;
  if (node.frames == 0) Bury(index);
  After(absl::Milliseconds(chance_.Percent(70) ? chance_.Between(10, 2'000)
                                               : chance_.Between(2'000, 60'000)),
        [this, index] { StartNode(index); });
}

void World::Bury(int index) {
  nodes_[index].registry.reset();
  nodes_[index].coverage.reset();
  nodes_[index].sponsorship.reset();
}

void World::Start() {
  for (int node = 0; node < kServices; ++node) StartNode(node);
}

void World::StartNode(int index) {
  Node& node = nodes_[index];
  if (node.up) return;
  if (node.frames > 0) {  // calls of its last life have not come back yet
    After(absl::Milliseconds(50), [this, index] { StartNode(index); });
    return;
  }
  AppDependencies dependencies;
  dependencies.machine_clock = &node.clock;
  dependencies.database = node.database.get();
  dependencies.threads = false;
  dependencies.regions = shared_.regions;
  absl::Status status;
  if (index == kRegistry) {
    registry::RegistryApp::Options options{dependencies, member_calls};
    auto app = registry::RegistryApp::Make(shared_.config, node.clock, options);
    status = app.status();
    if (app.ok()) node.registry = *std::move(app);
  } else if (index == kCoverage) {
    coverage::CoverageApp::Options options;
    options.steady = &node.clock;
    options.dependencies = dependencies;
    auto app = coverage::CoverageApp::Make(shared_.config, node.clock, options);
    status = app.status();
    if (app.ok()) node.coverage = *std::move(app);
  } else {
    sponsorship::SponsorshipApp::Options options{dependencies, peers, 4};
    auto app = sponsorship::SponsorshipApp::Make(shared_.config, node.clock, options);
    status = app.status();
    if (app.ok()) node.sponsorship = *std::move(app);
  }
  Trace(absl::StrCat(NameOf(index), " starts: ", absl::StatusCodeToString(status.code())));
  if (!status.ok()) {
    if (!absl::IsUnavailable(status)) {
      Violation(absl::StrCat(NameOf(index), " can't start: ", status.ToString()));
    }
    After(absl::Seconds(1), [this, index] { StartNode(index); });
    return;
  }
  node.up = true;
  node.stale = true;
}

// -- faults --

void World::AtFailPoint(const std::string& place) {
  if (current_.empty()) return;
  const int index = current_.back();
  Passed& passed = places_[place];
  ++passed.passed;
  if (nodes_[index].up && chance_.PerMyriad(faults.crash_at_point)) {
    ++passed.died;
    Kill(index, absl::StrCat("at ", place));
    throw Crash{index};
  }
}

bool World::IsCut(int from, int to) const {
  const auto cut = cuts_.find(std::minmax(from, to));
  return cut != cuts_.end() && cut->second > now_;
}

void World::Cut() {
  const int from = static_cast<int>(chance_.Between(0, kClient));
  const int to = static_cast<int>((from + chance_.Between(1, kClient)) % (kClient + 1));
  const absl::Duration time = absl::Milliseconds(
      chance_.Percent(10) ? chance_.Between(30'000, 300'000) : chance_.Between(100, 30'000));
  cuts_[std::minmax(from, to)] = now_ + time;
  ++counts_.partitions;
  Trace(absl::StrCat(NameOf(from), " and ", NameOf(to), " are parted for ",
                     absl::FormatDuration(time)));
}

void World::SetClock(int index, absl::Duration offset) {
  ++counts_.clock_jumps;
  nodes_[index].clock.offset = offset;
  nodes_[index].stale = true;
  Trace(absl::StrCat(NameOf(index), "'s clock is off by ", absl::FormatDuration(offset)));
}

// SQLite's own limit of pages does what a full disk does: what needs a new page fails.
void World::FillDisk(int index, bool full) {
  Node& node = nodes_[index];
  if (node.disk_full == full) return;
  node.disk_full = full;
  counts_.full_disks += full ? 1 : 0;
  const absl::Status status = node.database->Write([&](sql::Tx& tx) {
    int64_t pages = 0;
    tx.db() << "PRAGMA page_count", soci::into(pages);
    tx.db() << absl::StrCat("PRAGMA max_page_count = ", full ? pages : 1'000'000),
        soci::into(pages);
    return absl::OkStatus();
  });
  Trace(absl::StrCat(NameOf(index), full ? "'s disk is full" : "'s disk has room again", ": ",
                     absl::StatusCodeToString(status.code())));
}

void World::Strike() {
  const int index = static_cast<int>(chance_.Between(0, kServices - 1));
  const int64_t kind = chance_.Between(0, 9);
  if (kind < 4) {
    Kill(index, "at some moment");
  } else if (kind < 7) {
    Cut();
  } else if (kind < 9) {
    if (!faults.wrong_clocks) return;
    SetClock(index, chance_.Percent(50) ? absl::Milliseconds(chance_.Between(-5'000, 5'000))
                                        : absl::Minutes(chance_.Between(-90, 90)));
  } else if (faults.full_disks && !nodes_[index].disk_full) {
    FillDisk(index, true);
    After(absl::Milliseconds(chance_.Between(100, 10'000)),
          [this, index] { FillDisk(index, false); });
  }
}

void World::Heal() {
  faults = Faults();
  cuts_.clear();
  for (int node = 0; node < kServices; ++node) {
    FillDisk(node, false);
    if (nodes_[node].clock.offset != absl::ZeroDuration()) SetClock(node, absl::ZeroDuration());
    StartNode(node);
  }
  Trace("healed");
}

}  // namespace lingkaran::simulation
