// The links of the check path: fills only if newer, bounded age, damaged or foreign records missed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "common/error.h"
#include "services/coverage/near_reader.h"
#include "services/coverage/redis_reader.h"

namespace lingkaran::coverage {
namespace {

constexpr int64_t kEpoch = 77;

// A store whose facts the test sets; counts its statements.
class FakeStore final : public Reader {
 public:
  absl::StatusOr<std::vector<Identity>> FindIdentities(absl::Span<const std::string> keys,
                                                       const Freshness&) override {
    ++asked;
    if (!status.ok()) return status;
    std::vector<Identity> out;
    for (const std::string& key : keys) {
      const auto found = identities.find(key);
      out.push_back({key, found == identities.end() ? 0 : found->second, 1, position});
    }
    return out;
  }
  absl::StatusOr<std::vector<FactsPtr>> FindFacts(absl::Span<const int64_t> ids,
                                                  const Freshness&) override {
    ++asked;
    if (!status.ok()) return status;
    std::vector<FactsPtr> out;
    for (int64_t id : ids) out.push_back(Make(id));
    return out;
  }
  void Learn(absl::Span<const Identity>, absl::Span<const FactsPtr>) override {}

  // What it holds now of a person: `offset` tells versions apart.
  FactsPtr Make(int64_t id) const {
    Facts facts;
    facts.worker_id = id;
    facts.known = id < 1'000;
    facts.position = position;
    facts.utc_offset_hours = offset;
    return std::make_shared<const Facts>(facts);
  }

  std::map<std::string, int64_t> identities;
  int64_t position = 10;
  int offset = 7;
  int asked = 0;
  absl::Status status;
};

// A Redis in memory.
class FakeRedis final : public Redis {
 public:
  std::vector<std::optional<CacheValue>> Get(absl::Span<const std::string> keys) override {
    ++asked;
    std::vector<std::optional<CacheValue>> out(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto found = values.find(keys[i]);
      if (found != values.end()) out[i] = found->second;
    }
    return out;
  }
  void SetIfNewer(absl::Span<const CacheValue> news) override {
    ++written;
    for (const CacheValue& value : news) {
      const auto found = values.find(value.key);
      if (found == values.end() || found->second.version < value.version) {
        values[value.key] = value;
      }
    }
  }
  void SetIfNewer(absl::Span<const CacheValue> news, absl::Duration) override { SetIfNewer(news); }
  bool configured() const override { return true; }
  bool Ping() override { return true; }

