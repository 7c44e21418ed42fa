#include "services/coverage/cache/member_table.h"

#include <algorithm>

namespace lingkaran::coverage {
namespace {

constexpr size_t kMost = size_t{1} << 30;
constexpr int kTries = 8;
constexpr std::array kKinds = {PersonKey::Kind::kWorker, PersonKey::Kind::kNik,
                               PersonKey::Kind::kNumber};

// An index needs an empty cell.
size_t SlotsFor(size_t people) { return std::max(people, size_t{64}); }

// While one stands, keys go or move: the count is odd, and no reader believes that nobody is there.
class Moving {
 public:
  explicit Moving(std::atomic<uint64_t>& moves) : moves_(moves) {
    Count(std::memory_order_relaxed);
  }
  ~Moving() { Count(std::memory_order_release); }
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;

 private:
  void Count(std::memory_order order) {
    moves_.store(moves_.load(std::memory_order_relaxed) + 1, order);
  }
  std::atomic<uint64_t>& moves_;
};

}  // namespace

MemberTable::MemberTable(size_t capacity)
    : capacity_(std::min(capacity, kMost)),
      entries_(SlotsFor(capacity_)),
      indexes_{HashIndex(SlotsFor(capacity_)), HashIndex(SlotsFor(capacity_)),
               HashIndex(SlotsFor(capacity_))} {}

// ---- Readers ----

MemberTable::Look MemberTable::LookOnce(const KeyCode& key, Facts& out) const {
  Look look = Look::kAbsent;
  MemberEntry entry;
  IndexOf(key.kind).Find(Hash(key), [&](size_t slot) {
    if (!entries_.Read(slot, entry)) {
      look = Look::kElsewhere;
      return true;
    }
    if (entry.Key(key.kind) != key) return false;
    look = entry.wide() ? Look::kElsewhere : Look::kFound;
    return true;
  });
  if (look == Look::kFound) entry.Read(out);
  return look;
}

MemberTable::Look MemberTable::Find(const PersonKey& key, Facts& out) const {
  const std::optional<KeyCode> code = CodeOf(key);
  for (int tries = 0; code && tries < kTries; ++tries) {
    const uint64_t before = moves_.load(std::memory_order_acquire);
    const Look look = LookOnce(*code, out);
    if (look != Look::kAbsent) return look;
    if (before % 2 == 0 && moves_.load(std::memory_order_relaxed) == before) return look;
  }
  return Look::kElsewhere;
}

void MemberTable::Prefetch(absl::Span<const PersonKey* const> keys) const {
  std::array<uint64_t, kPrefetchBatch> hashes{};
  std::array<const HashIndex*, kPrefetchBatch> where{};
  const size_t count = std::min(keys.size(), kPrefetchBatch);
  for (size_t i = 0; i < count; ++i) {
    const std::optional<KeyCode> code = CodeOf(*keys[i]);
    if (!code) continue;
    hashes[i] = Hash(*code);
    where[i] = &IndexOf(code->kind);
    where[i]->Prefetch(hashes[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    if (where[i] == nullptr) continue;
    where[i]->Find(hashes[i], [&](size_t slot) {
      entries_.Prefetch(slot);
      return true;
    });
  }
}

// ---- The writer ----

std::optional<size_t> MemberTable::SlotOf(const KeyCode& key) const {
  std::optional<size_t> found;
  if (!key.given()) return found;
  IndexOf(key.kind).Find(Hash(key), [&](size_t slot) {
    if (entries_.Get(slot).Key(key.kind) != key) return false;
    found = slot;
    return true;
  });
  return found;
}

void MemberTable::RemoveKey(const KeyCode& key, size_t slot) {
  IndexOf(key.kind).Remove(Hash(key), slot,
                           [&](size_t other) { return Hash(entries_.Get(other).Key(key.kind)); });
}

void MemberTable::TakeKey(const KeyCode& key, std::optional<size_t> keeper) {
  const std::optional<size_t> owner = SlotOf(key);
  if (!owner || owner == keeper) return;
  RemoveKey(key, *owner);
  MemberEntry entry = entries_.Get(*owner);
  entry.DropKey(key.kind);
  entries_.Write(*owner, entry);
}

bool MemberTable::Moves(const MemberEntry& entry, std::optional<size_t> slot) const {
  for (Kind kind : kKinds) {
    const KeyCode key = entry.Key(kind);
    if (slot && entries_.Get(*slot).Key(kind) != key) return true;
    const std::optional<size_t> owner = SlotOf(key);
    if (owner && owner != slot) return true;
  }
  return false;
}

void MemberTable::Set(const MemberEntry& entry, std::optional<size_t> slot) {
  for (Kind kind : kKinds) TakeKey(entry.Key(kind), slot);
  MemberEntry old;
  if (slot) {
    old = entries_.Get(*slot);
    for (Kind kind : kKinds) {
      if (old.Key(kind).given() && old.Key(kind) != entry.Key(kind)) {
        RemoveKey(old.Key(kind), *slot);
      }
    }
  } else {
    slot = NewSlot();
    size_.store(size() + 1, std::memory_order_relaxed);
  }
  entries_.Write(*slot, entry);
  for (Kind kind : kKinds) {
    const KeyCode key = entry.Key(kind);
    if (key.given() && old.Key(kind) != key) IndexOf(kind).Insert(Hash(key), *slot);
  }
}

size_t MemberTable::NewSlot() {
  if (free_.empty()) return touched_++;
  const size_t slot = free_.back();
  free_.pop_back();
  return slot;
}

bool MemberTable::Put(const MemberRecord& record) {
  const std::optional<MemberEntry> entry = MemberEntry::Of(record);
  return entry && Put(*entry);
}

bool MemberTable::Put(const MemberEntry& entry) {
  const std::optional<size_t> slot = SlotOf(entry.Key(Kind::kWorker));
  if (!slot && size() == capacity_) return false;
  if (slot && entries_.Get(*slot).SameAs(entry)) return true;
  std::optional<Moving> moving;
  if (Moves(entry, slot)) moving.emplace(moves_);
  Set(entry, slot);
  return true;
}

void MemberTable::Prefetch(const MemberEntry& entry) const {
  for (Kind kind : kKinds) IndexOf(kind).Prefetch(Hash(entry.Key(kind)));
}

void MemberTable::Erase(int64_t worker_id) {
  const std::optional<KeyCode> code = CodeOf(PersonKey::OfWorker(worker_id));
  const std::optional<size_t> slot = code ? SlotOf(*code) : std::nullopt;
  if (!slot) return;
  const Moving moving(moves_);
  const MemberEntry entry = entries_.Get(*slot);
  for (Kind kind : kKinds) {
    if (entry.Key(kind).given()) RemoveKey(entry.Key(kind), *slot);
  }
  entries_.Write(*slot, MemberEntry());
  free_.push_back(static_cast<uint32_t>(*slot));
  size_.store(size() - 1, std::memory_order_relaxed);
}

// Entries keep their sequence numbers; without index nothing leads to them.
void MemberTable::Clear() {
  const Moving moving(moves_);
  for (HashIndex& index : indexes_) index.Clear();
  size_.store(0, std::memory_order_relaxed);
  free_.clear();
  touched_ = 0;
}

size_t MemberTable::bytes() const {
  size_t bytes = entries_.bytes();
  for (const HashIndex& index : indexes_) bytes += index.bytes();
  return bytes;
}

}  // namespace lingkaran::coverage
