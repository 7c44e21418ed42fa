#include "common/redis/pipeline.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/inlined_vector.h"
#include "common/base/metrics.h"

namespace lingkaran {
namespace {

using Kind = RedisReply::Kind;
using std::chrono::steady_clock;

constexpr int kMostRedirects = 5;
// How often a server all of whose connections are in use is looked at while others are waited for.
constexpr std::chrono::microseconds kBusyLook(200);

constexpr std::string_view kAsking = "*1\r\n$6\r\nASKING\r\n";
constexpr std::string_view kClusterSlots = "*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n";

// Errors of a server that is of no use for now; others are about the one command.
bool IsServerTrouble(const RedisReply& reply) {
  constexpr const char* kWords[] = {"LOADING", "NOAUTH",     "WRONGPASS",
                                    "BUSY ",   "MASTERDOWN", "CLUSTERDOWN"};
  return absl::c_any_of(kWords, [&](const char* word) { return reply.IsError(word); });
}

bool Answers(const RedisCommand& command, const RedisReply& reply) {
  return reply.Is(command.kind) && (command.items == 0 || command.items == reply.items.size());
}

class Pipeline {
 public:
  Pipeline(RedisNodes& nodes, absl::Span<RedisCommand> commands, absl::Duration length,
           const VersionedCache::Options& options)
      : nodes_(nodes),
        connect_(absl::ToChronoNanoseconds(options.connect)),
        length_(absl::ToChronoNanoseconds(length)),
        deadline_(steady_clock::now() + length_) {
    for (RedisCommand& command : commands) waiting_.push_back({&command, nodes_.Of(command.slot)});
    if (!commands.empty() && nodes_.WantsMap()) {
      map_.bytes = kClusterSlots;
      map_.kind = Kind::kArray;
      waiting_.push_back({&map_, nodes_.Any()});
    }
  }

  void Run() {
    const std::shared_ptr<RedisNode> map_from = waiting_.empty() ? nullptr : waiting_.back().node;
    while (true) {
      SendWaiting();
      if (lanes_.empty() && waiting_.empty()) break;
      if (lanes_.empty()) {
        if (AwaitOne()) continue;
        CountEvent("redis_busy");
        break;
      }
      if (!waiting_.empty() && steady_clock::now() >= deadline_) waiting_.clear();
      for (size_t i = 0; i < lanes_.size();) {
        if (Serve(lanes_[i])) {
          ++i;
        } else {
          Close(i);
        }
      }
      if (!lanes_.empty() && !redirected_) Poll();
      redirected_ = false;
    }
    if (!map_.bytes.empty()) {
      nodes_.TakeMap(map_.answered ? map_.reply : RedisReply(), map_from->server());
    }
  }

 private:
  struct Errand {
    RedisCommand* command;
    std::shared_ptr<RedisNode> node;
    bool asking = false;
    int redirects = 0;
  };
  // A connection, and what it owes: errands in the order of their commands.
  struct Lane {
    std::shared_ptr<RedisNode> node;
    std::unique_ptr<RedisConnection> connection;
    bool connecting;
    SteadyTime deadline;
    std::deque<Errand> owed;  // command null: the reply to ASKING
    bool good = true;
    std::string why;
  };

  // Gives what waits to the connections of its servers; what can't go now goes on waiting.
  void SendWaiting() {
    std::vector<Errand> still;
    absl::InlinedVector<const RedisNode*, 4> busy, away;
    for (Errand& errand : waiting_) {
      const RedisNode* node = errand.node.get();
      if (absl::c_linear_search(away, node)) continue;
      const RedisNode::Take take =
          absl::c_linear_search(busy, node) ? RedisNode::Take::kBusy : Send(errand);
      if (take == RedisNode::Take::kBusy) {
        if (!absl::c_linear_search(busy, node)) busy.push_back(node);
        still.push_back(std::move(errand));
      } else if (take == RedisNode::Take::kAway) {
        away.push_back(node);
        nodes_.Lost();
      }
    }
    waiting_ = std::move(still);
  }

  // Until one of the servers that all of these wait for may have a connection; false if the
  // deadline comes first.
  bool AwaitOne() {
    RedisNode& node = *waiting_.front().node;
    const bool same =
        absl::c_all_of(waiting_, [&](const Errand& errand) { return errand.node.get() == &node; });
    const SteadyTime now = steady_clock::now();
    if (node.AwaitFree(same ? deadline_ : std::min(deadline_, now + kBusyLook))) return true;
    return !same && now < deadline_;
  }

