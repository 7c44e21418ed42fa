// The shared link: what it believes of Redis, what it asks the next link, what it stores.
#include "services/coverage/lookup/redis_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/support/coverage_people.h"
#include "tests/support/redis_server.h"

namespace lingkaran::coverage {
namespace {

constexpr int64_t kEpoch = 1'000'000;

std::string NumberOf(int64_t id) { return Marked(id, 1).membership_number; }

// A store whose people the test sets; counts what it is asked.
class FakeStore final : public Reader {
 public:
  absl::StatusOr<std::vector<MemberRecord>> Find(absl::Span<const PersonKey> keys,
                                                 const Freshness&) override {
    ++asked;
    asked_keys += static_cast<int>(keys.size());
    if (!status.ok()) return status;
    std::vector<MemberRecord> out(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      for (const auto& [id, person] : people) {
        if (person.Has(keys[i])) out[i] = person;
      }
      out[i].facts.position = position;
    }
    return out;
  }

  std::map<int64_t, MemberRecord> people;
  int64_t position = kEpoch + 10;
  int asked = 0;
  int asked_keys = 0;
  absl::Status status;
};

// A Redis in memory, in the test's hands.
class FakeRedis final : public VersionedCache {
 public:
  std::vector<std::optional<CacheValue>> Get(absl::Span<const CachePlace> places) override {
    ++asked;
    std::vector<std::optional<CacheValue>> out(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
      const auto found = values.find(Name(places[i]));
      if (found != values.end()) out[i] = found->second;
    }
    return out;
  }
  void SetIfNewer(absl::Span<const CacheValue> news) override {
    ++written;
    for (const CacheValue& value : news) {
      CacheValue& there = values.try_emplace(Name(value.place), value).first->second;
      if (there.version < value.version) there = value;
    }
  }
  bool configured() const override { return true; }
  bool Ping() override { return true; }

  static std::pair<std::string, std::string> Name(const CachePlace& place) {
    return {place.bucket, place.field};
  }
  CacheValue& At(const PersonKey& key) { return values.at(Name(PlaceOf(key, kEpoch))); }

  std::map<std::pair<std::string, std::string>, CacheValue> values;
  int asked = 0;
  int written = 0;
};

class RedisReaderTest : public testing::Test {
 protected:
  RedisReaderTest() {
    for (int64_t id = 1; id <= 5; ++id) store_.people[id] = Marked(id, 1);
    near_.Restart(kEpoch + 10);
  }
  MemberRecord Ask(const PersonKey& key, const Freshness& fresh = {}) {
    return reader_->Find({key}, fresh).value().front();
  }
  int MarkAt(const PersonKey& key, const Freshness& fresh = {}) {
    return MarkOf(Ask(key, fresh).facts);
  }
  // One write transaction: a new mark for these people.
  void Change(std::vector<int64_t> ids, int mark, bool near_follows = true) {
    ++store_.position;
    std::vector<MemberRecord> changed;
    for (const int64_t id : ids) changed.push_back(store_.people[id] = Marked(id, mark));
    if (near_follows) {
      ASSERT_TRUE(near_.Advance(store_.position - 1, store_.position, changed));
    }
  }

