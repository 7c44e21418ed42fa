#include "services/coverage/redis_reader.h"

#include <utility>

#include "common/error.h"
#include "lingkaran/cache/v1/records.pb.h"

namespace lingkaran::coverage {
namespace {

namespace pb = cache::v1;

// The day of a number that may have been damaged on its way.
bool ReadDay(int32_t number, Day& day) {
  const absl::StatusOr<Day> read = DayFromNumber(number);
  if (read.ok()) day = *read;
  return read.ok();
}

bool ReadOptionalDay(int32_t number, std::optional<Day>& day) {
  if (number == 0) return true;
  Day read;
  if (!ReadDay(number, read)) return false;
  day = read;
  return true;
}

bool ReadRun(const pb::CoverRun& record, Run& run) {
  const absl::StatusOr<Month> month = MonthFromNumber(record.first_month());
  if (!month.ok() || record.months() <= 0 || record.programme() < 1 || record.programme() > 3) {
    return false;
  }
  run.programme = static_cast<Programme>(record.programme());
  run.first_month = *month;
  run.months = record.months();
  return ReadDay(record.first_day(), run.first_day) && ReadDay(record.last_day(), run.last_day);
}

class RedisReader final : public Reader {
 public:
  RedisReader(Reader& next, Redis& redis, int64_t epoch)
      : next_(next), redis_(redis), epoch_(epoch) {}

  absl::StatusOr<std::vector<Identity>> FindIdentities(absl::Span<const std::string> keys,
                                                       const Freshness& fresh) override {
    if (fresh.from_store || !redis_.configured()) return next_.FindIdentities(keys, fresh);
    return Find<Identity>(
        keys, keys, fresh, [&](const CacheValue& value) { return DecodeIdentity(value, epoch_); },
        [&](absl::Span<const std::string> missing) { return next_.FindIdentities(missing, fresh); },
        [](const Identity& found) { return found.worker_id != 0; },
        [&](const Identity& found) { return EncodeIdentity(found, epoch_); });
  }

  absl::StatusOr<std::vector<FactsPtr>> FindFacts(absl::Span<const int64_t> worker_ids,
                                                  const Freshness& fresh) override {
    if (fresh.from_store || !redis_.configured()) return next_.FindFacts(worker_ids, fresh);
    std::vector<std::string> keys;
    keys.reserve(worker_ids.size());
    for (int64_t id : worker_ids) keys.push_back(CoverKey(id));
    return Find<FactsPtr>(
        keys, worker_ids, fresh,
        [&](const CacheValue& value) -> std::optional<FactsPtr> {
          std::optional<Facts> facts = DecodeFacts(value, epoch_);
          if (!facts) return std::nullopt;
          return std::make_shared<const Facts>(*std::move(facts));
        },
        [&](absl::Span<const int64_t> missing) { return next_.FindFacts(missing, fresh); },
        [](const FactsPtr& found) { return found->known; },
        [&](const FactsPtr& found) { return EncodeFacts(*found, epoch_); });
  }

  void Learn(absl::Span<const Identity> identities, absl::Span<const FactsPtr> facts) override {
    if (redis_.configured()) {
      std::vector<CacheValue> values;
      values.reserve(identities.size() + facts.size());
      for (const Identity& identity : identities)
        values.push_back(EncodeIdentity(identity, epoch_));
      for (const FactsPtr& fact : facts) values.push_back(EncodeFacts(*fact, epoch_));
      redis_.SetIfNewer(values);
    }
    next_.Learn(identities, facts);
  }

 private:
  static int64_t PositionOf(const Identity& identity) { return identity.position; }
  static int64_t PositionOf(const FactsPtr& facts) { return facts->position; }

