#include "services/coverage/cache/member_entry.h"

#include <atomic>
#include <cstring>
#include <random>

#include "services/coverage/record/span_codec.h"

namespace lingkaran::coverage {
namespace {

using Kind = PersonKey::Kind;
using Word = std::atomic_ref<uint64_t>;

constexpr int kIdShift = 24;
constexpr uint64_t kSequence = (uint64_t{1} << kIdShift) - 1;
constexpr int64_t kIdEnd = int64_t{1} << 40;
constexpr uint64_t kNumber = (uint64_t{1} << kNumberCodeBits) - 1;
constexpr int kOffsetShift = kNumberCodeBits;
constexpr int kCountShift = kOffsetShift + 2;
constexpr uint64_t kWide = uint64_t{1} << (kCountShift + 3);
constexpr int kTries = 100;

bool FitsId(int64_t id) { return id > 0 && id < kIdEnd; }

uint64_t Mix(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
  return x ^ x >> 33;
}

MemberEntry WithKeys(int64_t worker_id, const NikHash& nik_hash, uint64_t number_code) {
  MemberEntry entry;
  std::memcpy(entry.words.data(), nik_hash.data(), nik_hash.size());
  entry.words[2] = number_code;
  entry.words[3] = static_cast<uint64_t>(worker_id) << kIdShift;
  return entry;
}

// False if they don't fit.
bool SetFacts(int utc_offset_hours, const Spans& spans, MemberEntry& entry) {
  const int offset = utc_offset_hours - 7;
  if (offset < 0 || offset > 2) return false;
  entry.words[2] |= static_cast<uint64_t>(offset) << kOffsetShift |
                    static_cast<uint64_t>(spans.count) << kCountShift;
  for (int i = 0; i < spans.count; ++i) {
    entry.words[4 + i / 2] |= static_cast<uint64_t>(spans.codes[i]) << (32 * (i % 2));
  }
  return true;
}

}  // namespace

std::optional<KeyCode> CodeOf(const PersonKey& key) {
  KeyCode code{key.kind};
  switch (key.kind) {
    case Kind::kWorker:
      code.a = static_cast<uint64_t>(key.worker_id);
      if (!FitsId(key.worker_id)) return std::nullopt;
      break;
    case Kind::kNik:
      std::memcpy(&code.a, key.nik_hash.data(), 8);
      std::memcpy(&code.b, key.nik_hash.data() + 8, 8);
      break;
    case Kind::kNumber:
      code.a = NumberCode(key.number).value_or(0);
      break;
    case Kind::kNone:
      break;
  }
  if (!code.given()) return std::nullopt;
  return code;
}

uint64_t NewSeed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

uint64_t HashOf(const KeyCode& key, uint64_t seed) {
  return Mix(key.a ^ Mix(key.b ^ (seed + static_cast<uint64_t>(key.kind))));
}

std::optional<MemberEntry> MemberEntry::Of(const MemberRecord& record) {
  if (!FitsId(record.facts.worker_id)) return std::nullopt;
  MemberEntry entry = WithKeys(record.facts.worker_id, record.nik_hash,
                               NumberCode(record.membership_number).value_or(0));
  const std::optional<Spans> spans = PackSpans(record.facts);
  if (!spans || !SetFacts(record.facts.utc_offset_hours, *spans, entry)) entry.words[2] |= kWide;
  return entry;
}

std::optional<MemberEntry> MemberEntry::Of(const CodedRecord& record) {
  if (!FitsId(record.worker_id)) return std::nullopt;
  MemberEntry entry = WithKeys(record.worker_id, record.nik_hash, record.number_code);
  SetFacts(record.utc_offset_hours, record.spans, entry);
  return entry;
}

int64_t MemberEntry::worker_id() const { return static_cast<int64_t>(words[3] >> kIdShift); }

KeyCode MemberEntry::Key(Kind kind) const {
  if (kind == Kind::kNik) return {kind, words[0], words[1]};
  if (kind == Kind::kNumber) return {kind, words[2] & kNumber, 0};
  return {kind, words[3] >> kIdShift, 0};
}

void MemberEntry::DropKey(Kind kind) {
  if (kind == Kind::kNik) words[0] = words[1] = 0;
  if (kind == Kind::kNumber) words[2] &= ~kNumber;
  if (kind == Kind::kWorker) words[3] &= kSequence;
}

bool MemberEntry::wide() const { return words[2] & kWide; }

void MemberEntry::Read(Facts& facts) const {
  facts.known = true;
  facts.worker_id = worker_id();
  facts.utc_offset_hours = 7 + static_cast<int>(words[2] >> kOffsetShift & 3);
  Spans spans;
  spans.count = static_cast<int>(words[2] >> kCountShift & 7);
  for (int i = 0; i < spans.count; ++i) {
    spans.codes[i] = static_cast<uint32_t>(words[4 + i / 2] >> (32 * (i % 2)));
  }
  ReadSpans(spans, facts);
}

bool MemberEntry::SameAs(const MemberEntry& other) const {
  std::array<uint64_t, kWords> mine = words, others = other.words;
  mine[3] >>= kIdShift;
  others[3] >>= kIdShift;
  return mine == others;
}

// The copy's loads acquire: each keeps the check of the sequence number behind it and, if it met
// what a writer stores (which releases), behind that writer's odd number.
bool MemberEntries::Read(size_t slot, MemberEntry& out) const {
  uint64_t* const words = &words_[slot * MemberEntry::kWords];
  for (int tries = 0; tries < kTries; ++tries) {
    out.words[3] = Word(words[3]).load(std::memory_order_acquire);
    if (out.words[3] & 1) continue;
    for (size_t i : {0, 1, 2, 4, 5}) out.words[i] = Word(words[i]).load(std::memory_order_acquire);
    if (Word(words[3]).load(std::memory_order_relaxed) == out.words[3]) return true;
  }
  return false;
}

MemberEntry MemberEntries::Get(size_t slot) const {
  MemberEntry entry;
  for (size_t i = 0; i < MemberEntry::kWords; ++i) {
    entry.words[i] = Word(words_[slot * MemberEntry::kWords + i]).load(std::memory_order_relaxed);
  }
  return entry;
}

void MemberEntries::Write(size_t slot, const MemberEntry& entry) {
  uint64_t* const words = &words_[slot * MemberEntry::kWords];
  const uint64_t old = Word(words[3]).load(std::memory_order_relaxed);
  const auto next = [](uint64_t word, uint64_t after) {
    return (word & ~kSequence) | ((after + 1) & kSequence);
  };
  const uint64_t odd = next(old, old);
  Word(words[3]).store(odd, std::memory_order_relaxed);
  for (size_t i : {0, 1, 2, 4, 5}) Word(words[i]).store(entry.words[i], std::memory_order_release);
  Word(words[3]).store(next(entry.words[3], odd), std::memory_order_release);
}

}  // namespace lingkaran::coverage