  FakeStore store_;
  FakeRedis redis_;
  NearCache near_{{.members = 0}};
  std::unique_ptr<Reader> reader_ = MakeRedisReader(store_, redis_, near_, kEpoch);
};

const PersonKey kWorker1 = PersonKey::OfWorker(1);

TEST_F(RedisReaderTest, APersonIsFoundByEveryKeyOnceKnownByOne) {
  const PersonKey keys[] = {PersonKey::OfNumber(NumberOf(1)), PersonKey::OfNik(NikOf(1)), kWorker1};
  EXPECT_EQ(MarkAt(keys[0]), 1);
  for (const PersonKey& key : keys) {
    const MemberRecord record = Ask(key);
    EXPECT_TRUE(SameRecord(record, store_.people[1]));
    EXPECT_EQ(record.facts.position, kEpoch + 10);
  }
  EXPECT_EQ(store_.asked, 1);
  EXPECT_EQ(redis_.values.size(), 3u);
}

TEST_F(RedisReaderTest, ABatchCostsOneQuestionPerLink) {
  Ask(PersonKey::OfWorker(3));
  store_.asked = store_.asked_keys = redis_.asked = redis_.written = 0;
  std::vector<PersonKey> keys;
  for (int64_t id = 1; id <= 500; ++id) keys.push_back(PersonKey::OfWorker(id % 5 + 1));
  const auto records = reader_->Find(keys, {}).value();
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_TRUE(records[i].Has(keys[i]));
  EXPECT_EQ(store_.asked, 1);
  EXPECT_EQ(store_.asked_keys, 400) << "number 3 was there already";
  EXPECT_EQ(redis_.asked, 1);
  EXPECT_EQ(redis_.written, 1);
  EXPECT_TRUE(reader_->Find(keys, {}).ok());
  EXPECT_EQ(store_.asked, 1);
  EXPECT_EQ(redis_.written, 1);
}

TEST_F(RedisReaderTest, NobodyIsNotStored) {
  EXPECT_FALSE(Ask(PersonKey::OfWorker(77)).facts.known);
  EXPECT_FALSE(Ask(PersonKey::OfNumber("1")).facts.known);
  EXPECT_FALSE(Ask(PersonKey::OfNik(NikOf(77))).facts.known);
  EXPECT_FALSE(Ask(PersonKey()).facts.known);
  EXPECT_TRUE(redis_.values.empty());
  EXPECT_EQ(store_.asked, 4);
}

TEST_F(RedisReaderTest, ErrorsAreNeverCached) {
  store_.status = absl::UnavailableError("down");
  EXPECT_EQ(reader_->Find({kWorker1}, {}).status(), store_.status);
  EXPECT_TRUE(redis_.values.empty());
  store_.status = absl::OkStatus();
  EXPECT_EQ(MarkAt(kWorker1), 1);
  store_.status = absl::UnavailableError("down");
  EXPECT_EQ(MarkAt(kWorker1), 1) << "Redis knows the worker";
  EXPECT_FALSE(reader_->Find({kWorker1, PersonKey::OfWorker(2)}, {}).ok()) << "all or nothing";
}

TEST_F(RedisReaderTest, WhoChangedSinceIsAskedForAnew) {
  EXPECT_EQ(MarkAt(kWorker1), 1);
  EXPECT_EQ(MarkAt(PersonKey::OfWorker(2)), 1);
  Change({1}, 2);
  EXPECT_EQ(MarkAt(kWorker1), 2);
  EXPECT_EQ(store_.asked, 3);
  EXPECT_EQ(MarkAt(kWorker1), 2) << "the newer one stands in Redis now";
  EXPECT_EQ(MarkAt(PersonKey::OfWorker(2)), 1);
  EXPECT_EQ(store_.asked, 3);
  EXPECT_EQ(Ask(PersonKey::OfWorker(2)).facts.position, store_.position)
      << "unchanged: as of where the near cache is";
}

TEST_F(RedisReaderTest, ARedisThatWasSetBackIsNotBelieved) {
  EXPECT_EQ(MarkAt(kWorker1), 1);
  const auto before = redis_.values;
  Change({1}, 2);
  EXPECT_EQ(MarkAt(kWorker1), 2);
  redis_.values = before;  // a failover to a replica that lagged
  EXPECT_EQ(MarkAt(kWorker1), 2);
  EXPECT_EQ(redis_.At(kWorker1).version, 11) << "and it is mended";
}

TEST_F(RedisReaderTest, WhatIsOlderThanTheNearCacheRemembersIsAMiss) {
  EXPECT_EQ(MarkAt(kWorker1), 1);
  store_.position = kEpoch + 500;
  near_.Restart(kEpoch + 500);  // what happened before is not known to it
  EXPECT_EQ(MarkAt(kWorker1), 1);
  EXPECT_EQ(store_.asked, 2);
  near_.Bypass();
  EXPECT_EQ(MarkAt(kWorker1), 1);
  EXPECT_EQ(store_.asked, 3) << "nothing is followed: only a token can make a record believed";
  EXPECT_EQ(MarkAt(kWorker1, {.position = kEpoch + 500}), 1);
  EXPECT_EQ(store_.asked, 3);
}

TEST_F(RedisReaderTest, ATokenIsAnsweredByARecordAsNewAsItself) {
  EXPECT_EQ(MarkAt(kWorker1), 1);
  Change({2}, 2, false);
  EXPECT_EQ(MarkAt(kWorker1, {.position = kEpoch + 10}), 1);
  EXPECT_EQ(store_.asked, 1);
  EXPECT_EQ(MarkAt(kWorker1, {.position = kEpoch + 11}), 1);
  EXPECT_EQ(store_.asked, 2) << "neither the record nor the near cache is so new";
  EXPECT_EQ(MarkAt(kWorker1, {.position = kEpoch + 11}), 1);
  EXPECT_EQ(store_.asked, 2) << "now the record is, though the near cache is not";
  EXPECT_GE(Ask(kWorker1, {.position = kEpoch + 11}).facts.position, kEpoch + 11);
  // One that did not change is as new as the near cache.
  EXPECT_EQ(MarkAt(PersonKey::OfWorker(3)), 1);
  Change({2}, 3, false);
  ASSERT_TRUE(near_.Advance(kEpoch + 10, kEpoch + 12, {Marked(2, 3)}));
  store_.asked = 0;
  EXPECT_EQ(Ask(PersonKey::OfWorker(3), {.position = kEpoch + 12}).facts.position, kEpoch + 12);
  EXPECT_EQ(store_.asked, 0);
  EXPECT_EQ(MarkAt(PersonKey::OfWorker(3), {.position = kEpoch + 13}), 1);
  EXPECT_EQ(store_.asked, 1);
}

TEST_F(RedisReaderTest, ATokenIsNotEnoughForThoseWhoHaveNone) {
  EXPECT_EQ(MarkAt(kWorker1), 1);
  Change({1}, 2);
  EXPECT_EQ(MarkAt(kWorker1, {.position = kEpoch + 10}), 1) << "as old as the token allows";
  EXPECT_EQ(MarkAt(kWorker1, {.position = kEpoch + 10, .recent = true}), 2);
}

TEST_F(RedisReaderTest, FullConsistencyGoesPast) {
  EXPECT_EQ(MarkAt(kWorker1), 1);
  Change({1}, 2, false);
  redis_.asked = 0;
  EXPECT_EQ(MarkAt(kWorker1, {.from_store = true}), 2);
  EXPECT_EQ(redis_.asked, 0);
}

TEST_F(RedisReaderTest, AnotherPersonsRecordIsAMiss) {
  for (const auto& key_of : std::vector<std::function<PersonKey(int64_t)>>{
           [](int64_t id) { return PersonKey::OfWorker(id); },
           [](int64_t id) { return PersonKey::OfNik(NikOf(id)); },
           [](int64_t id) { return PersonKey::OfNumber(NumberOf(id)); }}) {
    Ask(key_of(1));
    Ask(key_of(2));
    redis_.At(key_of(1)).bytes = redis_.At(key_of(2)).bytes;
    store_.asked = 0;
    EXPECT_TRUE(Ask(key_of(1)).Has(key_of(1)));
    EXPECT_EQ(store_.asked, 1);
  }
}

// What the older database has would even look newer than all that this one knows.
TEST_F(RedisReaderTest, AnotherDatabasesRecordIsAMiss) {
  NearCache near({.members = 0});
  near.Restart(kEpoch + 10);
  const std::unique_ptr<Reader> other = MakeRedisReader(store_, redis_, near, kEpoch - 5);
  EXPECT_TRUE(other->Find({kWorker1}, {}).ok());
  EXPECT_EQ(MarkAt(kWorker1), 1);
  EXPECT_EQ(store_.asked, 2);
}

TEST_F(RedisReaderTest, DamagedBytesAreMisses) {
  Ask(kWorker1);
  const std::string good = redis_.At(kWorker1).bytes;
  std::vector<std::string> bad = {"", "noise", good + "x"};
  for (size_t i = 0; i < good.size(); ++i) {
    bad.push_back(good.substr(0, i));
    bad.push_back(good);
    bad.back()[i] = static_cast<char>(bad.back()[i] ^ 1);
  }
  for (const std::string& bytes : bad) {
    redis_.At(kWorker1).bytes = bytes;
    store_.asked = 0;
    EXPECT_EQ(MarkAt(kWorker1), 1);
    EXPECT_EQ(store_.asked, 1);
  }
}

TEST_F(RedisReaderTest, OverARealRedis) {
  RedisServer server;
  const auto redis = VersionedCache::Make(Patient(server.address()));
  const std::unique_ptr<Reader> reader = MakeRedisReader(store_, *redis, near_, kEpoch);
  std::vector<PersonKey> keys;
  for (int64_t id = 1; id <= 5; ++id) {
    keys.push_back(PersonKey::OfWorker(id));
    keys.push_back(PersonKey::OfNik(NikOf(id)));
    keys.push_back(PersonKey::OfNumber(NumberOf(id)));
  }
  for (int round = 0; round < 2; ++round) {
    const auto records = reader->Find(keys, {}).value();
    for (size_t i = 0; i < keys.size(); ++i) {
      EXPECT_TRUE(SameRecord(records[i], store_.people[static_cast<int64_t>(i / 3) + 1]));
    }
  }
  EXPECT_EQ(store_.asked, 1);
  // Keys of all families end by themselves.
  const RedisReply names = server.Ask({"KEYS", "*"});
  EXPECT_GT(names.items.size(), 2u);
  for (const RedisReply& name : names.items) EXPECT_GT(server.Ask({"PTTL", name.text}).integer, 0);
  // Without Redis all goes on.
  server.Kill();
  EXPECT_TRUE(SameRecord(reader->Find({keys[0]}, {}).value()[0], store_.people[1]));
}

// Programs of different versions share the cache: places must not change by accident.
TEST(RedisPlacesTest, AreTheAgreedOnes) {
  NikHash hash{};
  for (size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<unsigned char>(0x10 * i + 0xA);
  EXPECT_EQ(PlaceOf(PersonKey::OfNik(hash), 35),
            (CachePlace{"l1:z:n:0a1a2", std::string("\x31\x67\xC7\x6B", 4)}));
  EXPECT_EQ(PlaceOf(PersonKey::OfWorker(100), 36), (CachePlace{"l1:10:c:1", "36"}));
  const CachePlace number = PlaceOf(PersonKey::OfNumber("20000000001"), 0);
  EXPECT_EQ(number.bucket, "l1:0:m:625a3");
  EXPECT_EQ(number.field, std::string("\x3F\xEC\xC4\x8C", 4));
}

TEST(RedisPlacesTest, DifferentKeysStandInDifferentPlaces) {
  std::set<std::pair<std::string, std::string>> seen;
  for (int64_t id = 1; id <= 20'000; ++id) {
    for (const PersonKey& key :
         {PersonKey::OfWorker(id), PersonKey::OfNik(NikOf(id)), PersonKey::OfNumber(NumberOf(id)),
          PersonKey::OfNumber(absl::StrCat(id))}) {
      const CachePlace place = PlaceOf(key, kEpoch);
      EXPECT_TRUE(seen.emplace(place.bucket, place.field).second) << place.bucket;
    }
  }
}

TEST(RedisPlacesTest, ARecordWithoutANumberHasTwoPlaces) {
  MemberRecord record = Marked(1, 1);
  record.facts.position = kEpoch + 3;
  record.membership_number.clear();
  const std::vector<CacheValue> values = CacheValuesOf(record, kEpoch);
  ASSERT_EQ(values.size(), 2u);
  for (const CacheValue& value : values) EXPECT_EQ(value.version, 3);
}

}  // namespace
}  // namespace lingkaran::coverage
