#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/bench/check/baseline.h"
#include "tests/bench/check/load.h"
#include "tests/bench/check/one_check.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/people.h"
#include "tests/bench/check/redis_fill.h"
#include "tests/bench/check/work.h"
#include "tests/support/servers.h"

namespace lingkaran::bench {
namespace {

constexpr int64_t kMembers = 1'000'000;
constexpr int kConnections = 64;
constexpr int kCallers = 64;
constexpr int kBatch = 100;
constexpr int kBatchCallers = 8;
// A round is cut into so many slices of each variant, in turn: a machine that slows down for a
// moment then slows all of them.
constexpr int kSlices = 16;

// What the echo answers: a real answer of middling size.
std::string MiddlingResponse(const CoverageServer& server, const Setting& setting,
                             int64_t members) {
  OneCheck check(server.address(), setting.verdicts);
  std::vector<std::string> responses;
  for (int i = 0; i < 501; ++i) {
    responses.push_back(check.AskRight(Asked(i, members)).SerializeAsString());
  }
  const auto middle = responses.begin() + static_cast<ptrdiff_t>(responses.size() / 2);
  std::nth_element(responses.begin(), middle, responses.end(),
                   [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  return *middle;
}

void FillValues(const std::string& redis, const std::string& keys, int64_t members) {
  RedisConnection connection(redis);
  const auto sealer = Sealer::FromFile(keys);
  std::vector<std::pair<std::string, std::string>> values;
  for (int64_t id = 1; id <= members; ++id) {
    const coverage::Record record = RecordOf(MakeCitizen(id), **sealer);
    values.emplace_back(GetKey(record.nik_hash), coverage::Pack(record));
    if (values.size() < 5000 && id < members) continue;
    connection.SetAll(values);
    values.clear();
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
        response_(WriteResponse(setting)),
        echo_(setting, "echo", {"--response", response_}),
        select_(setting, "select", {"--database", database_}),
        get_(setting, "get", {"--redis", redis_->address()}),
        single_(members_, &setting.verdicts),
        unjudged_(members_, nullptr),
        batch_(members_, kBatch, setting.quick ? 100 : 5'000, &setting.verdicts),
        check_load_(check_.address(), single_, kConnections),
        echo_load_(echo_.address(), unjudged_, kConnections),
        select_load_(select_.address(), single_, kConnections),
        get_load_(get_.address(), single_, kConnections),
        batch_load_(check_.address(), batch_, kConnections) {
    FillValues(redis_->address(), setting.keys, members_);
    check_.AwaitComplete();
  }

  Phase Echo(double seconds) {
    return echo_load_.Closed(kCallers, seconds, {echo_.pid(), getpid()});
  }
  Phase Check(double seconds) {
    return check_load_.Closed(kCallers, seconds, {check_.pid(), getpid()});
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

  std::string WriteResponse(const Setting& setting) const {
    const std::string path = setting.scratch + "/response";
    std::ofstream(path, std::ios::binary) << MiddlingResponse(check_, setting, members_);
    return path;
  }

  const int64_t members_;
  const std::string database_;
  const std::unique_ptr<RedisServer> redis_;
  const CoverageServer check_;
  const std::string response_;
  const BaselineServer echo_, select_, get_;
  const SingleWork single_, unjudged_;
  const BatchWork batch_;
  Load check_load_, echo_load_, select_load_, get_load_;
  Load batch_load_;
};

}  // namespace

void MeasureCosts(Setting& setting) {
  Rivals rivals(setting);
  const double seconds = setting.seconds;
  for (const auto warm : {&Rivals::Echo, &Rivals::Check, &Rivals::Select, &Rivals::Get}) {
    (rivals.*warm)(seconds / 4);
  }
  Series echo, check, batch, vs_echo, vs_single, vs_select, vs_get, rate;
  for (int round = 0; round < setting.rounds; ++round) {
    Phase e, c, s, g, b;
    for (int slice = 0; slice < kSlices; ++slice) {
      e.Add(rivals.Echo(seconds / kSlices));
      c.Add(rivals.Check(seconds / kSlices));
      s.Add(rivals.Select(seconds / kSlices));
      g.Add(rivals.Get(seconds / kSlices));
      b.Add(rivals.Batch(seconds / kSlices));
    }
    echo.Add(e.Micros(0));
    check.Add(c.Micros(0));
    batch.Add(b.Micros(0) / kBatch);
    rate.Add(c.rate());
    vs_echo.Add(e.Micros(0) / c.Micros(0));
    vs_single.Add(c.Micros(0) * kBatch / b.Micros(0));
    vs_select.Add(s.MicrosOfAll() / c.MicrosOfAll());
    vs_get.Add(g.MicrosOfAll() / c.MicrosOfAll());
    std::fprintf(stderr,
                 "  round %d: server us a call: echo %.1f, check %.1f, SELECT %.1f, GET %.1f, "
                 "batch of 100 %.1f\n",
                 round + 1, e.Micros(0), c.Micros(0), s.Micros(0), g.Micros(0), b.Micros(0));
  }
  const auto limit = [&](double full, double quick) { return setting.quick ? quick : full; };
  Figures& out = setting.figures;
  out.Add("echo_us", "empty echo, server's processor time (us)", echo);
  out.Add("check_us", "check, server's processor time (us)", check);
  out.Add("batch100_check_us", "check in a batch of 100, the same (us)", batch);
  out.Add("check_closed_loop_per_s", "checks a second, 64 callers", rate);
  out.Add("check_vs_echo", "check / echo, throughput per server CPU-second", vs_echo, Bar::kAtLeast,
          limit(0.90, 0.3));
  out.Add("batch100_vs_single", "batch of 100 / single, checks per server CPU-second", vs_single,
          Bar::kAtLeast, limit(15, 4));
  out.Add("check_vs_select", "check / prepared SELECT, per CPU-second of all", vs_select,
          Bar::kAtLeast, limit(2.5, 1.0));
  out.Add("check_vs_get", "check / blocking GET, per CPU-second of all", vs_get, Bar::kAtLeast,
          limit(1.6, 0.8));
}

}  // namespace lingkaran::bench
