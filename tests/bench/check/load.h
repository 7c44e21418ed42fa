// The load generator: many calls under way on a few connections, all in the thread that asks for
// it.
//
// Closed loop: so many callers, each asks again when it has its answer; for capacity and for the
// cost of a call. Open loop: calls are sent at their times whatever becomes of the others, as a
// nation's clinics would, and a call's latency counts from the time at which it should have been
// sent; the loop spins, so that no call is late because its sender slept. A call that fails ends
// the program: nothing here is meant to be refused.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/check/h2.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/work.h"

namespace lingkaran::bench {

// What one phase came to, without its lead-in. A short one may come to nothing while the machine
// stands still; who wants a figure of it then is told, and the program ends.
struct Phase {
  int64_t calls = 0;  // answered
  double seconds = 0;
  std::vector<double> processor;  // seconds, of each process that was watched
  std::vector<float> ms;          // latency of each call that was due in it

  // Adds another part of the same phase; the latencies are put together.
  void Add(const Phase& part);

  double rate() const { return static_cast<double>(calls) / seconds; }
  // Processor time of process `i` for each call, in microseconds.
  double Micros(size_t i) const { return 1e6 * processor[i] / Answered(); }
  double MicrosOfAll() const;
  double Ms(double share) const;

 private:
  double Answered() const;
};

// Times of arrival in the open loop: random, at a mean rate, the same for the same seed. Seconds.
std::vector<double> Arrivals(double rate, double seconds, uint64_t seed);

class Load {
 public:
  // `work` outlives it.
  Load(const std::string& address, const Work& work, int connections);
  ~Load() { Drain(); }

  // Processor time is that of the processes `watched`.
  Phase Closed(int callers, double seconds, const std::vector<pid_t>& watched);
  // `rate`: calls a second.
  Phase Open(double rate, double seconds, const std::vector<pid_t>& watched);

 private:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::duration<double>;

  // One call under way, and then the next.
  struct Flight : H2Connection::Call {
    int64_t number = 0;
    double intended = 0;  // seconds after start_
  };

  double Elapsed() const { return Duration(Clock::now() - start_).count(); }
  Phase Measure(double seconds, const std::vector<pid_t>& watched);
  // Sends what is due and takes what comes, until so many seconds after start_.
  void Run(double until);
  // Takes what has come, or comes within so many seconds.
  void Turn(double wait);
  void Send(Flight& flight, double intended);
  void Ended(Flight& flight);
  void Drain();
  Flight& TakeFlight();

  const Work& work_;
  std::vector<std::unique_ptr<H2Connection>> connections_;
  std::vector<std::unique_ptr<Flight>> flights_;
  std::vector<Flight*> idle_;
  int64_t next_number_ = 0, done_ = 0, under_way_ = 0;
  Clock::time_point start_;
  std::vector<double> arrivals_;  // of the open loop
  size_t next_arrival_ = 0;
  bool again_ = false;
  double counted_from_ = 0, counted_until_ = 0;  // calls due then are
  std::vector<float> ms_;
};

}  // namespace lingkaran::bench
