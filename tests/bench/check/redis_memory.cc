#include <algorithm>
#include <cstdio>
#include <future>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "common/redis/versioned_cache.h"
#include "services/coverage/lookup/redis_reader.h"
#include "tests/bench/check/calls.h"
#include "tests/bench/check/parts.h"
#include "tests/bench/check/people.h"
#include "tests/support/servers.h"

namespace lingkaran::bench {
namespace {

constexpr int64_t kChunk = 20'000;
constexpr size_t kRoundTrip = 1'000;
constexpr size_t kAskedAgain = 300;
constexpr char kStatements[] = "lingkaran_event_total{name=\"check_statement\"}";

// Values of some people that stand in one of every `share` buckets, in all families, and who of
// them can be found there by NIK.
struct Filling {
  std::vector<CacheValue> values;
  std::vector<int64_t> by_nik;
};

Filling MakeFilling(const PersonalDataVault& sealer, int64_t first, int64_t last, int share) {
  Filling out;
  for (int64_t id = first; id <= last; ++id) {
    const Citizen citizen = MakeCitizen(id);
    const coverage::MemberRecord record = RecordOf(citizen, sealer);
    std::vector<CacheValue> values = coverage::CacheValuesOf(record, kNationEpoch);
    for (CacheValue& value : values) {
      // Whole buckets are left out, so those that are filled are as full as all would be.
      if (absl::HashOf(value.place.bucket) % share != 0) continue;
      if (value.place.bucket.find(":n:") != std::string::npos) out.by_nik.push_back(id);
      out.values.push_back(std::move(value));
    }
  }
  return out;
}

// Gives some of those who can be found by their NIK.
std::vector<int64_t> FillAll(VersionedCache& redis, const Setting& setting) {
  const auto sealer = PersonalDataVault::FromFile(setting.keys);
  std::vector<int64_t> some;
  for (int64_t first = 1; first <= setting.members; first += kChunk) {
    const Filling filling = MakeFilling(
        **sealer, first, std::min(first + kChunk - 1, setting.members), setting.redis_share);
    for (size_t at = 0; at < filling.values.size(); at += kRoundTrip) {
      redis.SetIfNewer(absl::MakeConstSpan(filling.values).subspan(at, kRoundTrip));
    }
    if (some.size() < kAskedAgain && !filling.by_nik.empty()) {
      some.insert(some.end(), filling.by_nik.begin(),
                  filling.by_nik.begin() +
                      static_cast<ptrdiff_t>(std::min<size_t>(filling.by_nik.size(), kAskedAgain)));
    }
    if (first / kChunk % 100 == 99) {
      std::fprintf(stderr, "  %ld million people\n",
                   static_cast<long>((first + kChunk) / 1'000'000));
    }
  }
  return some;
}

// A service without a near cache of any size must find these people in Redis: what was filled is
// what the suite would have written. Gives the SQL statements that it needed.
double AskAgain(const Setting& setting, const std::string& redis,
                const std::vector<int64_t>& people) {
  const CoverageServer server(
      setting, {.database = setting.Nation(setting.members), .near_members = 64, .redis = redis});
  OneCheck check(server.address(), setting.verdicts);
  check.AskRight(people[0]);
  const double before = server.Metric(kStatements);
  for (const int64_t id : people) check.AskRight(id);
  return server.Metric(kStatements) - before;
}

}  // namespace

void MeasureRedis(Setting& setting) {
  RedisServer server;
  const auto before = server.Info("used_memory");
  const std::unique_ptr<VersionedCache> redis =
      VersionedCache::Make({.address = server.address(), .operation = absl::Seconds(5)});
  const std::vector<int64_t> people = FillAll(*redis, setting);
  const double bytes = static_cast<double>(server.Info("used_memory") - before) *
                       setting.redis_share / static_cast<double>(setting.members);
  const double statements = AskAgain(setting, server.address(), people);
  if (statements > static_cast<double>(people.size()) / 20) {
    Fail(absl::StrCat("of ", people.size(), " checks of people in Redis ", statements,
                      " went to SQL: Redis was not filled as the service reads it"));
  }
  std::string what = "Redis, all families (bytes a person";
  if (setting.redis_share > 1) {
    absl::StrAppend(&what, "; 1 of ", setting.redis_share, " buckets, full");
  }
  // The bar is for forty million: fewer people leave the same buckets emptier.
  setting.figures.Add("redis_bytes_per_member", what + ")", bytes,
                      setting.quick ? Bar::kNone : Bar::kAtMost, 200);
}

}  // namespace lingkaran::bench
