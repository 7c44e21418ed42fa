// Socket addresses of a Redis server. Names are looked up by a thread of their own, because the
// system's look-up knows no deadline and a call to the cache does.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>

#include "common/redis/redis_address.h"

namespace lingkaran {

// Never goes back, whatever is done to the machine's date.
using SteadyTime = std::chrono::steady_clock::time_point;

struct SocketAddress {
  sockaddr_storage storage;
  socklen_t size = 0;
};

// Thread-safe.
class RedisResolver {
 public:
  explicit RedisResolver(RedisEndpoint server);
  ~RedisResolver();

  // The address to connect to; nullopt if it is not known by the deadline. Then the look-up goes on
  // and a later call gets its result.
  std::optional<SocketAddress> Find(SteadyTime deadline);
  // Connecting failed: the name's next address comes first from now on, and it is looked up anew.
  void Failed();

 private:
  struct LookUp;
  const RedisEndpoint server_;
  const std::shared_ptr<LookUp> look_up_;
};

}  // namespace lingkaran
