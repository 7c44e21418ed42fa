// Which server has which key: of one Redis, that one; of a Redis Cluster, what its slots say.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "common/redis/redis_node.h"
#include "common/redis/redis_reply.h"

namespace lingkaran {

inline constexpr int kRedisSlots = 16384;
// CRC16 (XMODEM) of the key, or of what stands between its first { and the next }, modulo 16384.
int RedisSlotOf(std::string_view key);

// "3999 127.0.0.1:6381" as MOVED and ASK say it.
struct RedisRedirect {
  int slot = 0;
  RedisEndpoint server;
};
// What an error reply "MOVED ..." or "ASK ..." of `from` says; nullopt if it is none.
std::optional<RedisRedirect> ReadRedisRedirect(const RedisReply& reply, const RedisEndpoint& from);

// Servers by slot, from the reply to CLUSTER SLOTS of `from`; empty if it is no such reply.
struct RedisSlotRange {
  int first = 0;
  int last = 0;
  RedisEndpoint server;
};
std::vector<RedisSlotRange> ReadRedisSlots(const RedisReply& reply, const RedisEndpoint& from);

// Thread-safe. Knows nothing at first: a question goes to any server of a cluster, whose MOVED
// teaches where the slot is. The whole map is asked for along the way, see WantsMap.
class RedisNodes {
 public:
  RedisNodes(RedisAddress address, const VersionedCache::Options& options);

  bool cluster() const { return address_.cluster; }
  // Where to send a command for the slot.
  std::shared_ptr<RedisNode> Of(int slot);
  // Some server whose last answer was good, if there is one, else one that may be tried again. So a
  // dead server is not asked for the map each time that its breaker lets one caller through.
  std::shared_ptr<RedisNode> Any();
  // The server that a redirection names. MOVED: has the slot from now on.
  std::shared_ptr<RedisNode> Moved(const RedisRedirect& redirect);
  std::shared_ptr<RedisNode> At(const RedisEndpoint& server);
  // A server of it could not be reached: others may have its slots by now.
  void Lost();

  // True for one caller at a time if the slots should be asked for with CLUSTER SLOTS: at first,
  // and after MOVED or Lost, but not all the time. That caller hands the reply, whatever it is, to
  // TakeMap.
  bool WantsMap();
  void TakeMap(const RedisReply& reply, const RedisEndpoint& from);

 private:
  std::shared_ptr<RedisNode> AtLocked(const RedisEndpoint& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RedisAddress address_;
  const VersionedCache::Options options_;
  std::shared_ptr<RedisNode> only_;  // of one Redis; null for a cluster
  Mutex mutex_;
  std::map<RedisEndpoint, std::shared_ptr<RedisNode>> nodes_ ABSL_GUARDED_BY(mutex_);
  // Empty, or one for each slot.
  std::vector<std::shared_ptr<RedisNode>> slots_ ABSL_GUARDED_BY(mutex_);
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  bool map_wanted_ ABSL_GUARDED_BY(mutex_) = true;
  SteadyTime map_asked_ ABSL_GUARDED_BY(mutex_){};
};

}  // namespace lingkaran
