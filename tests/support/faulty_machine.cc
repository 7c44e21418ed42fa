// The library that faulty_machine.h tells of. It takes the place of some functions of the C library
// and calls the true ones; no test links it.
#include "tests/support/faulty_machine.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

using lingkaran::MachineFaults;

constexpr int64_t kNanos = 1'000'000'000;
// Waits until a time of day are cut into pieces of at most this, between which the clock is asked.
constexpr int64_t kPiece = 20'000'000;

MachineFaults* Map() {
  const char* path = getenv(lingkaran::kFaultyMachineVariable);
  if (path == nullptr) return nullptr;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* map = mmap(nullptr, sizeof(MachineFaults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return map == MAP_FAILED ? nullptr : static_cast<MachineFaults*>(map);
}

// null: a machine without faults.
MachineFaults* Faults() {
  static MachineFaults* const faults = Map();
  return faults;
}

template <typename Function>
Function* TrueOne(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Each wrapper knows the function that it stands before.
#define TRUE_ONE(name) static auto* const true_##name = TrueOne<decltype(::name)>(#name)

bool IsUnderFolder(int fd) {
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path);
  const size_t prefix = strlen(Faults()->folder);
  if (prefix == 0 || size < static_cast<ssize_t>(prefix)) return false;
  return memcmp(path, Faults()->folder, prefix) == 0;
}

bool Refuses(int fd, const std::atomic<int32_t> MachineFaults::*fault, int error) {
  MachineFaults* const faults = Faults();
  if (faults == nullptr || (faults->*fault).load(std::memory_order_relaxed) == 0) return false;
  const int before = errno;
  const bool refused = IsUnderFolder(fd);
  errno = refused ? error : before;
  if (refused) faults->refused.fetch_add(1);
  return refused;
}

bool IsFull(int fd) { return Refuses(fd, &MachineFaults::disk_full, ENOSPC); }
bool CannotSync(int fd) { return Refuses(fd, &MachineFaults::syncs_fail, EIO); }

int64_t Offset() {
  MachineFaults* const faults = Faults();
  return faults == nullptr ? 0 : faults->clock_offset_ns.load(std::memory_order_relaxed);
}

int64_t ToNanos(const timespec& time) { return time.tv_sec * kNanos + time.tv_nsec; }
timespec ToTimespec(int64_t nanos) {
  return {static_cast<time_t>(nanos / kNanos), static_cast<long>(nanos % kNanos)};
}

// The machine's own time of day, whatever we tell.
int64_t TrueNow() {
  TRUE_ONE(clock_gettime);
  timespec now{};
  true_clock_gettime(CLOCK_REALTIME, &now);
  return ToNanos(now);
}

bool IsTimeOfDay(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

// Waits until `deadline` of the moved clock: `wait` waits until a true time of day and answers what
// the caller of the true function would get. A piece that ends in vain is followed by the next.
template <typename Wait, typename TimedOut>
auto WaitInPieces(const timespec* deadline, Wait wait, TimedOut timed_out) {
  const int64_t end = ToNanos(*deadline);
  while (true) {
    const int64_t now = TrueNow();
    const int64_t left = end - (now + Offset());
    const timespec until = ToTimespec(now + (left < kPiece ? (left > 0 ? left : 0) : kPiece));
    const auto result = wait(&until);
    if (!timed_out(result) || left <= kPiece) return result;
  }
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  TRUE_ONE(write);
  return IsFull(fd) ? -1 : true_write(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  TRUE_ONE(pwrite);
  return IsFull(fd) ? -1 : true_pwrite(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  TRUE_ONE(pwrite64);
  return IsFull(fd) ? -1 : true_pwrite64(fd, bytes, size, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  TRUE_ONE(writev);
  return IsFull(fd) ? -1 : true_writev(fd, parts, count);
}

int ftruncate(int fd, off_t size) noexcept {
  TRUE_ONE(ftruncate);
  return IsFull(fd) ? -1 : true_ftruncate(fd, size);
}

int ftruncate64(int fd, off64_t size) noexcept {
  TRUE_ONE(ftruncate64);
  return IsFull(fd) ? -1 : true_ftruncate64(fd, size);
}

int posix_fallocate(int fd, off_t offset, off_t size) {
  TRUE_ONE(posix_fallocate);
  return IsFull(fd) ? ENOSPC : true_posix_fallocate(fd, offset, size);
}

int fsync(int fd) {
  TRUE_ONE(fsync);
  return CannotSync(fd) ? -1 : true_fsync(fd);
}

int fdatasync(int fd) {
  TRUE_ONE(fdatasync);
  return CannotSync(fd) ? -1 : true_fdatasync(fd);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  TRUE_ONE(clock_gettime);
  const int result = true_clock_gettime(clock, time);
  if (result == 0 && IsTimeOfDay(clock)) *time = ToTimespec(ToNanos(*time) + Offset());
  return result;
}

int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  const timespec now = ToTimespec(TrueNow() + Offset());
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  const time_t now = (TrueNow() + Offset()) / kNanos;
  if (out != nullptr) *out = now;
  return now;
}

int pthread_cond_timedwait(pthread_cond_t* __restrict condition, pthread_mutex_t* __restrict mutex,
                           const timespec* __restrict deadline) {
  TRUE_ONE(pthread_cond_timedwait);
  // One that was made for the monotonic clock looks the same; its deadlines lie decades ago.
  if (ToNanos(*deadline) < TrueNow() / 2)
    return true_pthread_cond_timedwait(condition, mutex, deadline);
  return WaitInPieces(
      deadline,
      [&](const timespec* until) { return true_pthread_cond_timedwait(condition, mutex, until); },
      [](int result) { return result == ETIMEDOUT; });
}

int sem_timedwait(sem_t* __restrict semaphore, const timespec* __restrict deadline) {
  TRUE_ONE(sem_timedwait);
  return WaitInPieces(
      deadline, [&](const timespec* until) { return true_sem_timedwait(semaphore, until); },
      [](int result) { return result < 0 && errno == ETIMEDOUT; });
}

// Abseil's mutexes, and gRPC's timers with them, wait by the futex call itself.
long syscall(long number, ...) noexcept {
  using Call = long(long, long, long, long, long, long, long);
  static Call* const true_syscall = TrueOne<Call>("syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  const auto* const deadline = reinterpret_cast<const timespec*>(a[3]);
  if (number != SYS_futex || deadline == nullptr || (a[1] & FUTEX_CLOCK_REALTIME) == 0) {
    return true_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  return WaitInPieces(
      deadline,
      [&](const timespec* until) {
        return true_syscall(number, a[0], a[1], a[2], reinterpret_cast<long>(until), a[4], a[5]);
      },
      [](long result) { return result < 0 && errno == ETIMEDOUT; });
}

}  // extern "C"
