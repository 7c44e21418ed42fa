#include "tests/support/redis_server.h"

#include <poll.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/string_views.h"
#include "common/redis/redis_connection.h"
#include "tests/support/gate.h"

namespace lingkaran {
namespace {

using std::chrono::steady_clock;

template <typename Condition>
void Await(const char* what, Condition condition) {
  if (!Eventually(condition, absl::Minutes(1))) Die(absl::StrCat("never: ", what));
}

std::unique_ptr<RedisServer> MakeMember() {
  return std::make_unique<RedisServer>(std::vector<std::string>{
      "--cluster-enabled", "yes", "--cluster-port", absl::StrCat(FreePort()),
      "--cluster-require-full-coverage", "no", "--cluster-node-timeout", "2000",
      "--repl-diskless-sync-delay", "0"});
}

}  // namespace

bool RedisServer::TryToAsk(const std::vector<std::string_view>& words, RedisReply& reply) const {
  const auto end = steady_clock::now() + std::chrono::minutes(1);
  const auto found = RedisResolver({"127.0.0.1", port_, ""}).Find(end);
  if (!found) return false;
  const auto connection = RedisConnection::Open(*found, {});
  if (connection == nullptr) return false;
  connection->Send(words);
  while (connection->Work() && !connection->Next(reply)) {
    if (steady_clock::now() > end || connection->broken()) return false;
    pollfd ready = {connection->descriptor(), connection->events(), 0};
    poll(&ready, 1, 1000);
  }
  return !connection->broken();
}

RedisReply RedisServer::Ask(const std::vector<std::string_view>& words) const {
  RedisReply reply;
  if (!TryToAsk(words, reply)) Die("no answer of the Redis of this test");
  return reply;
}

int64_t RedisServer::Info(std::string_view name) const {
  const RedisReply info = Ask({"INFO"});
  for (absl::string_view line : absl::StrSplit(info.text, "\r\n")) {
    int64_t value = 0;
    if (absl::ConsumePrefix(&line, absl::StrCat(AbslView(name), ":")) &&
        absl::SimpleAtoi(line, &value)) {
      return value;
    }
  }
  Die(absl::StrCat("INFO has no ", AbslView(name)));
}

RedisServer::RedisServer(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), port_(FreePort()) {
  Start();
}

std::string RedisServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

void RedisServer::Start() {
  std::vector<std::string> arguments = {
      "--bind", "127.0.0.1", "--port", absl::StrCat(port_), "--unixsocket", socket(),
      "--save", "",          "--dir",  directory_.path()};
  arguments.insert(arguments.end(), {"--appendonly", "no"});
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  process_ =
      std::make_unique<Process>("/usr/bin/redis-server", arguments, directory_.path() + "/log");
  RedisReply reply;  // of any kind: it may want a password
  while (!TryToAsk({"PING"}, reply)) {
    if (process_->WaitForEnd(std::chrono::milliseconds(2)).has_value()) {
      Die("Redis does not start:\n" + process_->Log());
    }
  }
}

void RedisServer::Kill() { process_->Kill(); }

RedisClusterServers::RedisClusterServers() {
  for (auto& server : servers_) server = MakeMember();
  for (int i = 0; i < kServers; ++i) {
    const std::string first = absl::StrCat(i == 0 ? 0 : i == 1 ? 5461 : 10923);
    const std::string last = absl::StrCat(i == 0 ? 5460 : i == 1 ? 10922 : 16383);
    server(i).Ask({"CLUSTER", "ADDSLOTSRANGE", first, last});
    server(i).Ask({"CLUSTER", "SET-CONFIG-EPOCH", absl::StrCat(i + 1)});
  }
  for (int i = 1; i < kServers; ++i) Introduce(server(i));
  Await("the servers agree", [&] {
    for (auto& server : servers_) {
      const RedisReply slots = server->Ask({"CLUSTER", "SLOTS"});
      const RedisReply info = server->Ask({"CLUSTER", "INFO"});
      if (slots.items.size() != kServers || !absl::StrContains(info.text, "cluster_state:ok")) {
        return false;
      }
    }
    return true;
  });
}

void RedisClusterServers::Introduce(RedisServer& one) {
  // Where it listens for the cluster is in its own words: "IP:PORT@BUS".
  const RedisReply nodes = one.Ask({"CLUSTER", "NODES"});
  const size_t at = nodes.text.find('@');
  const std::string bus = nodes.text.substr(at + 1, nodes.text.find_first_of(", ", at) - at - 1);
  server(0).Ask({"CLUSTER", "MEET", "127.0.0.1", absl::StrCat(one.port()), bus});
}

void RedisClusterServers::AddReplica(int of) {
  replicas_.push_back(MakeMember());
  RedisServer& replica = *replicas_.back();
  Introduce(replica);
  const std::string id = IdOf(of);
  Await("the replica is told its master", [&] {
    return replica.Ask({"CLUSTER", "REPLICATE", id}).Is(RedisReply::Kind::kStatus);
  });
  Await("the replica is in step", [&] {
    return absl::StrContains(replica.Ask({"INFO", "replication"}).text, "master_link_status:up");
  });
  // The others must know it as a replica, or they don't vote for it.
  const std::string own = replica.Ask({"CLUSTER", "MYID"}).text;
  Await("all know the replica", [&] {
    for (auto& server : servers_) {
      const RedisReply known = server->Ask({"CLUSTER", "REPLICAS", id});
      if (known.items.size() != 1 || !absl::StrContains(known.items[0].text, own)) return false;
    }
    return true;
  });
}

std::string RedisClusterServers::address() const {
  return absl::StrCat("redis+cluster://",
                      absl::StrJoin(servers_, ",", [](std::string* out, const auto& server) {
                        absl::StrAppend(out, server->address());
                      }));
}

std::string RedisClusterServers::address(int server) const {
  return absl::StrCat("redis+cluster://", servers_[server]->address());
}

int RedisClusterServers::OwnerOf(int slot) { return slot <= 5460 ? 0 : slot <= 10922 ? 1 : 2; }

std::string RedisClusterServers::IdOf(int index) {
  return server(index).Ask({"CLUSTER", "MYID"}).text;
}

void RedisClusterServers::BeginMove(int slot, int from, int to) {
  const std::string number = absl::StrCat(slot);
  server(to).Ask({"CLUSTER", "SETSLOT", number, "IMPORTING", IdOf(from)});
  server(from).Ask({"CLUSTER", "SETSLOT", number, "MIGRATING", IdOf(to)});
}

void RedisClusterServers::MoveKeys(int slot, int from, int to) {
  const RedisReply keys =
      server(from).Ask({"CLUSTER", "GETKEYSINSLOT", absl::StrCat(slot), "100000"});
  for (const RedisReply& key : keys.items) {
    const RedisReply moved = server(from).Ask(
        {"MIGRATE", "127.0.0.1", absl::StrCat(server(to).port()), key.text, "0", "10000"});
    if (!moved.Is(RedisReply::Kind::kStatus)) Die("MIGRATE: " + moved.text);
  }
}

void RedisClusterServers::EndMove(int slot, int to) {
  const std::string id = IdOf(to);
  // The new owner first, as the manual has it.
  server(to).Ask({"CLUSTER", "SETSLOT", absl::StrCat(slot), "NODE", id});
  for (auto& server : servers_) {
    if (server->process().running()) {
      server->Ask({"CLUSTER", "SETSLOT", absl::StrCat(slot), "NODE", id});
    }
  }
}

}  // namespace lingkaran
