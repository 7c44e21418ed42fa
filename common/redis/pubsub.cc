#include "common/redis/pubsub.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/string_views.h"
#include "common/redis/redis_cluster.h"

namespace lingkaran {
namespace {

using Kind = RedisReply::Kind;
using std::chrono::steady_clock;

constexpr size_t kMostQueued = 64 << 20;  // bytes
constexpr size_t kMostUnsent = 1 << 20;   // bytes handed to the connection before they can go
constexpr absl::Duration kFirstPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestPause = absl::Seconds(1);
constexpr std::string_view kMessage = "m:";  // before every message, so that none is a heartbeat

// Wakes a thread that polls.
class Notifier {
 public:
  Notifier() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Notifier() { close(descriptor_); }
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  int descriptor() const { return descriptor_; }
  void Notify() { eventfd_write(descriptor_, 1); }
  void Clear() {
    eventfd_t count;
    eventfd_read(descriptor_, &count);
  }

 private:
  const int descriptor_;
};

// No Redis: says nothing and hears nothing.
class NoPubSub final : public PubSub {
 public:
  void Listen(Listener) override {}
  void Stop() override {}
  void Publish(std::string) override {}
};

class RealPubSub final : public PubSub {
 public:
  RealPubSub(RedisAddress address, const Options& options, const Clock& steady)
      : address_(std::move(address)),
        options_(options),
        steady_(steady),
        heartbeat_(absl::StrFormat("hb %016x ", RandomBits())),
        candidates_(address_.servers) {}
  ~RealPubSub() override { Stop(); }

