#include "services/coverage/cache/near_cache.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "common/base/mutex.h"
#include "services/coverage/cache/change_window.h"
#include "services/coverage/cache/negative_cache.h"

namespace lingkaran::coverage {
namespace {

constexpr absl::Duration kNegativeAge = absl::Seconds(1);
constexpr int64_t kNever = std::numeric_limits<int64_t>::min() / 2;

// What readers look at; one cache line.
struct alignas(64) Shown {
  // Bit 0: followed. Bit 1: complete. Above: counted up whenever one of them changes.
  std::atomic<uint64_t> state{0};
  std::atomic<int64_t> position{0};
  std::atomic<int64_t> confirmed{kNever};  // ns of steady time
  // The latest position that anything in the table is as of: W, or more while W is on its way.
  std::atomic<int64_t> latest{0};
};
constexpr uint64_t kFollowed = 1;
constexpr uint64_t kComplete = 2;

}  // namespace

struct NearCache::Impl {
  explicit Impl(const NearOptions& given)
      : options(given),
        max_age(absl::ToInt64Nanoseconds(given.max_age)),
        table(given.members),
        window(given.window) {}

  bool followed() const { return shown.state.load(std::memory_order_relaxed) & kFollowed; }
  int64_t position() const { return shown.position.load(std::memory_order_relaxed); }
  int64_t latest() const { return shown.latest.load(std::memory_order_relaxed); }

  void Show(uint64_t flags) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const uint64_t state = shown.state.load(std::memory_order_relaxed);
    if ((state & 3) == flags) return;
    shown.state.store((state & ~uint64_t{3}) + 4 + flags, std::memory_order_release);
  }

  // From now on the table does not have everybody. Before it loses somebody, not after.
  void LoseSomebody() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Show(shown.state.load(std::memory_order_relaxed) & kFollowed);
    load_good = false;
    arrivals_since = latest();
  }

  // Something as of `as_of` goes in, to stand at W or, within Advance, what W will be. If it is
  // later, keys that were had in between are not known.
  void Take(int64_t as_of, int64_t w) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (as_of > latest()) shown.latest.store(as_of, std::memory_order_release);
    if (as_of > w) arrivals_since = latest();
  }

  void Put(const MemberRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (options.members == 0 || table.WouldEvict(record.facts.worker_id)) LoseSomebody();
    if (options.members != 0) table.Put(record);
  }

  // Rows as of `position` are loaded next. From before BeginLoad, or before what the window
  // remembers, they can't make the table complete.
  void CheckLoadPosition(int64_t position) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (position < std::max(load_since, window.begin())) load_good = false;
  }

  // `Person` is a MemberRecord or a MemberEntry.
  template <typename Person>
  void LoadOne(int64_t worker_id, const Person& person, int64_t as_of)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!IsCurrent(worker_id, as_of)) return;
    if (options.members == 0 || table.WouldEvict(worker_id)) {
      load_good = false;
    } else {
      Take(as_of, position());
      table.Put(person);
    }
  }

  // A change: nobody's keys may be somebody's now.
  void Arrive(const MemberRecord& record, int64_t to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (record.facts.position > to) return negative.Clear();
    for (const PersonKey& key :
         {PersonKey::OfWorker(record.facts.worker_id), PersonKey::OfNik(record.nik_hash),
          PersonKey::OfNumber(record.membership_number)}) {
      if (const std::optional<KeyCode> code = CodeOf(key)) negative.Remove(*code);
    }
  }

  bool IsCurrent(int64_t worker_id, int64_t as_of) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return followed() && window.Unchanged(worker_id, as_of);
  }

  const NearOptions options;
  const int64_t max_age;
  Shown shown;
  MemberTable table;
  NegativeCache negative;

  mutable Mutex mutex;  // all below, and writing all above
  ChangeWindow window ABSL_GUARDED_BY(mutex);
  // Who has got a key after this position, up to W, is in the table with it.
  int64_t arrivals_since ABSL_GUARDED_BY(mutex) = 0;
  bool load_good ABSL_GUARDED_BY(mutex) = false;
  int64_t load_since ABSL_GUARDED_BY(mutex) = 0;  // W at BeginLoad
};

NearCache::NearCache(const NearOptions& options) : impl_(std::make_unique<Impl>(options)) {}
NearCache::~NearCache() = default;

// State, position and confirmation are read before the look-up, so what it finds is no older than
// they say; state and `latest` again after it. That the table has nobody with the key is true of W
// if it was complete all the while and nothing in it is later than W: a key that is passed on from
// one person to another leaves no moment in between to a reader.
NearCache::LookupResult NearCache::Find(const PersonKey& key, const Freshness& fresh,
                                        absl::Time now, Facts& out) const {
  const Shown& shown = impl_->shown;
  const uint64_t state = shown.state.load(std::memory_order_acquire);
  if (fresh.from_store || (state & kFollowed) == 0) return LookupResult::kBypassed;
  const int64_t confirmed = shown.confirmed.load(std::memory_order_acquire);
  const int64_t position = shown.position.load(std::memory_order_acquire);
  if (fresh.position > position) return LookupResult::kBehind;
  const int64_t time = absl::ToUnixNanos(now);
  if (fresh.within_time() && time - confirmed > impl_->max_age) return LookupResult::kUnconfirmed;

  const MemberTable::Look look = impl_->table.Find(key, out);
  if (look == MemberTable::Look::kElsewhere) return LookupResult::kMiss;
  if (look == MemberTable::Look::kAbsent) {
    const bool nobody = (state & kComplete) != 0
                            ? shown.latest.load(std::memory_order_acquire) <= position
                            : impl_->negative.Has(*CodeOf(key), time);
    if (!nobody) return LookupResult::kMiss;
    static const Facts& unknown = *new Facts();
    out = unknown;
  }
  if (shown.state.load(std::memory_order_relaxed) != state) return LookupResult::kMiss;
  out.position = position;
  return LookupResult::kFound;
}

