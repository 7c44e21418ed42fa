#include "services/coverage/lookup/lookup_batcher.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/overload.h"
#include "services/coverage/lookup/miss_round.h"

namespace lingkaran::coverage {
namespace {

using Answer = absl::StatusOr<std::vector<Facts>>;

absl::Status Stopping() { return absl::CancelledError("the service is about to stop; ask again"); }

// One who asked, until he has his answer.
struct Asker {
  Freshness fresh;
  LookupBatcher::Patience patience;
  LookupBatcher::Done done;
  std::vector<Facts> facts;
  size_t open = 0;  // keys without an answer
  bool ended = false;

  // OK while he waits.
  absl::Status Waits(absl::Time now) const {
    if (now >= patience.deadline) {
      return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
                   "time ran out; ask again with a longer deadline");
    }
    if (patience.gone && patience.gone()) return absl::CancelledError("the caller went away");
    return absl::OkStatus();
  }
};

// One key that somebody waits for.
struct Question {
  struct Waiter {
    std::shared_ptr<Asker> asker;
    size_t place;  // in asker->facts
    bool late;     // came when the question was under way
    absl::Time came;
  };
  PersonKey key;
  uint64_t caller;  // who brought it
  std::vector<Waiter> waiters;
  absl::Time begun;
};
using QuestionPtr = std::shared_ptr<Question>;

// A question of a round.
struct Asked {
  QuestionPtr question;
  RoundKey round;
};

struct Ended {
  std::shared_ptr<Asker> asker;
  absl::Status status;

  void Tell() {
    asker->done(status.ok() ? Answer(std::move(asker->facts)) : Answer(std::move(status)));
  }
};

}  // namespace

struct LookupBatcher::Impl {
  Impl(NearCache& near, CatchUp catch_up, Reader& next, const Clock& steady_clock,
       const Options& pool_options)
      : rounds(near, std::move(catch_up), next, steady_clock),
        steady(steady_clock),
        options(pool_options) {
    for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { Work(); });
  }
  ~Impl();

  void Find(std::vector<PersonKey> keys, const Freshness& fresh, Patience patience, Done done);
  void FindHere(const std::vector<PersonKey>& keys, Asker& asker);
  void Run(LookupBatcher::Work work);

  // Under the lock.
  void Join(const PersonKey& key, uint64_t caller, Question::Waiter waiter);
  std::vector<Asked> TakeRound(absl::Time& deadline, std::vector<Ended>& ended);
  bool Drop(Question& question, absl::Time now, std::vector<Ended>& ended);
  void Settle(const Asked& asked, std::vector<Ended>& ended);
  // nullopt: he has to be asked for again.
  std::optional<absl::StatusOr<Facts>> AnswerFor(const Question::Waiter& waiter,
                                                 const Asked& asked) const;
  void End(const std::shared_ptr<Asker>& asker, absl::Status status, std::vector<Ended>& ended);

  // Without the lock.
  void Work();

  MissRounds rounds;
  const Clock& steady;
  const Options options;

  std::mutex mutex;
  std::condition_variable more;
  bool ending = false;
  uint64_t callers = 0;
  size_t waiting = 0;  // keys, of all who wait
  std::deque<LookupBatcher::Work> works;
  std::deque<QuestionPtr> queue;
  absl::flat_hash_map<PersonKey, QuestionPtr> queued;
  absl::flat_hash_map<PersonKey, QuestionPtr> under_way;
  std::vector<std::thread> threads;
};

LookupBatcher::Impl::~Impl() {
  std::vector<Ended> ended;
  std::deque<LookupBatcher::Work> left;
  {
    const std::lock_guard lock(mutex);
    ending = true;
    left.swap(works);
    for (const QuestionPtr& question : queue) {
      for (const Question::Waiter& waiter : question->waiters) End(waiter.asker, Stopping(), ended);
    }
    queue.clear();
    queued.clear();
  }
  more.notify_all();
  for (Ended& one : ended) one.Tell();
  for (LookupBatcher::Work& work : left) work(Stopping());
  for (std::thread& thread : threads) thread.join();
}

