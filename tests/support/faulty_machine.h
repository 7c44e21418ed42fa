// A machine with faults for processes under test: a full disk, syncs that fail, a clock that jumps.
// Service programs are started with libfaulty_machine.so ahead of the C library (LD_PRELOAD), which
// looks before each write and each question for the time whether it has to fail or to lie. Tests
// switch the faults through a small file that all those processes map, so that a fault begins and
// ends for all of them at one moment.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lingkaran {

// Names the file, for the library.
inline constexpr char kFaultyMachineVariable[] = "LINGKARAN_FAULTY_MACHINE";

// What the file holds. All zero: no fault.
struct MachineFaults {
  // Added to the time of day; the monotonic clock goes its way. Waits until a time of day end when
  // the moved clock says so, as those of a machine do.
  std::atomic<int64_t> clock_offset_ns;
  // 1: what is written to regular files under `folder` is refused with ENOSPC. Also what
  // overwrites, as file systems do that copy on write.
  std::atomic<int32_t> disk_full;
  // 1: fsync and fdatasync of files under `folder` fail with EIO.
  std::atomic<int32_t> syncs_fail;
  // How many writes and syncs were refused so far.
  std::atomic<int64_t> refused;
  char folder[1000];
};
static_assert(std::atomic<int64_t>::is_always_lock_free);

}  // namespace lingkaran
