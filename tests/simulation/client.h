// People at their desks: each request is asked with one request_id until it has a definite answer,
// as the client library does; some give up and never learn what became of it.
#pragma once

#include <functional>
#include <string>

#include "tests/simulation/network.h"
#include "tests/workload/transport.h"

namespace lingkaran::simulation {

class Client final : public workload::Transport {
 public:
  Client(World& world, Network& network) : world_(world), network_(network) {}

  void Ask(const workload::Rpc& rpc, const Done& done,
           const std::function<void()>& uncertain) override;
  void Submit(const std::string& actor, const Chunks& chunks,
              const std::function<void(const Answers&)>& done) override;
  void Violation(const std::string& what) override { world_.Violation(what); }

  // Requests that are not decided yet, that were, and that were given up.
  int open() const { return open_; }
  int64_t decided() const { return decided_; }
  int64_t given_up() const { return given_up_; }

 private:
  // Calls `attempt` now and, as long as it gives true, again after ever longer waits.
  void Repeat(const std::function<bool()>& attempt, int tries = 0);

  World& world_;
  Network& network_;
  int open_ = 0;
  int64_t decided_ = 0;
  int64_t given_up_ = 0;
};

}  // namespace lingkaran::simulation
