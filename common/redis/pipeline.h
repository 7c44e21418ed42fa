// Commands to Redis in one round trip: to each server that has some of them, at the same time.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/redis/redis_cluster.h"

namespace lingkaran {

struct RedisCommand {
  std::string bytes;  // as AppendRedisCommand makes it
  int slot = 0;       // of its key
  // What a good reply looks like. Another one means that replies are out of step: the connection
  // is dropped and nothing of it believed.
  RedisReply::Kind kind = RedisReply::Kind::kInteger;
  size_t items = 0;  // of kArray; 0: any number

  bool answered = false;
  RedisReply reply;  // as above, or an error of Redis; if answered
};

// Runs all of them and fills in what was answered by the deadline, `length` from now. A new
// connection gets options.connect beside that. MOVED and ASK are followed within the deadline. A
// server that fails costs its own commands only.
void RunRedisCommands(RedisNodes& nodes, absl::Span<RedisCommand> commands, absl::Duration length,
                      const VersionedCache::Options& options);

}  // namespace lingkaran
