// Which workers changed in the last positions of the change log, and where last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"

namespace lingkaran::coverage {

// Not thread-safe.
class ChangeWindow {
 public:
  struct Change {
    int64_t worker_id;
    int64_t position;
  };

  // Holds up to `most` changes; the oldest are forgotten, whole positions at a time.
  explicit ChangeWindow(size_t most) : most_(most) {}

  // Forgets all: it begins behind `position`.
  void Restart(int64_t position);
  // The worker changed at `position`, which is never lower than the last one noted.
  void Note(int64_t worker_id, int64_t position);
  // True if the window reaches back to behind `since` and the worker did not change since then.
  bool Unchanged(int64_t worker_id, int64_t since) const;
  // Changes up to here are not known.
  int64_t begin() const { return begin_; }

 private:
  void ForgetOldest();

  const size_t most_;
  int64_t begin_ = 0;
  std::deque<Change> changes_;
  absl::flat_hash_map<int64_t, int64_t> last_;
};

}  // namespace lingkaran::coverage
