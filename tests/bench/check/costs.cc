#include <unistd.h>

#include <algorithm>

#include "tests/bench/check/baseline.h"
#include "tests/bench/check/echo_server.h"
#include "tests/bench/check/load.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/people.h"
#include "tests/bench/check/work.h"
#include "tests/support/servers.h"

namespace lingkaran::bench {
namespace {

constexpr int64_t kMembers = 1'000'000;
constexpr int kConnections = 64;
constexpr int kCallers = 64;
constexpr int kBatch = 100;
constexpr int kBatchCallers = 8;
// A round is cut into slices of each variant, in turn: a machine that slows down for a moment then
// slows all of them.
constexpr int kMostSlices = 16;
constexpr double kShortestSlice = 0.1;
constexpr double kLeastLoad = 1'000;  // calls a second, if the first slice came to nothing

void FillValues(const RedisServer& redis, const std::string& keys, int64_t members) {
  const auto sealer = PersonalDataVault::FromFile(keys);
  std::vector<std::string> words = {"MSET"};
  for (int64_t id = 1; id <= members; ++id) {
    const coverage::MemberRecord record = RecordOf(MakeCitizen(id), **sealer);
    words.push_back(GetKey(record.nik_hash));
    words.push_back(coverage::Pack(record));
    if (words.size() < 10'000 && id < members) continue;
    const RedisReply reply = redis.Ask({words.begin(), words.end()});
    if (!reply.Is(RedisReply::Kind::kStatus)) Fail("Redis: " + reply.text);
    words.resize(1);
  }
}

// The servers that are compared, and the load on each.
class Rivals {
 public:
  explicit Rivals(const Setting& setting)
      : members_(setting.AtMost(kMembers)),
        database_(setting.Nation(members_)),
        redis_(PinnedRedis()),
        check_(setting, {.database = database_, .near_members = members_ + members_ / 10}),
        echo_(StartEcho(setting, check_, members_)),
        select_(setting, "select", {"--database", database_}),
        get_(setting, "get", {"--redis", redis_->address()}),
        single_(members_, &setting.verdicts),
        unjudged_(members_, nullptr),
        batch_(members_, kBatch, setting.quick ? 100 : 5'000, &setting.verdicts),
        check_load_(check_.address(), single_, kConnections),
        echo_load_(echo_->address(), unjudged_, kConnections),
        select_load_(select_.address(), single_, kConnections),
        get_load_(get_.address(), single_, kConnections),
        batch_load_(check_.address(), batch_, kConnections) {
    FillValues(*redis_, setting.keys, members_);
    check_.AwaitComplete();
  }

  // All callers ask as fast as they are answered: the capacity.
  Phase Echo(double seconds) {
    return echo_load_.Closed(kCallers, seconds, {echo_->pid(), getpid()});
  }
  Phase Check(double seconds) {
    return check_load_.Closed(kCallers, seconds, {check_.pid(), getpid()});
  }
  // So many calls a second are sent to either.
  Phase EchoAt(double rate, double seconds) {
    return echo_load_.Open(rate, seconds, {echo_->pid()});
  }
  Phase CheckAt(double rate, double seconds) {
    return check_load_.Open(rate, seconds, {check_.pid()});
  }
  Phase Select(double seconds) {
    return select_load_.Closed(kCallers, seconds, {select_.pid(), getpid()});
  }
  Phase Get(double seconds) {
    return get_load_.Closed(kCallers, seconds, {get_.pid(), getpid(), redis_->process().pid()});
  }
  Phase Batch(double seconds) {
    return batch_load_.Closed(kBatchCallers, seconds, {check_.pid(), getpid()});
  }

 private:
  static std::unique_ptr<RedisServer> PinnedRedis() {
    const OnProcessor pinned(kServerProcessor);
    return std::make_unique<RedisServer>();
  }

  const int64_t members_;
  const std::string database_;
  const std::unique_ptr<RedisServer> redis_;
  const CoverageServer check_;
  const std::unique_ptr<BaselineServer> echo_;
  const BaselineServer select_, get_;
  const SingleWork single_, unjudged_;
  const BatchWork batch_;
  Load check_load_, echo_load_, select_load_, get_load_;
  Load batch_load_;
};

}  // namespace

namespace {

// One round of all variants, in slices.
struct Round {
  Phase echo, check;  // at half the capacity of checks, both the same load
  Phase full_echo, full_check, select, get, batch;

  Round(Rivals& rivals, double seconds) {
    const int slices = std::clamp(static_cast<int>(seconds / kShortestSlice), 1, kMostSlices);
    const double slice = seconds / slices;
    for (int i = 0; i < slices; ++i) {
      full_echo.Add(rivals.Echo(slice));
      full_check.Add(rivals.Check(slice));
      const double load = std::max(kLeastLoad, full_check.rate() / 2);
      echo.Add(rivals.EchoAt(load, slice));
      check.Add(rivals.CheckAt(load, slice));
      select.Add(rivals.Select(slice));
      get.Add(rivals.Get(slice));
      batch.Add(rivals.Batch(slice));
    }
  }
};

}  // namespace

void MeasureCosts(Setting& setting) {
  Rivals rivals(setting);
  for (const auto warm : {&Rivals::Echo, &Rivals::Check, &Rivals::Select, &Rivals::Get}) {
    (rivals.*warm)(setting.seconds / 4);
  }
  Series echo, check, vs_echo, full_echo, full_check, vs_full_echo, batch, vs_single, vs_select,
      vs_get, rate;
  for (int i = 0; i < setting.rounds; ++i) {
    const Round round(rivals, setting.seconds);
    const double single = round.full_check.Micros(0);
    echo.Add(round.echo.Micros(0));
    check.Add(round.check.Micros(0));
    vs_echo.Add(round.echo.Micros(0) / round.check.Micros(0));
    full_echo.Add(round.full_echo.Micros(0));
    full_check.Add(single);
    vs_full_echo.Add(round.full_echo.Micros(0) / single);
    batch.Add(round.batch.Micros(0) / kBatch);
    vs_single.Add(single * kBatch / round.batch.Micros(0));
    vs_select.Add(round.select.MicrosOfAll() / round.full_check.MicrosOfAll());
    vs_get.Add(round.get.MicrosOfAll() / round.full_check.MicrosOfAll());
    rate.Add(round.full_check.rate());
    std::fprintf(stderr,
                 "  round %d: server us a call: echo %.1f, check %.1f; as fast as can be: echo "
                 "%.1f, check %.1f, SELECT %.1f, GET %.1f, batch of 100 %.1f\n",
                 i + 1, round.echo.Micros(0), round.check.Micros(0), round.full_echo.Micros(0),
                 single, round.select.Micros(0), round.get.Micros(0), round.batch.Micros(0));
  }
  const auto limit = [&](double full, double quick) { return setting.quick ? quick : full; };
  Figures& out = setting.figures;
  out.Add("echo_us", "empty echo at half the capacity, server's processor time (us)", echo);
  out.Add("check_us", "check, the same load (us)", check);
  out.Add("check_vs_echo", "check / echo, throughput per server CPU-second", vs_echo, Bar::kAtLeast,
          limit(0.90, 0.3));
  out.Add("full_echo_us", "empty echo, 64 callers as fast as can be (us)", full_echo);
  out.Add("full_check_us", "  check (us)", full_check);
  out.Add("full_check_vs_echo", "  check / echo", vs_full_echo);
  out.Add("check_closed_loop_per_s", "  checks a second", rate);
  out.Add("batch100_check_us", "  check in a batch of 100 (us)", batch);
  out.Add("batch100_vs_single", "  batch of 100 / single, checks per server CPU-second", vs_single,
          Bar::kAtLeast, limit(15, 4));
  out.Add("check_vs_select", "  check / prepared SELECT, per CPU-second of all", vs_select,
          Bar::kAtLeast, limit(2.5, 1.0));
  out.Add("check_vs_get", "  check / blocking GET, per CPU-second of all", vs_get, Bar::kAtLeast,
          limit(1.6, 0.8));
}

}  // namespace lingkaran::bench
