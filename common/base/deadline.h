// Until when the work of this thread is wanted. RunRpc sets it from the caller's deadline; what
// waits below it (for a connection, a lock, a peer) waits no longer, and a call to a peer passes it
// on. So work stops at every hop when nobody waits for it any more.
#pragma once

#include "absl/time/time.h"

namespace lingkaran {

// The deadline of the work under way on this thread; InfiniteFuture if it has none.
absl::Time CurrentDeadline();

// Sets it for the scope's life; an earlier one outside stays in force.
class DeadlineScope {
 public:
  explicit DeadlineScope(absl::Time deadline);
  ~DeadlineScope();
  DeadlineScope(const DeadlineScope&) = delete;
  DeadlineScope& operator=(const DeadlineScope&) = delete;

 private:
  const absl::Time outer_;
};

}  // namespace lingkaran
