// What tests of the near cache put in and how they ask.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "services/coverage/cache/near_cache.h"
#include "tests/support/coverage_people.h"
#include "tests/support/gate.h"

namespace lingkaran::coverage {

inline const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

inline MemberRecord AsOf(MemberRecord record, int64_t position) {
  record.facts.position = position;
  return record;
}

inline MemberRecord Gone(int64_t id) {
  MemberRecord record;
  record.facts.worker_id = id;
  return record;
}

// Asks with a token that W always satisfies, so that time does not matter.
inline NearCache::LookupResult Ask(const NearCache& near, const PersonKey& key, Facts& facts) {
  return near.Find(key, {.position = 1}, kStart, facts);
}

inline int MarkAt(const NearCache& near, int64_t id) {
  Facts facts;
  return Ask(near, PersonKey::OfWorker(id), facts) == NearCache::LookupResult::kFound
             ? MarkOf(facts)
             : -1;
}

// Runs `read` on two threads until `write` is through. `read` gives what is wrong, or "".
template <typename Write, typename Read>
void WhileWriting(Write write, Read read) {
  std::atomic<bool> done{false};
  std::atomic<int64_t> reads{0};
  OnThreads(3, [&](int thread) {
    if (thread == 0) {
      while (reads < 100) std::this_thread::yield();
      write();
      done = true;
      return;
    }
    std::string wrong;
    for (int64_t i = 0; (!done || i < 1'000) && wrong.empty(); ++i, ++reads) wrong = read(i);
    EXPECT_EQ(wrong, "");
  });
  EXPECT_GT(reads, 1'000);
}

}  // namespace lingkaran::coverage
