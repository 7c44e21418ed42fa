// Latency against load as an SVG picture.
#pragma once

#include <string>
#include <vector>

namespace lingkaran::bench {

// What was measured at one load.
struct LoadPoint {
  double percent = 0;  // of the capacity
  double rate = 0;     // checks a second
  double p50_ms = 0, p99_ms = 0, p999_ms = 0;
};

// The picture: load from left to right, latency upwards on a logarithmic scale.
std::string LatencyPlot(const std::vector<LoadPoint>& points, const std::string& caption);

}  // namespace lingkaran::bench
