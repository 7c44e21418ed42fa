#include "common/base/metrics.h"

#include <memory>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "absl/strings/str_cat.h"
#include "common/base/build_info.h"
#include "common/base/mutex.h"

namespace lingkaran {
namespace {

// All of them live as long as the process, so pointers into them may be kept.
struct Families {
  Families() {
    const BuildInfo& build = Build();
    prometheus::BuildGauge()
        .Name("lingkaran_build_info")
        .Help("The release that runs here, in its labels; always 1")
        .Register(*registry)
        .Add({{"version", build.version},
              {"compiler", build.compiler},
              {"build_type", build.build_type}})
        .Set(1);
  }

  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& rpcs = prometheus::BuildCounter()
                                                      .Name("lingkaran_rpc_total")
                                                      .Help("RPCs by method and code")
                                                      .Register(*registry);
  prometheus::Family<prometheus::Histogram>& seconds = prometheus::BuildHistogram()
                                                           .Name("lingkaran_rpc_seconds")
                                                           .Help("Time of RPCs by method")
                                                           .Register(*registry);
  prometheus::Family<prometheus::Counter>& events = prometheus::BuildCounter()
                                                        .Name("lingkaran_event_total")
                                                        .Help("Events by name")
                                                        .Register(*registry);
};

Mutex g_exposer_mutex;
std::unique_ptr<prometheus::Exposer> g_exposer ABSL_GUARDED_BY(g_exposer_mutex);

Families& Metrics() {
  static Families& families = *new Families();
  return families;
}

prometheus::Histogram* SecondsOf(std::string_view method) {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return &Metrics().seconds.Add({{"method", std::string(method)}}, kBuckets);
}

}  // namespace

absl::Status ExposeMetrics(const std::string& address) {
  MutexLock lock(g_exposer_mutex);
  try {
    g_exposer = std::make_unique<prometheus::Exposer>(address, 1);
    g_exposer->RegisterCollectable(Metrics().registry);
  } catch (const std::exception& e) {
    return absl::UnavailableError(absl::StrCat("can't serve metrics on ", address, ": ", e.what(),
                                               "; choose another address with --metrics"));
  }
  return absl::OkStatus();
}

RpcMeters::RpcMeters(std::string_view method) : method_(method), seconds_(SecondsOf(method)) {}

void RpcMeters::Count(absl::StatusCode code, absl::Duration took) {
  const int number = static_cast<int>(code);
  CounterOf(number >= 0 && number < kCodes ? number : static_cast<int>(absl::StatusCode::kUnknown))
      ->Increment();
  seconds_->Observe(absl::ToDoubleSeconds(took));
}

prometheus::Counter* RpcMeters::CounterOf(int code) {
  prometheus::Counter* counter = counts_[code].load(std::memory_order_acquire);
  if (counter != nullptr) return counter;
  // Adding what is there already gives what is there.
  counter = &Metrics().rpcs.Add(
      {{"method", method_},
       {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}});
  counts_[code].store(counter, std::memory_order_release);
  return counter;
}

void CountEvent(std::string_view name) {
  Metrics().events.Add({{"name", std::string(name)}}).Increment();
}

void SetGauge(std::string_view name, double value) {
  // Adding what is there already gives what is there.
  prometheus::BuildGauge()
      .Name(std::string(name))
      .Help("Present value")
      .Register(*Metrics().registry)
      .Add({})
      .Set(value);
}

}  // namespace lingkaran
