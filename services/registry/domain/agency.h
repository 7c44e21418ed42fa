// Who proposes, verifies, enrols or asks.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace lingkaran::registry {

// Numbers of lingkaran.registry.v1.AgencyKind.
enum class AgencyKind : int8_t { kSocialAgency = 1, kVillage = 2, kLabourAgency = 3, kBranch = 4 };
inline constexpr int kLastAgencyKind = 4;

struct Agency {
  int64_t agency_id = 0;
  std::string name;
  AgencyKind kind{};
  std::string region_code;
  absl::Time create_time;
};

}  // namespace lingkaran::registry
