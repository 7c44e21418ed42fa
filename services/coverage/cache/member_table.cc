#include "services/coverage/cache/member_table.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "services/coverage/cache/hash_index.h"

namespace lingkaran::coverage {
namespace {

using Kind = PersonKey::Kind;

constexpr size_t kFewest = 64;
constexpr size_t kMost = size_t{1} << 30;
constexpr int kTries = 8;
constexpr std::array kKinds = {Kind::kWorker, Kind::kNik, Kind::kNumber};

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

struct MemberTable::Impl {
  explicit Impl(size_t people)
      : capacity(std::clamp(people, kFewest, kMost)),
        entries(capacity),
        indexes{HashIndex(capacity), HashIndex(capacity), HashIndex(capacity)} {}

  HashIndex& IndexOf(Kind kind) {
    return indexes[static_cast<size_t>(kind) - static_cast<size_t>(Kind::kWorker)];
  }
  uint64_t Hash(const KeyCode& key) const { return HashOf(key, seed); }

  // ---- Readers ----

  // kAbsent is to be believed only if nothing moved meanwhile.
  Look LookOnce(const KeyCode& key, Facts& out) {
    Look look = Look::kAbsent;
    MemberEntry entry;
    IndexOf(key.kind).Find(Hash(key), [&](size_t slot) {
      if (!entries.Read(slot, entry)) {
        look = Look::kElsewhere;
        return true;
      }
      if (entry.Key(key.kind) != key) return false;
      entries.Reference(slot, entry);
      look = entry.wide() ? Look::kElsewhere : Look::kFound;
      return true;
    });
    if (look == Look::kFound) entry.Read(out);
    return look;
  }

  Look Find(const KeyCode& key, Facts& out) {
    for (int tries = 0; tries < kTries; ++tries) {
      const uint64_t before = moves.load(std::memory_order_acquire);
      const Look look = LookOnce(key, out);
      if (look != Look::kAbsent) return look;
      if (before % 2 != 0 || moves.load(std::memory_order_relaxed) != before) continue;
      return someone_unlisted.load(std::memory_order_acquire) ? Look::kElsewhere : look;
    }
    return Look::kElsewhere;
  }

  // ---- The writer ----

  std::optional<size_t> SlotOf(const KeyCode& key) {
    std::optional<size_t> found;
    if (!key.given()) return found;
    IndexOf(key.kind).Find(Hash(key), [&](size_t slot) {
      if (entries.Get(slot).Key(key.kind) != key) return false;
      found = slot;
      return true;
    });
    return found;
  }

  void RemoveKey(const KeyCode& key, size_t slot) {
    IndexOf(key.kind).Remove(Hash(key), slot,
                             [&](size_t other) { return Hash(entries.Get(other).Key(key.kind)); });
  }

  // Takes a key from whoever has it, other than `keeper`.
  void TakeKey(const KeyCode& key, std::optional<size_t> keeper) {
    const std::optional<size_t> owner = SlotOf(key);
    if (!owner || owner == keeper) return;
    RemoveKey(key, *owner);
    MemberEntry entry = entries.Get(*owner);
    entry.DropKey(key.kind);
    entries.Write(*owner, entry);
  }

