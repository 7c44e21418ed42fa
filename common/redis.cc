#include "common/redis.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <random>

#include <hiredis/hiredis.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/log.h"
#include "common/metrics.h"

namespace lingkaran {
namespace {

constexpr size_t kVersionBytes = 8;

// Compares byte by byte: Lua's own "<" on strings follows the locale that Redis was started in, and
// its numbers are too small for a version.
constexpr absl::string_view kSetIfNewer = R"lua(
local old = redis.call('GETRANGE', KEYS[1], 0, 7)
if #old == 8 then
  local newer = false
  for i = 1, 8 do
    local a, b = string.byte(old, i), string.byte(ARGV[1], i)
    if a ~= b then
      newer = b > a
      break
    end
  end
  if not newer then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
)lua";

std::string Sha1Hex(absl::string_view text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string Encode(const CacheValue& value) {
  std::string bytes(kVersionBytes, '\0');
  for (size_t i = 0; i < kVersionBytes; ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value.version) >> (56 - 8 * i));
  }
  return bytes + value.bytes;
}

std::optional<CacheValue> Decode(const std::string& key, const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING || reply.len < kVersionBytes) return std::nullopt;
  uint64_t version = 0;
  for (size_t i = 0; i < kVersionBytes; ++i) {
    version = version << 8 | static_cast<unsigned char>(reply.str[i]);
  }
  return CacheValue{key, static_cast<int64_t>(version),
                    std::string(reply.str + kVersionBytes, reply.len - kVersionBytes)};
}

struct ReplyDeleter {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyDeleter>;

// One connection. hiredis's own time-outs hold for each read; here one deadline holds for the whole
// round trip, however slowly the bytes drip.
class Connection {
 public:
  static std::unique_ptr<Connection> Connect(const std::string& address, absl::Duration timeout) {
    redisContext* context = nullptr;
    if (absl::StartsWith(address, "unix:")) {
      context = redisConnectUnixWithTimeout(address.c_str() + 5, absl::ToTimeval(timeout));
    } else {
      const size_t colon = address.rfind(':');
      int port = 0;
      if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
        return nullptr;
      }
      context =
          redisConnectWithTimeout(address.substr(0, colon).c_str(), port, absl::ToTimeval(timeout));
    }
    if (context == nullptr) return nullptr;
    std::unique_ptr<Connection> connection(new Connection(context));
    if (context->err != 0) return nullptr;
    context->flags &= ~REDIS_BLOCK;
    const int flags = fcntl(context->fd, F_GETFL);
    if (flags < 0 || fcntl(context->fd, F_SETFL, flags | O_NONBLOCK) < 0) return nullptr;
    return connection;
  }
  ~Connection() { redisFree(context_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Append(absl::Span<const absl::string_view> words) {
    argv_.clear();
    lengths_.clear();
    for (const absl::string_view word : words) {
      argv_.push_back(word.data());
      lengths_.push_back(word.size());
    }
    return redisAppendCommandArgv(context_, static_cast<int>(argv_.size()), argv_.data(),
                                  lengths_.data()) == REDIS_OK;
  }

  // Sends what was appended and reads `count` replies; empty if anything goes wrong.
  std::vector<Reply> RoundTrip(size_t count, absl::Time deadline) {
    std::vector<Reply> replies;
    replies.reserve(count);
    bool sent = false;
    while (replies.size() < count) {
      const int ready = Wait(sent ? POLLIN : POLLIN | POLLOUT, deadline);
      if (ready == 0) return {};
      int done = 0;
      if (!sent && (ready & POLLOUT) != 0) {
        if (redisBufferWrite(context_, &done) != REDIS_OK) return {};
        sent = done != 0;
      }
      if ((ready & ~POLLOUT) != 0 && redisBufferRead(context_) != REDIS_OK) return {};
      while (replies.size() < count) {
        void* reply = nullptr;
        if (redisGetReplyFromReader(context_, &reply) != REDIS_OK) return {};
        if (reply == nullptr) break;
        replies.emplace_back(static_cast<redisReply*>(reply));
      }
    }
    return replies;
  }

 private:
  explicit Connection(redisContext* context) : context_(context) {}

  // The poll events that came; 0 if the deadline did.
  int Wait(int events, absl::Time deadline) {
    while (true) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return 0;
      pollfd fd = {context_->fd, static_cast<short>(events), 0};
      const timespec time = absl::ToTimespec(left);
      const int n = ppoll(&fd, 1, &time, nullptr);
      if (n > 0) return fd.revents;
      if (n < 0 && errno != EINTR) return 0;
    }
  }

  redisContext* context_;
  std::vector<const char*> argv_;
  std::vector<size_t> lengths_;
};

// No address: a cache that never has anything.
class NoRedis final : public Redis {
 public:
  std::vector<std::optional<CacheValue>> Get(absl::Span<const std::string> keys) override {
    return std::vector<std::optional<CacheValue>>(keys.size());
  }
  void SetIfNewer(absl::Span<const CacheValue>) override {}
  void SetIfNewer(absl::Span<const CacheValue>, absl::Duration) override {}
  bool configured() const override { return false; }
  bool Ping() override { return false; }
};

class PooledRedis final : public Redis {
 public:
  explicit PooledRedis(Options options) : options_(std::move(options)) {}

