// The whole nation in this process: a table of fixed-size entries with three indexes (worker id,
// hash of the NIK, membership number), at most 64 bytes a person, all indexes counted.
//
// Readers take no lock and never wait: an entry is copied under its own sequence number and must
// repeat the key that was asked for. Writers exclude each other (NearCache does that). Memory is
// reserved for `capacity` people at the start and taken as they come. Nobody is evicted: who finds
// no room stays out, and Put says so.
//
// A person who does not fit the fixed form (more than four spans of months, days before 1970 or
// after 2149, another time zone) is kept as a mark only: the table knows that the person exists and
// answers kElsewhere, so the absence is not taken for "no such person". A number of other than 1 to
// 16 digits has no place either: questions for such a number are answered kElsewhere.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "services/coverage/cache/hash_index.h"
#include "services/coverage/cache/member_entry.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

class MemberTable {
 public:
  enum class Look {
    kFound,
    kAbsent,    // nobody with this key was in the table at some moment during the call
    kElsewhere  // the table can't say: ask the next link
  };

  // `capacity` in people.
  explicit MemberTable(size_t capacity);

  // Any thread. Fills `out` on kFound (facts.known is true, position is left alone) without
  // allocating, as long as the person has at most four runs.
  Look Find(const PersonKey& key, Facts& out) const;

  // Any thread: these keys will be looked for in a moment; kPrefetchBatch of them at most. A
  // look-up waits for memory most of its time, and so they wait together.
  static constexpr size_t kPrefetchBatch = 16;
  void Prefetch(absl::Span<const PersonKey* const> keys) const;

  // One writer at a time.
  // Adds or replaces the person (by worker id), with all keys; a key that another entry still has
  // is taken from it. False, and nothing changes, if the person is not in and finds no room or has
  // an id beyond 40 bits.
  bool Put(const MemberRecord& record);
  bool Put(const MemberEntry& entry);
  // This one will be put in a moment.
  void Prefetch(const MemberEntry& entry) const;
  // Takes a person out, if there.
  void Erase(int64_t worker_id);
  void Clear();

  size_t size() const { return size_.load(std::memory_order_relaxed); }
  // Bytes of entries and indexes that `capacity` people take when all are there.
  size_t bytes() const;

 private:
  using Kind = PersonKey::Kind;
  static constexpr size_t Number(Kind kind) {
    return static_cast<size_t>(kind) - static_cast<size_t>(Kind::kWorker);
  }
  HashIndex& IndexOf(Kind kind) { return indexes_[Number(kind)]; }
  const HashIndex& IndexOf(Kind kind) const { return indexes_[Number(kind)]; }
  uint64_t Hash(const KeyCode& key) const { return HashOf(key, seed_); }

  // kAbsent is to be believed only if nothing moved meanwhile.
  Look LookOnce(const KeyCode& key, Facts& out) const;

  // ---- The writer ----

  std::optional<size_t> SlotOf(const KeyCode& key) const;
  void RemoveKey(const KeyCode& key, size_t slot);
  // Takes a key from whoever has it, other than `keeper`.
  void TakeKey(const KeyCode& key, std::optional<size_t> keeper);
  // True if keys go or move: then readers must be told.
  bool Moves(const MemberEntry& entry, std::optional<size_t> slot) const;
  void Set(const MemberEntry& entry, std::optional<size_t> slot);
  size_t NewSlot();

  const size_t capacity_;
  const uint64_t seed_ = NewSeed();
  MemberEntries entries_;
  std::array<HashIndex, 3> indexes_;  // by kind
  std::atomic<uint64_t> moves_{0};
  std::atomic<size_t> size_{0};
  std::vector<uint32_t> free_;
  size_t touched_ = 0;  // slots from here on were never used
};

}  // namespace lingkaran::coverage
