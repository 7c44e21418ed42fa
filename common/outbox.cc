#include "common/outbox.h"

#include <openssl/rand.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/sealer.h"
#include "common/sql/bulk.h"

namespace lingkaran {
namespace {

using soci::into;
using soci::use;
using sql::ForEach;
using sql::Tx;

// How long an idle relay sleeps at most: rows of a process that died, or put by another one on the
// same database, are found by looking.
constexpr absl::Duration kLook = absl::Seconds(1);
constexpr size_t kLongestError = 300;

int64_t NowMillis() { return absl::ToUnixMillis(absl::Now()); }

// A random UUID (version 4).
std::string NewRequestId() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) throw std::runtime_error("no randomness");
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20));
}

// Doubles from `first` up to `longest`; the jitter parts rows that failed together.
absl::Duration Backoff(const Outbox::Options& options, int attempts) {
  thread_local std::minstd_rand random{std::random_device{}()};
  absl::Duration pause = options.first_backoff;
  for (int i = 1; i < attempts && pause < options.max_backoff; ++i) pause *= 2;
  pause = std::min(pause, options.max_backoff);
  return pause * std::uniform_real_distribution<double>(0.5, 1.0)(random);
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

// Wakes the relay. Shared with effects after a commit, which may outlive nothing else.
class Bell {
 public:
  void Ring() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++rings_;
    rung_.notify_all();
  }
  void Close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    rung_.notify_all();
  }
  bool closed() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return closed_;
  }
  int64_t rings() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return rings_;
  }
  // Returns when it rang after `seen`, is closed, or `pause` has passed.
  void Wait(int64_t seen, absl::Duration pause) {
    std::unique_lock<std::mutex> lock(mutex_);
    rung_.wait_for(lock, absl::ToChronoMilliseconds(pause),
                   [&] { return closed_ || rings_ != seen; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable rung_;
  int64_t rings_ = 0;
  bool closed_ = false;
};

}  // namespace

struct Outbox::Impl {
  Impl(sql::Database& d, Options o) : database(d), options(o), bell(std::make_shared<Bell>()) {}

  // Writes a row that is due at `due` and has been taken `attempts` times.
  OutboxMessage Insert(Tx& tx, std::string key, std::string kind, std::string body, int64_t due,
                       int attempts) {
    OutboxMessage message{0,       NewRequestId(), std::move(key), std::move(kind), std::move(body),
                          attempts};
    message.seq = sql::NextIds(tx, "outbox", 1);
    const std::string text = Base64Url(message.body);
    tx.db() << "INSERT INTO outbox (seq, request_id, key, kind, body, due_time, attempts) "
               "VALUES (:seq, :request, :key, :kind, :body, :due, :attempts)",
        use(message.seq, "seq"), use(message.request_id, "request"), use(message.key, "key"),
        use(message.kind, "kind"), use(text, "body"), use(due, "due"), use(attempts, "attempts");
    return message;
  }

  // When the next row is due; nullopt if none waits. Reads only: an idle relay takes no write lock.
  absl::StatusOr<std::optional<int64_t>> NextDue() {
    std::optional<int64_t> next;
    RETURN_IF_ERROR(database.Read([&](Tx& tx) {
      int64_t due = 0;
      tx.db() << "SELECT o.due_time FROM outbox o WHERE o.parked = 0 AND NOT EXISTS "
                 "(SELECT 1 FROM outbox p WHERE p.key = o.key AND p.seq < o.seq) "
                 "ORDER BY o.due_time LIMIT 1",
          into(due);
      next = tx.db().got_data() ? std::optional<int64_t>(due) : std::nullopt;
      return absl::OkStatus();
    }));
    return next;
  }

  // Leases the row that has been due longest among the oldest of their keys. One row at a time:
  // a lease then covers one delivery, however long the others take.
  absl::StatusOr<std::optional<OutboxMessage>> Take() {
    std::optional<OutboxMessage> taken;
    RETURN_IF_ERROR(database.Write([&](Tx& tx) -> absl::Status {
      const int64_t now = NowMillis();
      const int64_t lease_end = now + absl::ToInt64Milliseconds(options.lease);
      const bool postgres = tx.dialect() == sql::Dialect::kPostgres;
      OutboxMessage m;
      std::string body;
      tx.db() << "UPDATE outbox SET due_time = :lease_end, attempts = attempts + 1 WHERE seq = "
                 "(SELECT o.seq FROM outbox o WHERE o.parked = 0 AND o.due_time <= :now "
                 "AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.key = o.key AND p.seq < o.seq) "
                 "ORDER BY o.due_time, o.seq LIMIT 1"
              << (postgres ? " FOR UPDATE SKIP LOCKED" : "")
              << ") RETURNING seq, request_id, key, kind, body, attempts",
          use(lease_end, "lease_end"), use(now, "now"), into(m.seq), into(m.request_id),
          into(m.key), into(m.kind), into(body), into(m.attempts);
      taken.reset();
      if (!tx.db().got_data()) return absl::OkStatus();
      ASSIGN_OR_RETURN(m.body, FromBase64Url(body));
      taken = std::move(m);
      return absl::OkStatus();
    }));
    return taken;
  }

  // Makes the RPC and settles, or sees to the next attempt. True if the row is settled.
  bool Handle(const OutboxMessage& message) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      under_way[message.seq] = message.attempts;
    }
    absl::Status status = DeliverAndSettle(message);
    {
      std::lock_guard<std::mutex> lock(mutex);
      under_way.erase(message.seq);
      stopped.notify_all();
    }
    if (!status.ok()) PutOff(message, status);
    return status.ok();
  }

  absl::Status DeliverAndSettle(const OutboxMessage& message) {
    const auto found = deliverers.find(message.kind);
    if (found == deliverers.end()) {
      return absl::UnimplementedError("this release has no deliverer of this kind");
    }
    try {
      ASSIGN_OR_RETURN(const Settle settle, found->second(message));
      return SettleRow(message, settle);
    } catch (const std::exception&) {
      return absl::InternalError("the deliverer threw an exception");
    }
  }

  // The row's deletion decides who settles: where it is gone, somebody else did.
  absl::Status SettleRow(const OutboxMessage& message, const Settle& settle) {
    return database.Write([&](Tx& tx) -> absl::Status {
      int64_t deleted = 0;
      tx.db() << "DELETE FROM outbox WHERE seq = :seq RETURNING seq", use(message.seq, "seq"),
          into(deleted);
      if (!tx.db().got_data()) return absl::OkStatus();
      if (settle) RETURN_IF_ERROR(settle(tx));
      int follower = 0;
      tx.db() << "SELECT 1 FROM outbox WHERE key = :key LIMIT 1", use(message.key, "key"),
          into(follower);
      if (tx.db().got_data()) RingAfterCommit(tx);
      return absl::OkStatus();
    });
  }

  // Sets the time of the next attempt, or parks the row. A lease that somebody else took over
  // meanwhile is left to him.
  void PutOff(const OutboxMessage& message, const absl::Status& status) {
    // A peer that is away comes back some day; only what is wrong in itself is parked.
    const bool late = message.attempts >= options.max_attempts;
    const bool park = late && !IsRetryable(status);
    const int64_t due = NowMillis() + absl::ToInt64Milliseconds(Backoff(options, message.attempts));
    const std::string text = ErrorText(status);
    const int parked = park ? 1 : 0;
    const absl::Status written = database.Write([&](Tx& tx) {
      tx.db() << "UPDATE outbox SET due_time = :due, last_error = :error, parked = :parked "
                 "WHERE seq = :seq AND attempts = :attempts",
          use(due, "due"), use(text, "error"), use(parked, "parked"), use(message.seq, "seq"),
          use(message.attempts, "attempts");
      RingAfterCommit(tx);
      return absl::OkStatus();
    });
    Log(late ? Severity::kError : Severity::kWarning, park ? "outbox_parked" : "outbox_put_off",
        {{"seq", message.seq},
         {"request_id", message.request_id},
         {"kind", message.kind},
         {"attempts", message.attempts},
         {"code", absl::StatusCodeToString(status.code())},
         {"reason", ReasonName(ReasonOf(status))},
         {"recorded", written.ok() ? "yes" : "no"}});
  }

  // Whether the lease still holds and no older row of the key waits.
  bool IsNext(const OutboxMessage& message) {
    bool next = false;
    const absl::Status read = database.Read([&](Tx& tx) {
      int found = 0;
      tx.db() << "SELECT 1 FROM outbox o WHERE o.seq = :seq AND o.attempts = :attempts AND NOT "
                 "EXISTS (SELECT 1 FROM outbox p WHERE p.key = o.key AND p.seq < o.seq)",
          use(message.seq, "seq"), use(message.attempts, "attempts"), into(found);
      next = tx.db().got_data();
      return absl::OkStatus();
    });
    return read.ok() && next;
  }

  // Ends a lease without a delivery.
  void GiveToRelay(const OutboxMessage& message) {
    const int64_t now = NowMillis();
    // If this fails, the lease's end does the same.
    database
        .Write([&](Tx& tx) {
          tx.db() << "UPDATE outbox SET due_time = :now WHERE seq = :seq AND attempts = :attempts",
              use(now, "now"), use(message.seq, "seq"), use(message.attempts, "attempts");
          RingAfterCommit(tx);
          return absl::OkStatus();
        })
        .IgnoreError();
  }

  // Renews the leases of deliveries under way, so that a lease can be short: what a dead process
  // held is free again soon, however long a delivery may take.
  void Keep() {
    std::unique_lock<std::mutex> lock(mutex);
    while (!stopped.wait_for(lock, absl::ToChronoMilliseconds(options.lease / 3),
                             [&] { return bell->closed() && under_way.empty(); })) {
      const std::map<int64_t, int> rows = under_way;
      if (rows.empty()) continue;
      lock.unlock();
      Renew(rows);
      lock.lock();
    }
  }

  void Renew(const std::map<int64_t, int>& rows) {
    const int64_t lease_end = NowMillis() + absl::ToInt64Milliseconds(options.lease);
    // If this fails, the next try or the one who takes over does.
    database
        .Write([&](Tx& tx) {
          for (const auto& [seq, attempts] : rows) {
            tx.db() << "UPDATE outbox SET due_time = :lease_end "
                       "WHERE seq = :seq AND attempts = :attempts",
                use(lease_end, "lease_end"), use(seq, "seq"), use(attempts, "attempts");
          }
          return absl::OkStatus();
        })
        .IgnoreError();
  }

  void RingAfterCommit(Tx& tx) {
    tx.AfterCommit([bell = bell] { bell->Ring(); });
  }

  // A thread of the relay.
  void Relay() {
    while (!bell->closed()) {
      const int64_t seen = bell->rings();
      const absl::StatusOr<std::optional<int64_t>> due = NextDue();
      if (!due.ok() || !due->has_value()) {
        bell->Wait(seen, kLook);
        continue;
      }
      const absl::Duration pause = absl::Milliseconds(**due - NowMillis());
      if (pause > absl::ZeroDuration()) {
        bell->Wait(seen, std::min(pause, kLook));
        continue;
      }
      const absl::StatusOr<std::optional<OutboxMessage>> taken = Take();
      if (!taken.ok()) {
        bell->Wait(seen, kLook);
      } else if (taken->has_value()) {
        Handle(**taken);
      }
    }
  }

  sql::Database& database;
  const Options options;
  std::map<std::string, Deliver> deliverers;
  const std::shared_ptr<Bell> bell;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable stopped;
  std::map<int64_t, int> under_way;  // seq -> attempts of the deliveries on this process
};

