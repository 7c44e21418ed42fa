#include "common/redis/redis_reply.h"

#include <hiredis/read.h>

#include <utility>

#include "absl/strings/match.h"

namespace lingkaran {
namespace {

using Kind = RedisReply::Kind;

// Where the reply of this task goes: into its array, or it is a whole one.
RedisReply* Place(const redisReadTask* task) {
  if (task->parent == nullptr) return new RedisReply;
  return &static_cast<RedisReply*>(task->parent->obj)->items[task->idx];
}

void* CreateText(const redisReadTask* task, char* bytes, size_t size) {
  RedisReply* reply = Place(task);
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Kind::kError
                : task->type == REDIS_REPLY_STATUS ? Kind::kStatus
                                                   : Kind::kText;
  reply->text.assign(bytes, size);
  return reply;
}

void* CreateArray(const redisReadTask* task, int items) {
  if (items < 0 || items > RedisParser::kMostItems) return nullptr;
  RedisReply* reply = Place(task);
  reply->kind = Kind::kArray;
  reply->items.resize(items);
  return reply;
}

void* CreateInteger(const redisReadTask* task, long long value) {
  RedisReply* reply = Place(task);
  reply->kind = Kind::kInteger;
  reply->integer = value;
  return reply;
}

void* CreateNil(const redisReadTask* task) { return Place(task); }

// Only whole replies are given back; what stands in an array goes with it.
void Free(void* reply) { delete static_cast<RedisReply*>(reply); }

redisReplyObjectFunctions functions = {CreateText, CreateArray, CreateInteger, CreateNil, Free};

}  // namespace

bool RedisReply::IsError(const char* word) const {
  return kind == Kind::kError && absl::StartsWith(text, word);
}

RedisParser::RedisParser()
    : reader_(redisReaderCreateWithFunctions(&functions), &redisReaderFree) {}

bool RedisParser::Feed(const char* bytes, size_t size) {
  if (reader_->len - reader_->pos + size > kMostBytes) return false;
  return redisReaderFeed(reader_.get(), bytes, size) == REDIS_OK;
}

RedisParser::Got RedisParser::Next(RedisReply& reply) {
  void* made = nullptr;
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) return Got::kNonsense;
  if (made == nullptr) return Got::kNothing;
  const std::unique_ptr<RedisReply> whole(static_cast<RedisReply*>(made));
  reply = std::move(*whole);
  return Got::kReply;
}

bool RedisParser::HasRest() const { return reader_->ridx >= 0 || reader_->pos < reader_->len; }

}  // namespace lingkaran
