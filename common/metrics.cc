#include "common/metrics.h"

#include <memory>
#include <mutex>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace lingkaran {
namespace {

// All of them live as long as the process, so pointers into them may be kept.
struct Families {
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

Families& Metrics() {
  static Families& families = *new Families();
  return families;
}

struct RpcMeters {
  prometheus::Counter* count;
  prometheus::Histogram* seconds;
};

RpcMeters MakeRpcMeters(std::string_view method, std::string_view code) {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return {&Metrics().rpcs.Add({{"method", std::string(method)}, {"code", std::string(code)}}),
          &Metrics().seconds.Add({{"method", std::string(method)}}, kBuckets)};
}

}  // namespace

absl::Status ExposeMetrics(const std::string& address) {
  static std::mutex mutex;
  static std::unique_ptr<prometheus::Exposer> exposer;
  const std::lock_guard lock(mutex);
  try {
    exposer = std::make_unique<prometheus::Exposer>(address, 1);
    exposer->RegisterCollectable(Metrics().registry);
  } catch (const std::exception& e) {
    return absl::UnavailableError(absl::StrCat("can't serve metrics on ", address, ": ", e.what(),
                                               "; choose another address with --metrics"));
  }
  return absl::OkStatus();
}

void CountRpc(std::string_view method, std::string_view code, absl::Duration took) {
  // Per thread, so that the usual case takes no lock but the meters' own.
  thread_local absl::flat_hash_map<std::pair<std::string, std::string>, RpcMeters> known;
  thread_local std::pair<std::string, std::string> key;
  key.first.assign(method);
  key.second.assign(code);
  auto found = known.find(key);
  if (found == known.end()) found = known.emplace(key, MakeRpcMeters(method, code)).first;
  found->second.count->Increment();
  found->second.seconds->Observe(absl::ToDoubleSeconds(took));
}

void CountEvent(std::string_view name) {
  Metrics().events.Add({{"name", std::string(name)}}).Increment();
}

}  // namespace lingkaran
