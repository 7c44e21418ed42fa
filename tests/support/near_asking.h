// What tests of the near cache put in and how they ask.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "services/coverage/cache/near_cache.h"
#include "tests/support/coverage_people.h"

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
  std::string wrong[2];
  std::vector<std::thread> readers;
  for (std::string& mine : wrong) {
    readers.emplace_back([&] {
      for (int64_t i = 0; (!done || i < 1'000) && mine.empty(); ++i, ++reads) mine = read(i);
    });
  }
  while (reads < 100) std::this_thread::yield();
  write();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong[0], "");
  EXPECT_EQ(wrong[1], "");
  EXPECT_GT(reads, 1'000);
}

}  // namespace lingkaran::coverage
