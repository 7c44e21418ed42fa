#include "services/coverage/lookup/lookup_batcher.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/overload.h"

namespace lingkaran::coverage {
namespace {

absl::Status Stopping() { return absl::CancelledError("the service is about to stop; ask again"); }

}  // namespace

// A call, until it has its answer.
struct LookupBatcher::Caller {
  Freshness fresh;
  Patience patience;
  Done done;
  std::vector<Facts> facts;
  size_t open = 0;  // keys without an answer
  bool ended = false;

  // OK while the caller waits.
  absl::Status Waits(absl::Time now) const {
    if (now >= patience.deadline) {
      return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
                   "time ran out; ask again with a longer deadline");
    }
    if (patience.gone && patience.gone()) return CallerGone();
    return absl::OkStatus();
  }
};

// One key that somebody waits for.
struct LookupBatcher::Lookup {
  PersonKey key;
  uint64_t call;  // that brought it
  std::vector<Waiter> waiters;
  absl::Time begun;
  // Of the batch that it is in; only the thread that answers the batch touches them.
  Freshness demand;
  absl::StatusOr<Facts> facts;  // as the store has them they may be older than `demand`
  bool from_store = false;      // read there in this batch, past every cache
};

struct LookupBatcher::Outcome {
  std::shared_ptr<Caller> caller;
  absl::Status status;

  void Tell() {
    if (!status.ok()) return caller->done(std::move(status));
    caller->done(std::move(caller->facts));
  }
};

LookupBatcher::LookupBatcher(NearCache& near, CatchUp catch_up, Reader& next, const Clock& steady,
                             const Options& options)
    : near_(near), catch_up_(std::move(catch_up)), next_(next), steady_(steady), options_(options) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Serve(); });
}

LookupBatcher::~LookupBatcher() {
  std::vector<Outcome> outcomes;
  std::deque<Work> left;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    left.swap(works_);
    for (const LookupPtr& lookup : queue_) {
      for (const Waiter& waiter : lookup->waiters) End(waiter.caller, Stopping(), outcomes);
    }
    queue_.clear();
    queued_.clear();
  }
  more_.NotifyAll();
  for (Outcome& outcome : outcomes) outcome.Tell();
  for (Work& work : left) work(Stopping());
  for (std::thread& thread : threads_) thread.join();
}

// ---- Callers ----

void LookupBatcher::Find(std::vector<PersonKey> keys, const Freshness& fresh, Patience patience,
                         Done done) {
  if (keys.empty()) return done(std::vector<Facts>());
  auto caller = std::make_shared<Caller>();
  caller->fresh = fresh;
  caller->patience = std::move(patience);
  caller->done = std::move(done);
  caller->facts.resize(keys.size());
  caller->open = keys.size();
  const absl::Time now = steady_.Now();
  absl::Status refused;
  {
    const MutexLock lock(mutex_);
    if (ending_) {
      refused = Stopping();
    } else if (waiting_ + keys.size() > options_.waiting_keys) {
      refused = Overloaded();
    } else {
      waiting_ += keys.size();
      ++calls_;
      for (size_t i = 0; i < keys.size(); ++i) {
        Join(keys[i], calls_, {caller, i, /*late=*/false, now});
      }
    }
  }
  if (!refused.ok()) return caller->done(refused);
  Wake();
}

void LookupBatcher::Run(Work work) {
  absl::Status refused;
  {
    const MutexLock lock(mutex_);
    if (ending_) {
      refused = Stopping();
    } else if (works_.size() >= options_.waiting_keys) {
      refused = Overloaded();
    } else {
      works_.push_back(std::move(work));
    }
  }
  if (!refused.ok()) return work(refused);
  Wake();
}

void LookupBatcher::Join(const PersonKey& key, uint64_t call, Waiter waiter) {
  const auto begun = under_way_.find(key);
  if (begun != under_way_.end() && !waiter.caller->fresh.from_store &&
      waiter.came - begun->second->begun < kMaxAge) {
    waiter.late = true;
    begun->second->waiters.push_back(std::move(waiter));
    return;
  }
  LookupPtr& lookup = queued_[key];
  if (lookup == nullptr) {
    lookup = std::make_shared<Lookup>();
    lookup->key = key;
    lookup->call = call;
    queue_.push_back(lookup);
  }
  lookup->waiters.push_back(std::move(waiter));
}

