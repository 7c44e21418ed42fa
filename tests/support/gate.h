// One thread of a test waits for another.
#pragma once

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace lingkaran {

// Opens once, for any number of waiting threads. Waits end after 30 s, for a test that has failed.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  bool Wait() {
    MutexLock lock(mutex_);
    return changed_.WaitFor(lock, absl::Seconds(30),
                            [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_; });
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace lingkaran
