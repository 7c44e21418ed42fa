#include "tests/freshness/faults.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace lingkaran::freshness {
namespace {

constexpr absl::Duration kQuietBefore = absl::Milliseconds(400);
// Then answers are held to two seconds again, and something must be left to be judged.
constexpr absl::Duration kQuietAfter = absl::Milliseconds(2900);
constexpr absl::Duration kSaveAt = absl::Milliseconds(200);
constexpr absl::Duration kDieWithin = absl::Milliseconds(800);
// Nobody listens there.
constexpr char kNowhere[] = "1";

// Between the commit of a change and its being known elsewhere.
const std::vector<std::string>& Places() {
  static const auto& places = *new std::vector<std::string>{"rpc/UpsertMembers/booked",
                                                            "rpc/UpsertMembers/committed",
                                                            "rpc/ActivateCoverage/committed",
                                                            "rpc/RevokeCoverage/committed",
                                                            "learn/UpsertMembers/redis",
                                                            "learn/ActivateCoverage/redis",
                                                            "learn/RevokeCoverage/redis",
                                                            "learn/Wrote/near",
                                                            "learn/Wrote/publish",
                                                            "learn/Wrote/published",
                                                            "rpc/ActivateCoverage/answered"};
  return places;
}

void WaitUntil(absl::Time time) { absl::SleepFor(time - absl::Now()); }

// In the order of Evil.
constexpr std::string_view kNames[kEvils] = {"cut",
                                             "half close",
                                             "stall",
                                             "delay",
                                             "drop replies",
                                             "throttle",
                                             "refuse",
                                             "FLUSHALL",
                                             "SCRIPT FLUSH",
                                             "redis killed",
                                             "redis set back",
                                             "redis full",
                                             "redis read-only",
                                             "redis stopped",
                                             "replica killed",
                                             "replica killed at a place",
                                             "replica stopped",
                                             "database sessions ended"};

bool OfTheWay(Evil evil) { return evil <= Evil::kRefuse; }
bool OfAReplica(Evil evil) {
  return evil == Evil::kKillReplica || evil == Evil::kKillAtPlace || evil == Evil::kPauseReplica;
}

class Player {
 public:
  Player(World& world, Weather& weather, std::map<std::string, int64_t>& counts)
      : world_(world), weather_(weather), counts_(counts) {}

  // Something to be done at a time.
  struct Step {
    absl::Duration at;
    std::function<void()> act;
  };

  std::vector<Step> StepsOf(const Planned& planned) {
    std::vector<Step> steps;
    if (planned.evil == Evil::kSetBack) {
      steps.push_back({kSaveAt, [this] { world_.redis().Save(); }});
    }
    steps.push_back({planned.at, [this, planned] {
                       weather_.Begin(absl::Now());
                       ++counts_[std::string(kNames[static_cast<int>(planned.evil)])];
                       Begin(planned);
                     }});
    steps.push_back({planned.at + planned.length, [this, planned] {
                       End(planned);
                       weather_.End(absl::Now());
                     }});
    return steps;
  }

 private:
  void Begin(const Planned& planned) {
    RedisBox& redis = world_.redis();
    if (OfTheWay(planned.evil)) {
      for (int i = 0; i < world_.replicas(); ++i) {
        if (planned.replica < 0 || planned.replica == i) Spoil(world_.proxy(i), planned);
      }
    } else if (planned.evil == Evil::kFlushAll) {
      redis.Tell({"FLUSHALL"});
    } else if (planned.evil == Evil::kScriptFlush) {
      redis.Tell({"SCRIPT", "FLUSH"});
    } else if (planned.evil == Evil::kKillRedis || planned.evil == Evil::kSetBack) {
      redis.Kill();
    } else if (planned.evil == Evil::kFull) {
      redis.Tell({"CONFIG", "SET", "maxmemory", "1mb"});
    } else if (planned.evil == Evil::kReadOnly) {
      redis.Tell({"REPLICAOF", "127.0.0.1", kNowhere});
    } else if (planned.evil == Evil::kPauseRedis) {
      redis.Pause();
    } else if (planned.evil == Evil::kKillReplica) {
      world_.Kill(planned.replica);
    } else if (planned.evil == Evil::kKillAtPlace) {
      DieAtPlace(planned);
    } else if (planned.evil == Evil::kPauseReplica) {
      world_.Pause(planned.replica);
    } else {
      world_.CutDatabase();
    }
  }