  std::vector<std::optional<CacheValue>> Get(absl::Span<const std::string> keys) override {
    std::vector<std::optional<CacheValue>> values(keys.size());
    if (keys.empty()) return values;
    std::vector<absl::string_view> words = {"MGET"};
    words.insert(words.end(), keys.begin(), keys.end());
    WithConnection([&](Connection& connection) {
      if (!connection.Append(words)) return false;
      const std::vector<Reply> replies = connection.RoundTrip(1, Deadline(keys.size()));
      if (replies.size() != 1 || replies[0]->type != REDIS_REPLY_ARRAY ||
          replies[0]->elements != keys.size()) {
        return false;
      }
      for (size_t i = 0; i < keys.size(); ++i) {
        values[i] = Decode(keys[i], *replies[0]->element[i]);
      }
      return true;
    });
    return values;
  }

  void SetIfNewer(absl::Span<const CacheValue> values) override {
    SetIfNewer(values, options_.ttl);
  }

  void SetIfNewer(absl::Span<const CacheValue> values, absl::Duration ttl) override {
    if (values.empty()) return;
    WithConnection([&](Connection& connection) {
      std::vector<size_t> all(values.size());
      for (size_t i = 0; i < all.size(); ++i) all[i] = i;
      std::vector<size_t> unknown;
      if (!RunScript(connection, values, all, ttl, &unknown)) return false;
      if (unknown.empty()) return true;
      // Redis was restarted or its scripts were flushed: it must learn the script again.
      if (!connection.Append({"SCRIPT", "LOAD", kSetIfNewer})) return false;
      const std::vector<Reply> loaded = connection.RoundTrip(1, Deadline(1));
      if (loaded.size() != 1 || loaded[0]->type != REDIS_REPLY_STRING) return false;
      const std::vector<size_t> again = std::move(unknown);
      unknown.clear();
      return RunScript(connection, values, again, ttl, &unknown) && unknown.empty();
    });
  }

  bool configured() const override { return true; }

  bool Ping() override {
    return WithConnection([&](Connection& connection) {
      if (!connection.Append({"PING"})) return false;
      const std::vector<Reply> replies = connection.RoundTrip(1, Deadline(1));
      return replies.size() == 1 && replies[0]->type == REDIS_REPLY_STATUS;
    });
  }

 private:
  // A long list takes Redis some microseconds an item; that is no sign of trouble.
  absl::Time Deadline(size_t items) const {
    return absl::Now() + options_.operation + absl::Microseconds(20) * static_cast<int64_t>(items);
  }