void LookupBatcher::End(const std::shared_ptr<Caller>& caller, absl::Status status,
                        std::vector<Outcome>& outcomes) {
  if (caller->ended) return;
  caller->ended = true;
  waiting_ -= caller->facts.size();
  outcomes.push_back({caller, std::move(status)});
}

// ---- Threads ----

void LookupBatcher::Wake() {
  if (options_.threads > 0) return more_.NotifyOne();
  while (WorkOnce()) {
  }
}

void LookupBatcher::Serve() {
  while (true) {
    {
      MutexLock lock(mutex_);
      more_.Wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return ending_ || !works_.empty() || !queue_.empty();
      });
      if (ending_) return;
    }
    WorkOnce();
  }
}

bool LookupBatcher::WorkOnce() {
  Work work;
  std::vector<LookupPtr> batch;
  std::vector<Outcome> outcomes;
  absl::Time deadline;
  {
    const MutexLock lock(mutex_);
    if (works_.empty() && queue_.empty()) return false;
    if (works_.empty()) {
      batch = TakeBatch(deadline, outcomes);
    } else {
      work = std::move(works_.front());
      works_.pop_front();
    }
  }
  if (work) {
    work(absl::OkStatus());
    return true;
  }
  {
    const DeadlineScope scope(deadline);
    Answer(batch);
  }
  {
    const MutexLock lock(mutex_);
    for (const LookupPtr& lookup : batch) Settle(lookup, outcomes);
  }
  for (Outcome& outcome : outcomes) outcome.Tell();
  return true;
}

std::vector<LookupBatcher::LookupPtr> LookupBatcher::TakeBatch(absl::Time& deadline,
                                                               std::vector<Outcome>& outcomes) {
  std::vector<LookupPtr> batch;
  const absl::Time now = absl::Now();
  const absl::Time begun = steady_.Now();
  uint64_t last_call = 0;
  deadline = absl::InfinitePast();
  while (!queue_.empty() &&
         (batch.size() < options_.batch_keys || queue_.front()->call == last_call)) {
    const LookupPtr lookup = std::move(queue_.front());
    queue_.pop_front();
    queued_.erase(lookup->key);
    if (Drop(*lookup, now, outcomes)) continue;
    last_call = lookup->call;
    lookup->begun = begun;
    under_way_[lookup->key] = lookup;
    for (const Waiter& waiter : lookup->waiters) {
      const Freshness& fresh = waiter.caller->fresh;
      lookup->demand.from_store |= fresh.from_store;
      lookup->demand.position = std::max(lookup->demand.position, fresh.position);
      lookup->demand.recent |= fresh.within_time();
      deadline = std::max(deadline, waiter.caller->patience.deadline);
    }
    batch.push_back(lookup);
  }
  return batch;
}

bool LookupBatcher::Drop(Lookup& lookup, absl::Time now, std::vector<Outcome>& outcomes) {
  std::erase_if(lookup.waiters, [&](const Waiter& waiter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!waiter.caller->ended) {
      absl::Status waits = waiter.caller->Waits(now);
      if (!waits.ok()) End(waiter.caller, std::move(waits), outcomes);
    }
    return waiter.caller->ended;
  });
  return lookup.waiters.empty();
}

void LookupBatcher::Settle(const LookupPtr& lookup, std::vector<Outcome>& outcomes) {
  const auto found = under_way_.find(lookup->key);
  if (found != under_way_.end() && found->second == lookup) under_way_.erase(found);
  uint64_t again = 0;
  for (Waiter& waiter : lookup->waiters) {
    const std::shared_ptr<Caller> caller = waiter.caller;
    if (caller->ended) continue;
    const std::optional<absl::StatusOr<Facts>> answer = AnswerFor(waiter, *lookup);
    if (!answer && ending_) {
      End(caller, Stopping(), outcomes);
    } else if (!answer) {
      if (again == 0) again = ++calls_;
      waiter.late = false;
      Join(lookup->key, again, std::move(waiter));
    } else if (!answer->ok()) {
      End(caller, answer->status(), outcomes);
    } else {
      caller->facts[waiter.place] = **answer;
      if (--caller->open == 0) End(caller, absl::OkStatus(), outcomes);
    }
  }
  if (again != 0) more_.NotifyOne();
}

