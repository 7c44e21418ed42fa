// Many who want the same thing done share one doing, which begins after each of them asked.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/mutex.h"

namespace lingkaran {

class SingleFlight {
 public:
  // The outcome of a run of `work` that began after this call, by this thread or another. Waits no
  // longer than CurrentDeadline(): DEADLINE_EXCEEDED/DEADLINE_PASSED. A run that ended because its
  // own caller had no more time counts for nobody else.
  absl::Status Do(absl::FunctionRef<absl::Status()> work) {
    MutexLock lock(mutex_);
    int64_t wanted = begun_ + 1;
    while (running_) {
      const auto over = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return !running_ || ended_ >= wanted;
      };
      if (!changed_.WaitFor(lock, CurrentDeadline() - absl::Now(), over)) return DeadlinePassed();
      if (ended_ < wanted) continue;
      if (!absl::IsDeadlineExceeded(outcome_)) return outcome_;
      wanted = begun_ + 1;
    }
    running_ = true;
    const int64_t run = ++begun_;
    lock.Unlock();
    absl::Status outcome = work();
    lock.Lock();
    running_ = false;
    ended_ = run;
    outcome_ = outcome;
    changed_.NotifyAll();
    return outcome;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t ended_ ABSL_GUARDED_BY(mutex_) = 0;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status outcome_ ABSL_GUARDED_BY(mutex_);  // of run ended_
};

}  // namespace lingkaran
