#include "services/coverage/replication/log_follower.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/random.h"
#include "common/concurrency/single_flight.h"
#include "common/concurrency/thread_priority.h"
#include "services/coverage/replication/cache_loader.h"
#include "services/coverage/replication/change_notices.h"
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

struct LogFollower::Impl {
  Impl(sql::Database& database_in, NearCache& near_in, PubSub* link_in, const Clock& steady_in,
       int64_t epoch_in, const Options& options_in)
      : database(database_in),
        near(near_in),
        link(link_in),
        steady(steady_in),
        epoch(epoch_in),
        options(options_in),
        sender(RandomBits()),
        notices(near_in) {}

  // One question, to its end: errors are the store's.
  absl::Status Ask();
  absl::StatusOr<bool> BeginAnew();
  absl::StatusOr<bool> FollowOn();
  // To the head of the log, as of which it was asked at `asked`.
  void Arrived(int64_t head, absl::Time asked);
  void Moved();

  void Take(ChangeNotice notice);
  void Heard(std::string_view message);
  void HeartbeatCame(absl::Time at);
  void LineLost();

  void Poll();
  void Work();
  void Want(bool& wish);
  absl::Status WorkOnce(bool mend);
  void ShowGauges() const;

  sql::Database& database;
  NearCache& near;
  PubSub* const link;
  const Clock& steady;
  const int64_t epoch;
  const Options options;
  const uint64_t sender;

  ChangeNotices notices;
  SingleFlight flight;
  std::atomic<bool> following{false};
  std::atomic<int64_t> last_sql{0};  // steady nanoseconds
  std::atomic<int64_t> line{0};      // which line through Redis it is; odd while it stands
  std::atomic<int64_t> asked_on{0};  // the line that stood when SQL was last asked
  std::atomic<int64_t> loaded{0};

  struct Listener {
    std::mutex mutex;
    std::function<void(int64_t)> changed;  // null once its handle has gone
  };
  std::mutex listeners_mutex;
  std::vector<std::shared_ptr<Listener>> listeners;
  int64_t told = 0;  // under listeners_mutex

  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool ask_now = false;
  bool want_mend = false;
  bool want_load = false;
  std::thread poller;
  std::thread worker;
};

// ---- SQL ----

absl::Status LogFollower::Impl::Ask() {
  const int64_t standing = line;
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, following ? FollowOn() : BeginAnew());
  }
  asked_on = standing;
  return absl::OkStatus();
}

void LogFollower::Impl::Arrived(int64_t head, absl::Time asked) {
  last_sql = absl::ToUnixNanos(asked);
  near.Confirm(head, asked);
}

absl::StatusOr<bool> LogFollower::Impl::BeginAnew() {
  const absl::Time asked = steady.Now();
  store::LogHead head;
  std::vector<store::Change> last;
  RETURN_IF_ERROR(database.Read([&](sql::Tx& tx) {
    head = store::ReadLogHead(tx);
    last.clear();
    if (head.whole()) last = store::LastChanges(tx, head, kWindowPeople);
    return absl::OkStatus();
  }));
  if (!head.whole()) {
    Want(want_mend);
    return false;
  }
  near.Restart(last.empty() ? head.position : last.front().position - 1);
  for (const store::Change& change : last) {
    near.Changed(change.position - 1, change.position, change.worker_ids);
  }
  following = true;
  notices.Apply();
  Arrived(head.position, asked);
  if (options.load) Want(want_load);
  Moved();
  return false;
}

absl::StatusOr<bool> LogFollower::Impl::FollowOn() {
  const int64_t from = near.position();
  const absl::Time asked = steady.Now();
  News news;
  RETURN_IF_ERROR(database.Read([&](sql::Tx& tx) {
    news = ReadNews(tx, from);
    return absl::OkStatus();
  }));
  const store::LogHead& head = news.rows.head;
  if (!head.whole()) {
    CountEvent("log_not_recorded");
    following = false;
    near.Bypass();
    Want(want_mend);
    return false;
  }
  if (head.position < from) {
    Log(Severity::kError, "log_set_back", {{"from", from}, {"to", head.position}});
    notices.Forget();
  }
  if (head.position < from || from < head.recorded_from || news.too_much) {
    CountEvent("near_restart");
    following = false;
    return true;
  }
  const bool more = news.rows.more;
  near.Advance(from, more ? news.rows.changes.back().position : head.position, news.changed);
  notices.Apply();
  if (!more) Arrived(head.position, asked);
  Moved();
  return more;
}

void LogFollower::Impl::Moved() {
  std::vector<std::shared_ptr<Listener>> all;
  const int64_t position = near.position();
  {
    const std::lock_guard lock(listeners_mutex);
    if (position == told) return;
    told = position;
    all = listeners;
  }
  for (const auto& listener : all) {
    const std::lock_guard lock(listener->mutex);
    if (listener->changed) listener->changed(position);
  }
}

// ---- ChangeNotices ----

void LogFollower::Impl::Take(ChangeNotice notice) {
  notices.Add(std::move(notice));
  if (!following) return;
  notices.Apply();
  Moved();
}

void LogFollower::Impl::Heard(std::string_view message) {
  std::optional<ChangeNotice> notice = DecodeNotice(message, epoch, sender);
  if (!notice) return;
  const bool ask = notice->left_out;
  Take(*std::move(notice));
  if (ask) Want(ask_now);
}

