#include "common/redis/versioned_cache.h"

#include <utility>

#include <openssl/sha.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/random.h"
#include "common/base/string_views.h"
#include "common/redis/pipeline.h"

namespace lingkaran {
namespace {

using Kind = RedisReply::Kind;

constexpr size_t kVersionBytes = 6;
constexpr int64_t kVersionEnd = int64_t{1} << 48;

// KEYS: bucket; ARGV: its TTL in ms, then fields and values. The version is read as a number: 48
// bits are exact in Lua, whose "<" on strings would follow the locale that Redis was started in.
// The TTL is set with the first field, so that no error after it leaves a bucket without one.
constexpr std::string_view kSetIfNewer = R"lua(
local function version(value)
  local a, b, c, d, e, f = string.byte(value, 1, 6)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end
local fields = redis.pcall('HLEN', KEYS[1])
if type(fields) ~= 'number' then
  redis.call('DEL', KEYS[1])
  fields = 0
end
local set = 0
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if not old or #old < 6 or version(old) < version(ARGV[i + 1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    if fields == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    fields = fields + 1
    set = set + 1
  end
end
return set
)lua";

const std::string& ScriptSha() {
  static const std::string& sha = *new std::string([] {
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(kSetIfNewer.data()), kSetIfNewer.size(), digest);
    return absl::BytesToHexString({reinterpret_cast<const char*>(digest), sizeof digest});
  }());
  return sha;
}

std::string Encode(const CacheValue& value) {
  std::string bytes(kVersionBytes, '\0');
  for (size_t i = 0; i < kVersionBytes; ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value.version) >> (40 - 8 * i));
  }
  return bytes + value.bytes;
}

std::optional<CacheValue> Decode(const CachePlace& place, const RedisReply& reply) {
  if (!reply.Is(Kind::kText) || reply.text.size() < kVersionBytes) return std::nullopt;
  int64_t version = 0;
  for (size_t i = 0; i < kVersionBytes; ++i) {
    version = version << 8 | static_cast<unsigned char>(reply.text[i]);
  }
  return CacheValue{place, version, reply.text.substr(kVersionBytes)};
}

// Indexes of the items by bucket, in the order of their first.
struct Bucket {
  const std::string* key;
  std::vector<size_t> items;
};
template <typename Item, typename PlaceOf>
std::vector<Bucket> ByBucket(absl::Span<const Item> items, PlaceOf place_of) {
  std::vector<Bucket> buckets;
  absl::flat_hash_map<absl::string_view, size_t> known;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string& key = place_of(items[i]).bucket;
    const auto [at, added] = known.emplace(key, buckets.size());
    if (added) buckets.push_back({&key, {}});
    buckets[at->second].items.push_back(i);
  }
  return buckets;
}

// No address: a cache that never has anything.
class NoCache final : public VersionedCache {
 public:
  std::vector<std::optional<CacheValue>> Get(absl::Span<const CachePlace> places) override {
    return std::vector<std::optional<CacheValue>>(places.size());
  }
  void SetIfNewer(absl::Span<const CacheValue>) override {}
  bool configured() const override { return false; }
  bool Ping() override { return false; }
};

class RedisCache final : public VersionedCache {
 public:
  RedisCache(RedisAddress address, const Options& options)
      : options_(options), nodes_(std::move(address), options) {}

  std::vector<std::optional<CacheValue>> Get(absl::Span<const CachePlace> places) override {
    std::vector<std::optional<CacheValue>> values(places.size());
    const std::vector<Bucket> buckets =
        ByBucket(places, [](const CachePlace& p) -> const CachePlace& { return p; });
    std::vector<RedisCommand> commands(buckets.size());
    std::vector<std::string_view> words;
    for (size_t b = 0; b < buckets.size(); ++b) {
      words = {"HMGET", *buckets[b].key};
      for (const size_t i : buckets[b].items) words.push_back(places[i].field);
      AppendRedisCommand(words, commands[b].bytes);
      commands[b].slot = RedisSlotOf(*buckets[b].key);
      commands[b].kind = Kind::kArray;
      commands[b].items = buckets[b].items.size();
    }
    Run(absl::MakeSpan(commands), places.size());
    for (size_t b = 0; b < buckets.size(); ++b) {
      if (!commands[b].answered || !commands[b].reply.Is(Kind::kArray)) continue;
      for (size_t k = 0; k < buckets[b].items.size(); ++k) {
        const size_t i = buckets[b].items[k];
        values[i] = Decode(places[i], commands[b].reply.items[k]);
      }
    }
    return values;
  }

