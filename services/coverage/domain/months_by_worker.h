// Person-months of many workers, each one's at hand.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "services/coverage/domain/cover.h"

namespace lingkaran::coverage {

// Takes rows that are sorted by worker; gives views into them.
class MonthsByWorker {
 public:
  explicit MonthsByWorker(std::vector<PersonMonth> months) : months_(std::move(months)) {
    for (size_t begin = 0, end = 0; begin < months_.size(); begin = end) {
      while (end < months_.size() && months_[end].worker_id == months_[begin].worker_id) ++end;
      places_.emplace(months_[begin].worker_id, std::pair(begin, end - begin));
    }
  }
  absl::Span<const PersonMonth> Of(int64_t worker_id) const {
    const auto found = places_.find(worker_id);
    if (found == places_.end()) return {};
    return absl::MakeConstSpan(months_).subspan(found->second.first, found->second.second);
  }

 private:
  std::vector<PersonMonth> months_;
  absl::flat_hash_map<int64_t, std::pair<size_t, size_t>> places_;
};

}  // namespace lingkaran::coverage