  void Spoil(FaultProxy& proxy, const Planned& planned) {
    const Way way = planned.random % 2 == 0 ? Way::kToClient : Way::kToTarget;
    switch (planned.evil) {
      case Evil::kCut:
        return proxy.CutAll();
      case Evil::kHalfClose:
        return proxy.HalfCloseAll(way);
      case Evil::kStall:
        return proxy.Stall(planned.length);
      case Evil::kDelay:
        return proxy.Delay(way, absl::Milliseconds(1 + planned.random / 2 % 500), planned.length);
      case Evil::kDropReplies:
        return proxy.DropReplies(planned.length);
      case Evil::kThrottle:
        return proxy.Throttle(static_cast<int64_t>(2'000 + planned.random / 2 % 50'000),
                              planned.length);
      default:
        proxy.Refuse(planned.length);
        return proxy.CutAll();
    }
  }

  void DieAtPlace(const Planned& planned) {
    world_.Kill(planned.replica);
    const std::string& place = Places()[planned.random % Places().size()];
    const std::string spec = absl::StrCat(place, "=", 1 + planned.random / 16 % 3);
    if (world_.Start(planned.replica, spec) && !world_.WaitForEnd(planned.replica, kDieWithin)) {
      ++counts_["place not reached"];
      world_.Kill(planned.replica);
    }
  }

  void End(const Planned& planned) {
    RedisBox& redis = world_.redis();
    if (planned.evil == Evil::kKillRedis) {
      redis.StartEmpty();
    } else if (planned.evil == Evil::kSetBack) {
      redis.StartWithDump();
    } else if (planned.evil == Evil::kFull) {
      redis.Tell({"CONFIG", "SET", "maxmemory", "0"});
    } else if (planned.evil == Evil::kReadOnly) {
      redis.Tell({"REPLICAOF", "NO", "ONE"});
    } else if (planned.evil == Evil::kPauseRedis) {
      redis.Resume();
    } else if (planned.evil == Evil::kKillReplica || planned.evil == Evil::kKillAtPlace) {
      world_.Start(planned.replica);
    } else if (planned.evil == Evil::kPauseReplica) {
      world_.Resume(planned.replica);
    } else if (OfTheWay(planned.evil)) {
      for (int i = 0; i < world_.replicas(); ++i) {
        if (planned.replica < 0 || planned.replica == i) world_.proxy(i).Heal();
      }
    }
  }

  World& world_;
  Weather& weather_;
  std::map<std::string, int64_t>& counts_;
};

}  // namespace

Schedule MakeSchedule(Random& random, int replicas, bool postgres) {
  Schedule schedule;
  if (Below(random, 5) == 0) {
    schedule.length = kQuietBefore + kQuietAfter + absl::Seconds(1);
    return schedule;
  }
  absl::Duration at = kQuietBefore;
  // One after the other; those on the way may overlap with the next.
  for (int64_t left = 1 + Below(random, 3); left > 0; --left) {
    Planned planned;
    planned.evil = static_cast<Evil>(Below(random, postgres ? kEvils : kEvils - 1));
    planned.at = at;
    planned.length = absl::Milliseconds(50 + Below(random, 650));
    if (planned.evil == Evil::kPauseRedis || planned.evil == Evil::kPauseReplica) {
      planned.length = absl::Milliseconds(100 + Below(random, 1'400));
    }
    planned.replica = static_cast<int>(Below(random, replicas));
    if (!OfAReplica(planned.evil) && Below(random, 2) == 0) planned.replica = -1;
    planned.random = random();
    at += OfTheWay(planned.evil) ? planned.length * 0.6 : planned.length;
    at += absl::Milliseconds(Below(random, 200));
    schedule.length = std::max(schedule.length, planned.at + planned.length + kQuietAfter);
    schedule.evils.push_back(planned);
  }
  return schedule;
}

void Weather::Begin(absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (storms_++ == 0) spells_.emplace_back(now, absl::InfiniteFuture());
}

void Weather::End(absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (--storms_ == 0) spells_.back().second = now;
}

bool Weather::Calm(absl::Time from, absl::Time to) const {
  const std::lock_guard lock(mutex_);
  return std::none_of(spells_.begin(), spells_.end(),
                      [&](const auto& spell) { return spell.first <= to && from <= spell.second; });
}

void Play(const Schedule& schedule, World& world, Weather& weather,
          std::map<std::string, int64_t>& counts) {
  const absl::Time start = absl::Now();
  Player player(world, weather, counts);
  std::vector<Player::Step> steps;
  for (const Planned& planned : schedule.evils) {
    for (Player::Step& step : player.StepsOf(planned)) steps.push_back(std::move(step));
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Player::Step& a, const Player::Step& b) { return a.at < b.at; });
  for (const Player::Step& step : steps) {
    WaitUntil(start + step.at);
    step.act();
  }
  // Some of the steps take their time; quiet is counted from the last one's end.
  const absl::Duration quiet = schedule.evils.empty() ? absl::ZeroDuration() : kQuietAfter;
  WaitUntil(std::max(start + schedule.length, absl::Now() + quiet));
}

}  // namespace lingkaran::freshness
