// Mutex, scoped lock and condition variable that clang's thread-safety analysis understands.
//
// Name the mutex at each field that it guards (ABSL_GUARDED_BY) and at each helper that expects it
// to be held (ABSL_EXCLUSIVE_LOCKS_REQUIRED): access without it is then an error of compilation.
// Over std::mutex and not absl::Mutex, about which ThreadSanitizer gives false reports.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace lingkaran {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex until the end of its scope; may let go of it in between.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : lock_(mutex.mutex_) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() ABSL_UNLOCK_FUNCTION() = default;

  void Unlock() ABSL_UNLOCK_FUNCTION() { lock_.unlock(); }
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { lock_.lock(); }

 private:
  friend class CondVar;
  std::unique_lock<std::mutex> lock_;
};

// A wait ends at a notification, at its time, or for no reason: wait in a loop, or with a
// predicate, which is called with the mutex held:
//   changed_.Wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; });
class CondVar {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Wait(MutexLock& lock) { changed_.wait(lock.lock_); }
  template <typename Predicate>
  void Wait(MutexLock& lock, Predicate done) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    changed_.wait(lock.lock_, done);
  }

  // False if the time is over, with a predicate if that does not hold then.
  bool WaitUntil(MutexLock& lock, TimePoint end) {
    return changed_.wait_until(lock.lock_, end) == std::cv_status::no_timeout;
  }
  template <typename Predicate>
  bool WaitUntil(MutexLock& lock, TimePoint end, Predicate done) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return changed_.wait_until(lock.lock_, end, done);
  }

  // As WaitUntil; InfiniteDuration() is no limit.
  bool WaitFor(MutexLock& lock, absl::Duration limit) {
    if (limit < kNoLimit) return WaitUntil(lock, Since(limit));
    Wait(lock);
    return true;
  }
  template <typename Predicate>
  bool WaitFor(MutexLock& lock, absl::Duration limit, Predicate done) {
    if (limit < kNoLimit) return WaitUntil(lock, Since(limit), done);
    Wait(lock, done);
    return true;
  }

  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  static constexpr absl::Duration kNoLimit = absl::Hours(24 * 365 * 100);
  static TimePoint Since(absl::Duration limit) {
    return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limit);
  }

  std::condition_variable changed_;
};

}  // namespace lingkaran