  // Runs the script for values[which...] in one round trip; `unknown` gets those for which Redis
  // did not know the script. False for any other error.
  bool RunScript(Connection& connection, absl::Span<const CacheValue> values,
                 const std::vector<size_t>& which, absl::Duration ttl,
                 std::vector<size_t>* unknown) const {
    static const std::string& sha = *new std::string(Sha1Hex(kSetIfNewer));
    for (const size_t i : which) {
      const std::string bytes = Encode(values[i]);
      const std::string millis = absl::StrCat(absl::ToInt64Milliseconds(Jittered(ttl)));
      if (!connection.Append({"EVALSHA", sha, "1", values[i].key, bytes, millis})) return false;
    }
    const std::vector<Reply> replies = connection.RoundTrip(which.size(), Deadline(which.size()));
    if (replies.size() != which.size()) return false;
    for (size_t i = 0; i < replies.size(); ++i) {
      if (replies[i]->type == REDIS_REPLY_INTEGER) continue;
      const absl::string_view text(replies[i]->str, replies[i]->str ? replies[i]->len : 0);
      if (!absl::StartsWith(text, "NOSCRIPT")) return false;
      unknown->push_back(which[i]);
    }
    return true;
  }

  // +-20%, so that what was written together does not vanish together.
  static absl::Duration Jittered(absl::Duration ttl) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::max(absl::Milliseconds(1),
                    ttl * std::uniform_real_distribution<>(0.8, 1.2)(random));
  }

  // Runs `use` with a connection; a connection that failed is dropped for good, so a late reply can
  // never be taken for that of a later question.
  template <typename Use>
  bool WithConnection(Use use) {
    if (!MayTry()) return false;
    std::unique_ptr<Connection> connection;
    if (!Take(&connection)) return false;
    if (connection == nullptr) {
      connection = Connection::Connect(options_.address, options_.connect);
    }
    const bool ok = connection != nullptr && use(*connection);
    if (!ok) connection.reset();
    GiveBack(std::move(connection));
    ok ? Succeeded() : Failed();
    return ok;
  }

  // While the breaker is open, one caller per pause may see whether Redis is back.
  bool MayTry() {
    int64_t until = open_until_.load(std::memory_order_relaxed);
    if (until == 0) return true;
    const absl::Time now = absl::Now();
    if (absl::ToUnixNanos(now) < until) return false;
    return open_until_.compare_exchange_strong(until,
                                               absl::ToUnixNanos(now + options_.breaker_pause));
  }

  // Gets an idle connection, or the right to open one (null); false if none became free in time.
  bool Take(std::unique_ptr<Connection>* connection) {
    std::unique_lock lock(mutex_);
    const bool free = freed_.wait_for(lock, absl::ToChronoNanoseconds(options_.operation),
                                      [this] { return in_use_ < options_.connections; });
    if (!free) {
      CountEvent("redis_busy");
      return false;
    }
    ++in_use_;
    if (!idle_.empty()) {
      *connection = std::move(idle_.back());
      idle_.pop_back();
    }
    return true;
  }

  void GiveBack(std::unique_ptr<Connection> connection) {
    std::vector<std::unique_ptr<Connection>> dropped;
    {
      const std::lock_guard lock(mutex_);
      --in_use_;
      if (connection != nullptr) {
        idle_.push_back(std::move(connection));
      } else {
        dropped.swap(idle_);  // they most likely died with it
      }
    }
    freed_.notify_one();
  }

  void Succeeded() {
    failures_.store(0, std::memory_order_relaxed);
    if (open_until_.load(std::memory_order_relaxed) != 0 && open_until_.exchange(0) != 0) {
      Log(Severity::kInfo, "redis_back");
    }
  }

  void Failed() {
    CountEvent("redis_error");
    if (failures_.fetch_add(1) + 1 < options_.breaker_failures) return;
    const int64_t until = absl::ToUnixNanos(absl::Now() + options_.breaker_pause);
    if (open_until_.exchange(until) == 0) {
      CountEvent("redis_breaker_open");
      Log(Severity::kWarning, "redis_away", {{"failures", options_.breaker_failures}});
    }
  }

  const Options options_;
  std::atomic<int64_t> open_until_{0};  // nanoseconds since 1970; 0 while the breaker is closed
  std::atomic<int> failures_{0};
  std::mutex mutex_;
  std::condition_variable freed_;
  int in_use_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace

std::unique_ptr<Redis> Redis::Make(const Options& options) {
  if (options.address.empty()) return std::make_unique<NoRedis>();
  static const bool ignored = signal(SIGPIPE, SIG_IGN) != SIG_ERR;  // hiredis writes unguarded
  static_cast<void>(ignored);
  return std::make_unique<PooledRedis>(options);
}

}  // namespace lingkaran
