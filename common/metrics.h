// Counters and latencies for Prometheus.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lingkaran {

// Serves /metrics at HOST:PORT. UNAVAILABLE if the address can't be had. Without it nothing is
// exposed, but counting goes on.
absl::Status ExposeMetrics(const std::string& address);

// One RPC ended. Called by RunRpc only.
void CountRpc(std::string_view method, std::string_view code, absl::Duration took);

// One event of `name`, e.g. "redis_error"; a small fixed set of names.
void CountEvent(std::string_view name);

}  // namespace lingkaran
