// The resume_token of WatchCoverage: up to where the change log of which database was told.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lingkaran::coverage {

std::string ToResumeToken(int64_t epoch, int64_t position);
// The position. INVALID_ARGUMENT/TOKEN_INVALID for what is no token,
// FAILED_PRECONDITION/RESUME_TOO_OLD for one of another database.
absl::StatusOr<int64_t> FromResumeToken(const std::string& text, int64_t epoch);

}  // namespace lingkaran::coverage
