// Chance that replays: the same seed gives the same numbers on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace lingkaran::workload {

// SplitMix64. The standard's distributions differ between libraries, so there are none.
class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // From low to high, both inclusive.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  // True in so many of ten thousand cases.
  bool PerMyriad(int rate) { return Between(0, 9'999) < rate; }
  bool Percent(int rate) { return PerMyriad(rate * 100); }
  template <typename T>
  const T& OneOf(const std::vector<T>& items) {
    return items[static_cast<size_t>(Between(0, static_cast<int64_t>(items.size()) - 1))];
  }

 private:
  uint64_t state_;
};

}  // namespace lingkaran::workload
