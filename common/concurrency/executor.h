// Where the work of a call runs when that is not to be the thread that took the call.
//
// A thread that serves calls is shared by all of them, and its priority can't be raised again once
// it was lowered. Bulk work beside people who wait therefore runs on threads that are low from
// their start.
#pragma once

#include <deque>
#include <exception>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace lingkaran {

// Outlives the calls that it runs.
class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `body` under this thread's CurrentDeadline() and waits for its outcome; what it throws
  // comes out here. DEADLINE_EXCEEDED/DEADLINE_PASSED if the deadline comes before it could begin:
  // then it never runs.
  virtual absl::Status Run(absl::FunctionRef<absl::Status()> body) = 0;
};

// On the caller's own thread.
class InlineExecutor final : public Executor {
 public:
  absl::Status Run(absl::FunctionRef<absl::Status()> body) override { return body(); }
};

// On threads of its own that give way to all others of the process (thread_priority.h). They start
// as they are needed, at most so many; further calls wait their turn, first come, first served.
class LowPriorityExecutor final : public Executor {
 public:
  explicit LowPriorityExecutor(int threads) : most_threads_(threads) {}
  LowPriorityExecutor(const LowPriorityExecutor&) = delete;
  LowPriorityExecutor& operator=(const LowPriorityExecutor&) = delete;
  ~LowPriorityExecutor() override;

  absl::Status Run(absl::FunctionRef<absl::Status()> body) override;

 private:
  struct Task;
  void Work();

  const size_t most_threads_;
  Mutex mutex_;
  CondVar work_;
  std::deque<Task*> queue_ ABSL_GUARDED_BY(mutex_);
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lingkaran