// All that was published on this line before `at` is here: if nothing of it is missing, W was the
// head then. What was published before the line stood never came, so SQL must have been asked
// since, and not too long ago: a replica may die before it publishes.
void LogFollower::Impl::HeartbeatCame(absl::Time at) {
  if (line % 2 == 0) {
    ++line;
    Want(ask_now);
    return;
  }
  const absl::Time asked = absl::FromUnixNanos(last_sql);
  if (!following || asked_on != line || notices.gap() || at - asked > options.longest_without_sql) {
    return;
  }
  near.Confirm(near.position(), at);
}

void LogFollower::Impl::LineLost() {
  if (line % 2 == 1) ++line;
  Want(ask_now);
}

// ---- Threads ----

void LogFollower::Impl::Want(bool& wish) {
  const std::lock_guard lock(mutex);
  wish = true;
  changed.notify_all();
}

void LogFollower::Impl::ShowGauges() const {
  SetGauge("lingkaran_near_members", static_cast<double>(near.size()));
  SetGauge("lingkaran_near_bytes", static_cast<double>(near.bytes()));
  SetGauge("lingkaran_near_complete", near.complete() ? 1 : 0);
  SetGauge("lingkaran_near_position", static_cast<double>(near.position()));
}

void LogFollower::Impl::Poll() {
  absl::Duration pause = options.poll;
  std::unique_lock lock(mutex);
  while (!stopping) {
    ask_now = false;
    lock.unlock();
    const absl::Status status = flight.Do([&] { return Ask(); });
    ShowGauges();
    if (!status.ok()) CountEvent("log_poll_failed");
    pause = status.ok() ? options.poll : std::min(2 * pause, kLongestPause);
    lock.lock();
    changed.wait_for(lock, absl::ToChronoNanoseconds(pause), [&] { return stopping || ask_now; });
  }
}

absl::Status LogFollower::Impl::WorkOnce(bool mend) {
  if (!mend) {
    return LoadAll(database, near, loaded, [&] {
      const std::lock_guard lock(mutex);
      return !stopping && !want_mend && !want_load;
    });
  }
  RETURN_IF_ERROR(MendAll(database, [&] {
    const std::lock_guard lock(mutex);
    return !stopping;
  }));
  return flight.Do([&] { return Ask(); });
}

void LogFollower::Impl::Work() {
  GiveWay();
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return stopping || want_mend || want_load; });
    if (stopping) return;
    const bool mend = want_mend;
    (mend ? want_mend : want_load) = false;
    lock.unlock();
    const absl::Status status = WorkOnce(mend);
    ShowGauges();
    lock.lock();
    if (status.ok() || stopping || want_mend || want_load) continue;
    CountEvent(mend ? "mending_failed" : "warm_start_failed");
    (mend ? want_mend : want_load) = true;
    changed.wait_for(lock, std::chrono::seconds(1), [&] { return stopping; });
  }
}

// ---- The follower ----

LogFollower::LogFollower(sql::Database& database, NearCache& near, PubSub* link,
                         const Clock& steady, int64_t epoch, const Options& options)
    : impl_(std::make_unique<Impl>(database, near, link, steady, epoch, options)) {
  Impl* const impl = impl_.get();
  if (link != nullptr) {
    link->Listen({.message = [impl](std::string_view message) { impl->Heard(message); },
                  .confirmed = [impl](absl::Time at) { impl->HeartbeatCame(at); },
                  .lost = [impl] { impl->LineLost(); }});
  }
  if (!options.threads) return;
  impl->poller = std::thread([impl] { impl->Poll(); });
  impl->worker = std::thread([impl] { impl->Work(); });
}

LogFollower::~LogFollower() {
  if (impl_->link != nullptr) impl_->link->Stop();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->changed.notify_all();
  }
  if (impl_->poller.joinable()) impl_->poller.join();
  if (impl_->worker.joinable()) impl_->worker.join();
}

absl::Status LogFollower::CatchUp() {
  return impl_->flight.Do([this] { return impl_->Ask(); });
}

void LogFollower::Wrote(int64_t position, std::vector<MemberRecord> changed) {
  ChangeNotice notice{position - 1, position, std::move(changed)};
  const std::string message =
      impl_->link == nullptr ? "" : EncodeNotice(notice, impl_->epoch, impl_->sender);
  FailPoint("learn", "Wrote", "near");
  impl_->Take(std::move(notice));
  FailPoint("learn", "Wrote", "publish");
  if (impl_->link != nullptr) impl_->link->Publish(message);
  FailPoint("learn", "Wrote", "published");
}

std::shared_ptr<void> LogFollower::OnMove(std::function<void(int64_t position)> changed) {
  const auto listener = std::make_shared<Impl::Listener>();
  listener->changed = std::move(changed);
  Impl* const impl = impl_.get();
  {
    const std::lock_guard lock(impl->listeners_mutex);
    impl->listeners.push_back(listener);
  }
  return std::shared_ptr<void>(nullptr, [impl, listener](void*) {
    {
      const std::lock_guard lock(impl->listeners_mutex);
      std::erase(impl->listeners, listener);
    }
    const std::lock_guard lock(listener->mutex);
    listener->changed = nullptr;
  });
}

LogFollower::Progress LogFollower::progress() const {
  return {impl_->loaded.load(), impl_->near.complete()};
}

}  // namespace lingkaran::coverage
