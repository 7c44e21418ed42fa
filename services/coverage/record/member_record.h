// Member record: what a cache holds of one person, the facts that a check needs and the three keys.
//
// One packed form of it stands in Redis, in the notices that replicas push to each other and in the
// table that a warm start reads, so there is one encoding to trust. It repeats all its keys: the
// reader compares them with the key that was looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/personal_data_vault.h"
#include "services/coverage/domain/eligibility.h"
#include "services/coverage/record/span_codec.h"

namespace lingkaran::coverage {

// What people are found by.
struct PersonKey {
  enum class Kind : uint8_t { kNone, kWorker, kNik, kNumber };
  Kind kind = Kind::kNone;
  int64_t worker_id = 0;  // kWorker
  NikHash nik_hash{};     // kNik
  std::string number;     // kNumber: the membership number

  static PersonKey OfWorker(int64_t worker_id) { return {Kind::kWorker, worker_id, {}, {}}; }
  static PersonKey OfNik(const NikHash& hash) { return {Kind::kNik, 0, hash, {}}; }
  static PersonKey OfNumber(std::string_view number) {
    return {Kind::kNumber, 0, {}, std::string(number)};
  }
  friend bool operator==(const PersonKey& a, const PersonKey& b) = default;
  // Two keys of different kinds never hash from the same bytes.
  template <typename H>
  friend H AbslHashValue(H h, const PersonKey& k) {
    return H::combine(std::move(h), static_cast<int>(k.kind), k.worker_id, k.nik_hash, k.number);
  }
};

// A person as of position facts.position of the change log. facts.known is false for a key that
// nobody has; then only facts.position means anything.
struct MemberRecord {
  Facts facts;
  NikHash nik_hash{};
  std::string membership_number;  // empty if none

  // What this person is found by: two keys or three.
  std::vector<PersonKey> Keys() const;
  bool Has(const PersonKey& key) const;
};

// The packed form, without the position (whoever stores it, stores that beside it): 32 bytes
// for a person with one sponsorship. `record.facts.known` must be true.
std::string Pack(const MemberRecord& record);
// nullopt for bytes that are no record: another version of the form, cut, or days that are none.
// facts.position is 0 and must be set by the caller.
std::optional<MemberRecord> Unpack(std::string_view bytes);

// A person whose number, time zone and facts have short codes, as nearly all have. A warm start
// takes tens of millions of them as they are; to make facts of each would take it twice the time.
struct CodedRecord {
  int64_t worker_id = 0;
  NikHash nik_hash{};
  uint64_t number_code = 0;  // 0 if none
  int utc_offset_hours = 7;  // 7 to 9
  Spans spans;
};
// nullopt for bytes that are no record, and for people who have no such codes: ask Unpack.
std::optional<CodedRecord> UnpackCoded(std::string_view bytes);

}  // namespace lingkaran::coverage
