// The entry of one person in 48 bytes, and the array of entries: a seqlock each, read without a
// lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "services/coverage/cache/mapped_array.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

// A key in 128 bits and its kind: exact, no hash.
struct KeyCode {
  PersonKey::Kind kind = PersonKey::Kind::kNone;
  uint64_t a = 0;
  uint64_t b = 0;
  friend bool operator==(const KeyCode& x, const KeyCode& y) = default;

  // False for a NIK hash or a number that the person does not have.
  bool given() const { return a != 0 || b != 0; }
};

// nullopt for an id beyond 40 bits, a number of other than 1 to 16 digits, no key at all.
std::optional<KeyCode> CodeOf(const PersonKey& key);

// Spreads a key over 64 bits, by a seed that nobody outside can know.
uint64_t NewSeed();
uint64_t HashOf(const KeyCode& key, uint64_t seed);

// The words of a person, with the bits of each part:
//   0, 1  hash of the NIK, 0 if none
//   2     number code (54), UTC+7, +8 or +9 (2), count of spans (3), wide (1)
//   3     worker id (40), sequence number (24)
//   4, 5  spans
// Wide marks a person whose facts do not fit: the keys are there, the facts are not.
struct MemberEntry {
  static constexpr size_t kWords = 6;
  std::array<uint64_t, kWords> words{};

  // nullopt if the worker id does not fit.
  static std::optional<MemberEntry> Of(const MemberRecord& record);
  static std::optional<MemberEntry> Of(const CodedRecord& record);
  int64_t worker_id() const;
  KeyCode Key(PersonKey::Kind kind) const;
  void DropKey(PersonKey::Kind kind);
  bool wide() const;
  // Must not be wide. Leaves the position alone.
  void Read(Facts& facts) const;
  // Same person, same facts, whatever the sequence number.
  bool SameAs(const MemberEntry& other) const;
};

// Entries by slot, each a seqlock: a read is valid if the sequence is even and unchanged. The
// sequence goes on when the slot gets another person and when the table is emptied, so a read can
// only be fooled by sleeping through a multiple of eight million writes of that one entry.
class MemberEntries {
 public:
  explicit MemberEntries(size_t count) : words_(count * MemberEntry::kWords) {}

  // Any thread. False if each try met a writer.
  bool Read(size_t slot, MemberEntry& out) const;
  // Any thread: it will be read in a moment.
  void Prefetch(size_t slot) const { __builtin_prefetch(&words_[slot * MemberEntry::kWords]); }

  // The writer.
  MemberEntry Get(size_t slot) const;
  void Write(size_t slot, const MemberEntry& entry);
  size_t bytes() const { return words_.bytes(); }

 private:
  MappedArray<uint64_t> words_;
};

}  // namespace lingkaran::coverage
