// Goodput above capacity: one service process on one processor, its callers on the others.
//
// The peak is what a closed loop of callers gets done. Then calls come at one, two and four times
// that rate whatever becomes of them (open loop), each with a deadline of one second; goodput is
// what is answered OK within it. Prints a table and writes a flat JSON object; with --short it is a
// test of a few seconds that fails below a bar which noise does not reach.
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "tests/bench/check/figures.h"
#include "tests/support/cluster.h"
#include "tests/support/requests.h"

namespace lingkaran::bench {
namespace {

namespace sv1 = sponsorship::v1;
using Stub = sv1::SponsorshipService::Stub;
using std::chrono::steady_clock;

constexpr int kConnections = 8;
constexpr int kClosedLoop = 32;
constexpr double kBar = 0.9;
constexpr double kShortBar = 0.5;

double Seconds(steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

// What became of the calls of one phase.
struct Tally {
  std::atomic<int64_t> sent{0}, ok{0}, refused{0}, late{0}, other{0}, under_way{0};
  std::mutex mutex;
  std::vector<float> milliseconds;  // of those answered OK

  void Count(const grpc::Status& status, steady_clock::duration took) {
    if (status.ok()) {
      ++ok;
      const std::lock_guard lock(mutex);
      milliseconds.push_back(static_cast<float>(1e3 * Seconds(took)));
    } else if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
      ++refused;
    } else if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      ++late;
    } else {
      if (++other == 1) {
        std::fprintf(stderr, "%d %s\n", status.error_code(), status.error_message().c_str());
      }
    }
    --under_way;
  }
};

// One mutation under way.
struct Flight {
  grpc::ClientContext context;
  sv1::CreateSponsorRequest request = NewSponsor();
  sv1::CreateSponsorResponse response;
  steady_clock::time_point start = steady_clock::now();
};

class Load {
 public:
  // `shipped`: over the channels of common/rpc/client.h, which hold themselves back; else over
  // gRPC's plain ones, as a client that knows nothing of us.
  Load(const std::string& address, bool shipped) {
    for (std::unique_ptr<Stub>& stub : stubs_) {
      stub = shipped ? sv1::SponsorshipService::NewStub(MakeChannel(address)) : PlainStub(address);
    }
  }

  // Calls one after the other from kClosedLoop callers; gives OK answers per second.
  double Closed(double seconds) {
    Tally tally;
    std::atomic<bool> stop{false};
    const auto start = steady_clock::now();
    for (int i = 0; i < kClosedLoop; ++i) Send(tally, [this, &tally, &stop] { Next(tally, stop); });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const double rate = tally.ok / Seconds(steady_clock::now() - start);
    stop = true;
    Drain(tally);
    return rate;
  }

  // Calls at this rate; gives the seconds of sending.
  double Open(double rate, double seconds, Tally& tally) {
    const auto start = steady_clock::now();
    double passed = 0;
    while (passed < seconds) {
      const auto due = static_cast<int64_t>(rate * passed);
      while (tally.sent < due) Send(tally, [] {});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      passed = Seconds(steady_clock::now() - start);
    }
    const double sent_for = Seconds(steady_clock::now() - start);
    Drain(tally);
    return sent_for;
  }

