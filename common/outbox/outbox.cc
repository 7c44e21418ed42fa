#include "common/outbox/outbox.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/outbox/outbox_table.h"

namespace lingkaran {
namespace {

using sql::Tx;

// How long an idle relay sleeps at most: rows of a process that died, or put by another one on the
// same database, are found by looking.
constexpr absl::Duration kLook = absl::Seconds(1);
constexpr size_t kLongestError = 300;
// How far the clocks of two processes on one database may be apart before one of them takes the
// other's leases for a mistake; that costs a second delivery, no more.
constexpr absl::Duration kClocksApart = absl::Seconds(10);

// Doubles from `first` up to `longest`; the jitter parts rows that failed together.
absl::Duration Backoff(const Outbox::Options& options, int attempts) {
  absl::Duration pause = options.first_backoff;
  for (int i = 1; i < attempts && pause < options.max_backoff; ++i) pause *= 2;
  return Jittered(std::min(pause, options.max_backoff), 0.5, 1.0);
}

std::string ErrorText(const absl::Status& status) {
  std::string text = absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
  if (text.size() > kLongestError) text.resize(kLongestError);
  // PostgreSQL takes valid UTF-8 only, and the text may be cut or come from anywhere.
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text;
}

// Wakes the relay. Shared with the effects of a commit, which may outlive everything else.
class Notifier {
 public:
  void Notify() {
    MutexLock lock(mutex_);
    ++notifications_;
    notified_.NotifyAll();
  }
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    notified_.NotifyAll();
  }
  bool closed() const {
    MutexLock lock(mutex_);
    return closed_;
  }
  int64_t notifications() const {
    MutexLock lock(mutex_);
    return notifications_;
  }
  // Returns when it was notified after `seen`, is closed, or `pause` has passed.
  void Wait(int64_t seen, absl::Duration pause) {
    MutexLock lock(mutex_);
    notified_.WaitFor(lock, pause, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return closed_ || notifications_ != seen;
    });
  }

 private:
  mutable Mutex mutex_;
  CondVar notified_;
  int64_t notifications_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

struct Outbox::Impl {
  Impl(sql::Database& d, Options o)
      : database(d), options(std::move(o)), notifier(std::make_shared<Notifier>()) {}

  int64_t NowMillis() const {
    return absl::ToUnixMillis(options.clock != nullptr ? options.clock->Now() : absl::Now());
  }
  int64_t LeaseEnd() const { return NowMillis() + absl::ToInt64Milliseconds(options.lease); }
  outbox_rows::Times Times() const {
    const int64_t now = NowMillis();
    const absl::Duration furthest = std::max(options.lease, options.max_backoff) + kClocksApart;
    return {now, now + absl::ToInt64Milliseconds(furthest)};
  }

  // Writes a row that is due at `due` and has been taken `attempts` times.
  OutboxMessage Insert(Tx& tx, std::string key, std::string kind, std::string body, int64_t due,
                       int attempts) {
    OutboxMessage message{0,       NewRequestId(), std::move(key), std::move(kind), std::move(body),
                          attempts};
    outbox_rows::Insert(tx, message, due);
    return message;
  }

  // What `query` finds in a transaction that writes nothing.
  template <typename Query, typename Result = std::invoke_result_t<Query, Tx&>>
  absl::StatusOr<Result> Read(Query query) {
    Result result{};
    RETURN_IF_ERROR(database.Read([&](Tx& tx) {
      result = query(tx);
      return absl::OkStatus();
    }));
    return result;
  }

  // Reads only: an idle relay takes no write lock.
  absl::StatusOr<std::optional<int64_t>> NextDue() {
    return Read([this](Tx& tx) { return outbox_rows::NextDue(tx, Times()); });
  }

  // Leases one row: a lease then covers one delivery, however long the others take.
  absl::StatusOr<std::optional<OutboxMessage>> Take() {
    std::optional<OutboxMessage> taken;
    RETURN_IF_ERROR(database.Write([&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(taken, outbox_rows::Take(tx, Times(), LeaseEnd()));
      return absl::OkStatus();
    }));
    return taken;
  }

  // A delivery of this process, for as long as it goes on.
  class UnderWay {
   public:
    UnderWay(Impl& impl, const OutboxMessage& message) : impl_(impl), seq_(message.seq) {
      MutexLock lock(impl_.mutex);
      impl_.under_way[seq_] = message.attempts;
    }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay() {
      MutexLock lock(impl_.mutex);
      impl_.under_way.erase(seq_);
      impl_.stopped.NotifyAll();
    }

