// What the near cache costs at a million people (or as many as the first argument says): finding by
// each kind of key, finding nobody, putting, the packed form. Prints nanoseconds of CPU; asserts
// nothing, for machines differ.
#include <ctime>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "services/coverage/cache/near_cache.h"

namespace lingkaran::coverage {
namespace {

// Keeps the compiler from leaving out what nobody reads.
volatile size_t g_sink = 0;

// CPU time of this thread, ns: others may run beside.
double Now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <typename Body>
void Measure(const char* what, int64_t times, Body body) {
  const double start = Now();
  for (int64_t i = 0; i < times; ++i) g_sink = g_sink + body(i);
  std::printf("%-28s %12.0f ns\n", what, (Now() - start) / static_cast<double>(times));
}

// Looks random, comes back the same.
uint64_t Scatter(uint64_t n) {
  n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
  n = (n ^ n >> 27) * 0x94d049bb133111eb;
  return n ^ n >> 31;
}

NikHash NikOf(int64_t id) {
  const uint64_t halves[2] = {Scatter(static_cast<uint64_t>(id)),
                              Scatter(~static_cast<uint64_t>(id))};
  NikHash hash;
  std::memcpy(hash.data(), halves, hash.size());
  return hash;
}

std::string NumberOf(int64_t id) {
  char number[24];
  std::snprintf(number, sizeof(number), "%011lld", static_cast<long long>(id * 977));
  return number;
}

MemberRecord PersonOf(int64_t id) {
  MemberRecord record;
  record.facts.known = true;
  record.facts.worker_id = id;
  const Day first = Day(2024, 1, 1) + id % 600;
  const int months = 1 + static_cast<int>(id % 12);
  for (Programme programme : {Programme::kJkk, Programme::kJkm}) {
    record.facts.runs.push_back(
        {programme, first, LastDayOf(Month(first) + (months - 1)), Month(first), months});
  }
  record.nik_hash = NikOf(id);
  record.membership_number = NumberOf(id);
  return record;
}

void Find(const char* what, const NearCache& near, const std::vector<PersonKey>& keys) {
  const absl::Time now = absl::UnixEpoch();
  Facts facts;
  size_t found = 0;
  Measure(what, static_cast<int64_t>(keys.size()), [&](int64_t i) {
    found += near.Find(keys[i], {}, now, facts) == NearCache::LookupResult::kFound && facts.known;
    return facts.runs.size();
  });
  std::printf("%-28s %12zu\n", "  known", found);
}

// What any look-up in a table of this size costs at the least.
void MeasureMemory() {
  std::vector<uint64_t> words(8'000'000);
  for (uint64_t i = 0; i < words.size(); ++i) words[i] = Scatter(i);
  uint64_t at = 0;
  Measure("read a word of 64 MB", 1'000'000, [&](int64_t i) {
    at = words[(at + static_cast<uint64_t>(i)) % words.size()];
    return at;
  });
}

void MeasureAll(int64_t people) {
  MeasureMemory();
  NearOptions options;
  options.members = static_cast<size_t>(people);
  NearCache near(options);
  near.Restart(1);
  near.Confirm(1, absl::UnixEpoch());
  near.BeginLoad();
  constexpr int64_t kRows = 1'000;
  double loading = 0;
  for (int64_t first = 1; first <= people; first += kRows) {
    std::vector<MemberRecord> rows;
    for (int64_t id = first; id < first + kRows && id <= people; ++id) rows.push_back(PersonOf(id));
    const double start = Now();
    near.Load(rows, 1);
    loading += Now() - start;
  }
  near.FinishLoad();
  std::printf("%-28s %12.0f ns\n", "load a person", loading / static_cast<double>(people));
  std::printf("%-28s %12.2f\n", "bytes a person",
              static_cast<double>(near.bytes()) / static_cast<double>(people));

  constexpr size_t kTimes = 1'000'000;
  std::vector<PersonKey> ids, niks, numbers, nobody;
  for (uint64_t i = 0; i < kTimes; ++i) {
    const int64_t id = 1 + static_cast<int64_t>(Scatter(i + 17) % static_cast<uint64_t>(people));
    ids.push_back(PersonKey::OfWorker(id));
    niks.push_back(PersonKey::OfNik(NikOf(id)));
    numbers.push_back(PersonKey::OfNumber(NumberOf(id)));
    nobody.push_back(PersonKey::OfNik(NikOf(id + people)));
  }
  for (int round = 0; round < 2; ++round) {
    Find("find by worker id", near, ids);
    Find("find by NIK", near, niks);
    Find("find by number", near, numbers);
    Find("find nobody", near, nobody);
  }
  const std::vector<PersonKey> same(kTimes, niks[0]);
  Find("find the same by NIK", near, same);

  const MemberRecord person = PersonOf(17);
  const std::string packed = Pack(person);
  std::printf("%-28s %12zu\n", "bytes of a packed record", packed.size());
  Measure("pack", kTimes, [&](int64_t) { return Pack(person).size(); });
  Measure("unpack", kTimes, [&](int64_t) { return Unpack(packed)->facts.runs.size(); });
  std::vector<MemberRecord> changed;
  for (size_t i = 0; i < 100'000; ++i) {
    changed.push_back(PersonOf(ids[i].worker_id));
    changed.back().facts.death_day = Day(2030, 1, 1);
  }
  Measure("take over a change", static_cast<int64_t>(changed.size()), [&](int64_t i) {
    return near.Advance(1 + i, 2 + i, absl::MakeConstSpan(&changed[i], 1));
  });
}

}  // namespace
}  // namespace lingkaran::coverage

int main(int argc, char** argv) {
  lingkaran::coverage::MeasureAll(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
  return 0;
}