  void Listen(Listener listener) override {
    listener_ = std::move(listener);
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() override {
    stop_ = true;
    notifier_.Notify();
    if (thread_.joinable()) thread_.join();
  }

  void Publish(std::string message) override {
    {
      MutexLock lock(mutex_);
      if (!stands_ || queued_ + message.size() > kMostQueued) {
        CountEvent("redis_link_dropped");
        return;
      }
      queued_ += message.size();
      queue_.push_back(std::move(message));
    }
    notifier_.Notify();
  }

 private:
  // ---- The link's thread ----

  void Run() {
    absl::Duration pause = kFirstPause;
    while (!stop_) {
      why_ = "no reply in time";
      if (Connect()) {
        pause = kFirstPause;
        said_.clear();
        SetStands(true);
        Serve();
        SetStands(false);
        if (stop_) return;
        CountEvent("redis_link_lost");
        if (listener_.lost) listener_.lost();
      }
      subscriber_.reset();
      publisher_.reset();
      if (stop_) return;
      for (auto& [server, resolver] : resolvers_) resolver.Failed();
      if (why_ != std::exchange(said_, why_)) {
        Log(Severity::kWarning, "redis_link_away", {{"why", why_}});
      }
      Poll(Jittered(pause, 0.5, 1.5), {});
      pause = std::min(pause * 2, kLongestPause);
    }
  }

  void SetStands(bool stands) {
    if (stands) Log(Severity::kInfo, "redis_link_up");
    MutexLock lock(mutex_);
    stands_ = stands;
    queue_.clear();
    queued_ = 0;
  }

  // True once the subscription stands and a second connection is under way.
  bool Connect() {
    beats_.clear();
    const RedisEndpoint first = candidates_[turn_++ % candidates_.size()];
    const RedisEndpoint server = address_.cluster ? ServerOfChannel(first) : first;
    if (server.host.empty() && server.path.empty()) return false;
    // Both to the same machine, whatever else the name may stand for.
    const std::optional<SocketAddress> found = Find(server);
    if (!found) return false;
    subscriber_ = Open(*found);
    publisher_ = Open(*found);
    if (subscriber_ == nullptr || publisher_ == nullptr) return false;
    // Of a cluster's two kinds of channels only the newer one (Redis 7) lives on one server: the
    // other would reach us from several, in any order.
    subscriber_->Send({address_.cluster ? "SSUBSCRIBE" : "SUBSCRIBE", options_.channel});
    RedisReply reply;
    if (!Await(*subscriber_, reply)) return false;
    if (reply.IsArray(3) && absl::EndsWith(reply.items[0].text, "subscribe")) return true;
    why_ = reply.text;
    return false;
  }

  std::optional<SocketAddress> Find(const RedisEndpoint& server) {
    RedisResolver& resolver = resolvers_.try_emplace(server, server).first->second;
    const auto deadline = steady_clock::now() + absl::ToChronoNanoseconds(options_.redis.connect);
    const std::optional<SocketAddress> address = resolver.Find(deadline);
    if (!address) why_ = "the address of the server is not known";
    return address;
  }

  std::unique_ptr<RedisConnection> Open(const SocketAddress& address) {
    std::unique_ptr<RedisConnection> connection = RedisConnection::Open(address, address_.login);
    if (connection == nullptr) why_ = "there is no connection to be had";
    return connection;
  }

  // Which server of a cluster has the channel's slot, as `asked` says it.
  RedisEndpoint ServerOfChannel(const RedisEndpoint& asked) {
    const std::optional<SocketAddress> address = Find(asked);
    if (!address) return {};
    const std::unique_ptr<RedisConnection> connection = Open(*address);
    if (connection == nullptr) return {};
    connection->Send({"CLUSTER", "SLOTS"});
    RedisReply reply;
    if (!Await(*connection, reply)) return {};
    const std::vector<RedisSlotRange> ranges = ReadRedisSlots(reply, asked);
    if (ranges.empty()) {
      why_ = absl::StrCat("no map of the cluster: ", reply.text);
      return {};
    }
    const int slot = RedisSlotOf(options_.channel);
    RedisEndpoint found;
    candidates_ = address_.servers;
    for (const RedisSlotRange& range : ranges) {
      candidates_.push_back(range.server);
      if (range.first <= slot && slot <= range.last) found = range.server;
    }
    if (found.host.empty()) why_ = "no server of the cluster has the channel's slot";
    return found;
  }

  // The next reply; false if it does not come in time.
  bool Await(RedisConnection& connection, RedisReply& reply) {
    const auto end =
        steady_clock::now() + absl::ToChronoNanoseconds(options_.redis.connect + options_.silence);
    while (!stop_) {
      connection.Work();
      if (connection.Next(reply)) return true;
      if (connection.broken()) {
        why_ = connection.error();
        return false;
      }
      const auto now = steady_clock::now();
      if (now >= end) return false;
      Poll(absl::FromChrono(end - now), {&connection});
    }
    return false;
  }

  void Serve() {
    absl::Time next_beat = steady_.Now();
    while (!stop_) {
      if (steady_.Now() >= next_beat) {
        next_beat = steady_.Now() + options_.heartbeat;
        Beat();
      }
      const int64_t received = subscriber_->received();
      Flush();
      subscriber_->Work();
      publisher_->Work();
      if (!Receive() || !Acknowledge() || Broken()) return;
      // All that is there is taken before anybody is called silent.
      if (subscriber_->received() != received) continue;
      const absl::Time now = steady_.Now();
      absl::Time end = next_beat;
      if (!beats_.empty()) {
        const absl::Time silent = beats_.front().at + options_.silence;
        if (now > silent) {
          why_ = "the heartbeat did not come back in time";
          return;
        }
        end = std::min(end, silent);
      }
      // Not longer than a heartbeat: `steady` need not be the machine's.
      Poll(std::max(absl::Milliseconds(1), std::min(end - now, options_.heartbeat)),
           {subscriber_.get(), publisher_.get()});
    }
  }

  void Beat() {
    beats_.push_back({++sequence_, steady_.Now()});
    Send(absl::StrCat(heartbeat_, sequence_));
  }

  void Send(std::string_view payload) {
    publisher_->Send({address_.cluster ? "SPUBLISH" : "PUBLISH", options_.channel, payload});
  }

  // Hands on what waits, as fast as it goes.
  void Flush() {
    while (publisher_->unsent() < kMostUnsent) {
      std::string message;
      {
        MutexLock lock(mutex_);
        if (queue_.empty()) return;
        message = std::move(queue_.front());
        queue_.pop_front();
        queued_ -= message.size();
      }
      Send(absl::StrCat(AbslView(kMessage), message));
    }
  }

  // Gives what came to the listener. False if the line is to be given up.
  bool Receive() {
    RedisReply reply;
    while (!stop_ && subscriber_->Next(reply)) {
      if (!reply.IsArray(3) || !absl::EndsWith(reply.items[0].text, "message")) {
        why_ = absl::StrCat("the subscription ended: ", reply.text);
        return false;
      }
      absl::string_view payload = reply.items[2].text;
      int64_t sequence = 0;
      if (absl::ConsumePrefix(&payload, AbslView(kMessage))) {
        listener_.message(StdView(payload));
      } else if (absl::ConsumePrefix(&payload, heartbeat_) &&
                 absl::SimpleAtoi(payload, &sequence)) {
        Confirm(sequence);
      }
    }
    return true;
  }

  void Confirm(int64_t sequence) {
    while (!beats_.empty() && beats_.front().sequence < sequence) beats_.pop_front();
    if (beats_.empty() || beats_.front().sequence != sequence) return;
    const absl::Time at = beats_.front().at;
    beats_.pop_front();
    if (listener_.confirmed) listener_.confirmed(at);
  }

  // Takes the replies to what we published. False if one was refused.
  bool Acknowledge() {
    RedisReply reply;
    while (publisher_->Next(reply)) {
      if (reply.Is(Kind::kInteger)) continue;
      why_ = absl::StrCat("publishing was refused: ", reply.text);
      return false;
    }
    return true;
  }

  bool Broken() {
    for (const RedisConnection* connection : {subscriber_.get(), publisher_.get()}) {
      if (connection->broken()) why_ = connection->error();
      if (connection->broken()) return true;
    }
    return false;
  }

  // Until there is a notification, something can be done on a connection, or the time is over.
  void Poll(absl::Duration longest, std::initializer_list<const RedisConnection*> connections) {
    pollfd descriptors[3] = {{notifier_.descriptor(), POLLIN, 0}};
    nfds_t count = 1;
    for (const RedisConnection* connection : connections) {
      descriptors[count++] = {connection->descriptor(), connection->events(), 0};
    }
    const timespec time = absl::ToTimespec(std::max(longest, absl::ZeroDuration()));
    ppoll(descriptors, count, &time, nullptr);
    notifier_.Clear();
  }

  struct Heartbeat {
    int64_t sequence;
    absl::Time at;
  };

  const RedisAddress address_;
  const Options options_;
  const Clock& steady_;
  const std::string heartbeat_;  // what ours begin with
  Listener listener_;
  std::thread thread_;
  Notifier notifier_;
  std::atomic<bool> stop_{false};

  Mutex mutex_;
  bool stands_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_ ABSL_GUARDED_BY(mutex_) = 0;  // bytes

  // Of the thread.
  std::vector<RedisEndpoint> candidates_;
  size_t turn_ = 0;
  std::map<RedisEndpoint, RedisResolver> resolvers_;
  std::unique_ptr<RedisConnection> subscriber_, publisher_;
  std::deque<Heartbeat> beats_;  // that have not come back
  int64_t sequence_ = 0;
  std::string why_, said_;
};

}  // namespace

std::unique_ptr<PubSub> PubSub::Make(const Options& options, const Clock& steady) {
  absl::StatusOr<RedisAddress> address = ParseRedisAddress(options.redis.address);
  if (!address.ok()) return std::make_unique<NoPubSub>();
  return std::make_unique<RealPubSub>(*std::move(address), options, steady);
}

}  // namespace lingkaran
