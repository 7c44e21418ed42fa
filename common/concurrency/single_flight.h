// Many who want the same thing done share one doing, which begins after each of them asked.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"

namespace lingkaran {

class SingleFlight {
 public:
  // The outcome of a run of `work` that began after this call, by this thread or another. Waits no
  // longer than CurrentDeadline(): DEADLINE_EXCEEDED/DEADLINE_PASSED. A run that ended because its
  // own caller had no more time counts for nobody else.
  absl::Status Do(absl::FunctionRef<absl::Status()> work) {
    std::unique_lock lock(mutex_);
    int64_t wanted = begun_ + 1;
    while (true) {
      if (!running_) return Run(lock, work);
      const auto done = [&] { return !running_ || ended_ >= wanted; };
      if (!WaitFor(lock, done)) {
        return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
                     "time ran out; ask again with a longer deadline");
      }
      if (ended_ < wanted) continue;
      if (!absl::IsDeadlineExceeded(outcome_)) return outcome_;
      wanted = begun_ + 1;
    }
  }

 private:
  template <typename Done>
  bool WaitFor(std::unique_lock<std::mutex>& lock, Done done) {
    const absl::Time deadline = CurrentDeadline();
    if (deadline != absl::InfiniteFuture()) {
      return changed_.wait_for(lock, absl::ToChronoNanoseconds(deadline - absl::Now()), done);
    }
    changed_.wait(lock, done);
    return true;
  }

  absl::Status Run(std::unique_lock<std::mutex>& lock, absl::FunctionRef<absl::Status()> work) {
    running_ = true;
    const int64_t run = ++begun_;
    lock.unlock();
    absl::Status outcome = work();
    lock.lock();
    running_ = false;
    ended_ = run;
    outcome_ = outcome;
    changed_.notify_all();
    return outcome;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t begun_ = 0;
  int64_t ended_ = 0;
  bool running_ = false;
  absl::Status outcome_;  // of run ended_
};

}  // namespace lingkaran
