// What the clients of one stack know, and how their calls went. For several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/workload/ledger.h"

namespace lingkaran::kill {

// An acknowledged call, to be made again: gives what is wrong with the answer, empty if it is the
// first one again.
struct Acknowledged {
  std::string method;
  std::function<std::string()> again;
};

class World {
 public:
  void Journal(Acknowledged entry) {
    ++acknowledged;
    const std::lock_guard lock(mutex_);
    journal_.push_back(std::move(entry));
  }
  // An answer that no fault explains, e.g. INTERNAL, or none within the time.
  void Fail(const std::string& text) {
    ++failures;
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = text;
  }
  // Entries since the last call.
  std::vector<Acknowledged> TakeJournal() {
    const std::lock_guard lock(mutex_);
    return std::exchange(journal_, {});
  }
  // The first one.
  std::string failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

  workload::Ledger ledger;
  std::atomic<int64_t> acknowledged{0};  // mutations
  std::atomic<int64_t> refused{0};       // calls answered with an error of ours
  std::atomic<int64_t> asked_again{0};   // answers that were unknown, each time
  std::atomic<int64_t> reads{0};         // answered calls that change nothing
  std::atomic<int64_t> failures{0};      // calls of Fail

 private:
  mutable std::mutex mutex_;
  std::vector<Acknowledged> journal_;
  std::string failure_;
};

}  // namespace lingkaran::kill