Outbox::Outbox(sql::Database& database, Options options)
    : impl_(std::make_unique<Impl>(database, options)) {}

Outbox::~Outbox() { Stop(); }

void Outbox::Register(std::string kind, Deliver deliver) {
  impl_->deliverers[std::move(kind)] = std::move(deliver);
}

std::string Outbox::Put(sql::Tx& tx, std::string key, std::string kind, std::string body) {
  impl_->RingAfterCommit(tx);
  return impl_
      ->Insert(tx, std::move(key), std::move(kind), std::move(body), NowMillis(), /*attempts=*/0)
      .request_id;
}

OutboxMessage Outbox::PutLeased(sql::Tx& tx, std::string key, std::string kind, std::string body) {
  const int64_t lease_end = NowMillis() + absl::ToInt64Milliseconds(impl_->options.lease);
  return impl_->Insert(tx, std::move(key), std::move(kind), std::move(body), lease_end,
                       /*attempts=*/1);
}

bool Outbox::DeliverNow(const OutboxMessage& message) {
  if (impl_->IsNext(message)) return impl_->Handle(message);
  impl_->GiveToRelay(message);
  return false;
}

absl::StatusOr<std::vector<OutboxMessage>> Outbox::Pending(int limit) {
  std::vector<OutboxMessage> pending;
  RETURN_IF_ERROR(impl_->database.Read([&](Tx& tx) -> absl::Status {
    pending.clear();
    OutboxMessage m;
    std::string body;
    absl::Status status;
    ForEach(
        tx,
        "SELECT seq, request_id, key, kind, body, attempts FROM outbox ORDER BY seq LIMIT :limit",
        [&] {
          absl::StatusOr<std::string> bytes = FromBase64Url(body);
          if (!bytes.ok()) status = bytes.status();
          m.body = bytes.value_or("");
          pending.push_back(m);
        },
        into(m.seq), into(m.request_id), into(m.key), into(m.kind), into(body), into(m.attempts),
        use(limit, "limit"));
    return status;
  }));
  return pending;
}

absl::StatusOr<std::string> Outbox::WaitingFor(const std::string& key) {
  std::string error;
  RETURN_IF_ERROR(impl_->database.Read([&](Tx& tx) {
    error.clear();
    tx.db() << "SELECT last_error FROM outbox WHERE key = :key ORDER BY seq LIMIT 1",
        use(key, "key"), into(error);
    return absl::OkStatus();
  }));
  return error;
}

void Outbox::Start() {
  // What an earlier release could not do, this one may. If this fails, the next start does it.
  impl_->database
      .Write([](Tx& tx) {
        tx.db() << "UPDATE outbox SET parked = 0, attempts = 0 WHERE parked = 1";
        return absl::OkStatus();
      })
      .IgnoreError();
  for (int i = 0; i < impl_->options.threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->Relay(); });
  }
  impl_->threads.emplace_back([impl = impl_.get()] { impl->Keep(); });
}

void Outbox::Stop() {
  impl_->bell->Close();
  impl_->stopped.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace lingkaran
