// Abseil's Debian build has a string_view of its own: these two cross over where both meet.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace lingkaran {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace lingkaran
