// What the parts cost that every row passes through: sealing, hashing, reading a NIK, reading a
// day. Asserts nothing, for machines differ.
#include <benchmark/benchmark.h>

#include <string>

#include "common/base/date.h"
#include "common/base/region.h"
#include "common/crypto/personal_data_vault.h"
#include "services/registry/domain/nik.h"

namespace lingkaran {
namespace {

const PersonalDataVault& Vault() {
  static const auto& vault =
      *PersonalDataVault::FromText(PersonalDataVault::NewKeyFile()).value().release();
  return vault;
}

const Regions& AllRegions() {
  static const auto& regions =
      *new Regions(Regions::Load(LINGKARAN_SOURCE_DIR "/deploy/regions").value());
  return regions;
}

// Measures what `BODY` gives.
#define LINGKARAN_BENCHMARK(NAME, BODY)                  \
  void NAME(benchmark::State& state) {                   \
    for (auto _ : state) benchmark::DoNotOptimize(BODY); \
  }                                                      \
  BENCHMARK(NAME)

const std::string kPlain(300, 'x');
LINGKARAN_BENCHMARK(Seal300Bytes, Vault().Seal("workers.personal/17", kPlain));
LINGKARAN_BENCHMARK(HashANik, Vault().HashNik("3372015505800001"));
LINGKARAN_BENCHMARK(Hash300BytesOfContent, Vault().HashContent("batch_rows.content", kPlain));
LINGKARAN_BENCHMARK(ReadANik, registry::ReadNik("'3372.0155.0580.0001", &AllRegions()));
LINGKARAN_BENCHMARK(ReadADay, ParseDay("15 Mei 1980"));
LINGKARAN_BENCHMARK(FindADistrict, AllRegions().FindDistrict("33.72", "Kec. Laweyan"));
LINGKARAN_BENCHMARK(LoadTheRegions, Regions::Load(LINGKARAN_SOURCE_DIR "/deploy/regions"));

void Open300Bytes(benchmark::State& state) {
  const std::string sealed = Vault().Seal("workers.personal/17", kPlain);
  for (auto _ : state) benchmark::DoNotOptimize(Vault().Open("workers.personal/17", sealed));
}
BENCHMARK(Open300Bytes);

}  // namespace
}  // namespace lingkaran

BENCHMARK_MAIN();
