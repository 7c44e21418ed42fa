// A Redis of one's own, on loopback and on a socket, that may be killed, stopped and started again;
// several as a Redis Cluster.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/redis/redis_reply.h"
#include "common/redis/versioned_cache.h"
#include "tests/support/process.h"

namespace lingkaran {

// A cache that waits for a busy machine: for tests that are about something else.
inline VersionedCache::Options Patient(const std::string& address) {
  VersionedCache::Options options;
  options.address = address;
  options.operation = absl::Minutes(1);
  options.connect = absl::Minutes(1);
  return options;
}

// A Redis that keeps nothing on disk.
class RedisServer {
 public:
  // `arguments` in addition, e.g. {"--requirepass", "x"}. Answers when it returns.
  explicit RedisServer(std::vector<std::string> arguments = {});
  std::string address() const;  // HOST:PORT; stays the same over restarts
  std::string socket() const { return directory_.path() + "/redis.sock"; }
  int port() const { return port_; }
  void Kill();
  void Start();
  Process& process() { return *process_; }
  // One command, waited for, past the classes under test; ends the program if there is no answer.
  RedisReply Ask(const std::vector<std::string_view>& words) const;
  // The number of a line of INFO, e.g. "used_memory"; ends the program if there is none.
  int64_t Info(std::string_view name) const;

 private:
  // False if there was no answer.
  bool TryToAsk(const std::vector<std::string_view>& words, RedisReply& reply) const;
  const std::vector<std::string> arguments_;
  TempDirectory directory_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

// Three servers that share the slots: 0-5460, 5461-10922, 10923-16383. No replicas: who kills one
// takes its slots away (the others go on serving theirs).
class RedisClusterServers {
 public:
  static constexpr int kServers = 3;
  RedisClusterServers();  // all of them agree on the slots when it returns
  // "redis+cluster://..." with all servers, or only one of them.
  std::string address() const;
  std::string address(int server) const;
  RedisServer& server(int index) { return *servers_[index]; }
  // Which server has the slot at first.
  static int OwnerOf(int slot);

  // A replica of the server, that takes over its slots some seconds after its death; in step when
  // it returns.
  void AddReplica(int of);

  // Moving a slot, as redis-cli does it: both servers are told that it moves (questions for keys
  // that are gone from `from` are redirected with ASK), its keys are moved, and all are told that
  // it has moved (MOVED from then on).
  void BeginMove(int slot, int from, int to);
  void MoveKeys(int slot, int from, int to);
  void EndMove(int slot, int to);

 private:
  std::string IdOf(int server);
  // Makes `one` known to the first server.
  void Introduce(RedisServer& one);
  std::array<std::unique_ptr<RedisServer>, kServers> servers_;
  std::vector<std::unique_ptr<RedisServer>> replicas_;
};

}  // namespace lingkaran
