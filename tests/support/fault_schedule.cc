// What a schedule of faults holds: see fault_proxy.h.
#include <algorithm>
#include <random>

#include "tests/support/fault_proxy.h"

namespace lingkaran {

std::string_view FaultName(Fault fault) {
  static constexpr std::string_view kNames[kFaults] = {
      "cut", "half_close", "stall", "delay", "drop_replies", "throttle", "refuse"};
  return kNames[static_cast<int>(fault)];
}

std::vector<FaultAt> MakeFaults(uint64_t seed, absl::Duration length, absl::Duration gap) {
  std::mt19937_64 random(seed);
  const auto below = [&](int64_t n) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
  };
  std::vector<FaultAt> faults;
  const int64_t gap_us = std::max<int64_t>(1, absl::ToInt64Microseconds(gap));
  absl::Duration at;
  while ((at += absl::Microseconds(gap_us / 2 + below(gap_us))) < length) {
    FaultAt fault;
    fault.after = at;
    fault.bytes = below(2) == 0 ? 0 : below(20'000);
    fault.fault = static_cast<Fault>(below(kFaults));
    fault.way = below(2) == 0 ? Way::kToTarget : Way::kToClient;
    fault.length = absl::Milliseconds(20 + below(180));
    if (fault.fault == Fault::kDelay) fault.amount = 1'000 + below(40'000);
    if (fault.fault == Fault::kThrottle) fault.amount = 2'000 + below(50'000);
    faults.push_back(fault);
  }
  return faults;
}

}  // namespace lingkaran
