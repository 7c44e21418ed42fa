// Redis's replies, and the parser that makes them from bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct redisReader;

namespace lingkaran {

struct RedisReply {
  enum class Kind { kNil, kText, kStatus, kError, kInteger, kArray };
  Kind kind = Kind::kNil;
  std::string text;  // of kText, kStatus, kError
  int64_t integer = 0;
  std::vector<RedisReply> items;

  bool Is(Kind k) const { return kind == k; }
  bool IsArray(size_t size) const { return kind == Kind::kArray && items.size() == size; }
  // True for an error that begins with this word.
  bool IsError(const char* word) const;
};

// Takes bytes as they come. An array may promise at most so many items and a reply take at most so
// many bytes: a peer that is no Redis must not cost memory.
class RedisParser {
 public:
  static constexpr int kMostItems = 1 << 16;
  static constexpr size_t kMostBytes = 64 << 20;

  RedisParser();

  enum class Got { kReply, kNothing, kNonsense };
  bool Feed(const char* bytes, size_t size);
  // The next complete reply. After kNonsense the parser is of no use any more.
  Got Next(RedisReply& reply);
  // True if a part of a reply, or one that nobody took, is left.
  bool HasRest() const;

 private:
  const std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
};

}  // namespace lingkaran
