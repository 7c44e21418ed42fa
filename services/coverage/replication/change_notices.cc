#include "services/coverage/replication/change_notices.h"

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
  if (in.left_out()) return std::nullopt;
  ChangeNotice out{in.from(), in.to(), {}};
  for (const std::string& packed : in.records()) {
    std::optional<MemberRecord> record = Unpack(packed);
    if (!record) return std::nullopt;  // of another release, whose records this one can't read
    record->facts.position = in.to();
    out.changed.push_back(*std::move(record));
  }
  return out;
}

void ChangeNotices::Add(ChangeNotice notice) {
  const MutexLock lock(mutex_);
  const size_t people = notice.changed.size();
  if (waiting_.size() >= kMostWaiting || people_ + people > kMostPeopleWaiting) return;
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

void ChangeNotices::Forget() {
  const MutexLock lock(mutex_);
  waiting_.clear();
  people_ = 0;
}

}  // namespace lingkaran::coverage
