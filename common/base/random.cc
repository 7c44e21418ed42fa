#include "common/base/random.h"

#include <openssl/rand.h>

#include <atomic>
#include <cstdlib>

#include "absl/strings/str_format.h"

namespace lingkaran {
namespace {

std::function<uint64_t()>& Source() {
  static auto& source = *new std::function<uint64_t()>();
  return source;
}

std::atomic<bool> replaced{false};

}  // namespace

uint64_t RandomBits() {
  if (replaced.load(std::memory_order_relaxed)) return Source()();
  uint64_t bits = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof(bits)) != 1) {
    std::abort();  // without randomness nothing is safe any more
  }
  return bits;
}

double RandomFraction() { return static_cast<double>(RandomBits() >> 11) * 0x1p-53; }

absl::Duration Jittered(absl::Duration base, double low, double high) {
  return base * (low + (high - low) * RandomFraction());
}

std::string NewRequestId() {
  const uint64_t high = RandomBits();
  const uint64_t low = RandomBits();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", high >> 32, (high >> 16) & 0xFFFF,
                         high & 0xFFF, 0x8000 | ((low >> 48) & 0x3FFF), low & 0xFFFFFFFFFFFF);
}

void SetRandomSource(std::function<uint64_t()> source) {
  replaced = source != nullptr;
  Source() = std::move(source);
}

}  // namespace lingkaran
