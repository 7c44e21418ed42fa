#include "common/concurrency/executor.h"

#include <pthread.h>

#include <algorithm>
#include <system_error>

#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/concurrency/thread_priority.h"

namespace lingkaran {

// On the stack of the caller, who waits for it. All but `body` is guarded by the executor's mutex
// until the task is done.
struct LowPriorityExecutor::Task {
  absl::FunctionRef<absl::Status()> body;
  absl::Time deadline;
  enum { kWaiting, kRunning, kDone } state = kWaiting;
  absl::Status outcome{};
  std::exception_ptr thrown{};
  CondVar ended{};
};

absl::Status LowPriorityExecutor::Run(absl::FunctionRef<absl::Status()> body) {
  Task task{.body = body, .deadline = CurrentDeadline()};
  MutexLock lock(mutex_);
  if (idle_ <= queue_.size() && threads_.size() < most_threads_) {
    try {
      threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      // The machine has no thread left: those that there are do it, and without any the caller.
      if (threads_.empty()) {
        lock.Unlock();
        return body();
      }
    }
  }
  queue_.push_back(&task);
  work_.NotifyOne();
  const auto done = [&task] { return task.state == Task::kDone; };
  if (!task.ended.WaitFor(lock, task.deadline - absl::Now(), done)) {
    if (task.state == Task::kWaiting) {
      queue_.erase(std::find(queue_.begin(), queue_.end(), &task));
      return DeadlinePassed();
    }
    task.ended.Wait(lock, done);
  }
  lock.Unlock();
  if (task.thrown != nullptr) std::rethrow_exception(std::move(task.thrown));
  return task.outcome;
}

void LowPriorityExecutor::Work() {
  GiveWay();
  pthread_setname_np(pthread_self(), "bulk");
  MutexLock lock(mutex_);
  while (true) {
    ++idle_;
    while (queue_.empty() && !stopping_) work_.Wait(lock);
    --idle_;
    if (queue_.empty()) return;
    Task& task = *queue_.front();
    queue_.pop_front();
    task.state = Task::kRunning;
    lock.Unlock();
    try {
      const DeadlineScope deadline(task.deadline);
      task.outcome = task.body();
    } catch (...) {  // of any kind: it goes on where the caller waits
      task.thrown = std::current_exception();
    }
    lock.Lock();
    task.state = Task::kDone;
    task.ended.NotifyOne();
  }
}

LowPriorityExecutor::~LowPriorityExecutor() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  work_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace lingkaran
