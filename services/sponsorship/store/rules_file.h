// Reads deploy/rules/sponsorship.textproto into a PayerRules.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/sponsorship/domain/rules.h"

namespace lingkaran::sponsorship {

// INVALID_ARGUMENT/RULES_INVALID "FILE:LINE: what is wrong": unknown keys, impossible values, a
// payer class without entries, gaps and overlaps in time.
absl::StatusOr<PayerRules> LoadRules(const std::string& path);

}  // namespace lingkaran::sponsorship
