// What the near cache costs at a million people (LINGKARAN_BENCH_PEOPLE: another number): finding
// by each kind of key, finding nobody, putting, the packed form. Asserts nothing, for machines
// differ.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "services/coverage/cache/near_cache.h"

namespace lingkaran::coverage {
namespace {

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

int64_t People() {
  static const char* const given = std::getenv("LINGKARAN_BENCH_PEOPLE");
  return given == nullptr ? 1'000'000 : std::atoll(given);
}

// Everybody, loaded as a warm start does.
NearCache& Near() {
  static NearCache& near = []() -> NearCache& {
    auto& made = *new NearCache({.members = static_cast<size_t>(People())});
    made.Restart(1);
    made.Confirm(1, absl::UnixEpoch());
    return made;
  }();
  return near;
}

// Somebody whom nobody can foresee.
int64_t AnyId(uint64_t i) {
  return 1 + static_cast<int64_t>(Scatter(i + 17) % static_cast<uint64_t>(People()));
}

// What any look-up in a table of this size costs at the least.
void ReadAWordOf64Mb(benchmark::State& state) {
  std::vector<uint64_t> words(8'000'000);
  for (uint64_t i = 0; i < words.size(); ++i) words[i] = Scatter(i);
  uint64_t at = 0, i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(at = words[(at + i++) % words.size()]);
}
BENCHMARK(ReadAWordOf64Mb);

void LoadAPerson(benchmark::State& state) {
  constexpr int64_t kRows = 1'000;
  NearCache& near = Near();
  near.BeginLoad();
  int64_t id = 1;
  std::vector<MemberEntry> rows;
  while (state.KeepRunningBatch(kRows)) {
    state.PauseTiming();
    rows.clear();
    for (; rows.size() < kRows && id <= People(); ++id)
      rows.push_back(*MemberEntry::Of(PersonOf(id)));
    state.ResumeTiming();
    near.Load(rows, 1);
  }
  near.FinishLoad();
  state.counters["bytes_a_person"] =
      static_cast<double>(near.bytes()) / static_cast<double>(People());
}

using KeyOf = PersonKey (*)(uint64_t i);
void Find(benchmark::State& state, KeyOf key_of) {
  std::vector<PersonKey> keys;
  for (uint64_t i = 0; i < 1'000'000; ++i) keys.push_back(key_of(i));
  Facts facts;
  size_t i = 0, found = 0;
  for (auto _ : state) {
    found += Near().Find(keys[i++ % keys.size()], {}, absl::UnixEpoch(), facts) ==
                 NearCache::LookupResult::kFound &&
             facts.known;
  }
  state.counters["known"] = static_cast<double>(found) / static_cast<double>(i);
}

void PackAPerson(benchmark::State& state) {
  const MemberRecord person = PersonOf(17);
  for (auto _ : state) benchmark::DoNotOptimize(Pack(person));
  state.counters["bytes"] = static_cast<double>(Pack(person).size());
}

void UnpackAPerson(benchmark::State& state) {
  const std::string packed = Pack(PersonOf(17));
  for (auto _ : state) benchmark::DoNotOptimize(Unpack(packed));
}

void TakeOverAChange(benchmark::State& state) {
  std::vector<MemberRecord> changed;
  for (uint64_t i = 0; i < 100'000; ++i) {
    changed.push_back(PersonOf(AnyId(i)));
    changed.back().facts.death_day = Day(2030, 1, 1);
  }
  size_t i = 0;
  for (auto _ : state) {
    const int64_t from = Near().position();
    Near().Advance(from, from + 1, absl::MakeConstSpan(&changed[i++ % changed.size()], 1));
  }
}

// In the order in which the table fills, is read, and changes.
void RegisterAll() {
  benchmark::RegisterBenchmark("LoadAPerson", LoadAPerson)->Iterations(People());
  const std::pair<const char*, KeyOf> kinds[] = {
      {"FindByWorkerId", [](uint64_t i) { return PersonKey::OfWorker(AnyId(i)); }},
      {"FindByNik", [](uint64_t i) { return PersonKey::OfNik(NikOf(AnyId(i))); }},
      {"FindByNumber", [](uint64_t i) { return PersonKey::OfNumber(NumberOf(AnyId(i))); }},
      {"FindNobody", [](uint64_t i) { return PersonKey::OfNik(NikOf(AnyId(i) + People())); }},
      {"FindTheSameByNik", [](uint64_t) { return PersonKey::OfNik(NikOf(AnyId(0))); }}};
  for (const auto& [name, key_of] : kinds) benchmark::RegisterBenchmark(name, Find, key_of);
  benchmark::RegisterBenchmark("PackAPerson", PackAPerson);
  benchmark::RegisterBenchmark("UnpackAPerson", UnpackAPerson);
  benchmark::RegisterBenchmark("TakeOverAChange", TakeOverAChange);
}

}  // namespace
}  // namespace lingkaran::coverage

int main(int argc, char** argv) {
  lingkaran::coverage::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