  std::map<std::string, CacheValue> values;
  int asked = 0;
  int written = 0;
};

class CoverageReaders : public testing::Test {
 protected:
  FactsPtr Ask(Reader& reader, int64_t id, const Freshness& fresh = {}) {
    return reader.FindFacts({id}, fresh).value().front();
  }
  FakeStore store_;
  FakeRedis redis_;
  ManualClock steady_{absl::UnixEpoch()};
  std::unique_ptr<Reader> shared_ = MakeRedisReader(store_, redis_, kEpoch);
  std::unique_ptr<Reader> near_ = MakeNearReader(store_, steady_, {.entries = 160});
};

TEST_F(CoverageReaders, NearAnswersForItsTtlOnly) {
  Ask(*near_, 1);
  store_.offset = 8;
  store_.position = 11;
  steady_.Advance(absl::Milliseconds(1999));
  EXPECT_EQ(Ask(*near_, 1)->utc_offset_hours, 7);
  EXPECT_EQ(store_.asked, 1);
  steady_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Ask(*near_, 1)->utc_offset_hours, 8);
  EXPECT_EQ(store_.asked, 2);
}

TEST_F(CoverageReaders, NearMeasuresAgeFromBeforeTheRead) {
  Ask(*near_, 1);
  for (int i = 0; i < 10; ++i) {  // hits do not make it younger
    steady_.Advance(absl::Milliseconds(199));
    Ask(*near_, 1);
  }
  EXPECT_EQ(store_.asked, 1);
  steady_.Advance(absl::Milliseconds(10));
  Ask(*near_, 1);
  EXPECT_EQ(store_.asked, 2);
}

TEST_F(CoverageReaders, NearNeverGoesBack) {
  store_.position = 20;
  const FactsPtr newer = store_.Make(1);
  near_->Learn({}, {newer});
  store_.position = 15;
  store_.offset = 9;  // an older state, from a link that is behind
  steady_.Advance(absl::Seconds(3));
  EXPECT_EQ(Ask(*near_, 1)->position, 20);
  near_->Learn({}, {store_.Make(1)});
  EXPECT_EQ(Ask(*near_, 1)->position, 20);
}

TEST_F(CoverageReaders, NearAsksOnForNewerAndForTheStore) {
  Ask(*near_, 1);
  Ask(*near_, 1, {.position = 10});
  EXPECT_EQ(store_.asked, 1);
  Ask(*near_, 1, {.position = 11});
  EXPECT_EQ(store_.asked, 2);
  Ask(*near_, 1, {.from_store = true});
  EXPECT_EQ(store_.asked, 3);
}

TEST_F(CoverageReaders, NearIsBoundedAndKeepsTheRecentlyUsed) {
  for (int64_t id = 1; id <= 2'000; ++id) {
    Ask(*near_, id);
    Ask(*near_, 1);
  }
  store_.asked = 0;
  Ask(*near_, 1);
  EXPECT_EQ(store_.asked, 0);
  for (int64_t id = 1; id <= 2'000; ++id) Ask(*near_, id);
  EXPECT_GE(store_.asked, 2'000 - 160);
}

TEST_F(CoverageReaders, ErrorsAreNeverCached) {
  store_.status = absl::UnavailableError("down");
  EXPECT_FALSE(near_->FindFacts({1}, {}).ok());
  EXPECT_FALSE(shared_->FindFacts({1}, {}).ok());
  EXPECT_FALSE(near_->FindIdentities({"l1:n:x"}, {}).ok());
  store_.status = absl::OkStatus();
  EXPECT_TRUE(Ask(*near_, 1)->known);
  EXPECT_TRUE(redis_.values.empty());
}

TEST_F(CoverageReaders, ABatchCostsOneQuestionPerLink) {
  Ask(*shared_, 3);
  store_.asked = redis_.asked = redis_.written = 0;
  std::vector<int64_t> ids;
  for (int64_t id = 1; id <= 500; ++id) ids.push_back(id);
  const auto facts = shared_->FindFacts(ids, {});
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ((*facts)[i]->worker_id, ids[i]);
  EXPECT_EQ(store_.asked, 1);
  EXPECT_EQ(redis_.asked, 1);
  EXPECT_EQ(redis_.written, 1);
  EXPECT_TRUE(shared_->FindFacts(ids, {}).ok());
  EXPECT_EQ(store_.asked, 1);
}

TEST_F(CoverageReaders, NobodyIsNotWrittenToTheSharedCache) {
  EXPECT_FALSE(Ask(*shared_, 5'000)->known);
  EXPECT_EQ(shared_->FindIdentities({"l1:m:1"}, {})->front().worker_id, 0);
  EXPECT_TRUE(redis_.values.empty());
}

TEST_F(CoverageReaders, AnOlderRecordIsNoAnswerToANewerToken) {
  Ask(*shared_, 1);
  store_.position = 12;
  EXPECT_EQ(Ask(*shared_, 1, {.position = 10})->position, 10);
  EXPECT_EQ(Ask(*shared_, 1, {.position = 11})->position, 12);
  EXPECT_EQ(Ask(*shared_, 1, {.position = 12})->position, 12);  // now from the cache
  EXPECT_EQ(store_.asked, 2);
}

TEST_F(CoverageReaders, AnotherPersonsRecordIsAMiss) {
  Ask(*shared_, 2);
  CacheValue swapped = redis_.values.at(CoverKey(2));
  swapped.key = CoverKey(1);
  redis_.values[CoverKey(1)] = swapped;
  EXPECT_EQ(Ask(*shared_, 1)->worker_id, 1);
  EXPECT_EQ(store_.asked, 2);
}

TEST_F(CoverageReaders, AnotherDatabasesRecordIsAMiss) {
  const std::unique_ptr<Reader> other = MakeRedisReader(store_, redis_, kEpoch + 1);
  Ask(*other, 1);
  Ask(*shared_, 1);
  EXPECT_EQ(store_.asked, 2);
  store_.identities["l1:n:x"] = 1;
  EXPECT_TRUE(other->FindIdentities({"l1:n:x"}, {}).ok());
  EXPECT_TRUE(shared_->FindIdentities({"l1:n:x"}, {}).ok());
  EXPECT_EQ(store_.asked, 4);
}

TEST_F(CoverageReaders, AWipedCacheCostsAQuestionOnly) {
  Ask(*shared_, 1);
  redis_.values.clear();
  EXPECT_EQ(Ask(*shared_, 1)->utc_offset_hours, 7);
  EXPECT_EQ(store_.asked, 2);
}

Day AnyDay() { return Day(2000, 1, 1) + *rc::gen::inRange(0, 20'000); }

TEST(CoverageRecords, ComeBackAsTheyWent) {
  EXPECT_TRUE(rc::check("facts survive the record", [] {
    Facts facts;
    facts.known = true;
    facts.worker_id = *rc::gen::inRange<int64_t>(1, 1'000'000'000);
    facts.position = *rc::gen::inRange<int64_t>(0, 1'000'000'000'000);
    facts.utc_offset_hours = *rc::gen::inRange(7, 10);
    if (*rc::gen::arbitrary<bool>()) facts.death_day = AnyDay();
    if (*rc::gen::arbitrary<bool>()) facts.withdraw_day = AnyDay();
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      const Day first = AnyDay();
      facts.runs.push_back({static_cast<Programme>(*rc::gen::inRange(1, 4)), first,
                            first + *rc::gen::inRange(0, 400), Month(first),
                            *rc::gen::inRange(1, 13)});
    }
    const std::optional<Facts> back = DecodeFacts(EncodeFacts(facts, kEpoch), kEpoch);
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->worker_id == facts.worker_id);
    RC_ASSERT(back->position == facts.position);
    RC_ASSERT(back->utc_offset_hours == facts.utc_offset_hours);
    RC_ASSERT(back->death_day == facts.death_day);
    RC_ASSERT(back->withdraw_day == facts.withdraw_day);
    RC_ASSERT(back->runs == facts.runs);
  }));
}

TEST(CoverageRecords, DamagedOnesAreMisses) {
  EXPECT_TRUE(rc::check("a cut record is no record, or still the right person's", [] {
    Facts facts;
    facts.known = true;
    facts.worker_id = 17;
    facts.runs.push_back({Programme::kJkk, Day(2019, 11, 7), Day(2020, 1, 31), Month(2019, 11), 3});
    CacheValue value = EncodeFacts(facts, kEpoch);
    value.bytes.resize(*rc::gen::inRange<size_t>(0, value.bytes.size()));
    const std::optional<Facts> back = DecodeFacts(value, kEpoch);
    RC_ASSERT(!back.has_value());  // the epoch comes last, so a cut one has none
  }));
  EXPECT_FALSE(DecodeFacts({"l1:c:17", 1, "noise"}, kEpoch).has_value());
  EXPECT_FALSE(DecodeIdentity({"l1:n:x", 1, ""}, kEpoch).has_value());
}

}  // namespace
}  // namespace lingkaran::coverage
