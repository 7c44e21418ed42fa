// What the parts cost that every row passes through: sealing, hashing, reading a NIK, reading a
// day. Prints nanoseconds; asserts nothing, for machines differ.
#include <chrono>
#include <cstdio>
#include <string>

#include "common/base/date.h"
#include "common/base/region.h"
#include "common/crypto/personal_data_vault.h"
#include "services/registry/domain/nik.h"

namespace lingkaran {
namespace {

// Keeps the compiler from leaving out what nobody reads.
volatile size_t g_sink = 0;

template <typename Body>
void Measure(const char* what, int times, Body body) {
  body(0);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) {
    g_sink = g_sink + body(i);
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  std::printf("%-28s %12.0f ns\n", what, took.count() / times);
}

int Run() {
  const auto sealer = PersonalDataVault::FromText(PersonalDataVault::NewKeyFile());
  const auto regions = Regions::Load(LINGKARAN_SOURCE_DIR "/deploy/regions");
  if (!sealer.ok() || !regions.ok()) {
    std::fprintf(stderr, "%s\n", regions.status().ToString().c_str());
    return 1;
  }
  const std::string plain(300, 'x');
  const std::string sealed = (*sealer)->Seal("workers.personal/17", plain);
  constexpr int kTimes = 300'000;
  Measure("seal 300 bytes", kTimes,
          [&](int) { return (*sealer)->Seal("workers.personal/17", plain).size(); });
  Measure("open 300 bytes", kTimes,
          [&](int) { return (*sealer)->Open("workers.personal/17", sealed)->size(); });
  Measure("hash a NIK", kTimes,
          [&](int) -> size_t { return (*sealer)->HashNik("3372015505800001")[0]; });
  Measure("hash 300 bytes of content", kTimes,
          [&](int) -> size_t { return (*sealer)->HashContent("batch_rows.content", plain)[0]; });
  Measure("read a NIK", kTimes, [&](int) -> size_t {
    return registry::ReadNik("'3372.0155.0580.0001", &*regions).nik->digits().size();
  });
  Measure("read a day", kTimes,
          [](int) -> size_t { return static_cast<size_t>(DayNumber(*ParseDay("15 Mei 1980"))); });
  Measure("find a district", kTimes,
          [&](int) { return regions->FindDistrict("33.72", "Kec. Laweyan").size(); });
  Measure("load the regions", 20, [](int) -> size_t {
    return Regions::Load(LINGKARAN_SOURCE_DIR "/deploy/regions").ok() ? 1 : 0;
  });
  return 0;
}

}  // namespace
}  // namespace lingkaran

int main() { return lingkaran::Run(); }
