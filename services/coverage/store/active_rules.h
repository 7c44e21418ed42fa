// The rules in use. A call takes the book once and ends with the same one; a reload swaps it whole.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

class ActiveRules {
 public:
  // `path` is read again by a reload.
  ActiveRules(std::string path, std::shared_ptr<const Rules> rules) : path_(std::move(path)) {
    Replace(std::move(rules));
  }

  // Valid as long as the shelf: books that were in use stay on it. People reload them, so they are
  // few, and a check may look one up without a lock or a count.
  const Rules& Current() const { return *current_.load(std::memory_order_acquire); }
  // Puts another book in use; one with the version that is in use already changes nothing.
  void Replace(std::shared_ptr<const Rules> rules) {
    const std::lock_guard lock(mutex_);
    if (!books_.empty() && Current().version() == rules->version()) return;
    current_.store(rules.get(), std::memory_order_release);
    books_.push_back(std::move(rules));
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  std::atomic<const Rules*> current_{nullptr};
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Rules>> books_;
};

}  // namespace lingkaran::coverage
