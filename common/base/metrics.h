// Counters, latencies and gauges for Prometheus.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace lingkaran {

// Serves /metrics at HOST:PORT, with lingkaran_build_info (common/base/build_info.h) among them.
// UNAVAILABLE if the address can't be had. Without it nothing is exposed, but counting goes on.
absl::Status ExposeMetrics(const std::string& address);

// The meters of one RPC method, looked up once and not for each call.
class RpcMeters {
 public:
  explicit RpcMeters(std::string_view method);
  // One RPC ended. Called by RpcRun only.
  void Count(absl::StatusCode code, absl::Duration took);

 private:
  static constexpr int kCodes = 17;
  prometheus::Counter* CounterOf(int code);

  const std::string method_;
  std::atomic<prometheus::Counter*> counts_[kCodes] = {};  // made when first needed
  prometheus::Histogram* const seconds_;
};

// One event of `name`, e.g. "redis_error"; a small fixed set of names.
void CountEvent(std::string_view name);

// The value of `name` now, a metric of its own without labels, e.g. "lingkaran_near_members"; a
// small fixed set of names.
void SetGauge(std::string_view name, double value);

}  // namespace lingkaran
