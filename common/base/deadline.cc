#include "common/base/deadline.h"

#include <algorithm>

namespace lingkaran {
namespace {

thread_local absl::Time current = absl::InfiniteFuture();

}  // namespace

absl::Time CurrentDeadline() { return current; }

DeadlineScope::DeadlineScope(absl::Time deadline) : outer_(current) {
  current = std::min(outer_, deadline);
}

DeadlineScope::~DeadlineScope() { current = outer_; }

}  // namespace lingkaran
