// The rule book of deploy/rules/coverage.textproto: read, checked for what can't be right, in use.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// INVALID_ARGUMENT/RULES_INVALID "FILE:LINE: what" for unknown keys and wrong types, entries
// without source or confidence, gaps and overlaps of a series, bands that do not rise, percentages
// and month counts that can't be, a programme without tariff, a waiting period without its reduced
// benefit.
absl::StatusOr<std::shared_ptr<const Rules>> LoadRules(const std::string& path);

// The rules in use. A call takes the book once and ends with the same one; a reload swaps it whole.
class ActiveRules {
 public:
  // As LoadRules; a reload reads `path` again.
  static absl::StatusOr<std::unique_ptr<ActiveRules>> Load(const std::string& path);

  // Valid as long as this: books that were in use are kept. People reload them, so they are few,
  // and a check may look one up without a lock or a count.
  const Rules& Current() const { return *current_.load(std::memory_order_acquire); }
  // Puts the book that the file now holds in use, unless it is in use already.
  // FAILED_PRECONDITION/RULES_INVALID for a faulty file, and then nothing changes.
  absl::Status Reload();

 private:
  explicit ActiveRules(std::string path) : path_(std::move(path)) {}
  void Use(std::shared_ptr<const Rules> rules);

  const std::string path_;
  std::atomic<const Rules*> current_{nullptr};
  Mutex mutex_;
  std::vector<std::shared_ptr<const Rules>> books_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lingkaran::coverage