  RedisNode::Take Send(Errand& errand) {
    auto lane = absl::c_find_if(lanes_, [&](const Lane& l) { return l.node == errand.node; });
    if (lane == lanes_.end()) {
      std::unique_ptr<RedisConnection> connection;
      const RedisNode::Take take = errand.node->TakeConnection(deadline_ + connect_, connection);
      if (take != RedisNode::Take::kTaken) return take;
      const bool fresh = connection->connecting();
      lanes_.push_back({errand.node,
                        std::move(connection),
                        fresh,
                        fresh ? deadline_ + connect_ : deadline_,
                        {},
                        true,
                        ""});
      lane = std::prev(lanes_.end());
    }
    if (errand.asking) {
      lane->connection->SendBytes(kAsking);
      lane->owed.push_back({nullptr, nullptr});
    }
    lane->connection->SendBytes(errand.command->bytes);
    lane->owed.push_back(std::move(errand));
    return RedisNode::Take::kTaken;
  }

  // Does what can be done now. False if there is nothing more to do with it.
  bool Serve(Lane& lane) {
    lane.good = lane.connection->Work();
    if (lane.connecting && !lane.connection->connecting()) {
      lane.connecting = false;
      lane.deadline = std::min(lane.deadline, steady_clock::now() + length_);
    }
    RedisReply reply;
    while (!lane.owed.empty() && lane.connection->Next(reply)) {
      Errand errand = std::move(lane.owed.front());
      lane.owed.pop_front();
      if (!Settle(lane, std::move(errand), reply)) return lane.good = false;
    }
    if (lane.connection->broken()) {
      lane.why = lane.connection->error();
      return lane.good = false;
    }
    if (lane.owed.empty()) {
      lane.good = !lane.connection->HasRest();
      return false;
    }
    if (steady_clock::now() < lane.deadline) return true;
    lane.why = "no reply in time";
    return lane.good = false;
  }

  // False if the connection is not to be used any more.
  bool Settle(Lane& lane, Errand errand, RedisReply& reply) {
    if (errand.command == nullptr) return reply.Is(Kind::kStatus);
    if (IsServerTrouble(reply)) {
      lane.why = reply.text;
      return false;
    }
    if (nodes_.cluster()) {
      if (const auto redirect = ReadRedisRedirect(reply, lane.node->server())) {
        return Redirect(*redirect, reply.IsError("ASK "), std::move(errand));
      }
    }
    if (!reply.Is(Kind::kError) && !Answers(*errand.command, reply)) {
      lane.why = "a reply to another question";
      return false;
    }
    errand.command->reply = std::move(reply);
    errand.command->answered = true;
    return true;
  }

  bool Redirect(const RedisRedirect& redirect, bool asking, Errand errand) {
    if (++errand.redirects > kMostRedirects) return true;
    CountEvent(asking ? "redis_asked" : "redis_moved");
    errand.asking = asking;
    errand.node = asking ? nodes_.At(redirect.server) : nodes_.Moved(redirect);
    waiting_.push_back(std::move(errand));
    redirected_ = true;
    return true;
  }

  void Close(size_t index) {
    Lane lane = std::move(lanes_[index]);
    lanes_.erase(lanes_.begin() + static_cast<int64_t>(index));
    if (lane.good) {
      lane.node->Return(std::move(lane.connection));
    } else {
      lane.node->Drop(std::move(lane.connection), lane.why);
      nodes_.Lost();
    }
  }

  // Until something can be done or a deadline comes.
  void Poll() {
    std::vector<pollfd> descriptors;
    SteadyTime end = SteadyTime::max();
    for (const Lane& lane : lanes_) {
      descriptors.push_back({lane.connection->descriptor(), lane.connection->events(), 0});
      end = std::min(end, lane.deadline);
    }
    const SteadyTime now = steady_clock::now();
    if (!waiting_.empty()) end = std::min(end, now + kBusyLook);
    if (end <= now) return;
    const timespec time = absl::ToTimespec(absl::FromChrono(std::chrono::nanoseconds(end - now)));
    ppoll(descriptors.data(), descriptors.size(), &time, nullptr);
  }

  RedisNodes& nodes_;
  const std::chrono::nanoseconds connect_, length_;
  const SteadyTime deadline_;
  std::vector<Errand> waiting_;
  std::vector<Lane> lanes_;
  RedisCommand map_;
  bool redirected_ = false;
};

}  // namespace

void RunRedisCommands(RedisNodes& nodes, absl::Span<RedisCommand> commands, absl::Duration length,
                      const VersionedCache::Options& options) {
  Pipeline(nodes, commands, length, options).Run();
}

}  // namespace lingkaran
