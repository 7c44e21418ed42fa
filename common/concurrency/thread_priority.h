// Who runs first when the processors are short.
#pragma once

#include <sys/resource.h>

namespace lingkaran {

// From now on, and for good, this thread gives way to the process' others: it gets a tenth of their
// share as long as they want to run, and all that they leave. For bulk work beside people who wait;
// on a thread that may hold locks which they need, because it is slowed and not stopped.
inline void GiveWay() {
  constexpr int kNice = 10;
  thread_local const bool done = setpriority(PRIO_PROCESS, 0, kNice) == 0;  // 0: this thread
  static_cast<void>(done);
}

}  // namespace lingkaran