void LookupBatcher::Impl::Find(std::vector<PersonKey> keys, const Freshness& fresh,
                               Patience patience, Done done) {
  auto asker = std::make_shared<Asker>();
  asker->fresh = fresh;
  asker->patience = std::move(patience);
  asker->done = std::move(done);
  asker->facts.resize(keys.size());
  asker->open = keys.size();
  if (keys.empty()) return asker->done(std::vector<Facts>());
  if (options.threads == 0) return FindHere(keys, *asker);
  const absl::Time now = steady.Now();
  absl::Status refused;
  {
    const std::lock_guard lock(mutex);
    if (ending) {
      refused = Stopping();
    } else if (waiting + keys.size() > options.waiting_keys) {
      refused = Overloaded();
    } else {
      waiting += keys.size();
      ++callers;
      for (size_t i = 0; i < keys.size(); ++i) {
        Join(keys[i], callers, {asker, i, /*late=*/false, now});
      }
    }
  }
  if (!refused.ok()) return asker->done(refused);
  more.notify_one();
}

void LookupBatcher::Impl::Join(const PersonKey& key, uint64_t caller, Question::Waiter waiter) {
  const auto begun = under_way.find(key);
  if (begun != under_way.end() && !waiter.asker->fresh.from_store &&
      waiter.came - begun->second->begun < options.max_age) {
    waiter.late = true;
    begun->second->waiters.push_back(std::move(waiter));
    return;
  }
  QuestionPtr& question = queued[key];
  if (question == nullptr) {
    question = std::make_shared<Question>();
    question->key = key;
    question->caller = caller;
    queue.push_back(question);
  }
  question->waiters.push_back(std::move(waiter));
}

void LookupBatcher::Impl::End(const std::shared_ptr<Asker>& asker, absl::Status status,
                              std::vector<Ended>& ended) {
  if (asker->ended) return;
  asker->ended = true;
  waiting -= asker->facts.size();
  ended.push_back({asker, std::move(status)});
}

// Takes away those who have given up; true if nobody is left.
bool LookupBatcher::Impl::Drop(Question& question, absl::Time now, std::vector<Ended>& ended) {
  for (const Question::Waiter& waiter : question.waiters) {
    if (waiter.asker->ended) continue;
    if (absl::Status waits = waiter.asker->Waits(now); !waits.ok()) {
      End(waiter.asker, std::move(waits), ended);
    }
  }
  const auto gone = std::remove_if(question.waiters.begin(), question.waiters.end(),
                                   [](const auto& waiter) { return waiter.asker->ended; });
  question.waiters.erase(gone, question.waiters.end());
  return question.waiters.empty();
}

std::vector<Asked> LookupBatcher::Impl::TakeRound(absl::Time& deadline, std::vector<Ended>& ended) {
  std::vector<Asked> round;
  const absl::Time now = absl::Now();
  const absl::Time begun = steady.Now();
  uint64_t last_caller = 0;
  deadline = absl::InfinitePast();
  while (!queue.empty() &&
         (round.size() < options.batch_keys || queue.front()->caller == last_caller)) {
    const QuestionPtr question = std::move(queue.front());
    queue.pop_front();
    queued.erase(question->key);
    if (Drop(*question, now, ended)) continue;
    last_caller = question->caller;
    question->begun = begun;
    under_way[question->key] = question;
    Asked asked;
    asked.question = question;
    asked.round.key = question->key;
    for (const Question::Waiter& waiter : question->waiters) {
      const Freshness& fresh = waiter.asker->fresh;
      asked.round.demand.from_store |= fresh.from_store;
      asked.round.demand.position = std::max(asked.round.demand.position, fresh.position);
      asked.round.demand.recent |= fresh.within_time();
      deadline = std::max(deadline, waiter.asker->patience.deadline);
    }
    round.push_back(std::move(asked));
  }
  return round;
}

void LookupBatcher::Impl::Work() {
  std::unique_lock lock(mutex);
  for (;;) {
    more.wait(lock, [this] { return ending || !works.empty() || !queue.empty(); });
    if (ending) return;
    if (!works.empty()) {
      LookupBatcher::Work work = std::move(works.front());
      works.pop_front();
      lock.unlock();
      work(absl::OkStatus());
      work = nullptr;
      lock.lock();
      continue;
    }
    std::vector<Ended> ended;
    absl::Time deadline;
    std::vector<Asked> round = TakeRound(deadline, ended);
    lock.unlock();
    {
      const DeadlineScope scope(deadline);
      std::vector<RoundKey*> keys;
      for (Asked& asked : round) keys.push_back(&asked.round);
      rounds.Ask(std::move(keys));
    }
    lock.lock();
    for (const Asked& asked : round) Settle(asked, ended);
    lock.unlock();
    for (Ended& one : ended) one.Tell();
    lock.lock();
  }
}