  void Free(size_t slot) {
    MemberEntry entry = entries.Get(slot);
    for (Kind kind : kKinds) {
      if (entry.Key(kind).given()) RemoveKey(entry.Key(kind), slot);
    }
    entries.Write(slot, MemberEntry());
    size.store(size.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }

  // Second-chance eviction: the first slot not referenced since the last sweep; all are taken.
  size_t Victim() {
    for (size_t seen = 0; seen < 2 * capacity; ++seen) {
      const size_t slot = hand;
      hand = hand + 1 == capacity ? 0 : hand + 1;
      if (!entries.TakeReferenced(slot)) return slot;
    }
    return hand;  // readers reference all of them all the time
  }

  size_t NewSlot() {
    if (!free.empty()) {
      const size_t slot = free.back();
      free.pop_back();
      return slot;
    }
    if (touched < capacity) return touched++;
    const size_t slot = Victim();
    Free(slot);
    return slot;
  }

  // True if keys go or move: then readers must be told.
  bool Moves(const MemberEntry& entry, std::optional<size_t> slot) {
    if (!slot && full()) return true;
    for (Kind kind : kKinds) {
      const KeyCode key = entry.Key(kind);
      if (slot && entries.Get(*slot).Key(kind) != key) return true;
      const std::optional<size_t> owner = SlotOf(key);
      if (owner && owner != slot) return true;
    }
    return false;
  }

  void Set(const MemberEntry& entry, std::optional<size_t> slot) {
    for (Kind kind : kKinds) TakeKey(entry.Key(kind), slot);
    MemberEntry old;
    if (slot) {
      old = entries.Get(*slot);
      for (Kind kind : kKinds) {
        if (old.Key(kind).given() && old.Key(kind) != entry.Key(kind)) {
          RemoveKey(old.Key(kind), *slot);
        }
      }
    } else {
      slot = NewSlot();
      size.store(size.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    entries.Write(*slot, entry);
    for (Kind kind : kKinds) {
      const KeyCode key = entry.Key(kind);
      if (key.given() && old.Key(kind) != key) IndexOf(kind).Insert(Hash(key), *slot);
    }
  }

  bool full() const { return size.load(std::memory_order_relaxed) == capacity; }

  const size_t capacity;
  const uint64_t seed = NewSeed();
  MemberEntries entries;
  std::array<HashIndex, 3> indexes;  // by kind
  std::atomic<uint64_t> moves{0};
  std::atomic<size_t> size{0};
  // Somebody's worker id fits no entry: from then on nobody is known to be absent.
  std::atomic<bool> someone_unlisted{false};
  std::vector<uint32_t> free;
  size_t touched = 0;  // slots from here on were never used
  size_t hand = 0;
};

MemberTable::MemberTable(size_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
MemberTable::~MemberTable() = default;

MemberTable::Look MemberTable::Find(const PersonKey& key, Facts& out) const {
  const std::optional<KeyCode> code = CodeOf(key);
  return code ? impl_->Find(*code, out) : Look::kElsewhere;
}

bool MemberTable::Put(const MemberRecord& record) {
  const std::optional<MemberEntry> entry = MemberEntry::Of(record);
  if (!entry) {
    const Moving moving(impl_->moves);
    impl_->someone_unlisted.store(true, std::memory_order_release);
    for (const PersonKey& key :
         {PersonKey::OfNik(record.nik_hash), PersonKey::OfNumber(record.membership_number)}) {
      if (const std::optional<KeyCode> code = CodeOf(key)) impl_->TakeKey(*code, std::nullopt);
    }
    return true;
  }
  return Put(*entry);
}

bool MemberTable::Put(const MemberEntry& entry) {
  const std::optional<size_t> slot = impl_->SlotOf(entry.Key(Kind::kWorker));
  if (slot && impl_->entries.Get(*slot).SameAs(entry)) return true;
  const bool evicts = !slot && impl_->full();
  if (impl_->Moves(entry, slot)) {
    const Moving moving(impl_->moves);
    impl_->Set(entry, slot);
  } else {
    impl_->Set(entry, slot);
  }
  return !evicts;
}

void MemberTable::Prefetch(const MemberEntry& entry) const {
  for (Kind kind : kKinds) impl_->IndexOf(kind).Prefetch(impl_->Hash(entry.Key(kind)));
}

void MemberTable::Prefetch(absl::Span<const PersonKey* const> keys) const {
  std::array<uint64_t, kPrefetchBatch> hashes{};
  std::array<const HashIndex*, kPrefetchBatch> where{};
  const size_t count = std::min(keys.size(), kPrefetchBatch);
  for (size_t i = 0; i < count; ++i) {
    const std::optional<KeyCode> code = CodeOf(*keys[i]);
    if (!code) continue;
    hashes[i] = impl_->Hash(*code);
    where[i] = &impl_->IndexOf(code->kind);
    where[i]->Prefetch(hashes[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    if (where[i] == nullptr) continue;
    where[i]->Find(hashes[i], [&](size_t slot) {
      impl_->entries.Prefetch(slot);
      return true;
    });
  }
}

bool MemberTable::WouldEvict(int64_t worker_id) const {
  const std::optional<KeyCode> code = CodeOf(PersonKey::OfWorker(worker_id));
  return code && impl_->full() && !impl_->SlotOf(*code);
}

void MemberTable::Erase(int64_t worker_id) {
  const std::optional<KeyCode> code = CodeOf(PersonKey::OfWorker(worker_id));
  const std::optional<size_t> slot = code ? impl_->SlotOf(*code) : std::nullopt;
  if (!slot) return;
  const Moving moving(impl_->moves);
  impl_->Free(*slot);
  impl_->free.push_back(static_cast<uint32_t>(*slot));
}

// Entries keep their sequence numbers; without index nothing leads to them.
void MemberTable::Clear() {
  const Moving moving(impl_->moves);
  for (HashIndex& index : impl_->indexes) index.Clear();
  impl_->someone_unlisted.store(false, std::memory_order_release);
  impl_->size.store(0, std::memory_order_relaxed);
  impl_->free.clear();
  impl_->touched = 0;
  impl_->hand = 0;
}

size_t MemberTable::size() const { return impl_->size.load(std::memory_order_relaxed); }
size_t MemberTable::capacity() const { return impl_->capacity; }

size_t MemberTable::bytes() const {
  size_t bytes = impl_->entries.bytes();
  for (const HashIndex& index : impl_->indexes) bytes += index.bytes();
  return bytes;
}

}  // namespace lingkaran::coverage
