// Client threads that work until they are told to rest. At rest none of them waits for an answer:
// all that they asked for is known.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "tests/kill/client.h"
#include "tests/kill/world.h"

namespace lingkaran::kill {

class Crew {
 public:
  // `threads` clients, at rest.
  Crew(const Cluster& cluster, World* world, uint64_t seed, int threads, Client::Options options);
  ~Crew();

  // Lets them work; `prefer` as in Client::Step.
  void Work(const std::string& prefer);
  // Waits until `steps` more of their steps are done; false if `bound` is over first.
  bool WaitForSteps(int64_t steps, absl::Duration bound);
  // Ends the steps under way and returns when all are at rest.
  void Rest();

 private:
  void Run(int number);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string prefer_;
  bool working_ = false;
  bool over_ = false;
  int busy_ = 0;
  int64_t steps_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::thread> threads_;
};

}  // namespace lingkaran::kill
