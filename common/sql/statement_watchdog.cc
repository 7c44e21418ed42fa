#include "common/sql/statement_watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/log.h"

namespace lingkaran::sql {
namespace {

// The server ends a statement by itself; this much later it has not, and never will.
constexpr absl::Duration kGrace = absl::Seconds(1);
constexpr absl::Duration kLook = absl::Milliseconds(100);

// Never overflows: an infinite duration is kNever.
int64_t After(int64_t start, absl::Duration pause) {
  if (start == kNever || pause >= absl::Hours(24 * 365)) return kNever;
  return start + absl::ToInt64Nanoseconds(pause);
}

}  // namespace

int64_t SteadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t SteadyDeadline() {
  const absl::Time deadline = CurrentDeadline();
  if (deadline == absl::InfiniteFuture()) return kNever;
  return After(SteadyNanos(), deadline - absl::Now());
}

bool Watch::Attach(int socket) {
  MutexLock lock(mutex_);
  socket_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  return socket_ >= 0;
}

void Watch::Detach() {
  MutexLock lock(mutex_);
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void Watch::Begin(const Limits& limits, int64_t deadline) {
  statement_ = limits.statement;
  deadline_ = deadline;
}

void Watch::Statement() {
  if (past_deadline()) throw PastDeadline();
  Expect(deadline_);
}

void Watch::Ending() { Expect(std::max(deadline_, SteadyNanos())); }

void Watch::End() {
  overdue_.store(kNever);
  deadline_ = kNever;
}

absl::Duration Watch::Rest(absl::Duration limit) const {
  if (!has_deadline()) return limit;
  const absl::Duration rest = absl::Nanoseconds(deadline_ - SteadyNanos());
  return std::max(absl::Milliseconds(1), std::min(limit, rest));
}

void Watch::Expect(int64_t deadline) {
  const int64_t answer = std::min(After(SteadyNanos(), statement_), deadline);
  overdue_.store(After(answer, kGrace), std::memory_order_relaxed);
}

void Watch::CutIfOverdue(int64_t now) {
  if (overdue_.load(std::memory_order_relaxed) > now) return;
  MutexLock lock(mutex_);
  if (socket_ < 0 || overdue_.load() > now) return;
  shutdown(socket_, SHUT_RDWR);
  overdue_.store(kNever);
  Log(Severity::kWarning, "store_hung", {});
}

WatchThread::WatchThread(std::vector<Watch*> watches)
    : watches_(std::move(watches)), thread_([this] { Run(); }) {}

WatchThread::~WatchThread() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void WatchThread::Run() {
  MutexLock lock(mutex_);
  const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_; };
  while (!changed_.WaitFor(lock, kLook, stopped)) {
    for (Watch* watch : watches_) watch->CutIfOverdue(SteadyNanos());
  }
}

}  // namespace lingkaran::sql
