// Made-up people for the tests of coverage's caches.
#pragma once

#include <string>
#include <vector>

#include <rapidcheck.h>

#include "services/coverage/cache/member_entry.h"
#include "services/coverage/record/member_record.h"

namespace lingkaran::coverage {

// True if everything but the position is equal.
bool SameFacts(const Facts& a, const Facts& b);
bool SameRecord(const MemberRecord& a, const MemberRecord& b);

// The hash of some NIK; never that of another number.
NikHash NikOf(int64_t n);

// One programme or more, paid for `months` calendar months from `first_day`.
Runs PaidFrom(Day first_day, int months, std::initializer_list<Programme> programmes);

// A person whose every fact says `mark` (1 to 60,000), so that a mix of two is seen. The worker id
// and the keys are those of `id`.
MemberRecord Marked(int64_t id, int mark);
// The mark, or 0 if these are not the facts of a Marked person.
int MarkOf(const Facts& facts);

// For RapidCheck, inside a property: low to high - 1, all of them alike from the first case on
// (inRange begins with the lowest only).
template <typename T>
T Any(T low, T high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, high));
}

// For RapidCheck, inside a property: dates as people have them, some odd ones among them, and
// facts that no compact form holds. Keys are those of `id`.
Facts AnyFacts(int64_t id);
MemberRecord AnyRecord(int64_t id);

// People who fit, as a warm start brings them.
std::vector<MemberEntry> EntriesOf(const std::vector<MemberRecord>& records);

}  // namespace lingkaran::coverage