std::optional<absl::StatusOr<Facts>> LookupBatcher::Impl::AnswerFor(const Question::Waiter& waiter,
                                                                    const Asked& asked) const {
  const RoundKey& round = asked.round;
  if (!round.facts.ok()) return round.facts;
  const Freshness& fresh = waiter.asker->fresh;
  const bool as_fresh = round.facts->position >= fresh.position;
  if (!waiter.late) {
    if (as_fresh) return round.facts;
    return absl::StatusOr<Facts>(TokenNotYetApplied());
  }
  // He came after the question was begun. What was read from the store then is as old as that at
  // most; for everything else the near cache knows.
  if (fresh.position > 0
          ? as_fresh
          : round.from_store && waiter.came - asked.question->begun < options.max_age) {
    return round.facts;
  }
  Facts facts;
  if (!rounds.Look(round.key, fresh, facts)) return std::nullopt;
  return absl::StatusOr<Facts>(std::move(facts));
}

void LookupBatcher::Impl::Settle(const Asked& asked, std::vector<Ended>& ended) {
  const auto found = under_way.find(asked.round.key);
  if (found != under_way.end() && found->second == asked.question) under_way.erase(found);
  uint64_t again = 0;
  for (Question::Waiter& waiter : asked.question->waiters) {
    const std::shared_ptr<Asker> asker = waiter.asker;
    if (asker->ended) continue;
    const std::optional<absl::StatusOr<Facts>> answer = AnswerFor(waiter, asked);
    if (!answer && ending) {
      End(asker, Stopping(), ended);
    } else if (!answer) {
      if (again == 0) again = ++callers;
      waiter.late = false;
      Join(asked.round.key, again, std::move(waiter));
    } else if (!answer->ok()) {
      End(asker, answer->status(), ended);
    } else {
      asker->facts[waiter.place] = **answer;
      if (--asker->open == 0) End(asker, absl::OkStatus(), ended);
    }
  }
  if (again != 0) more.notify_one();
}

void LookupBatcher::Impl::FindHere(const std::vector<PersonKey>& keys, Asker& asker) {
  if (absl::Status waits = asker.Waits(absl::Now()); !waits.ok()) return asker.done(waits);
  std::vector<RoundKey> round(keys.size());
  std::vector<RoundKey*> all;
  for (size_t i = 0; i < keys.size(); ++i) {
    round[i].key = keys[i];
    round[i].demand = asker.fresh;
    all.push_back(&round[i]);
  }
  {
    const DeadlineScope scope(asker.patience.deadline);
    rounds.Ask(std::move(all));
  }
  for (size_t i = 0; i < round.size(); ++i) {
    if (!round[i].facts.ok()) return asker.done(round[i].facts.status());
    if (round[i].facts->position < asker.fresh.position) return asker.done(TokenNotYetApplied());
    asker.facts[i] = *std::move(round[i].facts);
  }
  asker.done(std::move(asker.facts));
}

void LookupBatcher::Impl::Run(LookupBatcher::Work work) {
  absl::Status refused;
  if (options.threads > 0) {
    const std::lock_guard lock(mutex);
    if (ending) {
      refused = Stopping();
    } else if (works.size() >= options.waiting_keys) {
      refused = Overloaded();
    } else {
      works.push_back(std::move(work));
      more.notify_one();
      return;
    }
  }
  work(refused);
}

LookupBatcher::LookupBatcher(NearCache& near, CatchUp catch_up, Reader& next, const Clock& steady,
                             const Options& options)
    : impl_(std::make_unique<Impl>(near, std::move(catch_up), next, steady, options)) {}

LookupBatcher::~LookupBatcher() = default;

void LookupBatcher::Find(std::vector<PersonKey> keys, const Freshness& fresh, Patience patience,
                         Done done) {
  impl_->Find(std::move(keys), fresh, std::move(patience), std::move(done));
}

void LookupBatcher::Run(Work work) { impl_->Run(std::move(work)); }

}  // namespace lingkaran::coverage
