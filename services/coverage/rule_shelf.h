// The rules in use. A call takes the book once and ends with the same one; a reload swaps it whole.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "services/coverage/rules.h"

namespace lingkaran::coverage {

class RuleShelf {
 public:
  // `path` is read again by Reload.
  RuleShelf(std::string path, std::shared_ptr<const Rules> rules)
      : path_(std::move(path)), rules_(std::move(rules)) {}

  std::shared_ptr<const Rules> Current() const {
    const std::lock_guard lock(mutex_);
    return rules_;
  }
  void Replace(std::shared_ptr<const Rules> rules) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace lingkaran::coverage
