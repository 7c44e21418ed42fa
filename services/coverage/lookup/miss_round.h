// One round of questions that the near cache could not answer when they came: the near cache again
// (others may have filled it), made to catch up if it has to, then the next links.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/reader.h"

namespace lingkaran::coverage {

// One key of a round and its answer.
struct RoundKey {
  PersonKey key;
  Freshness demand;
  // The answer. What was read from the store may be older than `demand`; its position tells.
  absl::StatusOr<Facts> facts;
  bool from_store = false;  // read there in this round, past every cache
};

// What rounds are asked with; all outlive it.
class MissRounds {
 public:
  using CatchUp = std::function<absl::Status()>;

  MissRounds(NearCache& near, CatchUp catch_up, Reader& next, const Clock& steady)
      : near_(near), catch_up_(std::move(catch_up)), next_(next), steady_(steady) {}

  // Answers all keys, each once. May block until CurrentDeadline.
  void Ask(std::vector<RoundKey*> keys);
  // What the near cache says now; false if it does not know, or not as freshly.
  bool Look(const PersonKey& key, const Freshness& demand, Facts& facts) const;

 private:
  NearCache& near_;
  const CatchUp catch_up_;
  Reader& next_;
  const Clock& steady_;

  void AskNext(const std::vector<RoundKey*>& keys, const Freshness& fresh);
};

}  // namespace lingkaran::coverage
