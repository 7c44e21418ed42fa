// Redis without the layers of the suite: for filling one, and for the handler that asks it as
// anybody would. Errors end the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct redisContext;

namespace lingkaran::bench {

class RedisConnection {
 public:
  // HOST:PORT.
  explicit RedisConnection(const std::string& address);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // A command with one argument that answers with a text; empty if there is none.
  std::string Ask(const char* command, const std::string& argument);
  // Sends many SETs in one go.
  void SetAll(const std::vector<std::pair<std::string, std::string>>& values);
  // A number of INFO, e.g. "used_memory".
  int64_t Info(const std::string& name);

 private:
  redisContext* context_;
};

}  // namespace lingkaran::bench
