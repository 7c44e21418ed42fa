// deploy/rules/registry.textproto -> EntryRules.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/registry/domain/rules.h"

namespace lingkaran::registry {

struct LoadedRules {
  EntryRules rules;
  std::string version;  // digest of the file
};

// Reads and checks the file. INVALID_ARGUMENT/RULES_INVALID with file and line for unknown keys,
// gaps, overlaps, missing sources, impossible ages and words that are empty or stand twice.
absl::StatusOr<LoadedRules> LoadRules(const std::string& path);

}  // namespace lingkaran::registry
