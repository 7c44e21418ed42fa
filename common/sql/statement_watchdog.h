// How long the work on one connection may take. Private to common/sql.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace lingkaran::sql {

// Time that nobody sets back or forward, in nanoseconds.
int64_t SteadyNanos();
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// CurrentDeadline() on that scale.
int64_t SteadyDeadline();

// Thrown where work would go on after the deadline of who wants it.
struct PastDeadline : std::exception {
  const char* what() const noexcept override { return "the deadline is over"; }
};

struct Limits {
  absl::Duration wait;  // for a free connection, and SQLite's lock
  absl::Duration statement;
  absl::Duration lock;
};

// The times of one connection's transaction. PostgreSQL ends what takes too long by itself; where
// it can't even do that (its process is stopped, its disk hangs, the network swallows everything),
// libpq would wait on: a WatchThread then shuts the socket, which wakes it with an error.
class Watch {
 public:
  Watch() = default;
  ~Watch() { Detach(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // The socket of a PostgreSQL connection that has been made, and its end. False if there is no
  // descriptor left to watch it by.
  bool Attach(int socket);
  void Detach();

  // A transaction starts, wanted until `deadline` (SteadyNanos).
  void Begin(const Limits& limits, int64_t deadline);
  // A statement starts. Throws PastDeadline.
  void Statement();
  // What ends a transaction starts: it may still be tried when the deadline is over.
  void Ending();
  // No statement of this transaction is too long any more.
  void LiftLimits() { statement_ = absl::InfiniteDuration(); }
  void End();

  bool past_deadline() const { return deadline_ != kNever && SteadyNanos() >= deadline_; }
  // What is left of `limit` until the deadline; at least a millisecond.
  absl::Duration Rest(absl::Duration limit) const;
  bool has_deadline() const { return deadline_ != kNever; }

  // Shuts the socket if an answer is overdue. From any thread.
  void CutIfOverdue(int64_t now);

 private:
  void Expect(int64_t deadline);

  absl::Duration statement_;
  int64_t deadline_ = kNever;
  Mutex mutex_;
  // A duplicate of libpq's, which nobody else closes.
  int socket_ ABSL_GUARDED_BY(mutex_) = -1;
  std::atomic<int64_t> overdue_{kNever};  // when the answer to what was sent last is
};

// Looks after watches, ten times a second.
class WatchThread {
 public:
  explicit WatchThread(std::vector<Watch*> watches);
  ~WatchThread();

 private:
  void Run();

  const std::vector<Watch*> watches_;
  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace lingkaran::sql
