#include "common/redis/redis_cluster.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace lingkaran {
namespace {

constexpr std::chrono::milliseconds kMapPause(100);

constexpr std::array<uint16_t, 256> MakeCrcTable() {
  std::array<uint16_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    uint16_t crc = static_cast<uint16_t>(i << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<uint16_t>((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint16_t, 256> kCrcTable = MakeCrcTable();

// A server that does not know its own name leaves it out or says "?": it is the one we asked.
RedisEndpoint Named(std::string host, int64_t port, const RedisEndpoint& from) {
  if (host.empty() || host == "?") host = from.host;
  return {.host = std::move(host), .port = static_cast<int>(port)};
}

}  // namespace

int RedisSlotOf(std::string_view key) {
  const size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  uint16_t crc = 0;
  for (const char c : key) {
    crc = static_cast<uint16_t>(crc << 8 ^ kCrcTable[(crc >> 8 ^ static_cast<uint8_t>(c)) & 0xFF]);
  }
  return crc % kRedisSlots;
}

std::optional<RedisRedirect> ReadRedisRedirect(const RedisReply& reply, const RedisEndpoint& from) {
  if (!reply.IsError("MOVED ") && !reply.IsError("ASK ")) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(reply.text, ' ');
  RedisRedirect redirect;
  if (words.size() < 3 || !absl::SimpleAtoi(words[1], &redirect.slot) || redirect.slot < 0 ||
      redirect.slot >= kRedisSlots) {
    return std::nullopt;
  }
  const size_t colon = words[2].rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(words[2].substr(colon + 1), &port) ||
      port < 1 || port > 65535) {
    return std::nullopt;
  }
  redirect.server = Named(std::string(words[2].substr(0, colon)), port, from);
  return redirect;
}

std::vector<RedisSlotRange> ReadRedisSlots(const RedisReply& reply, const RedisEndpoint& from) {
  std::vector<RedisSlotRange> ranges;
  for (const RedisReply& item : reply.items) {
    if (item.items.size() < 3 || item.items[2].items.size() < 2) return {};
    const RedisReply& host = item.items[2].items[0];
    const RedisReply& port = item.items[2].items[1];
    const int64_t first = item.items[0].integer;
    const int64_t last = item.items[1].integer;
    if (first < 0 || last >= kRedisSlots || first > last || port.integer < 1 ||
        port.integer > 65535) {
      return {};
    }
    ranges.push_back(
        {static_cast<int>(first), static_cast<int>(last), Named(host.text, port.integer, from)});
  }
  return ranges;
}

RedisNodes::RedisNodes(RedisAddress address, const VersionedCache::Options& options)
    : address_(std::move(address)), options_(options) {
  for (const RedisEndpoint& server : address_.servers) AtLocked(server);
  if (!address_.cluster) only_ = nodes_.begin()->second;
}

std::shared_ptr<RedisNode> RedisNodes::AtLocked(const RedisEndpoint& server) {
  std::shared_ptr<RedisNode>& node = nodes_[server];
  if (node == nullptr) node = std::make_shared<RedisNode>(server, address_.login, options_);
  return node;
}

std::shared_ptr<RedisNode> RedisNodes::At(const RedisEndpoint& server) {
  MutexLock lock(mutex_);
  return AtLocked(server);
}

std::shared_ptr<RedisNode> RedisNodes::Of(int slot) {
  if (only_ != nullptr) return only_;
  {
    MutexLock lock(mutex_);
    if (!slots_.empty() && slots_[slot] != nullptr) return slots_[slot];
  }
  return Any();
}

std::shared_ptr<RedisNode> RedisNodes::Any() {
  MutexLock lock(mutex_);
  for (const bool well : {true, false}) {
    for (size_t tried = 0; tried < nodes_.size(); ++tried) {
      const auto at = std::next(nodes_.begin(), (next_ + tried) % nodes_.size());
      const RedisNode& node = *at->second;
      if (well ? node.DidWell() : node.WouldTry()) return at->second;
    }
  }
  return nodes_.begin()->second;
}

std::shared_ptr<RedisNode> RedisNodes::Moved(const RedisRedirect& redirect) {
  MutexLock lock(mutex_);
  map_wanted_ = true;
  if (slots_.empty()) slots_.resize(kRedisSlots);
  return slots_[redirect.slot] = AtLocked(redirect.server);
}

void RedisNodes::Lost() {
  MutexLock lock(mutex_);
  map_wanted_ = true;
  ++next_;
}

bool RedisNodes::WantsMap() {
  if (!address_.cluster) return false;
  MutexLock lock(mutex_);
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!map_wanted_ || now - map_asked_ < kMapPause) return false;
  map_asked_ = now;
  map_wanted_ = false;
  return true;
}

void RedisNodes::TakeMap(const RedisReply& reply, const RedisEndpoint& from) {
  const std::vector<RedisSlotRange> ranges = ReadRedisSlots(reply, from);
  MutexLock lock(mutex_);
  if (ranges.empty()) {
    map_wanted_ = true;
    return;
  }
  std::map<RedisEndpoint, std::shared_ptr<RedisNode>> kept;
  std::vector<std::shared_ptr<RedisNode>> slots(kRedisSlots);
  for (const RedisSlotRange& range : ranges) {
    const std::shared_ptr<RedisNode> node = AtLocked(range.server);
    std::fill(slots.begin() + range.first, slots.begin() + range.last + 1, node);
    kept[range.server] = node;
  }
  // Servers that left are forgotten, but not those that the address names.
  for (const RedisEndpoint& server : address_.servers) kept[server] = AtLocked(server);
  nodes_ = std::move(kept);
  slots_ = std::move(slots);
}

}  // namespace lingkaran
