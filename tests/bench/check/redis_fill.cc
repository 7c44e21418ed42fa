#include "tests/bench/check/redis_fill.h"

#include <hiredis/hiredis.h>

#include <cstdlib>
#include <memory>

#include "tests/bench/check/measure.h"

namespace lingkaran::bench {
namespace {

struct Free {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, Free>;

Reply Checked(const redisContext* context, void* reply) {
  Reply out(static_cast<redisReply*>(reply));
  if (out == nullptr) Fail(std::string("Redis: ") + context->errstr);
  if (out->type == REDIS_REPLY_ERROR) Fail(std::string("Redis: ") + out->str);
  return out;
}

}  // namespace

RedisConnection::RedisConnection(const std::string& address) {
  const size_t colon = address.rfind(':');
  context_ = redisConnect(address.substr(0, colon).c_str(), std::atoi(address.c_str() + colon + 1));
  if (context_ == nullptr || context_->err != 0) Fail("can't connect to Redis at " + address);
}

RedisConnection::~RedisConnection() { redisFree(context_); }

std::string RedisConnection::Ask(const char* command, const std::string& argument) {
  const char* arguments[] = {command, argument.data()};
  const size_t sizes[] = {std::char_traits<char>::length(command), argument.size()};
  const Reply reply = Checked(context_, redisCommandArgv(context_, 2, arguments, sizes));
  return reply->str == nullptr ? std::string() : std::string(reply->str, reply->len);
}

void RedisConnection::SetAll(const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [key, value] : values) {
    redisAppendCommand(context_, "SET %b %b", key.data(), key.size(), value.data(), value.size());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    void* reply = nullptr;
    redisGetReply(context_, &reply);
    Checked(context_, reply);
  }
}

int64_t RedisConnection::Info(const std::string& name) {
  const std::string text = Ask("INFO", "memory");
  const size_t at = text.find("\n" + name + ":");
  if (at == std::string::npos) Fail("Redis does not tell its " + name);
  return std::atoll(text.c_str() + at + name.size() + 2);
}

}  // namespace lingkaran::bench
