// RESOURCE_EXHAUSTED/OVERLOADED with google.rpc.RetryInfo: what a caller gets whose call is refused
// because there is more to do than can be done in time.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lingkaran {

// Under overload a refusal is given thousands of times a second, so a few are made once, each with
// a wait of its own: callers refused together do not come back together.
struct OverloadError {
  absl::Status status;
  absl::Duration retry_delay;
};
absl::Span<const OverloadError> OverloadErrors();

// One of OverloadErrors, in turn.
const absl::Status& Overloaded();

// How long the caller of a refused call should wait before it asks again, from the RetryInfo of the
// refusal; zero if it has none.
absl::Duration RetryDelayOf(const absl::Status& status);

}  // namespace lingkaran
