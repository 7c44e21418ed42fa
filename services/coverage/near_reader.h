// The nearest link: a bounded map in this process. Entries are used for at most their TTL, measured
// on a steady clock from before the read that filled them; that bounds how old an answer can be.
#pragma once

#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "services/coverage/reader.h"

namespace lingkaran::coverage {

struct NearOptions {
  size_t entries = 100'000;               // of each kind; the least recently used go first
  absl::Duration ttl = absl::Seconds(2);  // not more: "at most 2 s old" is promised
};

// `steady` never jumps; it is not the clock of the business. Both must outlive the reader.
std::unique_ptr<Reader> MakeNearReader(Reader& next, const Clock& steady,
                                       const NearOptions& options);

}  // namespace lingkaran::coverage
