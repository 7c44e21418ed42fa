// An empty echo of the size of coverage's own answers.
#pragma once

#include <cstdint>
#include <memory>

#include "tests/bench/check/setting.h"

namespace lingkaran::bench {

// It answers what `coverage` answers about one of `members` people: a real answer of middling size.
std::unique_ptr<BaselineServer> StartEcho(const Setting& setting, const CoverageServer& coverage,
                                          int64_t members);

}  // namespace lingkaran::bench
