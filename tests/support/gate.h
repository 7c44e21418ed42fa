// Threads of a test, and what one of them waits for. Waits end after half a minute, for a test that
// has failed.
#pragma once

#include <latch>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace lingkaran {

// Runs work(0) to work(count - 1), each on a thread of its own, all at once, to their end.
template <typename Work>
void OnThreads(int count, Work work) {
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Waits for what another thread or process brings about; false if it does not come true in time.
template <typename Condition>
bool Eventually(Condition condition, absl::Duration longest = absl::Seconds(30)) {
  const absl::Time end = absl::Now() + longest;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// Opens once, for any number of waiting threads.
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
