// "The RPCs we owe": effects on other services, written in the transaction that causes them and
// delivered at least once, in order per key. The row's request_id is the request_id of the RPC, so
// a second delivery changes nothing; the reply is the outcome.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/sql/database.h"

namespace lingkaran {

// Table (in the first migration of registry and sponsorship):
//   CREATE TABLE outbox (
//     seq BIGINT PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
//     kind TEXT NOT NULL, body TEXT NOT NULL, due_time BIGINT NOT NULL, attempts INT NOT NULL,
//     last_error TEXT NOT NULL DEFAULT '', parked INT NOT NULL DEFAULT 0);
//   CREATE INDEX outbox_key ON outbox (key, seq);
//   CREATE INDEX outbox_due ON outbox (parked, due_time);
// due_time is milliseconds since 1970: a row may be taken when it has come; taking it moves it to
// the end of the lease. seq comes from sequences ('outbox'), whose row a transaction locks until
// its end, so rows appear in the order of seq. body is base64url. Each taking raises attempts, so
// (seq, attempts) names one lease. A due time further ahead than any lease or back-off reaches was
// written before the machine's clock was set back: it counts as come. A dead letter (parked = 1) is
// not delivered and holds up the rest of its key until an operator or the next Start retries it.
struct OutboxMessage {
  int64_t seq = 0;
  std::string request_id;
  std::string key;   // order is kept among rows of one key
  std::string kind;  // picks the deliverer
  std::string body;  // what the deliverer needs, usually a serialized request
  int attempts = 0;
};

class Outbox {
 public:
  // Runs in the transaction that takes the delivered row away; may Put further rows. As a body of
  // Database::Write it may run again, and counts once. An error keeps the row for another delivery.
  using Commit = std::function<absl::Status(sql::Tx&)>;
  // Makes the RPC. OK with a Commit: it is decided (done, or refused for good) and Commit records
  // the outcome. An error: not decided; the row is delivered again after a back-off with jitter.
  using Deliver = std::function<absl::StatusOr<Commit>(const OutboxMessage&)>;

  struct Options {
    // Renewed while this process delivers; so this is how long a dead one's rows wait at most.
    absl::Duration lease = absl::Seconds(3);
    absl::Duration first_backoff = absl::Milliseconds(50);
    absl::Duration max_backoff = absl::Seconds(30);
    // Then each failure is logged as an alarm, and a row whose error is not retryable is
    // dead-lettered.
    int max_attempts = 50;
    int threads = 2;  // of the relay
    // Time that due times and leases are measured by, across processes; null: the machine's,
    // whatever the service's clock says.
    const Clock* clock = nullptr;
    // Told of "outbox_alarm" (a failure from max_attempts on) and "outbox_parked", for metrics; on
    // any thread.
    std::function<void(std::string_view event)> count = nullptr;
  };

  // A row as an operator sees it: everything but the body, which may hold personal data.
  struct Owed {
    int64_t seq = 0;
    std::string request_id;
    std::string key;
    std::string kind;
    int attempts = 0;
    absl::Time due;
    std::string last_error;
    bool dead_lettered = false;
  };
  struct OwedCount {
    int64_t waiting = 0;        // all rows
    int64_t dead_lettered = 0;  // of them
  };

  Outbox(sql::Database& database, Options options);
  ~Outbox();

  // Before Start.
  void Register(std::string kind, Deliver deliver);

  // Writes a row. After the commit it is delivered by the relay at once.
  // Gives the row's request_id.
  std::string Put(sql::Tx& tx, std::string key, std::string kind, std::string body);
  // Writes a row that its caller delivers with DeliverNow after the commit; the relay takes it only
  // when the lease is over (the caller died).
  OutboxMessage PutLeased(sql::Tx& tx, std::string key, std::string kind, std::string body);
  // Delivers a leased row on this thread if it is its key's oldest; what stays open goes to the
  // relay. True if its outcome was committed.
  bool DeliverNow(const OutboxMessage& message);

  // Last error of the oldest waiting row of `key`; empty if none.
  absl::StatusOr<std::string> WaitingFor(const std::string& key);

  // For the operator. Rows whose key begins with `key_prefix`, in the order of seq, after `after`.
  absl::StatusOr<std::vector<Owed>> List(const std::string& key_prefix, bool dead_letters_only,
                                         int64_t after, int limit);
  absl::StatusOr<OwedCount> Count();
  // Makes the rows due now and dead-lettered no longer, in the caller's transaction; empty `seqs`:
  // all dead letters. A row under way keeps its lease. NOT_FOUND/OWED_NOT_FOUND, and nothing is
  // changed, if one of `seqs` is not there. Gives their number.
  absl::StatusOr<int> Retry(sql::Tx& tx, const std::vector<int64_t>& seqs);

  // Starts the relay.
  void Start();
  // For an owner that has no threads and never calls Start: delivers one row that is due, on this
  // thread; false if none is.
  absl::StatusOr<bool> Pump();
  // When the next row is due; InfiniteFuture if none waits.
  absl::StatusOr<absl::Time> NextDue();
  // Ends the relay; a delivery under way is finished first.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lingkaran
