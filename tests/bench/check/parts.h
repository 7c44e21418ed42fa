// The parts of the bench, in the order in which they are run. Each adds its figures.
#pragma once

#include <string>

#include "tests/bench/check/setting.h"

namespace lingkaran::bench {

// A check against an empty echo, a prepared SELECT, a blocking GET, and a batch of 100: processor
// time of each, in turn.
void MeasureCosts(Setting& setting);
// Latency in the open loop at half the capacity, quiet and during an import; with a path, also a
// picture of latency against load.
void MeasureTail(Setting& setting, const std::string& plot);
// Batches of 1,000 from eight callers.
void MeasureBatches(Setting& setting);
// The largest nation: how long a start takes, and what a person takes in memory.
void MeasureColdStart(Setting& setting);
// What a person takes in Redis.
void MeasureRedis(Setting& setting);
// A thousand callers miss one person at once.
void MeasureStampede(Setting& setting);

}  // namespace lingkaran::bench
