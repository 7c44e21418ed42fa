#include "common/redis/redis_resolver.h"

#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"

namespace lingkaran {
namespace {

// What the system says about the host; IPv4 first: a Redis on "localhost" mostly listens there
// only.
std::vector<SocketAddress> AskSystem(const RedisEndpoint& server, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.host.c_str(), absl::StrCat(server.port).c_str(), &hints, &found) != 0) {
    return {};
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
  }
  freeaddrinfo(found);
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const SocketAddress& a) { return a.storage.ss_family == AF_INET; });
  return addresses;
}

// What needs no look-up: a socket's path or a numeric address.
std::vector<SocketAddress> Plain(const RedisEndpoint& server) {
  if (server.path.empty()) return AskSystem(server, AI_NUMERICHOST);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  if (server.path.size() >= sizeof path.sun_path) return {};
  std::memcpy(path.sun_path, server.path.data(), server.path.size());
  SocketAddress address{};
  std::memcpy(&address.storage, &path, sizeof path);
  address.size = sizeof path;
  return {address};
}

}  // namespace

// Shared with the thread that looks up, which may outlive the resolver.
struct RedisResolver::LookUp {
  Mutex mutex;
  CondVar ended;
  bool fixed ABSL_GUARDED_BY(mutex) = false;    // needs no look-up
  bool running ABSL_GUARDED_BY(mutex) = false;  // a thread is at it
  bool wanted ABSL_GUARDED_BY(mutex) = true;    // what is known may be old
  size_t first ABSL_GUARDED_BY(mutex) = 0;
  std::vector<SocketAddress> addresses ABSL_GUARDED_BY(mutex);
};

RedisResolver::RedisResolver(RedisEndpoint server)
    : server_(std::move(server)), look_up_(std::make_shared<LookUp>()) {
  look_up_->addresses = Plain(server_);
  look_up_->fixed = !look_up_->addresses.empty() || !server_.path.empty();
}

RedisResolver::~RedisResolver() = default;

std::optional<SocketAddress> RedisResolver::Find(SteadyTime deadline) {
  LookUp& state = *look_up_;
  MutexLock lock(state.mutex);
  if (!state.fixed && state.wanted && !state.running) {
    state.wanted = false;
    state.running = true;
    std::thread([look_up = look_up_, server = server_] {
      std::vector<SocketAddress> found = AskSystem(server, 0);
      MutexLock found_lock(look_up->mutex);
      look_up->running = false;
      if (found.empty()) look_up->wanted = true;
      if (!found.empty()) look_up->addresses = std::move(found);
      look_up->ended.NotifyAll();
    }).detach();
  }
  state.ended.WaitUntil(lock, deadline, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state.mutex) {
    return !state.addresses.empty() || !state.running;
  });
  if (state.addresses.empty()) return std::nullopt;
  return state.addresses[state.first % state.addresses.size()];
}

void RedisResolver::Failed() {
  MutexLock lock(look_up_->mutex);
  ++look_up_->first;
  look_up_->wanted = true;
}

}  // namespace lingkaran
