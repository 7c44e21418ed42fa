// Small files that commands read and write.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lingkaran::cli {

// The lines of a file that hold something, without blanks at their ends.
// INVALID_ARGUMENT if it can't be read, is no text, or holds none.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path);
// The same, each a positive number.
absl::StatusOr<std::vector<int64_t>> ReadIds(const std::string& path);

// Writes a file that only its owner may read. ALREADY_EXISTS if it is there and `replace` is not
// set; INVALID_ARGUMENT if it can't be written, and then no new file is left behind.
absl::Status WritePrivateFile(const std::string& path, const std::string& text, bool replace);

}  // namespace lingkaran::cli