std::optional<absl::StatusOr<Facts>> LookupBatcher::AnswerFor(const Waiter& waiter,
                                                              const Lookup& lookup) const {
  if (!lookup.facts.ok()) return lookup.facts;
  const Freshness& fresh = waiter.caller->fresh;
  const bool as_fresh = lookup.facts->position >= fresh.position;
  if (!waiter.late) {
    if (as_fresh) return lookup.facts;
    return absl::StatusOr<Facts>(TokenNotYetApplied());
  }
  // It came after the lookup was begun. What was read from the store then is as old as that at
  // most; for everything else the near cache knows.
  if (fresh.position > 0 ? as_fresh : lookup.from_store && waiter.came - lookup.begun < kMaxAge) {
    return lookup.facts;
  }
  Facts facts;
  if (near_.Find(lookup.key, fresh, steady_.Now(), facts) != NearCache::LookupResult::kFound) {
    return std::nullopt;
  }
  return absl::StatusOr<Facts>(std::move(facts));
}

// ---- Answers, without the lock ----

void LookupBatcher::Answer(const std::vector<LookupPtr>& batch) {
  std::vector<Lookup*> to_next;   // the near cache is up to date and has not got them
  std::vector<Lookup*> to_store;  // nothing else can tell
  std::vector<Lookup*> behind;
  const auto look = [&](Lookup* lookup, std::vector<Lookup*>& if_behind) {
    Facts facts;
    switch (near_.Find(lookup->key, lookup->demand, steady_.Now(), facts)) {
      case NearCache::LookupResult::kFound:
        lookup->facts = std::move(facts);
        return;
      case NearCache::LookupResult::kMiss:
        to_next.push_back(lookup);
        return;
      case NearCache::LookupResult::kBypassed:
        (lookup->demand.from_store ? to_store : if_behind).push_back(lookup);
        return;
      case NearCache::LookupResult::kUnconfirmed:
      case NearCache::LookupResult::kBehind:
        if_behind.push_back(lookup);
        return;
    }
  };
  for (const LookupPtr& lookup : batch) look(lookup.get(), behind);
  if (!behind.empty()) {
    // What can't be confirmed after that is read from the store, and so is a token that it may not
    // have yet: there each caller learns alone whether the answer is fresh enough.
    if (Guarded(catch_up_).ok()) {
      for (Lookup* lookup : std::exchange(behind, {})) look(lookup, to_store);
    }
    to_store.insert(to_store.end(), behind.begin(), behind.end());
  }
  // All are read as freshly as the most demanding of them needs.
  Freshness together;
  for (const Lookup* lookup : to_next) {
    together.position = std::max(together.position, lookup->demand.position);
    together.recent |= lookup->demand.within_time();
  }
  AnswerFrom(to_next, together);
  AnswerFrom(to_store, {.position = 0, .from_store = true});
}

void LookupBatcher::AnswerFrom(const std::vector<Lookup*>& lookups, const Freshness& fresh) {
  if (lookups.empty()) return;
  std::vector<PersonKey> keys;
  keys.reserve(lookups.size());
  for (const Lookup* lookup : lookups) keys.push_back(lookup->key);
  absl::StatusOr<std::vector<MemberRecord>> records = std::vector<MemberRecord>();
  const absl::Status status = Guarded([&] {
    records = next_.Find(keys, fresh);
    return records.status();
  });
  std::vector<MemberRecord> people;
  for (size_t i = 0; i < lookups.size(); ++i) {
    lookups[i]->from_store = fresh.from_store;
    if (!status.ok()) {
      lookups[i]->facts = status;
      continue;
    }
    MemberRecord& record = (*records)[i];
    lookups[i]->facts = record.facts;
    // A record that was written earlier and is still right is as good as one of that position.
    lookups[i]->facts->position = std::max(record.facts.position, fresh.position);
    if (record.facts.known) people.push_back(std::move(record));
  }
  near_.Fill(people);
}

}  // namespace lingkaran::coverage
