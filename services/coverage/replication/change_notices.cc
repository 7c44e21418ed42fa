#include "services/coverage/replication/change_notices.h"

#include <algorithm>
#include <utility>

#include "lingkaran/internal/v1/cache.pb.h"

namespace lingkaran::coverage {
namespace {

constexpr size_t kMostBytes = 4 << 20;
constexpr size_t kMostWaiting = 10'000;
constexpr size_t kMostPeopleWaiting = 200'000;

}  // namespace

std::string EncodeNotice(const ChangeNotice& notice, int64_t epoch, uint64_t sender) {
  internal::v1::ChangeNotice out;
  out.set_epoch(epoch);
  out.set_from(notice.from);
  out.set_to(notice.to);
  out.set_sender(sender);
  out.set_left_out(notice.left_out);
  size_t bytes = 0;
  for (const MemberRecord& record : notice.changed) {
    std::string packed = Pack(record);
    bytes += packed.size() + 4;
    if (bytes > kMostBytes) {
      out.clear_records();
      out.set_left_out(true);
      break;
    }
    out.add_records(std::move(packed));
  }
  return out.SerializeAsString();
}

std::optional<ChangeNotice> DecodeNotice(std::string_view message, int64_t epoch,
                                         uint64_t own_sender) {
  internal::v1::ChangeNotice in;
  if (!in.ParseFromArray(message.data(), static_cast<int>(message.size()))) return std::nullopt;
  if (in.epoch() != epoch || in.sender() == own_sender || in.from() >= in.to()) return std::nullopt;
  ChangeNotice out{in.from(), in.to(), {}, in.left_out()};
  for (const std::string& packed : in.records()) {
    std::optional<MemberRecord> record = Unpack(packed);
    // Of another release, whose records this one can't read.
    if (!record) return ChangeNotice{in.from(), in.to(), {}, /*left_out=*/true};
    record->facts.position = in.to();
    out.changed.push_back(*std::move(record));
  }
  return out;
}

void ChangeNotices::Add(ChangeNotice notice) {
  const MutexLock lock(mutex_);
  told_ = std::max(told_, notice.to);
  if (notice.left_out || waiting_.size() >= kMostWaiting ||
      people_ + notice.changed.size() > kMostPeopleWaiting) {
    return;
  }
  const size_t people = notice.changed.size();
  const int64_t from = notice.from;
  if (waiting_.emplace(from, std::move(notice)).second) people_ += people;
}

void ChangeNotices::Apply() {
  const MutexLock lock(mutex_);
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    if (!near_.Advance(first->second.from, first->second.to, first->second.changed)) return;
    people_ -= first->second.changed.size();
    waiting_.erase(first);
  }
}

bool ChangeNotices::gap() const {
  const MutexLock lock(mutex_);
  return near_.position() < told_;
}

void ChangeNotices::Forget() {
  const MutexLock lock(mutex_);
  waiting_.clear();
  people_ = 0;
  told_ = 0;
}

}  // namespace lingkaran::coverage
