// What the reasons of the suite's errors mean to a branch officer, and how to mend them.
#pragma once

#include <string>
#include <string_view>

#include "common/error_reason.h"

namespace lingkaran::cli {

// A sentence in Indonesian; empty for kUnspecified and for reasons whose message says it all.
std::string_view ReasonText(Reason reason);

// A word or two for lists of refused workers; `name` is an ErrorReason without prefix. The name
// itself if this release does not know it.
std::string ReasonLabel(const std::string& name);

}  // namespace lingkaran::cli
