// Reads the rule book from deploy/rules/coverage.textproto and refuses what can't be right.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// INVALID_ARGUMENT/RULES_INVALID "FILE:LINE: what" for unknown keys and wrong types, entries
// without source or confidence, gaps and overlaps of a series, bands that do not rise, percentages
// and month counts that can't be, a programme without tariff, a waiting period without its reduced
// benefit.
absl::StatusOr<std::shared_ptr<const Rules>> LoadRules(const std::string& path);

}  // namespace lingkaran::coverage
