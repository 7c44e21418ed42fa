// A generated population: well-formed candidates without end, the same for the same number.
#pragma once

#include <cstdint>

#include "lingkaran/registry/v1/registry.pb.h"

namespace lingkaran::bench {

// Fills candidate number `i` (0 <= i < 40 million) of Surakarta as an office would list him. Every
// number has another NIK; one in ten has a disability.
void FillCandidate(int64_t i, registry::v1::CandidateRow* row);

}  // namespace lingkaran::bench
