#include "services/coverage/cache/near_cache.h"

#include <algorithm>

namespace lingkaran::coverage {
namespace {

const int64_t kMaxAgeNs = absl::ToInt64Nanoseconds(kMaxAge);

}  // namespace

NearCache::NearCache(const NearOptions& options)
    : table_(options.members), window_(options.window) {}

// State, position and confirmation are read before the look-up, so what it finds is no older than
// they say; state and `latest` again after it. That the table has nobody with the key is true of W
// if it was complete all the while and nothing in it is later than W: a key that is passed on from
// one person to another leaves no moment in between to a reader.
NearCache::LookupResult NearCache::Find(const PersonKey& key, const Freshness& fresh,
                                        absl::Time now, Facts& out) const {
  const uint64_t state = shown_.state.load(std::memory_order_acquire);
  if (fresh.from_store || (state & kFollowed) == 0) return LookupResult::kBypassed;
  const int64_t confirmed = shown_.confirmed.load(std::memory_order_acquire);
  const int64_t position = shown_.position.load(std::memory_order_acquire);
  if (fresh.position > position) return LookupResult::kBehind;
  const int64_t time = absl::ToUnixNanos(now);
  if (fresh.within_time() && time - confirmed > kMaxAgeNs) return LookupResult::kUnconfirmed;

  const MemberTable::Look look = table_.Find(key, out);
  if (look == MemberTable::Look::kElsewhere) return LookupResult::kMiss;
  if (look == MemberTable::Look::kAbsent) {
    if ((state & kComplete) == 0) return LookupResult::kMiss;
    if (shown_.latest.load(std::memory_order_acquire) > position) return LookupResult::kMiss;
    static const Facts& unknown = *new Facts();
    out = unknown;
  }
  if (shown_.state.load(std::memory_order_relaxed) != state) return LookupResult::kMiss;
  out.position = position;
  return LookupResult::kFound;
}

void NearCache::Show(uint64_t flags) {
  const uint64_t state = shown_.state.load(std::memory_order_relaxed);
  if ((state & 3) == flags) return;
  shown_.state.store((state & ~uint64_t{3}) + 4 + flags, std::memory_order_release);
}

void NearCache::RaiseLatest(int64_t as_of) {
  if (as_of > shown_.latest.load(std::memory_order_relaxed)) {
    shown_.latest.store(as_of, std::memory_order_release);
  }
}

// Who finds no room is not known at W yet: there the table is complete until W moves on.
template <typename Person>
void NearCache::Put(const Person& person) {
  if (table_.Put(person)) return;
  Show(shown_.state.load(std::memory_order_relaxed) & kFollowed);
  load_good_ = false;
}

void NearCache::Restart(int64_t position, absl::Span<const ChangeWindow::Change> last) {
  const MutexLock lock(mutex_);
  Show(0);
  table_.Clear();
  window_.Restart(last.empty() ? position : last.front().position - 1);
  for (const ChangeWindow::Change& change : last) window_.Note(change.worker_id, change.position);
  load_good_ = false;
  shown_.confirmed.store(kNever, std::memory_order_release);
  shown_.latest.store(position, std::memory_order_release);
  shown_.position.store(position, std::memory_order_release);
  Show(kFollowed);
}

void NearCache::Bypass() {
  const MutexLock lock(mutex_);
  Show(0);
  load_good_ = false;
}

bool NearCache::Advance(int64_t from, int64_t to, absl::Span<const MemberRecord> changed) {
  const MutexLock lock(mutex_);
  if (!followed() || from > position()) return false;
  if (to <= position()) return true;
  RaiseLatest(to);
  for (const MemberRecord& record : changed) {
    window_.Note(record.facts.worker_id, to);
    RaiseLatest(record.facts.position);
    if (record.facts.known) {
      Put(record);
    } else {
      table_.Erase(record.facts.worker_id);
    }
  }
  shown_.position.store(to, std::memory_order_release);
  return true;
}

void NearCache::Confirm(int64_t head, absl::Time at) {
  const MutexLock lock(mutex_);
  if (!followed() || head > position()) return;
  const int64_t time = absl::ToUnixNanos(at);
  if (time > shown_.confirmed.load(std::memory_order_relaxed)) {
    shown_.confirmed.store(time, std::memory_order_release);
  }
}

void NearCache::Fill(absl::Span<const MemberRecord> read) {
  const MutexLock lock(mutex_);
  for (const MemberRecord& record : read) {
    const Facts& facts = record.facts;
    if (facts.known && IsCurrentLocked(facts.worker_id, facts.position)) {
      RaiseLatest(facts.position);
      Put(record);
    }
  }
}

bool NearCache::IsCurrent(int64_t worker_id, int64_t position) const {
  const MutexLock lock(mutex_);
  return IsCurrentLocked(worker_id, position);
}

// ---- Warm start ----

void NearCache::BeginLoad() {
  const MutexLock lock(mutex_);
  load_good_ = followed();
  load_since_ = position();
}

void NearCache::Load(absl::Span<const MemberEntry> rows, int64_t as_of) {
  constexpr size_t kAhead = 8;
  const MutexLock lock(mutex_);
  // From before BeginLoad, or before what the window remembers, rows can't make the table complete.
  if (as_of < std::max(load_since_, window_.begin())) load_good_ = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kAhead < rows.size()) table_.Prefetch(rows[i + kAhead]);
    if (!IsCurrentLocked(rows[i].worker_id(), as_of)) continue;
    RaiseLatest(as_of);
    Put(rows[i]);
  }
}

void NearCache::FinishLoad() {
  const MutexLock lock(mutex_);
  if (load_good_ && followed()) Show(kFollowed | kComplete);
  load_good_ = false;
}

}  // namespace lingkaran::coverage