   private:
    Impl& impl_;
    const int64_t seq_;
  };

  // Makes the RPC and commits its outcome, or schedules the next attempt. True if committed.
  bool Handle(const OutboxMessage& message) {
    FailPoint("outbox", message.kind, "taken");
    const absl::Status status = DeliverAndCommit(message);
    if (!status.ok()) Reschedule(message, status);
    return status.ok();
  }

  absl::Status DeliverAndCommit(const OutboxMessage& message) {
    const UnderWay under_way_here(*this, message);
    const auto found = deliverers.find(message.kind);
    if (found == deliverers.end()) {
      return absl::UnimplementedError("this release has no deliverer of this kind");
    }
    try {
      ASSIGN_OR_RETURN(const Commit commit, found->second(message));
      FailPoint("outbox", message.kind, "called");
      return CommitOutcome(message, commit);
    } catch (const std::exception&) {
      return absl::InternalError("the deliverer threw an exception");
    }
  }

  // The row's deletion decides whose outcome counts: where it is gone, another delivery did it.
  absl::Status CommitOutcome(const OutboxMessage& message, const Commit& commit) {
    return database.Write([&](Tx& tx) -> absl::Status {
      if (!outbox_rows::Delete(tx, message.seq)) return absl::OkStatus();
      tx.AfterCommit([kind = message.kind] { FailPoint("outbox", kind, "committed"); });
      if (commit) RETURN_IF_ERROR(commit(tx));
      if (outbox_rows::AnyOf(tx, message.key)) NotifyAfterCommit(tx);
      FailPoint("outbox", message.kind, "settled");
      return absl::OkStatus();
    });
  }

  // Sets the time of the next attempt, or dead-letters the row. A lease that another process took
  // over meanwhile is left alone.
  void Reschedule(const OutboxMessage& message, const absl::Status& status) {
    // A peer that is away comes back some day; only what is wrong in itself is a dead letter.
    const bool late = message.attempts >= options.max_attempts;
    const bool dead_letter = late && !IsRetryable(status);
    const int64_t due = NowMillis() + absl::ToInt64Milliseconds(Backoff(options, message.attempts));
    const absl::Status written = database.Write([&](Tx& tx) {
      outbox_rows::Reschedule(tx, message, due, ErrorText(status), dead_letter);
      NotifyAfterCommit(tx);
      return absl::OkStatus();
    });
    Log(late ? Severity::kError : Severity::kWarning,
        dead_letter ? "outbox_parked" : "outbox_put_off",
        {{"seq", message.seq},
         {"request_id", message.request_id},
         {"kind", message.kind},
         {"attempts", message.attempts},
         {"code", absl::StatusCodeToString(status.code())},
         {"reason", ReasonName(ReasonOf(status))},
         {"recorded", written.ok() ? "yes" : "no"}});
    if (late && options.count) options.count("outbox_alarm");
    if (dead_letter && options.count) options.count("outbox_parked");
  }

  // Whether the lease still holds and no older row of the key waits.
  bool IsNext(const OutboxMessage& message) {
    return Read([&](Tx& tx) { return outbox_rows::IsNext(tx, message); }).value_or(false);
  }

  // Moves the ends of leases that still hold. If this fails, they end, and another delivery takes
  // the row over.
  void SetDue(const std::map<int64_t, int>& rows, int64_t due, bool notify) {
    database
        .Write([&](Tx& tx) {
          for (const auto& [seq, attempts] : rows) outbox_rows::SetDue(tx, seq, attempts, due);
          if (notify) NotifyAfterCommit(tx);
          return absl::OkStatus();
        })
        .IgnoreError();
  }

  // Renews the leases of deliveries under way, so that a lease can be short: what a dead process
  // held is free again soon, however long a delivery may take.
  void RenewLeases() {
    MutexLock lock(mutex);
    const auto over = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      return notifier->closed() && under_way.empty();
    };
    while (!stopped.WaitFor(lock, options.lease / 3, over)) {
      const std::map<int64_t, int> rows = under_way;
      if (rows.empty()) continue;
      lock.Unlock();
      SetDue(rows, LeaseEnd(), /*notify=*/false);
      lock.Lock();
    }
  }

  void NotifyAfterCommit(Tx& tx) {
    tx.AfterCommit([notifier = notifier] { notifier->Notify(); });
  }

