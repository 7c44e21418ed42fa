#include "services/coverage/replication/cache_loader.h"

#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/concurrency/thread_priority.h"
#include "common/crypto/personal_data_vault.h"
#include "services/coverage/record/member_record.h"
#include "services/coverage/store/change_log.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

constexpr size_t kPortion = 4'096;    // rows that go in together
constexpr int kMendedAtOnce = 5'000;  // members in one transaction

absl::Status Stopped() { return absl::CancelledError("not wanted any more"); }

// What is read of the table, in portions.
class Rows {
 public:
  Rows() { entries_.reserve(kPortion); }

  // False if the row is no record.
  bool Add(std::string_view row) {
    const absl::StatusOr<std::string> packed = FromBase64Url(row);
    if (!packed.ok()) return false;
    if (const std::optional<CodedRecord> coded = UnpackCoded(*packed)) {
      if (const std::optional<MemberEntry> entry = MemberEntry::Of(*coded)) {
        entries_.push_back(*entry);
        return true;
      }
    }
    std::optional<MemberRecord> record = Unpack(*packed);
    if (!record) return false;
    records_.push_back(*std::move(record));
    return true;
  }
  size_t size() const { return entries_.size() + records_.size(); }
  void LoadInto(NearCache& near, int64_t position) const {
    near.Load(entries_, position);
    near.Load(records_, position);
  }

 private:
  std::vector<MemberEntry> entries_;
  std::vector<MemberRecord> records_;  // who have no short form
};

// Reading and unpacking cost as much as putting in: a thread for each.
class CacheLoader {
 public:
  CacheLoader(NearCache& near, int64_t position)
      : near_(near), position_(position), thread_([this] { Run(); }) {}
  ~CacheLoader() { Finish(); }

  // Takes the portion; waits while too many are queued.
  void Give(Rows portion) {
    MutexLock lock(mutex_);
    changed_.Wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return waiting_.size() < kMostWaiting;
    });
    waiting_.push_back(std::move(portion));
    changed_.NotifyAll();
  }
  // Everything that was given is in.
  void Finish() {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  static constexpr size_t kMostWaiting = 4;

  void Run() {
    GiveWay();
    MutexLock lock(mutex_);
    while (true) {
      changed_.Wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return ended_ || !waiting_.empty();
      });
      if (waiting_.empty()) return;
      const Rows portion = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.NotifyAll();
      lock.Unlock();
      portion.LoadInto(near_, position_);
      lock.Lock();
    }
  }

  NearCache& near_;
  const int64_t position_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Rows> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

absl::Status LoadAll(sql::Database& database, NearCache& near, absl::FunctionRef<bool()> goes_on) {
  bool all_read = true;
  const absl::Status status = database.Read([&](sql::Tx& tx) -> absl::Status {
    tx.LiftLimits();
    all_read = true;
    near.BeginLoad();  // before the snapshot: that is as new as the cache, or newer
    const int64_t position = store::Position(tx);
    CacheLoader loader(near, position);
    Rows portion;
    const bool read = store::StreamRecords(tx, [&](std::string_view row) {
      if (!portion.Add(row)) all_read = false;
      if (portion.size() < kPortion) return true;
      loader.Give(std::exchange(portion, Rows()));
      return goes_on();
    });
    if (!read) return Stopped();
    loader.Give(std::move(portion));
    loader.Finish();
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(status);
  if (all_read) near.FinishLoad();
  if (!near.complete()) {
    // Somebody is left out: there is no room, or a newer release wrote the record.
    Log(Severity::kWarning, "warm_start_incomplete",
        {{"members", static_cast<int64_t>(near.size())}});
  }
  return absl::OkStatus();
}

namespace {

// Where the mending begins: the log's own row says from which position on it must have no hole.
absl::Status BeginMending(sql::Database& database, std::optional<int64_t>& begun) {
  return database.Write([&](sql::Tx& tx) {
    begun.reset();
    if (store::ReadLogHead(tx).whole()) return absl::OkStatus();
    begun = store::NextPosition(tx);
    store::RecordChange(tx, *begun, /*now_ms=*/0, {});
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status MendAll(sql::Database& database, absl::FunctionRef<bool()> goes_on) {
  while (goes_on()) {
    std::optional<int64_t> begun;
    RETURN_IF_ERROR(BeginMending(database, begun));
    if (!begun) return absl::OkStatus();
    Log(Severity::kWarning, "records_mending", {{"position", *begun}});
    int64_t after = 0;
    bool ended = false, whole = false;
    while (!ended) {
      if (!goes_on()) return Stopped();
      int64_t last = 0;
      RETURN_IF_ERROR(database.Write([&](sql::Tx& tx) {
        last = store::MendRecords(tx, store::NextPosition(tx), after, kMendedAtOnce);
        ended = last == after;
        whole = ended && store::FinishMending(tx, *begun);
        return absl::OkStatus();
      }));
      after = last;
    }
    if (whole) return absl::OkStatus();
  }
  return Stopped();
}

}  // namespace lingkaran::coverage