void NearCache::Prefetch(absl::Span<const PersonKey* const> keys) const {
  impl_->table.Prefetch(keys);
}

int64_t NearCache::position() const {
  return impl_->shown.position.load(std::memory_order_acquire);
}

bool NearCache::complete() const {
  return impl_->shown.state.load(std::memory_order_acquire) & kComplete;
}

size_t NearCache::size() const { return impl_->table.size(); }
size_t NearCache::bytes() const { return impl_->table.bytes() + impl_->negative.bytes(); }

void NearCache::Restart(int64_t position) {
  const MutexLock lock(impl_->mutex);
  impl_->Show(0);
  impl_->table.Clear();
  impl_->negative.Clear();
  impl_->window.Restart(position);
  impl_->arrivals_since = position;
  impl_->load_good = false;
  impl_->shown.confirmed.store(kNever, std::memory_order_release);
  impl_->shown.latest.store(position, std::memory_order_release);
  impl_->shown.position.store(position, std::memory_order_release);
  impl_->Show(kFollowed);
}

void NearCache::Bypass() {
  const MutexLock lock(impl_->mutex);
  impl_->Show(0);
  impl_->load_good = false;
}

bool NearCache::Advance(int64_t from, int64_t to, absl::Span<const MemberRecord> changed) {
  const MutexLock lock(impl_->mutex);
  if (!impl_->followed() || from > impl_->position()) return false;
  if (to <= impl_->position()) return true;
  impl_->Take(to, to);
  for (const MemberRecord& record : changed) {
    impl_->window.Note(record.facts.worker_id, to);
    impl_->Take(record.facts.position, to);
    impl_->Arrive(record, to);
    if (record.facts.known) {
      impl_->Put(record);
    } else {
      impl_->table.Erase(record.facts.worker_id);
    }
  }
  impl_->shown.position.store(to, std::memory_order_release);
  return true;
}

bool NearCache::Changed(int64_t from, int64_t to, absl::Span<const int64_t> worker_ids) {
  const MutexLock lock(impl_->mutex);
  if (!impl_->followed() || from > impl_->position()) return false;
  if (to <= impl_->position()) return true;
  impl_->Take(to, to);
  impl_->negative.Clear();
  if (!worker_ids.empty()) impl_->LoseSomebody();
  for (int64_t worker_id : worker_ids) {
    impl_->window.Note(worker_id, to);
    impl_->table.Erase(worker_id);
  }
  impl_->shown.position.store(to, std::memory_order_release);
  return true;
}

void NearCache::Confirm(int64_t position, absl::Time at) {
  const MutexLock lock(impl_->mutex);
  if (!impl_->followed() || position > impl_->position()) return;
  const int64_t time = absl::ToUnixNanos(at);
  if (time > impl_->shown.confirmed.load(std::memory_order_relaxed)) {
    impl_->shown.confirmed.store(time, std::memory_order_release);
  }
}

void NearCache::Fill(absl::Span<const MemberRecord> read) {
  const MutexLock lock(impl_->mutex);
  for (const MemberRecord& record : read) {
    const Facts& facts = record.facts;
    if (facts.known && impl_->IsCurrent(facts.worker_id, facts.position)) {
      impl_->Take(facts.position, impl_->position());
      impl_->Put(record);
    }
  }
}

// A person who arrived after `position` is in the table, where Find looks first; one who comes
// later takes the mark away (Arrive).
void NearCache::FillNobody(const PersonKey& key, int64_t position, absl::Time read) {
  const std::optional<KeyCode> code = CodeOf(key);
  const MutexLock lock(impl_->mutex);
  Facts ignored;
  if (!code || !impl_->followed() || position < impl_->arrivals_since ||
      impl_->table.Find(key, ignored) != MemberTable::Look::kAbsent) {
    return;
  }
  impl_->negative.Put(*code, absl::ToUnixNanos(read + kNegativeAge));
}

bool NearCache::IsCurrent(int64_t worker_id, int64_t position) const {
  const MutexLock lock(impl_->mutex);
  return impl_->IsCurrent(worker_id, position);
}

void NearCache::BeginLoad() {
  const MutexLock lock(impl_->mutex);
  impl_->load_good = impl_->followed() && impl_->options.members != 0;
  impl_->load_since = impl_->position();
}

void NearCache::Load(absl::Span<const MemberRecord> rows, int64_t position) {
  const MutexLock lock(impl_->mutex);
  impl_->CheckLoadPosition(position);
  for (const MemberRecord& row : rows) {
    if (row.facts.known) impl_->LoadOne(row.facts.worker_id, row, position);
  }
}

void NearCache::Load(absl::Span<const MemberEntry> rows, int64_t position) {
  constexpr size_t kAhead = 8;
  const MutexLock lock(impl_->mutex);
  impl_->CheckLoadPosition(position);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kAhead < rows.size()) impl_->table.Prefetch(rows[i + kAhead]);
    impl_->LoadOne(rows[i].worker_id(), rows[i], position);
  }
}

void NearCache::FinishLoad() {
  const MutexLock lock(impl_->mutex);
  if (impl_->load_good && impl_->followed()) impl_->Show(kFollowed | kComplete);
  impl_->load_good = false;
}

}  // namespace lingkaran::coverage
