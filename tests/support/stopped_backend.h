// Processes of PostgreSQL that hang, on a server of this machine.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "common/sql/database.h"

namespace lingkaran::sql {

// The server's process of this transaction.
inline pid_t BackendOf(Tx& tx) {
  int pid = 0;
  tx.db() << "SELECT pg_backend_pid()", soci::into(pid);
  return pid;
}

// Stopped while this lives: it holds its locks and says nothing. The server makes and drops no
// database meanwhile, so after 20 s it goes on by itself, for a test that has failed.
class StoppedBackend {
 public:
  explicit StoppedBackend(pid_t pid) : pid_(pid), healer_([this] { HealLate(); }) {
    EXPECT_EQ(kill(pid_, SIGSTOP), 0);
  }
  ~StoppedBackend() { Heal(); }
  void Heal() {
    if (!healer_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      healed_ = true;
      changed_.notify_all();
    }
    healer_.join();
    EXPECT_EQ(kill(pid_, SIGCONT), 0);
  }

 private:
  void HealLate() {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::seconds(20), [&] { return healed_; })) return;
    kill(pid_, SIGCONT);
    ADD_FAILURE() << "nobody healed the stopped process";
  }

  const pid_t pid_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool healed_ = false;
  std::thread healer_;  // last: it uses the others
};

}  // namespace lingkaran::sql
