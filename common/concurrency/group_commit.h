// Group commit: calls for one key that come together are done together, in one transaction.
//
// A caller joins the queue of its key and sleeps until its call is done. The first in an empty
// queue leads at once: it does its own call and those queued behind it. Calls that come meanwhile
// form the next group. So there is no timer, a lone caller never waits, and groups grow with the
// load.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"

namespace lingkaran {

template <typename Call>
class GroupCommit {
 public:
  // Does the calls of a group, in the order of their coming, on the thread of one of them, and
  // leaves each call's own outcome in it. What a call holds before is its outcome if `work` is left
  // by an exception.
  using Work = std::function<void(absl::Span<Call* const>)>;
  // A group holds at most so many calls, and calls of so much weight together; at least one call.
  struct Bounds {
    int calls = 256;
    int weight = 1'000;
  };

  GroupCommit(Bounds bounds, Work work) : bounds_(bounds), work_(std::move(work)) {}

  // Returns when `call` is done, by this thread or another. False if its deadline came while it
  // stood in line: then nothing was done for it.
  bool Join(int64_t key, Call& call, int weight, absl::Time deadline) {
    Waiter self(&call, weight, deadline);
    bool first = false;
    {
      MutexLock lock(mutex_);
      Line& line = lines_[key];
      line.waiting.push_back(&self);
      first = !std::exchange(line.led, true);
    }
    const Outcome outcome = first ? Outcome::kLeads : Await(key, self);
    if (outcome != Outcome::kLeads) return outcome == Outcome::kDone;
    Turn(*this, key, self).Work();
    return true;
  }

  // How many stand in the line of a key.
  size_t InLine(int64_t key) {
    MutexLock lock(mutex_);
    const auto line = lines_.find(key);
    return line == lines_.end() ? 0 : line->second.waiting.size();
  }

 private:
  struct Waiter {
    Waiter(Call* c, int w, absl::Time d) : call(c), weight(w), deadline(d) {}
    // Ends the wait.
    void Wake(bool to_lead) {
      MutexLock lock(mutex);
      leads = to_lead;
      woken = true;
      turn.NotifyOne();
    }

    Call* const call;
    const int weight;
    const absl::Time deadline;
    // Each has its own, so that a group that wakes up does not queue for one lock.
    Mutex mutex;
    CondVar turn;
    bool woken ABSL_GUARDED_BY(mutex) = false;
    bool leads ABSL_GUARDED_BY(mutex) = false;
  };
  struct Line {
    std::deque<Waiter*> waiting;
    bool led = false;        // somebody does a group, or was told to
    Waiter* next = nullptr;  // who was told to and has not begun
  };

  // One group under way. However it ends, who was in it is woken and the line goes on.
  class Turn {
   public:
    Turn(GroupCommit& all, int64_t key, Waiter& leader)
        : all_(all), key_(key), leader_(leader), group_(all.TakeGroup(key, leader)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      all_.EndTurn(key_);
      for (Waiter* waiter : group_) {
        if (waiter != &leader_) waiter->Wake(/*to_lead=*/false);
      }
    }

    void Work() {
      std::vector<Call*> calls;
      for (const Waiter* waiter : group_) calls.push_back(waiter->call);
      all_.work_(calls);
    }

   private:
    GroupCommit& all_;
    const int64_t key_;
    const Waiter& leader_;
    const std::vector<Waiter*> group_;
  };

  enum class Outcome { kDone, kLeads, kTimeIsOver };

  // Sleeps until another has done the call or leaves the next group to it, or its time is over and
  // nobody has taken it.
  Outcome Await(int64_t key, Waiter& self) {
    MutexLock lock(self.mutex);
    const auto woken = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(self.mutex) { return self.woken; };
    if (!self.turn.WaitFor(lock, self.deadline - absl::Now(), woken)) {
      lock.Unlock();
      const bool left_the_line = Leave(key, self);
      lock.Lock();
      if (left_the_line) return Outcome::kTimeIsOver;
      self.turn.Wait(lock, woken);
    }
    return self.leads ? Outcome::kLeads : Outcome::kDone;
  }

  // Takes who was not taken into a group, and was not told to lead one, out of the line.
  bool Leave(int64_t key, Waiter& self) {
    MutexLock lock(mutex_);
    const auto line = lines_.find(key);
    if (line == lines_.end() || line->second.next == &self) return false;
    std::deque<Waiter*>& waiting = line->second.waiting;
    const auto place = std::find(waiting.begin(), waiting.end(), &self);
    if (place == waiting.end()) return false;
    waiting.erase(place);
    return true;
  }

  // The leader and the first of the line that fit, in the order of their coming.
  std::vector<Waiter*> TakeGroup(int64_t key, Waiter& leader) {
    MutexLock lock(mutex_);
    Line& line = lines_[key];
    std::vector<Waiter*> group;
    std::deque<Waiter*> rest;
    int calls = 1;
    int weight = leader.weight;
    bool full = false;
    for (Waiter* waiter : line.waiting) {
      if (waiter != &leader) {
        full = full || ++calls > bounds_.calls || (weight += waiter->weight) > bounds_.weight;
      }
      if (waiter == &leader || !full) {
        group.push_back(waiter);
      } else {
        rest.push_back(waiter);
      }
    }
    line.waiting = std::move(rest);
    line.next = nullptr;
    return group;
  }

  // The next leader is the caller with the most time left among those who will be in its group:
  // what it waits for ends with its deadline, and must not fail the others.
  void EndTurn(int64_t key) {
    MutexLock lock(mutex_);
    Line& line = lines_[key];
    if (line.waiting.empty()) {
      lines_.erase(key);
      return;
    }
    const auto end = line.waiting.begin() + std::min<ptrdiff_t>(line.waiting.size(), bounds_.calls);
    line.next = *std::max_element(line.waiting.begin(), end, [](const Waiter* a, const Waiter* b) {
      return a->deadline < b->deadline;
    });
    line.next->Wake(/*to_lead=*/true);
  }

  const Bounds bounds_;
  const Work work_;
  Mutex mutex_;
  std::map<int64_t, Line> lines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lingkaran
