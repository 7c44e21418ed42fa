#include "services/coverage/replication/log_follower.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/random.h"
#include "common/concurrency/thread_priority.h"
#include "services/coverage/replication/cache_loader.h"
#include "services/coverage/store/change_log.h"

namespace lingkaran::coverage {
namespace {

// One transaction replays about so many people, looked up so many at a time.
constexpr size_t kStepPeople = 20'000;
constexpr size_t kLookUp = 1'000;
// Further behind than this, an empty near cache is right sooner than a replayed one.
constexpr int64_t kMostBehind = 200'000;
// At the start: how far back the window is filled, so that Redis is believed from before.
constexpr size_t kWindowPeople = 200'000;
constexpr absl::Duration kLongestPause = absl::Seconds(2);  // between polls that fail

// What one transaction found out about the time after a position.
struct News {
  store::LogRows rows;
  std::vector<MemberRecord> changed;
  bool too_much = false;
};

News ReadNews(sql::Tx& tx, int64_t after) {
  News news;
  news.rows = store::ChangesAfter(tx, after, kStepPeople);
  if (!news.rows.head.whole()) return news;
  if (news.rows.more && store::PeopleChangedAfter(tx, after) > kMostBehind) {
    news.too_much = true;
    return news;
  }
  absl::flat_hash_set<int64_t> people;
  for (const store::Change& change : news.rows.changes) {
    people.insert(change.worker_ids.begin(), change.worker_ids.end());
  }
  const std::vector<int64_t> ids(people.begin(), people.end());
  for (size_t begin = 0; begin < ids.size(); begin += kLookUp) {
    std::vector<MemberRecord> found =
        store::FindRecords(tx, absl::MakeConstSpan(ids).subspan(begin, kLookUp)).records;
    news.changed.insert(news.changed.end(), std::make_move_iterator(found.begin()),
                        std::make_move_iterator(found.end()));
  }
  return news;
}

}  // namespace

// ---- SQL ----

absl::Status LogFollower::Ask() {
  while (following_) {
    ASSIGN_OR_RETURN(const bool more, FollowOn());
    if (!more) return absl::OkStatus();
  }
  return BeginAnew();
}

absl::Status LogFollower::BeginAnew() {
  const absl::Time asked = steady_.Now();
  store::LogHead head;
  std::vector<store::Change> last;
  RETURN_IF_ERROR(database_.Read([&](sql::Tx& tx) {
    head = store::ReadLogHead(tx);
    last.clear();
    if (head.whole()) last = store::LastChanges(tx, head, kWindowPeople);
    return absl::OkStatus();
  }));
  if (!head.whole()) {
    Want(&Wishes::mend);
    return absl::OkStatus();
  }
  std::vector<ChangeWindow::Change> changes;
  for (const store::Change& change : last) {
    for (int64_t id : change.worker_ids) changes.push_back({id, change.position});
  }
  near_.Restart(head.position, changes);
  following_ = true;
  notices_.Apply();
  near_.Confirm(head.position, asked);
  if (options_.load) Want(&Wishes::load);
  Moved();
  return absl::OkStatus();
}

absl::StatusOr<bool> LogFollower::FollowOn() {
  const int64_t from = near_.position();
  const absl::Time asked = steady_.Now();
  News news;
  RETURN_IF_ERROR(database_.Read([&](sql::Tx& tx) {
    news = ReadNews(tx, from);
    return absl::OkStatus();
  }));
  const store::LogHead& head = news.rows.head;
  if (!head.whole()) {
    CountEvent("log_not_recorded");
    following_ = false;
    near_.Bypass();
    Want(&Wishes::mend);
    return false;
  }
  if (head.position < from) {
    Log(Severity::kError, "log_set_back", {{"from", from}, {"to", head.position}});
    notices_.Forget();
  }
  if (head.position < from || from < head.recorded_from || news.too_much) {
    CountEvent("near_restart");
    following_ = false;
    return true;
  }
  const bool more = news.rows.more;
  near_.Advance(from, more ? news.rows.changes.back().position : head.position, news.changed);
  notices_.Apply();
  if (!more) near_.Confirm(head.position, asked);
  Moved();
  return more;
}

void LogFollower::Moved() {
  const MutexLock lock(move_mutex_);
  moved_to_ = near_.position();
  moved_.NotifyAll();
}

// ---- Notices ----

void LogFollower::Take(ChangeNotice notice) {
  notices_.Add(std::move(notice));
  if (!following_) return;
  notices_.Apply();
  Moved();
}

// ---- Threads ----

void LogFollower::Want(bool Wishes::*wish) {
  const MutexLock lock(mutex_);
  wishes_.*wish = true;
  changed_.NotifyAll();
}

void LogFollower::ShowGauges() const {
  SetGauge("lingkaran_near_members", static_cast<double>(near_.size()));
  SetGauge("lingkaran_near_bytes", static_cast<double>(near_.bytes()));
  SetGauge("lingkaran_near_complete", near_.complete() ? 1 : 0);
  SetGauge("lingkaran_near_position", static_cast<double>(near_.position()));
}

void LogFollower::Poll() {
  absl::Duration pause = options_.poll;
  MutexLock lock(mutex_);
  while (!stopping_) {
    lock.Unlock();
    const absl::Status status = CatchUp();
    ShowGauges();
    if (!status.ok()) CountEvent("log_poll_failed");
    pause = status.ok() ? options_.poll : std::min(2 * pause, kLongestPause);
    lock.Lock();
    changed_.WaitFor(lock, pause,
                     [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; });
  }
}

absl::Status LogFollower::WorkOnce(bool mend) {
  if (!mend) {
    return LoadAll(database_, near_, [this] {
      const MutexLock lock(mutex_);
      return !stopping_ && !wishes_.work();
    });
  }
  RETURN_IF_ERROR(MendAll(database_, [this] {
    const MutexLock lock(mutex_);
    return !stopping_;
  }));
  return CatchUp();
}

void LogFollower::Work() {
  GiveWay();
  MutexLock lock(mutex_);
  while (true) {
    changed_.Wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || wishes_.work();
    });
    if (stopping_) return;
    const bool mend = wishes_.mend;
    bool& wish = mend ? wishes_.mend : wishes_.load;
    wish = false;
    lock.Unlock();
    const absl::Status status = WorkOnce(mend);
    ShowGauges();
    lock.Lock();
    if (status.ok() || stopping_ || wishes_.work()) continue;
    CountEvent(mend ? "mending_failed" : "warm_start_failed");
    wish = true;
    changed_.WaitFor(lock, absl::Seconds(1),
                     [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; });
  }
}