 private:
  static std::unique_ptr<Stub> PlainStub(const std::string& address) {
    grpc::ChannelArguments own_connection;
    own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return sv1::SponsorshipService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), own_connection));
  }

  template <typename Then>
  void Send(Tally& tally, Then then) {
    auto* flight = new Flight();
    CallOptions options;
    options.actor = "bench;role=officer";
    options.timeout = absl::Seconds(1);
    Prepare(flight->context, options);
    const int64_t number = tally.sent++;
    ++tally.under_way;
    stubs_[number % kConnections]->async()->CreateSponsor(
        &flight->context, &flight->request, &flight->response,
        [flight, &tally, then](const grpc::Status& status) {
          const auto took = steady_clock::now() - flight->start;
          delete flight;
          then();
          tally.Count(status, took);
        });
  }

  void Next(Tally& tally, std::atomic<bool>& stop) {
    if (!stop) Send(tally, [this, &tally, &stop] { Next(tally, stop); });
  }

  // Every call has a deadline of a second, so none can be missing after it.
  static void Drain(const Tally& tally) {
    const auto start = steady_clock::now();
    while (tally.under_way > 0) {
      if (steady_clock::now() - start > std::chrono::seconds(10)) {
        Fail(absl::StrCat(tally.under_way.load(), " calls never ended"));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::array<std::unique_ptr<Stub>, kConnections> stubs_;
};

struct Row {
  double goodput = 0, p99_ms = 0, refused = 0;
};

struct Round {
  double peak = 0;
  Row shipped, plain;  // at four times the peak
};

Row Measure(const Process& service, Load& load, double peak, double factor, double seconds,
            const char* note) {
  Tally tally;
  const double used_before = ProcessorSeconds(service.pid());
  const double sent_for = load.Open(peak * factor, seconds, tally);
  const double used = ProcessorSeconds(service.pid()) - used_before;
  const auto sent = static_cast<double>(tally.sent);
  const Row row = {tally.ok / sent_for, Quantile(tally.milliseconds, 0.99), tally.refused / sent};
  std::printf("%8.0fx %12.0f %12.0f %9.2f %10.1f %8.1f%% %8.1f%% %9.0f%% %s\n", factor,
              sent / sent_for, row.goodput, row.goodput / peak, row.p99_ms, 100 * row.refused,
              100 * tally.late / sent, 100 * used / sent_for, note);
  if (tally.other > 0) Fail(absl::StrCat(tally.other.load(), " calls failed otherwise"));
  return row;
}

void KeepOff(int processor) {
  cpu_set_t set;
  sched_getaffinity(0, sizeof(set), &set);
  CPU_CLR(processor, &set);
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof(set), &set);
}

// The loads between two peaks, the mean of which is what they are compared with: disks are not the
// same from minute to minute.
Round Measure(const Process& service, Load& load, Load& plain, bool brief, double seconds) {
  const double before = ProcessorSeconds(service.pid());
  Round round;
  round.peak = load.Closed(seconds);
  std::printf("peak %.0f calls/s of %d callers in turn, processor %.0f%%\n", round.peak,
              kClosedLoop, 100 * (ProcessorSeconds(service.pid()) - before) / seconds);
  std::printf("%9s %12s %12s %9s %10s %9s %9s %10s\n", "load", "offered/s", "goodput/s", "of peak",
              "p99 ms", "refused", "late", "processor");
  for (const double factor : brief ? std::vector<double>{4} : std::vector<double>{1, 2, 4}) {
    round.shipped = Measure(service, load, round.peak, factor, seconds, "");
  }
  if (!brief) {
    const double after = load.Closed(seconds);
    std::printf("peak %.0f calls/s after it\n", after);
    round.peak = (round.peak + after) / 2;
  }
  round.plain = Measure(service, plain, round.peak, 4, seconds, "plain");
  return round;
}

int Run(bool brief, int rounds, double seconds, const std::string& json) {
  std::optional<OnProcessor> pinned(0);
  const Cluster cluster({.services = {"sponsorship"}});
  pinned.reset();
  const Process& service = cluster.process("sponsorship");
  KeepOff(0);
  Load load(cluster.address("sponsorship"), true);
  Load plain(cluster.address("sponsorship"), false);
  load.Closed(seconds / 2);  // caches and connections are warm
  Series ratios, plain_ratios, peaks, p99s, refused;
  for (int i = 0; i < rounds; ++i) {
    const Round round = Measure(service, load, plain, brief, seconds);
    peaks.Add(round.peak);
    ratios.Add(round.shipped.goodput / round.peak);
    plain_ratios.Add(round.plain.goodput / round.peak);
    p99s.Add(round.shipped.p99_ms);
    refused.Add(round.shipped.refused);
    // A machine with other work makes one round bad, a service that collapses all of them.
    if (brief && ratios.values.back() >= kShortBar) break;
  }
  const double ratio = brief ? ratios.values.back() : ratios.Median();
  const double bar = brief ? kShortBar : kBar;
  Figures figures;
  figures.Add("overload_goodput_ratio", "goodput at 4x / peak", ratio, Bar::kAtLeast, bar);
  figures.Add("overload_goodput_ratio_plain", "  the same, clients that do not hold back",
              plain_ratios);
  figures.Add("overload_peak_per_s", "peak (calls/s)", peaks);
  figures.Add("overload_p99_ms", "p99 at 4x (ms)", p99s);
  figures.Add("overload_refused_share", "refused at 4x (share)", refused);
  figures.Print();
  if (!json.empty()) figures.WriteJson(json);
  return brief && ratio < bar ? 1 : 0;
}

}  // namespace
}  // namespace lingkaran::bench

int main(int argc, char** argv) {
  CLI::App app("Goodput above capacity");
  std::string json;
  bool brief = false;
  int rounds = 3;
  double seconds = 5;
  app.add_option("--json", json, "Where to write the figures");
  app.add_option("--seconds", seconds, "Of each phase");
  app.add_option("--rounds", rounds, "Medians are taken over so many");
  app.add_flag("--short", brief, "A test: two seconds a phase, up to three rounds");
  CLI11_PARSE(app, argc, argv);
  return lingkaran::bench::Run(brief, brief ? 3 : rounds, brief ? 2 : seconds, json);
}
