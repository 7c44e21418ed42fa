// What a person costs in Redis: printed, and held to a limit.
//
// As dense as a nation of 40 million: what would stand in 2^20 buckets stands in one of 200 of
// them.
#include <cstdio>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/coverage/lookup/redis_reader.h"
#include "tests/support/coverage_people.h"
#include "tests/support/redis_server.h"

namespace lingkaran::coverage {
namespace {

constexpr int kPeople = 200'000;
constexpr int kNation = 40'000'000;
constexpr int kScale = kNation / kPeople;
constexpr int64_t kFirstId = 30'000'000;  // ids as long as those of a nation
constexpr int64_t kEpoch = 1'700'000'000'000'000;
constexpr double kMostBytes = 175;

// The same value in fewer buckets.
CacheValue Dense(CacheValue value) {
  std::string& bucket = value.place.bucket;
  int number = 0;
  EXPECT_TRUE(absl::SimpleHexAtoi(bucket.substr(bucket.size() - 5), &number));
  bucket.replace(bucket.size() - 5, 5, absl::StrFormat("%05x", number / kScale));
  return value;
}

// SplitMix64.
uint64_t Random(uint64_t& state) {
  uint64_t bits = state += 0x9e3779b97f4a7c15u;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
  return bits ^ bits >> 31;
}

// A person as the sponsors make them: accident and death cover, for so many spans of 3 months.
MemberRecord Sponsored(int person, int spans) {
  uint64_t chance = static_cast<uint64_t>(person) << 20;
  MemberRecord record;
  record.facts.worker_id = kFirstId + person;
  record.facts.known = true;
  record.facts.position = kEpoch + 40'000'000 + person;
  record.facts.utc_offset_hours = 7 + person % 3;
  for (const Programme programme : {Programme::kJkk, Programme::kJkm}) {
    for (int span = 0; span < spans; ++span) {
      const Runs runs = PaidFrom(Day(2024, 1 + person % 3 + 4 * span, 1), 3, {programme});
      record.facts.runs.insert(record.facts.runs.end(), runs.begin(), runs.end());
    }
  }
  for (unsigned char& byte : record.nik_hash) byte = static_cast<unsigned char>(Random(chance));
  record.membership_number = absl::StrCat(20'000'000'000 + Random(chance) % 1'000'000'000);
  return record;
}

class RedisMemoryTest : public testing::Test {
 protected:
  explicit RedisMemoryTest(std::vector<std::string> arguments = {})
      : server_(std::move(arguments)), redis_(VersionedCache::Make(Options())) {}
  VersionedCache::Options Options() {
    VersionedCache::Options options;
    options.address = "unix:" + server_.socket();
    options.operation = options.connect = absl::Seconds(60);
    return options;
  }

  // What one family (0 worker, 1 NIK, 2 number) holds of a person.
  static CacheValue ValueOf(int person, int spans, size_t family) {
    CacheValue value = CacheValuesOf(Sponsored(person, spans), kEpoch)[family];
    return family == 0 ? value : Dense(std::move(value));
  }
  // Fills in what the function gives of each person; bytes a person.
  template <typename ValueOf>
  double Fill(ValueOf value_of) {
    const int64_t before = Used();
    std::vector<CacheValue> values;
    for (int person = 0; person < kPeople; ++person) {
      values.push_back(value_of(person));
      if (values.size() < 10'000) continue;
      redis_->SetIfNewer(values);
      values.clear();
    }
    redis_->SetIfNewer(values);
    return static_cast<double>(Used() - before) / kPeople;
  }
  int64_t Used() { return server_.Info("used_memory"); }

  // All families; `spans` says how many a person has. Prints and gives bytes a person.
  template <typename Spans>
  double FillAll(const char* what, Spans spans) {
    const char* names[] = {"worker", "NIK", "number"};
    std::string line;
    double sum = 0;
    for (size_t family = 0; family < 3; ++family) {
      const double bytes = Fill([&](int person) { return ValueOf(person, spans(person), family); });
      absl::StrAppend(&line, names[family], " ", bytes, ", ");
      sum += bytes;
    }
    std::printf("redis memory, %s: %s%.1f bytes a person\n", what, line.c_str(), sum);
    RecordProperty("bytes_a_person", static_cast<int>(sum));
    return sum;
  }

  RedisServer server_;
  std::unique_ptr<VersionedCache> redis_;
};

TEST_F(RedisMemoryTest, APersonWithOneSponsorshipTakesAtMost175Bytes) {
  EXPECT_LE(FillAll("one span", [](int) { return 1; }), kMostBytes);
  // All of it is there, and in small hashes.
  EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 2 * ((1 << 20) / kScale + 1) + kPeople / 64);
  for (size_t family = 0; family < 3; ++family) {
    const CacheValue value = ValueOf(17, 1, family);
    EXPECT_EQ(redis_->Get({value.place})[0]->bytes, value.bytes);
    EXPECT_EQ(server_.Ask({"OBJECT", "ENCODING", value.place.bucket}).text, "listpack");
  }
}

class RoomyRedisMemoryTest : public RedisMemoryTest {
 protected:
  RoomyRedisMemoryTest() : RedisMemoryTest({"--hash-max-listpack-value", "256"}) {}
};

// Two people in ten were sponsored twice, one three times and more.
TEST_F(RoomyRedisMemoryTest, SoDoesTheAverageOfThoseWithSome) {
  EXPECT_LE(FillAll("1 to 3 spans",
                    [](int person) { return person % 10 == 0  ? 3
                                            : person % 10 < 3 ? 2
                                                              : 1; }),
            kMostBytes);
}

}  // namespace
}  // namespace lingkaran::coverage