  // A thread of the relay.
  void Relay() {
    while (!notifier->closed()) {
      const int64_t seen = notifier->notifications();
      const absl::StatusOr<std::optional<int64_t>> due = NextDue();
      if (!due.ok() || !due->has_value()) {
        notifier->Wait(seen, kLook);
        continue;
      }
      const absl::Duration pause = absl::Milliseconds(**due - NowMillis());
      if (pause > absl::ZeroDuration()) {
        notifier->Wait(seen, std::min(pause, kLook));
        continue;
      }
      const absl::StatusOr<std::optional<OutboxMessage>> taken = Take();
      if (!taken.ok()) {
        notifier->Wait(seen, kLook);
      } else if (taken->has_value()) {
        Handle(**taken);
      } else {
        // Another has it: a relay that was quicker, or a transaction that hangs.
        notifier->Wait(seen, options.first_backoff);
      }
    }
  }

  sql::Database& database;
  const Options options;
  std::map<std::string, Deliver> deliverers;
  const std::shared_ptr<Notifier> notifier;
  std::vector<std::thread> threads;
  Mutex mutex;
  CondVar stopped;
  // seq -> attempts of the deliveries on this process
  std::map<int64_t, int> under_way ABSL_GUARDED_BY(mutex);
};

Outbox::Outbox(sql::Database& database, Options options)
    : impl_(std::make_unique<Impl>(database, std::move(options))) {}

Outbox::~Outbox() { Stop(); }

void Outbox::Register(std::string kind, Deliver deliver) {
  impl_->deliverers[std::move(kind)] = std::move(deliver);
}

std::string Outbox::Put(sql::Tx& tx, std::string key, std::string kind, std::string body) {
  impl_->NotifyAfterCommit(tx);
  return impl_
      ->Insert(tx, std::move(key), std::move(kind), std::move(body), impl_->NowMillis(),
               /*attempts=*/0)
      .request_id;
}

OutboxMessage Outbox::PutLeased(sql::Tx& tx, std::string key, std::string kind, std::string body) {
  return impl_->Insert(tx, std::move(key), std::move(kind), std::move(body), impl_->LeaseEnd(),
                       /*attempts=*/1);
}

bool Outbox::DeliverNow(const OutboxMessage& message) {
  if (impl_->IsNext(message)) return impl_->Handle(message);
  impl_->SetDue({{message.seq, message.attempts}}, impl_->NowMillis(), /*notify=*/true);
  return false;
}

absl::StatusOr<std::string> Outbox::WaitingFor(const std::string& key) {
  return impl_->Read([&](Tx& tx) { return outbox_rows::LastError(tx, key); });
}

absl::StatusOr<std::vector<Outbox::Owed>> Outbox::List(const std::string& key_prefix,
                                                       bool dead_letters_only, int64_t after,
                                                       int limit) {
  return impl_->Read(
      [&](Tx& tx) { return outbox_rows::List(tx, key_prefix, dead_letters_only, after, limit); });
}

absl::StatusOr<Outbox::OwedCount> Outbox::Count() { return impl_->Read(outbox_rows::Count); }

absl::StatusOr<int> Outbox::Retry(sql::Tx& tx, const std::vector<int64_t>& seqs) {
  impl_->NotifyAfterCommit(tx);
  const int64_t now = impl_->NowMillis();
  if (seqs.empty()) return outbox_rows::ReviveDeadLetters(tx, now);
  return outbox_rows::Retry(tx, seqs, now, impl_->LeaseEnd());
}

void Outbox::Start() {
  // What an earlier release could not do, this one may. If this fails, the next start does it.
  impl_->database
      .Write([&](Tx& tx) {
        outbox_rows::ReviveDeadLetters(tx, impl_->NowMillis());
        return absl::OkStatus();
      })
      .IgnoreError();
  for (int i = 0; i < impl_->options.threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->Relay(); });
  }
  impl_->threads.emplace_back([impl = impl_.get()] { impl->RenewLeases(); });
}

absl::StatusOr<bool> Outbox::Pump() {
  ASSIGN_OR_RETURN(const std::optional<OutboxMessage> taken, impl_->Take());
  if (taken.has_value()) impl_->Handle(*taken);
  return taken.has_value();
}

absl::StatusOr<absl::Time> Outbox::NextDue() {
  ASSIGN_OR_RETURN(const std::optional<int64_t> next, impl_->NextDue());
  return next.has_value() ? absl::FromUnixMillis(*next) : absl::InfiniteFuture();
}

void Outbox::Stop() {
  impl_->notifier->Close();
  impl_->stopped.NotifyAll();
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace lingkaran
