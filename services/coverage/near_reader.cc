#include "services/coverage/near_reader.h"

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "common/error.h"

namespace lingkaran::coverage {
namespace {

constexpr size_t kShards = 16;

int64_t PositionOf(const Identity& identity) { return identity.position; }
int64_t PositionOf(const FactsPtr& facts) { return facts->position; }

// A bounded map with the time of each entry's read; each shard behind its own mutex.
template <typename Key, typename Value>
class NearMap {
 public:
  NearMap(size_t entries, absl::Duration ttl)
      : most_(std::max<size_t>(1, entries / kShards)), ttl_(ttl) {}

  // The value, if it is young and new enough.
  std::optional<Value> Get(const Key& key, int64_t position, absl::Time now) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.places.find(key);
    if (found == shard.places.end()) return std::nullopt;
    const Entry& entry = *found->second;
    if (now - entry.read >= ttl_ || PositionOf(entry.value) < position) return std::nullopt;
    shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
    return entry.value;
  }

  // Takes `value` unless what it has is newer; `value` becomes the newer of the two.
  void Put(const Key& key, Value& value, absl::Time read) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.places.find(key);
    if (found != shard.places.end()) {
      Entry& entry = *found->second;
      if (PositionOf(value) < PositionOf(entry.value)) {
        value = entry.value;
        return;
      }
      if (PositionOf(value) > PositionOf(entry.value) || read > entry.read) {
        entry.value = value;
        entry.read = read;
      }
      shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
      return;
    }
    if (shard.entries.size() >= most_) {
      shard.places.erase(shard.entries.back().key);
      shard.entries.pop_back();
    }
    shard.entries.push_front({key, value, read});
    shard.places.emplace(key, shard.entries.begin());
  }

 private:
  struct Entry {
    Key key;
    Value value;
    absl::Time read;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Entry> entries;  // most recently used first
    absl::flat_hash_map<Key, typename std::list<Entry>::iterator> places;
  };

  Shard& ShardOf(const Key& key) { return shards_[absl::Hash<Key>()(key) % kShards]; }

  const size_t most_;
  const absl::Duration ttl_;
  std::array<Shard, kShards> shards_;
};

class NearReader final : public Reader {
 public:
  NearReader(Reader& next, const Clock& steady, const NearOptions& options)
      : next_(next),
        steady_(steady),
        identities_(options.entries, options.ttl),
        facts_(options.entries, options.ttl) {}

  absl::StatusOr<std::vector<Identity>> FindIdentities(absl::Span<const std::string> keys,
                                                       const Freshness& fresh) override {
    return Find<std::string, Identity>(identities_, keys, fresh,
                                       [&](absl::Span<const std::string> missing) {
                                         return next_.FindIdentities(missing, fresh);
                                       });
  }

  absl::StatusOr<std::vector<FactsPtr>> FindFacts(absl::Span<const int64_t> worker_ids,
                                                  const Freshness& fresh) override {
    return Find<int64_t, FactsPtr>(
        facts_, worker_ids, fresh,
        [&](absl::Span<const int64_t> missing) { return next_.FindFacts(missing, fresh); });
  }

  void Learn(absl::Span<const Identity> identities, absl::Span<const FactsPtr> facts) override {
    const absl::Time now = steady_.Now();
    for (Identity identity : identities) identities_.Put(identity.key, identity, now);
    for (FactsPtr fact : facts) facts_.Put(fact->worker_id, fact, now);
    next_.Learn(identities, facts);
  }

 private:
  template <typename Key, typename Value, typename Ask>
  absl::StatusOr<std::vector<Value>> Find(NearMap<Key, Value>& map, absl::Span<const Key> keys,
                                          const Freshness& fresh, Ask ask) {
    const absl::Time now = steady_.Now();
    std::vector<Value> out(keys.size());
    std::vector<Key> missing;
    std::vector<size_t> places;
    for (size_t i = 0; i < keys.size(); ++i) {
      std::optional<Value> hit;
      if (!fresh.from_store) hit = map.Get(keys[i], fresh.position, now);
      if (hit) {
        out[i] = *std::move(hit);
      } else {
        missing.push_back(keys[i]);
        places.push_back(i);
      }
    }
    if (missing.empty()) return out;
    ASSIGN_OR_RETURN(std::vector<Value> found, ask(absl::MakeConstSpan(missing)));
    for (size_t i = 0; i < missing.size(); ++i) {
      map.Put(missing[i], found[i], now);
      out[places[i]] = std::move(found[i]);
    }
    return out;
  }

  Reader& next_;
  const Clock& steady_;
  NearMap<std::string, Identity> identities_;
  NearMap<int64_t, FactsPtr> facts_;
};

}  // namespace

std::unique_ptr<Reader> MakeNearReader(Reader& next, const Clock& steady,
                                       const NearOptions& options) {
  return std::make_unique<NearReader>(next, steady, options);
}

}  // namespace lingkaran::coverage
