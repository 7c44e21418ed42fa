#include "services/coverage/cache/negative_cache.h"

#include <atomic>

namespace lingkaran::coverage {
namespace {

using Word = std::atomic_ref<uint64_t>;

constexpr size_t kPlaces = 8'192;
constexpr uint64_t kKind = 3;

}  // namespace

NegativeCache::NegativeCache() : seed_(NewSeed()), words_(kPlaces * kWords) {}

size_t NegativeCache::Place(const KeyCode& key) const {
  return HashOf(key, seed_) % kPlaces * kWords;
}

bool NegativeCache::Read(size_t place, KeyCode& key, int64_t& until) const {
  uint64_t* const words = &words_[place];
  const uint64_t before = Word(words[0]).load(std::memory_order_acquire);
  key.a = Word(words[1]).load(std::memory_order_acquire);
  key.b = Word(words[2]).load(std::memory_order_acquire);
  const uint64_t last = Word(words[3]).load(std::memory_order_acquire);
  key.kind = static_cast<PersonKey::Kind>(last & kKind);
  until = static_cast<int64_t>(last & ~kKind);
  return before % 2 == 0 && Word(words[0]).load(std::memory_order_relaxed) == before;
}

void NegativeCache::Write(size_t place, const KeyCode& key, int64_t until) {
  uint64_t* const words = &words_[place];
  const uint64_t before = Word(words[0]).load(std::memory_order_relaxed);
  Word(words[0]).store(before + 1, std::memory_order_relaxed);
  Word(words[1]).store(key.a, std::memory_order_release);
  Word(words[2]).store(key.b, std::memory_order_release);
  Word(words[3]).store((static_cast<uint64_t>(until) & ~kKind) | static_cast<uint64_t>(key.kind),
                       std::memory_order_release);
  Word(words[0]).store(before + 2, std::memory_order_release);
}

bool NegativeCache::Has(const KeyCode& key, int64_t now) const {
  KeyCode held;
  int64_t until = 0;
  return Read(Place(key), held, until) && held == key && now < until;
}

void NegativeCache::Put(const KeyCode& key, int64_t until) { Write(Place(key), key, until); }

void NegativeCache::Remove(const KeyCode& key) {
  KeyCode held;
  int64_t until = 0;
  if (Read(Place(key), held, until) && held == key) Write(Place(key), KeyCode(), 0);
}

void NegativeCache::Clear() {
  for (size_t place = 0; place < words_.size(); place += kWords) Write(place, KeyCode(), 0);
}

}  // namespace lingkaran::coverage
