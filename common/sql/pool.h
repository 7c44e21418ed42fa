// Connections and their transactions. Private to common/sql.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/sql/database.h"
#include "common/sql/statement_watchdog.h"

namespace lingkaran::sql {

struct Target {
  Dialect dialect;
  std::string connect;      // for SOCI's factory
  std::string description;  // without password
  bool in_memory = false;
};

// A place for one connection; connected at its first use and after it broke.
struct Slot {
  soci::session session;
  bool connected = false;
  Watch watch;
};

// Hands out slots in the order of asking.
class Pool {
 public:
  // Of a SQLite file that others write if `reads_only`.
  Pool(Target target, bool reads_only, int size, const Limits& limits);

  // UNAVAILABLE after the limit, DEADLINE_EXCEEDED after `deadline` (SteadyNanos).
  absl::StatusOr<Slot*> Acquire(int64_t deadline);
  void Release(Slot* slot);

  // Under the slot's watch. Throws as SOCI does.
  void Connect(Slot& slot);
  void Disconnect(Slot& slot);

  const Target& target() const { return target_; }
  const Limits& limits() const { return limits_; }

 private:
  struct Waiter {
    CondVar turn;
    Slot* slot = nullptr;
  };

  std::string ConnectString(const Watch& watch) const;
  void SetUpPostgres(soci::session& session);
  void SetUpSqlite(soci::session& session);

  const Target target_;
  const bool reads_only_;
  const Limits limits_;
  std::deque<Slot> slots_;
  Mutex mutex_;
  std::vector<Slot*> idle_ ABSL_GUARDED_BY(mutex_);
  std::deque<Waiter*> waiting_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<WatchThread> thread_;  // PostgreSQL only; last: it looks at the slots
};

// A slot of the pool with its transaction; rolls back and gives back what was not committed.
class Transaction {
 public:
  Transaction(Pool& pool, Slot* slot, int64_t deadline);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  // Begins with `statement`; a connection that broke while it was idle is made anew once.
  void Begin(const std::string& statement);
  absl::Status Commit();

  soci::session& session() { return slot_->session; }
  Watch& watch() { return slot_->watch; }
  Dialect dialect() const { return pool_.target().dialect; }

 private:
  void BeginOnce(const std::string& statement);
  bool IsBroken() const;
  void Rollback() noexcept;

  Pool& pool_;
  Slot* slot_;
};

}  // namespace lingkaran::sql
