// Hash index from a key to the slot of its entry in the member table. Open addressing in cells of
// four bytes: the number of a slot, plus one, and in the bits left over a print of the key's hash,
// which spares a reader most entries of other keys. 0 is empty. Cells are a quarter more than
// slots. A removal closes its gap by shifting others back, so nothing piles up.
//
// Readers take no lock; one of them may pass a cell just before another is shifted into it. That
// nobody was there is therefore only true if no removal went on meanwhile (member_table.cc
// watches).
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "services/coverage/cache/mapped_array.h"

namespace lingkaran::coverage {

class HashIndex {
 public:
  explicit HashIndex(size_t slots)
      : cells_(slots + slots / 4), slot_mask_((uint32_t{1} << std::bit_width(slots)) - 1) {}

  // Any thread: calls `is(slot)` for what may be the key's until it gives true. True if it did.
  template <typename Is>
  bool Find(uint64_t hash, Is is) const {
    const uint32_t print = Print(hash);
    size_t at = Home(hash);
    for (size_t seen = 0; seen < cells_.size(); ++seen, at = After(at)) {
      const uint32_t cell = Load(at);
      if (cell == 0) return false;
      if ((cell & ~slot_mask_) == print && is((cell & slot_mask_) - 1)) return true;
    }
    return false;
  }

  // Any thread: it will be looked for in a moment.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&cells_[Home(hash)]); }

  // The writer. The slot must not be in yet.
  void Insert(uint64_t hash, size_t slot) {
    size_t at = Home(hash);
    while (Load(at) != 0) at = After(at);
    Store(at, Print(hash) | static_cast<uint32_t>(slot + 1));
  }

  // The writer. The slot must be in. `hash_of(slot)` gives the hash of any slot's key.
  template <typename HashOfSlot>
  void Remove(uint64_t hash, size_t slot, HashOfSlot hash_of) {
    size_t hole = Home(hash);
    while ((Load(hole) & slot_mask_) != slot + 1) hole = After(hole);
    for (size_t at = After(hole);; at = After(at)) {
      const uint32_t cell = Load(at);
      if (cell == 0) break;
      const size_t home = Home(hash_of((cell & slot_mask_) - 1));
      if (Distance(home, at) < Distance(hole, at)) continue;
      Store(hole, cell);
      hole = at;
    }
    Store(hole, 0);
  }

  void Clear() {
    for (size_t at = 0; at < cells_.size(); ++at) {
      if (Load(at) != 0) Store(at, 0);
    }
  }

  size_t bytes() const { return cells_.bytes(); }

 private:
  // Homes come from the upper bits of a hash, prints from the lower.
  size_t Home(uint64_t hash) const {
    return static_cast<size_t>((hash >> 32) * cells_.size() >> 32);
  }
  uint32_t Print(uint64_t hash) const { return static_cast<uint32_t>(hash) & ~slot_mask_; }
  size_t After(size_t at) const { return at + 1 == cells_.size() ? 0 : at + 1; }
  size_t Distance(size_t from, size_t to) const {
    return to >= from ? to - from : to + cells_.size() - from;
  }
  uint32_t Load(size_t at) const {
    return std::atomic_ref(cells_[at]).load(std::memory_order_acquire);
  }
  void Store(size_t at, uint32_t cell) {
    std::atomic_ref(cells_[at]).store(cell, std::memory_order_release);
  }

  MappedArray<uint32_t> cells_;
  const uint32_t slot_mask_;
};

}  // namespace lingkaran::coverage
