// Negative cache: keys that nobody had a moment ago, a few thousand of them, for as long as a near
// cache is incomplete and a wrong number is typed again and again.
#pragma once

#include <cstddef>
#include <cstdint>

#include "services/coverage/cache/mapped_array.h"
#include "services/coverage/cache/member_entry.h"

namespace lingkaran::coverage {

// Readers take no lock; writers exclude each other. Exact: holds whole keys, no hashes of them.
class NegativeCache {
 public:
  NegativeCache();

  // Any thread. True if the key was put with a later `until`.
  bool Has(const KeyCode& key, int64_t now) const;

  // The writer. A key may push out another.
  void Put(const KeyCode& key, int64_t until);
  void Remove(const KeyCode& key);
  void Clear();
  size_t bytes() const { return words_.bytes(); }

 private:
  // Words: sequence number (odd while written), key (2), until with the kind in the lowest bits.
  static constexpr size_t kWords = 4;
  size_t Place(const KeyCode& key) const;
  bool Read(size_t place, KeyCode& key, int64_t& until) const;
  void Write(size_t place, const KeyCode& key, int64_t until);

  const uint64_t seed_;
  MappedArray<uint64_t> words_;
};

}  // namespace lingkaran::coverage
