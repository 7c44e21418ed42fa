// A lookup batcher between a near cache and readers that the test acts out.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "services/coverage/lookup/lookup_batcher.h"

namespace lingkaran::coverage {

using Told = absl::StatusOr<std::vector<Facts>>;

// The readers behind the batcher: knows ids below 1,000, tells versions apart by the hours of the
// zone, and can be held.
class FakeReader final : public Reader {
 public:
  struct Round {
    std::vector<PersonKey> keys;
    Freshness fresh;
  };

  absl::StatusOr<std::vector<MemberRecord>> Find(absl::Span<const PersonKey> keys,
                                                 const Freshness& fresh) override {
    std::unique_lock lock(mutex_);
    rounds_.push_back({{keys.begin(), keys.end()}, fresh});
    std::vector<MemberRecord> out;  // as it is now, however long the answer takes
    for (const PersonKey& key : keys) out.push_back(RecordOf(key));
    const absl::Status status = status_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (!status.ok()) return status;
    return out;
  }

  void Hold() {
    Set([this] { held_ = true; });
  }
  void Release() {
    Set([this] { held_ = false; });
  }
  void Write(int64_t position, int offset) {
    Set([&] {
      position_ = position;
      offset_ = offset;
    });
  }
  void Fail(absl::Status status) {
    Set([&] { status_ = std::move(status); });
  }
  // Waits until so many rounds have been begun.
  void AwaitRounds(size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return rounds_.size() >= count; }));
  }
  std::vector<Round> rounds() {
    const std::lock_guard lock(mutex_);
    return rounds_;
  }

 private:
  template <typename Change>
  void Set(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  MemberRecord RecordOf(const PersonKey& key) const {
    MemberRecord record;
    record.facts.position = position_;
    if (key.worker_id >= 1'000) return record;
    record.facts.known = true;
    record.facts.worker_id = key.worker_id;
    record.facts.utc_offset_hours = offset_;
    return record;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Round> rounds_;
  bool held_ = false;
  int64_t position_ = 10;
  int offset_ = 7;
  absl::Status status_;
};

// One caller, and what it is told.
class Asker {
 public:
  LookupBatcher::Done done() {
    return [this](Told answer) { told_.set_value(std::move(answer)); };
  }
  Told Wait() {
    if (answer_.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
      return absl::DeadlineExceededError("nobody answered");
    }
    return answer_.get();
  }
  bool told() const {
    return answer_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

 private:
  std::promise<Told> told_;
  std::future<Told> answer_ = told_.get_future();
};

inline PersonKey Id(int64_t id) { return PersonKey::OfWorker(id); }

class CoverageLookupBatcher : public testing::Test {
 protected:
  // `follows`: the near cache is at position 10 and confirmed.
  void Start(LookupBatcher::Options options, bool follows = false) {
    if (follows) {
      near_.Restart(10);
      near_.Confirm(10, steady_.Now());
    }
    batcher_.emplace(
        near_,
        [this] {
          ++caught_up_;
          return catch_up_ ? catch_up_() : absl::OkStatus();
        },
        reader_, steady_, options);
  }
  void Ask(Asker& asker, std::vector<PersonKey> keys, const Freshness& fresh = {},
           LookupBatcher::Patience patience = {}) {
    batcher_->Find(std::move(keys), fresh, std::move(patience), asker.done());
  }
  // The first lookup is under way, and held.
  void Occupy(Asker& asker, std::vector<PersonKey> keys) {
    reader_.Hold();
    Ask(asker, std::move(keys));
    reader_.AwaitRounds(1);
  }
  // The near cache is at position 10, unconfirmed, and knows worker 5.
  void KnowFive() {
    MemberRecord known;
    known.facts.known = true;
    known.facts.worker_id = 5;
    known.facts.position = 10;
    near_.Restart(10);
    near_.Fill({known});
  }
  Told AskAndWait(std::vector<PersonKey> keys, const Freshness& fresh = {}) {
    Asker asker;
    Ask(asker, std::move(keys), fresh);
    return asker.Wait();
  }

  FakeReader reader_;
  ManualClock steady_{absl::UnixEpoch() + absl::Hours(1)};
  NearCache near_{{.members = 1'000}};
  std::function<absl::Status()> catch_up_;
  std::atomic<int> caught_up_{0};
  std::optional<LookupBatcher> batcher_;
};

}  // namespace lingkaran::coverage
