// Settled people, and single checks about them at a steady rate whose latency counts from when they
// should have been sent.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "tests/freshness/ask.h"
#include "tests/freshness/judge.h"
#include "tests/freshness/world.h"

namespace lingkaran::freshness {

// People who are enrolled and paid for, each for other days, and then left alone.
struct Settled {
  std::vector<Write> writes;
  std::vector<std::string> keys;  // three of each
};
Settled Settle(World& world, int people);

// The n-th of a hundred, of latencies; zero if there are none.
absl::Duration Percentile(std::vector<absl::Duration> latencies, double percent);

class Probe {
 public:
  struct Options {
    int replica = 0;
    double per_second = 200;
    int threads = 24;  // so many may wait at once
    uint64_t seed = 1;
  };
  // Begins at once, and goes on until Stop. `keys` outlives it.
  Probe(World& world, const std::vector<std::string>& keys, const Options& options);
  ~Probe();

  // Latencies of the checks that were due in this time; of those that are not over, what it has
  // come to by now.
  std::vector<absl::Duration> Latencies(absl::Time from, absl::Time to) const;
  // Ends it: what was answered.
  std::vector<Check> Stop();
  // Checks that were not answered, by error, and what no fault excuses.
  std::map<std::string, int64_t> errors() const;
  std::string failure() const;

 private:
  void Run(int number);
  absl::Time DueAt(int64_t number) const;

  World& world_;
  const std::vector<std::string>& keys_;
  const Options options_;
  const absl::Time start_;
  std::atomic<int64_t> next_ = 0;
  std::atomic<bool> ended_ = false;
  mutable std::mutex mutex_;
  std::map<int64_t, absl::Duration> latencies_;  // by the number of the check
  std::vector<Check> checks_;
  std::map<std::string, int64_t> errors_;
  std::string failure_;
  std::vector<std::thread> threads_;
};

}  // namespace lingkaran::freshness
