// Zeroed memory for arrays that are sized for the whole nation: reserved at once, taken from the
// system page by page as it is written.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace lingkaran::coverage {

// `Word` must be an integer.
template <typename Word>
class MappedArray {
 public:
  explicit MappedArray(size_t count) : count_(count) {
    void* place = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) throw std::bad_alloc();
    // A look-up touches places far apart: with small pages each would also miss the TLB.
    madvise(place, bytes(), MADV_HUGEPAGE);
    words_ = static_cast<Word*>(place);
  }
  ~MappedArray() { munmap(words_, bytes()); }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;

  Word& operator[](size_t i) const { return words_[i]; }
  size_t size() const { return count_; }
  size_t bytes() const { return count_ * sizeof(Word); }

 private:
  size_t count_;
  Word* words_;
};

}  // namespace lingkaran::coverage