  void SetIfNewer(absl::Span<const CacheValue> values) override {
    std::vector<Bucket> buckets =
        ByBucket(values, [](const CacheValue& v) -> const CachePlace& { return v.place; });
    std::vector<RedisCommand> commands = Write(values, buckets, "EVALSHA", ScriptSha());
    // Redis was restarted or its scripts were flushed: it must learn the script again.
    std::vector<Bucket> again;
    for (size_t b = 0; b < buckets.size(); ++b) {
      if (commands[b].answered && commands[b].reply.IsError("NOSCRIPT")) {
        again.push_back(std::move(buckets[b]));
      }
    }
    if (!again.empty()) commands = Write(values, again, "EVAL", kSetIfNewer);
  }

  bool configured() const override { return true; }

  bool Ping() override {
    RedisCommand ping;
    AppendRedisCommand({"PING"}, ping.bytes);
    ping.kind = Kind::kStatus;
    Run(absl::MakeSpan(&ping, 1), 1);
    return ping.answered && ping.reply.Is(Kind::kStatus);
  }

 private:
  // A long list takes Redis some microseconds an item; that is no sign of trouble.
  void Run(absl::Span<RedisCommand> commands, size_t values) {
    const absl::Duration length =
        options_.operation + absl::Microseconds(20) * static_cast<int64_t>(values);
    RunRedisCommands(nodes_, commands, length, options_);
  }

  // Runs the script for the buckets, each in one piece.
  std::vector<RedisCommand> Write(absl::Span<const CacheValue> values,
                                  const std::vector<Bucket>& buckets, std::string_view how,
                                  std::string_view script) {
    std::vector<RedisCommand> commands(buckets.size());
    for (size_t b = 0; b < buckets.size(); ++b) {
      // Jitter, so that what was made together does not vanish together.
      const std::string ttl =
          std::to_string(absl::ToInt64Milliseconds(Jittered(options_.ttl, 0.8, 1.2)));
      std::vector<std::string> bytes;
      std::vector<std::string_view> words = {how, script, "1", *buckets[b].key, ttl};
      bytes.reserve(buckets[b].items.size());
      for (const size_t i : buckets[b].items) {
        if (values[i].version < 0 || values[i].version >= kVersionEnd) continue;
        bytes.push_back(Encode(values[i]));
        words.push_back(values[i].place.field);
        words.push_back(bytes.back());
      }
      AppendRedisCommand(words, commands[b].bytes);
      commands[b].slot = RedisSlotOf(*buckets[b].key);
    }
    Run(absl::MakeSpan(commands), values.size());
    for (const RedisCommand& command : commands) {
      const bool refused = command.answered && command.reply.Is(Kind::kError);
      if (refused && !command.reply.IsError("NOSCRIPT")) CountEvent("redis_set_refused");
    }
    return commands;
  }

  const Options options_;
  RedisNodes nodes_;
};

}  // namespace

absl::Status VersionedCache::CheckAddress(const std::string& address) {
  return ParseRedisAddress(address).status();
}

std::unique_ptr<VersionedCache> VersionedCache::Make(const Options& options) {
  if (options.address.empty()) return std::make_unique<NoCache>();
  absl::StatusOr<RedisAddress> address = ParseRedisAddress(options.address);
  if (!address.ok()) {
    Log(Severity::kError, "redis_address", {{"error", StdView(address.status().message())}});
    return std::make_unique<NoCache>();
  }
  return std::make_unique<RedisCache>(*std::move(address), options);
}

}  // namespace lingkaran
