// How a check gets its facts: one interface, three links, composed in app:
//   near (in process) -> redis (shared) -> store (SQL).
// A link that misses asks the next. Caches hold facts, never verdicts; a fill goes in only if it is
// newer; errors are never cached; a person whom nobody knows is remembered near by for its TTL
// only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/coverage/eligibility.h"

namespace lingkaran::coverage {

// Whom an identity key stands for. Keys are those of Redis: "l1:n:<nik hash>", "l1:m:<number>".
struct Identity {
  std::string key;
  int64_t worker_id = 0;  // 0: nobody
  int64_t version = 0;    // registry's
  int64_t position = 0;   // of the change log when it was read
};

std::string NikKey(std::string_view nik_hash);
std::string NumberKey(std::string_view membership_number);
std::string CoverKey(int64_t worker_id);

// How fresh an answer must be.
struct Freshness {
  int64_t position = 0;     // at least this position of the change log
  bool from_store = false;  // past every cache
};

using FactsPtr = std::shared_ptr<const Facts>;

class Reader {
 public:
  virtual ~Reader() = default;

  // One for each key, in their order; worker_id 0 for nobody. Errors are the store's.
  virtual absl::StatusOr<std::vector<Identity>> FindIdentities(absl::Span<const std::string> keys,
                                                               const Freshness& fresh) = 0;
  // One for each id, in their order, never null; known is false for nobody.
  virtual absl::StatusOr<std::vector<FactsPtr>> FindFacts(absl::Span<const int64_t> worker_ids,
                                                          const Freshness& fresh) = 0;
  // What a write of this process changed, after its commit: caches take it over if it is newer.
  virtual void Learn(absl::Span<const Identity> identities, absl::Span<const FactsPtr> facts) = 0;
};

}  // namespace lingkaran::coverage
