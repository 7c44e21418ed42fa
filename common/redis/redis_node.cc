#include "common/redis/redis_node.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/metrics.h"

namespace lingkaran {
namespace {

int64_t Nanos(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

int64_t NanosNow() { return Nanos(std::chrono::steady_clock::now()); }

}  // namespace

RedisNode::RedisNode(RedisEndpoint server, RedisLogin login, const VersionedCache::Options& options)
    : server_(std::move(server)), login_(std::move(login)), options_(options), resolver_(server_) {}

RedisNode::Take RedisNode::TakeConnection(SteadyTime deadline,
                                          std::unique_ptr<RedisConnection>& connection) {
  {
    MutexLock lock(mutex_);
    if (in_use_ >= options_.connections) return WouldTry() ? Take::kBusy : Take::kAway;
    if (!MayTry()) return Take::kAway;
    ++in_use_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  // One that was closed, or on which something came that nobody asked for, is no failure of the
  // server's: it is thrown away and another made.
  if (connection != nullptr && connection->Quiet()) return Take::kTaken;
  connection.reset();
  if (const std::optional<SocketAddress> address = resolver_.Find(deadline)) {
    connection = RedisConnection::Open(*address, login_);
  }
  if (connection != nullptr) return Take::kTaken;
  Drop(nullptr, "there is no connection to be had");
  return Take::kAway;
}

bool RedisNode::AwaitFree(SteadyTime deadline) {
  MutexLock lock(mutex_);
  return freed_.WaitUntil(lock, deadline, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return in_use_ < options_.connections;
  });
}

void RedisNode::Return(std::unique_ptr<RedisConnection> connection) {
  {
    MutexLock lock(mutex_);
    --in_use_;
    idle_.push_back(std::move(connection));
  }
  freed_.NotifyOne();
  CountSuccess();
}

void RedisNode::Drop(std::unique_ptr<RedisConnection> connection, std::string_view why) {
  if (connection == nullptr || connection->connecting()) resolver_.Failed();
  connection.reset();
  std::vector<std::unique_ptr<RedisConnection>> dropped;
  {
    MutexLock lock(mutex_);
    --in_use_;
    dropped.swap(idle_);
  }
  freed_.NotifyOne();
  CountFailure(why);
}

bool RedisNode::WouldTry() const {
  const int64_t until = open_until_.load(std::memory_order_relaxed);
  return until == 0 || NanosNow() >= until;
}

// While the breaker is open, one caller per pause may see whether Redis is back.
bool RedisNode::MayTry() {
  int64_t until = open_until_.load(std::memory_order_relaxed);
  if (until == 0) return true;
  const int64_t now = NanosNow();
  return now >= until && open_until_.compare_exchange_strong(
                             until, now + absl::ToInt64Nanoseconds(options_.breaker_pause));
}

void RedisNode::CountSuccess() {
  if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0);
  if (open_until_.load(std::memory_order_relaxed) != 0 && open_until_.exchange(0) != 0) {
    Log(Severity::kInfo, "redis_back", {{"server", server_.ToString()}});
  }
}

void RedisNode::CountFailure(std::string_view why) {
  CountEvent("redis_error");
  if (failures_.fetch_add(1) + 1 < options_.breaker_failures) return;
  const int64_t until = NanosNow() + absl::ToInt64Nanoseconds(options_.breaker_pause);
  if (open_until_.exchange(until) == 0) {
    CountEvent("redis_breaker_open");
    Log(Severity::kWarning, "redis_away",
        {{"server", server_.ToString()}, {"failures", options_.breaker_failures}, {"why", why}});
  }
}

}  // namespace lingkaran
