#include "services/coverage/cache/change_window.h"

namespace lingkaran::coverage {

void ChangeWindow::Restart(int64_t position) {
  begin_ = position;
  changes_.clear();
  last_.clear();
}

void ChangeWindow::Note(int64_t worker_id, int64_t position) {
  int64_t& last = last_[worker_id];
  if (last == position) return;  // twice in one transaction
  last = position;
  changes_.push_back({worker_id, position});
  while (changes_.size() > most_) ForgetOldest();
}

bool ChangeWindow::Unchanged(int64_t worker_id, int64_t since) const {
  if (since < begin_) return false;
  const auto found = last_.find(worker_id);
  return found == last_.end() || found->second <= since;
}

void ChangeWindow::ForgetOldest() {
  begin_ = changes_.front().position;
  while (!changes_.empty() && changes_.front().position <= begin_) {
    const Change& oldest = changes_.front();
    const auto found = last_.find(oldest.worker_id);
    if (found != last_.end() && found->second == oldest.position) last_.erase(found);
    changes_.pop_front();
  }
}

}  // namespace lingkaran::coverage
