#include "services/coverage/lookup/miss_round.h"

#include <algorithm>
#include <utility>

namespace lingkaran::coverage {

bool MissRounds::Look(const PersonKey& key, const Freshness& demand, Facts& facts) const {
  return near_.Find(key, demand, steady_.Now(), facts) == NearCache::LookupResult::kFound;
}

void MissRounds::Ask(std::vector<RoundKey*> keys) {
  std::vector<RoundKey*> to_next;   // the near cache is up to date and has not got them
  std::vector<RoundKey*> to_store;  // nothing else can tell
  std::vector<RoundKey*> behind;
  const auto look = [&](RoundKey* key, std::vector<RoundKey*>& if_behind) {
    Facts facts;
    switch (near_.Find(key->key, key->demand, steady_.Now(), facts)) {
      case NearCache::LookupResult::kFound:
        key->facts = std::move(facts);
        return;
      case NearCache::LookupResult::kMiss:
        to_next.push_back(key);
        return;
      case NearCache::LookupResult::kBypassed:
        (key->demand.from_store ? to_store : if_behind).push_back(key);
        return;
      case NearCache::LookupResult::kUnconfirmed:
      case NearCache::LookupResult::kBehind:
        if_behind.push_back(key);
        return;
    }
  };
  for (RoundKey* key : keys) look(key, behind);
  if (!behind.empty()) {
    // What can't be confirmed after that is asked of the store, and so is a token that it may not
    // have yet: there each learns by himself whether the answer is fresh enough.
    if (Guarded(catch_up_).ok()) {
      for (RoundKey* key : std::exchange(behind, {})) look(key, to_store);
    }
    to_store.insert(to_store.end(), behind.begin(), behind.end());
  }
  // All are asked as freshly as the most demanding of them needs.
  Freshness together;
  for (const RoundKey* key : to_next) {
    together.position = std::max(together.position, key->demand.position);
    together.recent |= key->demand.within_time();
  }
  AskNext(to_next, together);
  AskNext(to_store, {.position = 0, .from_store = true});
}

void MissRounds::AskNext(const std::vector<RoundKey*>& asked, const Freshness& fresh) {
  if (asked.empty()) return;
  std::vector<PersonKey> keys;
  keys.reserve(asked.size());
  for (const RoundKey* key : asked) keys.push_back(key->key);
  const absl::Time read = steady_.Now();
  absl::StatusOr<std::vector<MemberRecord>> records = std::vector<MemberRecord>();
  const absl::Status status = Guarded([&] {
    records = next_.Find(keys, fresh);
    return records.status();
  });
  std::vector<MemberRecord> people;
  for (size_t i = 0; i < asked.size(); ++i) {
    asked[i]->from_store = fresh.from_store;
    if (!status.ok()) {
      asked[i]->facts = status;
      continue;
    }
    MemberRecord& record = (*records)[i];
    asked[i]->facts = record.facts;
    // A record that was written earlier and is still right is as good as one of that position.
    asked[i]->facts->position = std::max(record.facts.position, fresh.position);
    if (record.facts.known) {
      people.push_back(std::move(record));
    } else {
      near_.FillNobody(keys[i], record.facts.position, read);
    }
  }
  if (!people.empty()) near_.Fill(people);
}

}  // namespace lingkaran::coverage
