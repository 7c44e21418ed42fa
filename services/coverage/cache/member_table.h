// The whole nation in this process: a table of fixed-size entries with three indexes (worker id,
// hash of the NIK, membership number), at most 64 bytes a person, all indexes counted.
//
// Readers take no lock and never wait: an entry is copied under its own sequence number and must
// repeat the key that was asked for. Writers exclude each other (NearCache does that). Memory is
// reserved for `capacity` people at the start and taken as they come.
//
// A person who does not fit the fixed form (more than four spans of months, days before 1970 or
// after 2149, another time zone) is kept as a mark only: the table knows that the person exists and
// answers kElsewhere, so the absence is not taken for "no such person". A number of other than 1 to
// 16 digits has no place either: questions for such a number are answered kElsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/types/span.h"
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

  // `capacity` in people; 64 at least. Above it, Put evicts someone not referenced lately.
  explicit MemberTable(size_t capacity);
  ~MemberTable();

  // Any thread. Fills `out` on kFound (facts.known is true, position is left alone) without
  // allocating, as long as the person has at most four runs.
  Look Find(const PersonKey& key, Facts& out) const;

  // Any thread: these keys will be looked for in a moment; kPrefetchBatch of them at most. A
  // look-up waits for memory most of its time, and so they wait together.
  static constexpr size_t kPrefetchBatch = 16;
  void Prefetch(absl::Span<const PersonKey* const> keys) const;

  // One writer at a time.
  // Adds or replaces the person (by worker id), with all keys; a key that another entry still has
  // is taken from it. False if somebody had to be evicted for that.
  bool Put(const MemberRecord& record);
  bool Put(const MemberEntry& entry);
  // This one will be put in a moment.
  void Prefetch(const MemberEntry& entry) const;
  // True if Put of this worker would evict somebody.
  bool WouldEvict(int64_t worker_id) const;
  // Takes a person out, if there.
  void Erase(int64_t worker_id);
  void Clear();

  size_t size() const;
  size_t capacity() const;
  // Bytes of entries and indexes that `capacity` people take when all are there.
  size_t bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lingkaran::coverage
