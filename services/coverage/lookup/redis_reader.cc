#include "services/coverage/lookup/redis_reader.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"

namespace lingkaran::coverage {
namespace {

constexpr int64_t kWorkersInBucket = 64;

std::string Base36(int64_t number) {
  std::string digits;
  for (auto rest = static_cast<uint64_t>(number); rest > 0; rest /= 36) {
    digits.push_back("0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36]);
  }
  std::reverse(digits.begin(), digits.end());
  return digits.empty() ? "0" : digits;
}

// FNV-1a, 64 bits, the same in every program that shares the cache; then mixed, because the digits
// at the end of a number hardly reach the highest bits, and neighbours would crowd few buckets.
uint64_t FixedHash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
  return hash ^ hash >> 33;
}

// Four bytes tell people of a bucket apart. Two who have the same take turns in one place, and the
// record in it says whose it is.
std::string FieldOf(uint64_t hash) {
  std::string field;
  for (int shift = 24; shift >= 0; shift -= 8) field.push_back(static_cast<char>(hash >> shift));
  return field;
}

class RedisReader final : public Reader {
 public:
  RedisReader(Reader& next, VersionedCache& redis, const NearCache& near, int64_t epoch)
      : next_(next), redis_(redis), near_(near), epoch_(epoch) {}

  // One round trip to Redis, at most one question to the next link, at most one fill.
  absl::StatusOr<std::vector<MemberRecord>> Find(absl::Span<const PersonKey> keys,
                                                 const Freshness& fresh) override {
    if (fresh.from_store || !redis_.configured()) return next_.Find(keys, fresh);
    std::vector<MemberRecord> records(keys.size());
    const std::vector<size_t> missing = Look(keys, fresh, records);
    if (missing.empty()) return records;
    std::vector<PersonKey> rest;
    rest.reserve(missing.size());
    for (const size_t i : missing) rest.push_back(keys[i]);
    ASSIGN_OR_RETURN(std::vector<MemberRecord> found, next_.Find(rest, fresh));
    std::vector<CacheValue> values;
    for (size_t k = 0; k < missing.size(); ++k) {
      if (found[k].facts.known) {
        absl::c_move(CacheValuesOf(found[k], epoch_), std::back_inserter(values));
      }
      records[missing[k]] = std::move(found[k]);
    }
    if (!values.empty()) redis_.SetIfNewer(values);
    return records;
  }

 private:
  // Fills in what Redis has; gives the indexes of the rest.
  std::vector<size_t> Look(absl::Span<const PersonKey> keys, const Freshness& fresh,
                           std::vector<MemberRecord>& records) {
    std::vector<CachePlace> places;
    for (const PersonKey& key : keys) places.push_back(PlaceOf(key, epoch_));
    const std::vector<std::optional<CacheValue>> cached = redis_.Get(places);
    std::vector<size_t> missing;
    for (size_t i = 0; i < keys.size(); ++i) {
      std::optional<MemberRecord> hit;
      if (cached[i]) hit = Believe(keys[i], *cached[i], fresh);
      if (hit) {
        records[i] = *std::move(hit);
      } else {
        missing.push_back(i);
      }
    }
    return missing;
  }

  // The record if it is this key's and as fresh as asked.
  std::optional<MemberRecord> Believe(const PersonKey& key, const CacheValue& value,
                                      const Freshness& fresh) const {
    std::optional<MemberRecord> record = Unpack(value.bytes);
    if (!record || !record->Has(key)) return std::nullopt;
    int64_t& position = record->facts.position;
    position = epoch_ + value.version;
    // Read before the question: what is right as of a later position was so at this one.
    const int64_t near_position = near_.position();
    if (near_.IsCurrent(record->facts.worker_id, position)) {
      position = std::max(position, near_position);
      if (position >= fresh.position) return record;
    } else if (!fresh.within_time() && position >= fresh.position) {
      return record;
    }
    return std::nullopt;
  }

  Reader& next_;
  VersionedCache& redis_;
  const NearCache& near_;
  const int64_t epoch_;
};

}  // namespace

CachePlace PlaceOf(const PersonKey& key, int64_t epoch) {
  const std::string prefix = absl::StrCat("l1:", Base36(epoch));
  switch (key.kind) {
    case PersonKey::Kind::kNik: {
      const NikHash& hash = key.nik_hash;
      const int bits = hash[0] << 12 | hash[1] << 4 | hash[2] >> 4;
      const std::string_view bytes(reinterpret_cast<const char*>(hash.data()), hash.size());
      return {absl::StrFormat("%s:n:%05x", prefix, bits), FieldOf(FixedHash(bytes))};
    }
    case PersonKey::Kind::kNumber: {
      const uint64_t hash = FixedHash(key.number);
      return {absl::StrFormat("%s:m:%05x", prefix, hash >> 44), FieldOf(hash)};
    }
    case PersonKey::Kind::kWorker:
      return {absl::StrCat(prefix, ":c:", key.worker_id / kWorkersInBucket),
              absl::StrCat(key.worker_id % kWorkersInBucket)};
    case PersonKey::Kind::kNone:
      break;
  }
  return {};
}

std::vector<CacheValue> CacheValuesOf(const MemberRecord& record, int64_t epoch) {
  const std::string bytes = Pack(record);
  std::vector<CacheValue> values;
  for (const PersonKey& key : record.Keys()) {
    values.push_back({PlaceOf(key, epoch), record.facts.position - epoch, bytes});
  }
  return values;
}

std::unique_ptr<Reader> MakeRedisReader(Reader& next, VersionedCache& redis, const NearCache& near,
                                        int64_t epoch) {
  return std::make_unique<RedisReader>(next, redis, near, epoch);
}

}  // namespace lingkaran::coverage
