// A Redis that comes back empty or with what it once saved, as machines do that are set back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/redis_server.h"

namespace lingkaran::freshness {

// For the thread that made it.
class RedisBox {
 public:
  std::string address() const { return server_.address(); }  // stays the same
  int port() const { return server_.port(); }

  void Kill() { server_.Kill(); }  // kill -9
  // After Kill: empty, or with what it held at the last Save.
  void StartEmpty();
  void StartWithDump() { server_.Start(); }
  // Writes all it holds to disk.
  void Save() { Tell({"SAVE"}); }
  // Sends a command; ends the program if it is refused.
  void Tell(const std::vector<std::string_view>& words);
  // The text after "name:" in its INFO.
  std::string Info(std::string_view name);

  void Pause() { server_.process().Pause(); }
  void Resume() { server_.process().Resume(); }

 private:
  RedisServer server_;
};

}  // namespace lingkaran::freshness