// ---- The follower ----

LogFollower::LogFollower(sql::Database& database, NearCache& near, PubSub* pubsub,
                         const Clock& steady, int64_t epoch, const Options& options)
    : database_(database),
      near_(near),
      pubsub_(pubsub),
      steady_(steady),
      epoch_(epoch),
      options_(options),
      sender_(RandomBits()),
      notices_(near) {
  if (pubsub_ != nullptr) {
    pubsub_->Listen({.message = [this](std::string_view message) {
      std::optional<ChangeNotice> notice = DecodeNotice(message, epoch_, sender_);
      if (notice) Take(*std::move(notice));
    }});
  }
  if (!options_.threads) return;
  poller_ = std::thread([this] { Poll(); });
  worker_ = std::thread([this] { Work(); });
}

LogFollower::~LogFollower() {
  if (pubsub_ != nullptr) pubsub_->Stop();
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (poller_.joinable()) poller_.join();
  if (worker_.joinable()) worker_.join();
}

absl::Status LogFollower::CatchUp() {
  return flight_.Do([this] { return Ask(); });
}

void LogFollower::Wrote(int64_t position, std::vector<MemberRecord> changed) {
  ChangeNotice notice{position - 1, position, std::move(changed)};
  std::string message;
  if (pubsub_ != nullptr) message = EncodeNotice(notice, epoch_, sender_);
  FailPoint("learn", "Wrote", "near");
  Take(std::move(notice));
  FailPoint("learn", "Wrote", "publish");
  if (pubsub_ != nullptr) pubsub_->Publish(std::move(message));
  FailPoint("learn", "Wrote", "published");
}

bool LogFollower::AwaitBeyond(int64_t position, absl::Duration most) {
  MutexLock lock(move_mutex_);
  return moved_.WaitFor(lock, most, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(move_mutex_) {
    return moved_to_ > position;
  });
}

}  // namespace lingkaran::coverage
