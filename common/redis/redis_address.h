// Where a Redis is and who we are there, read from the one line that a flag holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lingkaran {

// One server: a TCP address or the path of a unix socket.
struct RedisEndpoint {
  std::string host = {};  // name or number; "" if `path` is given
  int port = 0;
  std::string path = {};

  // "HOST:PORT" or "unix:PATH", for log lines.
  std::string ToString() const;
  friend auto operator<=>(const RedisEndpoint& a, const RedisEndpoint& b) = default;
};

// Said at the start of every connection. No password and no user: nothing is said.
struct RedisLogin {
  std::string user;  // ACL user; empty: the default one
  std::string password;
  int database = 0;
};

struct RedisAddress {
  bool cluster = false;
  std::vector<RedisEndpoint> servers;  // one; of a cluster: where to begin
  RedisLogin login;
};

// Reads the forms that VersionedCache::Options::address names. User and password may hold %XX for
// what would end them (@ : / %). INVALID_ARGUMENT says how to write it and never repeats the text,
// which may hold a password.
absl::StatusOr<RedisAddress> ParseRedisAddress(std::string_view text);

// Where it is, without who we are there: for start and log lines. "" for none, "?" for an address
// that can't be read.
std::string DescribeRedis(std::string_view address);

// "HOST:PORT" or "[IPV6]:PORT", as flags and the replies of a cluster have it; INVALID_ARGUMENT for
// anything else.
absl::StatusOr<RedisEndpoint> ParseRedisEndpoint(std::string_view text);

}  // namespace lingkaran
