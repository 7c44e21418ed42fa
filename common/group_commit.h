// Few commits for many callers: calls for one key that come together are done together.
//
// A caller stands in the line of its key and sleeps until its call is done. Who finds the line
// empty leads at once: it does its own call and those that stand behind it, in one go. Who comes
// meanwhile forms the next group, which goes when this one is through. So there is no timer, a lone
// caller waits for nobody, and groups grow with the load.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

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
    Waiter self{&call, weight, deadline};
    std::unique_lock<std::mutex> lock(mutex_);
    Line& line = lines_[key];
    line.waiting.push_back(&self);
    if (!line.led) {
      line.led = true;
    } else if (const State state = Await(lock, line, self); state != State::kLeads) {
      return state == State::kDone;
    }
    Turn turn(*this, key, TakeGroup(line, self));
    lock.unlock();
    turn.Work();
    return true;
  }

  // How many stand in the line of a key.
  size_t InLine(int64_t key) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto line = lines_.find(key);
    return line == lines_.end() ? 0 : line->second.waiting.size();
  }

 private:
  enum class State { kWaiting, kLeads, kTaken, kDone };
  struct Waiter {
    Call* call;
    int weight;
    absl::Time deadline;
    State state = State::kWaiting;
    std::condition_variable turn{};
  };
  struct Line {
    std::deque<Waiter*> waiting;
    bool led = false;  // somebody does a group, or was told to
  };

  // One group under way. However it ends, who was in it is woken and the line goes on.
  class Turn {
   public:
    Turn(GroupCommit& all, int64_t key, std::vector<Waiter*> group)
        : all_(all), key_(key), group_(std::move(group)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { all_.EndTurn(key_, group_); }

    void Work() {
      std::vector<Call*> calls;
      for (const Waiter* waiter : group_) calls.push_back(waiter->call);
      all_.work_(calls);
    }

   private:
    GroupCommit& all_;
    const int64_t key_;
    const std::vector<Waiter*> group_;
  };

  // Sleeps until another has done the call, or leaves the next group to it, or its time is over.
  State Await(std::unique_lock<std::mutex>& lock, Line& line, Waiter& self) {
    while (self.state == State::kWaiting || self.state == State::kTaken) {
      const absl::Duration left = self.deadline - absl::Now();
      if (self.state == State::kTaken || left == absl::InfiniteDuration()) {
        self.turn.wait(lock);
      } else if (left > absl::ZeroDuration()) {
        self.turn.wait_for(lock, absl::ToChronoNanoseconds(left));
      } else {
        line.waiting.erase(std::find(line.waiting.begin(), line.waiting.end(), &self));
        break;
      }
    }
    return self.state;
  }

  // `self`, who leads, and the first of the line that fit.
  std::vector<Waiter*> TakeGroup(Line& line, Waiter& self) {
    std::vector<Waiter*> group;
    std::deque<Waiter*> rest;
    int calls = 1;
    int weight = self.weight;
    bool full = false;
    for (Waiter* waiter : line.waiting) {
      if (waiter != &self) {
        full = full || ++calls > bounds_.calls || (weight += waiter->weight) > bounds_.weight;
        if (full) {
          rest.push_back(waiter);
          continue;
        }
      }
      waiter->state = State::kTaken;
      group.push_back(waiter);
    }
    line.waiting = std::move(rest);
    return group;
  }

  // The next to lead is who has the most time among those who will be in his group: what he waits
  // for ends with his deadline, and must not fail his neighbours.
  void EndTurn(int64_t key, const std::vector<Waiter*>& group) {
    std::lock_guard<std::mutex> lock(mutex_);
    Line& line = lines_[key];
    if (line.waiting.empty()) {
      lines_.erase(key);
    } else {
      const auto end =
          line.waiting.begin() + std::min<ptrdiff_t>(line.waiting.size(), bounds_.calls);
      Waiter* next = *std::max_element(
          line.waiting.begin(), end,
          [](const Waiter* a, const Waiter* b) { return a->deadline < b->deadline; });
      next->state = State::kLeads;
      next->turn.notify_one();
    }
    for (Waiter* waiter : group) {
      waiter->state = State::kDone;
      waiter->turn.notify_one();
    }
  }

  const Bounds bounds_;
  const Work work_;
  std::mutex mutex_;
  std::map<int64_t, Line> lines_;
};

}  // namespace lingkaran
