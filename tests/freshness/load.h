// Writers who change people and checkers who ask about them, at the replicas of a world.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "tests/freshness/ask.h"
#include "tests/freshness/faults.h"
#include "tests/freshness/judge.h"
#include "tests/freshness/people.h"
#include "tests/freshness/world.h"

namespace lingkaran::freshness {

class Load {
 public:
  struct Options {
    uint64_t seed = 1;  // also makes ids, NIKs and numbers that no other seed has
    int writers = 3;
    int people = 15;  // of each writer
    int checkers = 3;
    double writes_per_second = 60;           // all writers together
    double token_checks_per_second = 1'000;  // items, all checkers together
    std::vector<int> replicas = {};          // that are asked; empty: all
  };
  // What was seen. Filled by Stop.
  struct Result {
    std::vector<Write> writes;
    std::vector<Check> checks;
    std::map<std::string, int64_t> errors;       // allowed ones, by code and reason
    std::map<std::string, int64_t> calm_errors;  // of these, far from any fault
    std::string failure;  // what no fault excuses, e.g. a change that was refused
  };

  Load(World& world, const Weather& weather, const Options& options);
  ~Load();  // stops

  // Items asked with a token and answered, so far.
  int64_t token_checks() const { return token_checks_; }
  bool failed() const;
  // Ends all threads.
  Result Stop();

 private:
  // A write that was acknowledged.
  struct Posted {
    int64_t position = 0;
    std::string token;
    std::vector<int64_t> workers;
  };
  struct Own;  // what a thread keeps for itself until the end

  void RunWriter(int number);
  void RunChecker(int number);
  bool Send(const Change& change, Random& random, Posted& posted, Write& write);
  Question MakeQuestion(Random& random) const;
  void AskAndKeep(const Question& question, Random& random, Own& own);
  int AnyReplica(Random& random) const;
  // False if it is time to end.
  bool WaitUntil(absl::Time time);
  void Fail(const std::string& text);
  void Keep(Own own);

  World& world_;
  const Weather& weather_;
  const Options options_;
  KeyBook keys_;
  std::vector<std::unique_ptr<Roster>> rosters_;  // one for each writer
  std::atomic<int64_t> token_checks_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::vector<Posted> posted_;
  std::vector<std::pair<int64_t, std::string>> reply_tokens_;
  Result result_;
  std::vector<std::thread> threads_;
};

}  // namespace lingkaran::freshness