  // One round trip to Redis, at most one question to the next link, at most one fill.
  template <typename Value, typename Id, typename Decode, typename Ask, typename Keep,
            typename Encode>
  absl::StatusOr<std::vector<Value>> Find(absl::Span<const std::string> keys,
                                          absl::Span<const Id> ids, const Freshness& fresh,
                                          Decode decode, Ask ask, Keep keep, Encode encode) {
    std::vector<std::optional<CacheValue>> cached = redis_.Get(keys);
    std::vector<Value> out(ids.size());
    std::vector<Id> missing;
    std::vector<size_t> places;
    for (size_t i = 0; i < ids.size(); ++i) {
      std::optional<Value> hit;
      if (cached[i] && cached[i]->key == keys[i]) hit = decode(*cached[i]);
      if (hit && PositionOf(*hit) >= fresh.position) {
        out[i] = *std::move(hit);
      } else {
        missing.push_back(ids[i]);
        places.push_back(i);
      }
    }
    if (missing.empty()) return out;
    ASSIGN_OR_RETURN(std::vector<Value> found, ask(absl::MakeConstSpan(missing)));
    std::vector<CacheValue> fill;
    for (size_t i = 0; i < missing.size(); ++i) {
      if (keep(found[i])) fill.push_back(encode(found[i]));
      out[places[i]] = std::move(found[i]);
    }
    redis_.SetIfNewer(fill);
    return out;
  }

  Reader& next_;
  Redis& redis_;
  const int64_t epoch_;
};

}  // namespace

CacheValue EncodeFacts(const Facts& facts, int64_t epoch) {
  pb::CoverRecord record;
  record.set_key(CoverKey(facts.worker_id));
  record.set_worker_id(facts.worker_id);
  record.set_version(facts.position);
  record.set_position(facts.position);
  record.set_epoch(epoch);
  record.set_utc_offset_hours(facts.utc_offset_hours);
  if (facts.death_day) record.set_death_day(DayNumber(*facts.death_day));
  if (facts.withdraw_day) record.set_withdraw_day(DayNumber(*facts.withdraw_day));
  for (const Run& run : facts.runs) {
    pb::CoverRun* out = record.add_runs();
    out->set_programme(static_cast<common::v1::Programme>(run.programme));
    out->set_first_day(DayNumber(run.first_day));
    out->set_last_day(DayNumber(run.last_day));
    out->set_first_month(MonthNumber(run.first_month));
    out->set_months(run.months);
  }
  return {record.key(), facts.position, record.SerializeAsString()};
}

std::optional<Facts> DecodeFacts(const CacheValue& value, int64_t epoch) {
  pb::CoverRecord record;
  if (!record.ParseFromString(value.bytes) || record.key() != value.key ||
      record.key() != CoverKey(record.worker_id()) || record.epoch() != epoch) {
    return std::nullopt;
  }
  Facts facts;
  facts.known = true;
  facts.worker_id = record.worker_id();
  facts.position = record.position();
  facts.utc_offset_hours = record.utc_offset_hours();
  if (facts.utc_offset_hours < 7 || facts.utc_offset_hours > 9) return std::nullopt;
  if (!ReadOptionalDay(record.death_day(), facts.death_day)) return std::nullopt;
  if (!ReadOptionalDay(record.withdraw_day(), facts.withdraw_day)) return std::nullopt;
  facts.runs.resize(record.runs_size());
  for (int i = 0; i < record.runs_size(); ++i) {
    if (!ReadRun(record.runs(i), facts.runs[i])) return std::nullopt;
  }
  return facts;
}

CacheValue EncodeIdentity(const Identity& identity, int64_t epoch) {
  pb::IdentityRecord record;
  record.set_key(identity.key);
  record.set_worker_id(identity.worker_id);
  record.set_version(identity.version);
  record.set_position(identity.position);
  record.set_epoch(epoch);
  return {identity.key, identity.position, record.SerializeAsString()};
}

std::optional<Identity> DecodeIdentity(const CacheValue& value, int64_t epoch) {
  pb::IdentityRecord record;
  if (!record.ParseFromString(value.bytes) || record.key() != value.key ||
      record.epoch() != epoch || record.worker_id() < 0) {
    return std::nullopt;
  }
  return Identity{record.key(), record.worker_id(), record.version(), record.position()};
}

std::unique_ptr<Reader> MakeRedisReader(Reader& next, Redis& redis, int64_t epoch) {
  return std::make_unique<RedisReader>(next, redis, epoch);
}

}  // namespace lingkaran::coverage
