// One Redis server as the cache sees it: a few connections and a breaker.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "common/redis/redis_connection.h"
#include "common/redis/versioned_cache.h"

namespace lingkaran {

// Thread-safe.
class RedisNode {
 public:
  RedisNode(RedisEndpoint server, RedisLogin login, const VersionedCache::Options& options);

  enum class Take {
    kTaken,  // `connection` is the caller's until Return or Drop
    kBusy,   // all are in use: AwaitFree
    kAway    // the breaker is open, or the server can't be connected to
  };
  // Gives a connection, which may be a new one that does not stand yet. `deadline`: for finding the
  // server's address, the only thing that may take time here.
  Take TakeConnection(SteadyTime deadline, std::unique_ptr<RedisConnection>& connection);
  // False if none became free in time.
  bool AwaitFree(SteadyTime deadline);
  // Exactly one of these for each that was taken. All went well: the connection is kept.
  void Return(std::unique_ptr<RedisConnection> connection);
  // Anything went wrong or is outstanding: it is closed, and with it those that lie idle, which
  // most likely died with it.
  void Drop(std::unique_ptr<RedisConnection> connection, std::string_view why);

  // False after a failure until something goes well.
  bool DidWell() const { return failures_.load(std::memory_order_relaxed) == 0; }
  // False while the breaker is open.
  bool WouldTry() const;
  const RedisEndpoint& server() const { return server_; }

 private:
  bool MayTry();
  void CountSuccess();
  void CountFailure(std::string_view why);

  const RedisEndpoint server_;
  const RedisLogin login_;
  const VersionedCache::Options options_;
  RedisResolver resolver_;
  std::atomic<int64_t> open_until_{0};  // steady nanoseconds; 0 while the breaker is closed
  std::atomic<int> failures_{0};
  Mutex mutex_;
  CondVar freed_;
  int in_use_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<RedisConnection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lingkaran
