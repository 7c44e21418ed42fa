// The load generator: many calls under way on a few connections, through gRPC's callback API.
//
// Closed loop: so many callers, each asks again when it has its answer; for capacity and for the
// cost of a call. Open loop: calls are sent at their times whatever becomes of the others, as a
// nation's clinics would, and a call's latency counts from the time at which it should have been
// sent. A call that fails ends the program: nothing here is meant to be refused.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "tests/bench/check/measure.h"

namespace lingkaran::bench {

// What one phase came to, without its lead-in.
struct Phase {
  int64_t calls = 0;  // answered
  double seconds = 0;
  std::vector<double> processor;  // seconds, of each process that was watched
  std::vector<float> ms;          // latency of each call

  double rate() const { return static_cast<double>(calls) / seconds; }
  // Processor time of process `i` for each call, in microseconds.
  double Micros(size_t i) const { return 1e6 * processor[i] / static_cast<double>(calls); }
  double MicrosOfAll() const;
  double Ms(double share) const { return Quantile(ms, share); }
};

// Times of arrival in the open loop: random, at a mean rate, the same for the same seed. Seconds.
std::vector<double> Arrivals(double rate, double seconds, uint64_t seed);

// Sleeps are as short as they are meant to be.
void SleepExactly();

// A channel with a connection of its own, which stands.
std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address);
// Who asks, and how long he waits.
void PrepareCall(grpc::ClientContext& context, const char* actor = "klinik-12;role=officer");

template <typename Work>
class Load {
 public:
  // `work` outlives it.
  Load(const std::string& address, const Work& work, int connections) : work_(work) {
    for (int i = 0; i < connections; ++i) {
      stubs_.push_back(std::make_unique<Stub>(OwnConnection(address)));
    }
  }
  ~Load() {
    Drain();
    const std::lock_guard last_one_has_left(mutex_);
  }

  Phase Closed(int callers, double seconds, const std::vector<pid_t>& watched) {
    Begin();
    again_ = true;
    for (int i = 0; i < callers; ++i) Send(TakeFlight(), Clock::now());
    return Measure(seconds, watched, [](double) {});
  }

  Phase Open(double rate, double seconds, const std::vector<pid_t>& watched) {
    SleepExactly();
    Begin();
    again_ = false;
    const std::vector<double> arrivals =
        Arrivals(rate, seconds + 2 * kLeadIn, static_cast<uint64_t>(next_number_));
    const Clock::time_point start = Clock::now();
    size_t next = 0;
    return Measure(seconds, watched, [&](double until) {
      for (; next < arrivals.size() && arrivals[next] < until; ++next) {
        const Clock::time_point due =
            start + std::chrono::duration_cast<Clock::duration>(Duration(arrivals[next]));
        std::this_thread::sleep_until(due);
        if (under_way_ > kMost) Fail("the service can't keep up with the load");
        Send(TakeFlight(), due);
      }
    });
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::duration<double>;
  using Stub = grpc::TemplatedGenericStub<typename Work::Request, typename Work::Response>;

  static constexpr double kLeadIn = 0.25;
  static constexpr int64_t kMost = 200'000;

  // One call under way, and then the next.
  struct Flight {
    std::optional<grpc::ClientContext> context;
    typename Work::Request request;
    typename Work::Response response;
    int64_t number = 0;
    Clock::time_point intended;
  };

  void Begin() {
    Drain();
    counting_ = false;
    const std::lock_guard lock(mutex_);
    ms_.clear();
  }

  // `send_until` sends what is due until so many seconds after the start.
  template <typename SendUntil>
  Phase Measure(double seconds, const std::vector<pid_t>& watched, SendUntil send_until) {
    const Clock::time_point start = Clock::now();
    const auto pass = [&](double until) {
      send_until(until);
      std::this_thread::sleep_until(start +
                                    std::chrono::duration_cast<Clock::duration>(Duration(until)));
    };
    Phase phase;
    pass(kLeadIn);
    for (const pid_t pid : watched) phase.processor.push_back(-ProcessorSeconds(pid));
    const Clock::time_point from = Clock::now();
    const int64_t before = done_;
    counting_ = true;
    pass(kLeadIn + seconds);
    phase.calls = done_ - before;
    phase.seconds = Duration(Clock::now() - from).count();
    for (size_t i = 0; i < watched.size(); ++i) {
      phase.processor[i] += ProcessorSeconds(watched[i]);
    }
    again_ = false;
    if (phase.calls == 0) Fail("nothing was answered");
    Drain();  // what was sent late in the phase counts with its latency, too
    const std::lock_guard lock(mutex_);
    phase.ms.swap(ms_);
    return phase;
  }

  void Drain() {
    again_ = false;
    for (int i = 0; under_way_ > 0; ++i) {
      if (i > 20'000) Fail("calls never ended");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  Flight* TakeFlight() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      flights_.push_back(std::make_unique<Flight>());
      return flights_.back().get();
    }
    Flight* flight = idle_.back();
    idle_.pop_back();
    return flight;
  }

  void Send(Flight* flight, Clock::time_point intended) {
    ++under_way_;
    flight->number = next_number_++;
    flight->intended = intended;
    flight->context.emplace();
    PrepareCall(*flight->context);
    work_.Fill(flight->number, flight->request);
    stubs_[flight->number % stubs_.size()]->UnaryCall(
        &*flight->context, Work::kMethod, grpc::StubOptions(), &flight->request, &flight->response,
        [this, flight](const grpc::Status& status) { Ended(flight, status); });
  }

  void Ended(Flight* flight, const grpc::Status& status) {
    const Clock::time_point now = Clock::now();
    if (!status.ok()) Fail("a check failed: " + status.error_message());
    ++done_;
    work_.Judge(flight->number, flight->response);
    const float ms = 1e3F * static_cast<float>(Duration(now - flight->intended).count());
    const bool again = again_;
    if (again) Send(flight, now);
    const std::lock_guard lock(mutex_);
    if (counting_) ms_.push_back(ms);
    if (!again) idle_.push_back(flight);
    --under_way_;
  }

  const Work& work_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::atomic<int64_t> next_number_{0}, done_{0}, under_way_{0};
  std::atomic<bool> again_{false}, counting_{false};
  std::mutex mutex_;
  std::vector<float> ms_;
  std::vector<std::unique_ptr<Flight>> flights_;
  std::vector<Flight*> idle_;
};

}  // namespace lingkaran::bench
