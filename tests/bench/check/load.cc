#include "tests/bench/check/load.h"

#include <poll.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace lingkaran::bench {
namespace {

constexpr int64_t kMostUnderWay = 200'000;
constexpr double kLongestDrain = 20;

// Long enough for caches to fill and queues to settle, short beside the phase.
double LeadIn(double seconds) { return std::min(0.25, seconds / 4); }

timespec ToTimespec(double seconds) {
  const auto whole = static_cast<time_t>(seconds);
  return {whole, static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
}

}  // namespace

double Phase::Answered() const {
  if (calls == 0) Fail("nothing was answered");
  return static_cast<double>(calls);
}

double Phase::MicrosOfAll() const {
  return 1e6 * std::accumulate(processor.begin(), processor.end(), 0.0) / Answered();
}

double Phase::Ms(double share) const {
  if (ms.empty()) Fail("nothing was answered");
  return Quantile(ms, share);
}

void Phase::Add(const Phase& part) {
  calls += part.calls;
  seconds += part.seconds;
  processor.resize(part.processor.size());
  for (size_t i = 0; i < processor.size(); ++i) processor[i] += part.processor[i];
  ms.insert(ms.end(), part.ms.begin(), part.ms.end());
}

std::vector<double> Arrivals(double rate, double seconds, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(rate);
  std::vector<double> out;
  for (double at = gap(random); at < seconds; at += gap(random)) out.push_back(at);
  return out;
}

Load::Load(const std::string& address, const Work& work, int connections) : work_(work) {
  for (int i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<H2Connection>(
        address, work.method(),
        [this](H2Connection::Call& call) { Ended(static_cast<Flight&>(call)); }));
  }
}

Phase Load::Closed(int callers, double seconds, const std::vector<pid_t>& watched) {
  start_ = Clock::now();
  arrivals_.clear();
  again_ = true;
  for (int i = 0; i < callers; ++i) Send(TakeFlight(), 0);
  return Measure(seconds, watched);
}

Phase Load::Open(double rate, double seconds, const std::vector<pid_t>& watched) {
  arrivals_ = Arrivals(rate, LeadIn(seconds) + seconds, static_cast<uint64_t>(next_number_));
  start_ = Clock::now();
  return Measure(seconds, watched);
}

Phase Load::Measure(double seconds, const std::vector<pid_t>& watched) {
  next_arrival_ = 0;
  counted_from_ = LeadIn(seconds);
  counted_until_ = counted_from_ + seconds;
  ms_.clear();
  Phase phase;
  Run(counted_from_);
  for (const pid_t pid : watched) phase.processor.push_back(-ProcessorSeconds(pid));
  const double from = Elapsed();
  const int64_t before = done_;
  Run(counted_until_);
  phase.calls = done_ - before;
  phase.seconds = Elapsed() - from;
  for (size_t i = 0; i < watched.size(); ++i) phase.processor[i] += ProcessorSeconds(watched[i]);
  Drain();
  phase.ms.swap(ms_);
  return phase;
}

void Load::Run(double until) {
  for (double now; (now = Elapsed()) < until;) {
    for (; next_arrival_ < arrivals_.size() && arrivals_[next_arrival_] <= now; ++next_arrival_) {
      if (under_way_ > kMostUnderWay) Fail("the service can't keep up with the load");
      Send(TakeFlight(), arrivals_[next_arrival_]);
    }
    Turn(arrivals_.empty() ? until - now : 0);
  }
}

void Load::Turn(double wait) {
  std::vector<pollfd> polled;
  for (const std::unique_ptr<H2Connection>& connection : connections_) {
    connection->Flush();
    polled.push_back({connection->fd(),
                      static_cast<short>(connection->IsStuck() ? POLLIN | POLLOUT : POLLIN), 0});
  }
  const timespec time = ToTimespec(wait);
  if (ppoll(polled.data(), polled.size(), &time, nullptr) <= 0) return;
  for (size_t i = 0; i < polled.size(); ++i) {
    if ((polled[i].revents & ~POLLOUT) != 0) connections_[i]->Receive();
  }
}

void Load::Send(Flight& flight, double intended) {
  ++under_way_;
  flight.number = next_number_++;
  flight.intended = intended;
  work_.Fill(flight.number, flight);
  connections_[flight.number % connections_.size()]->Send(flight);
}

void Load::Ended(Flight& flight) {
  const double now = Elapsed();
  work_.Judge(flight.number, flight.Message());
  ++done_;
  --under_way_;
  if (flight.intended >= counted_from_ && flight.intended < counted_until_) {
    ms_.push_back(static_cast<float>(1e3 * (now - flight.intended)));
  }
  if (again_) {
    Send(flight, now);
  } else {
    idle_.push_back(&flight);
  }
}

void Load::Drain() {
  again_ = false;
  for (const double from = Elapsed(); under_way_ > 0;) {
    if (Elapsed() - from > kLongestDrain) Fail("calls never ended");
    Turn(0.1);
  }
}

Load::Flight& Load::TakeFlight() {
  if (idle_.empty()) {
    flights_.push_back(std::make_unique<Flight>());
    return *flights_.back();
  }
  Flight& flight = *idle_.back();
  idle_.pop_back();
  return flight;
}

}  // namespace lingkaran::bench
