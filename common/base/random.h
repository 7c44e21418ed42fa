// Chance, in one place, so that a simulation can replay it: request ids and the jitter of waits.
// Keys and nonces are no chance of this kind: common/crypto/personal_data_vault.h makes its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"

namespace lingkaran {

// 64 random bits: from the system's generator, or the source set below.
uint64_t RandomBits();
// Evenly from [0, 1).
double RandomFraction();
// A time from [low, high) of `base`; parts rivals that failed together.
absl::Duration Jittered(absl::Duration base, double low, double high);
// A random UUID (version 4), for a request_id.
std::string NewRequestId();

// Takes all chance from `source` from now on; null: from the system again. For a process that runs
// a simulation in one thread.
void SetRandomSource(std::function<uint64_t()> source);

}  // namespace lingkaran
