// One connection to one Redis server that never blocks: whoever uses it polls its descriptor, so
// that one deadline holds for a whole round trip, to several servers at once, however slowly the
// bytes drip.
//
// Replies come in the order of the commands and nothing else ties them together. So a connection
// on which anything went wrong, or that owes a reply, must be thrown away: the next user would get
// the reply to an earlier question, which is another person's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "common/redis/redis_reply.h"
#include "common/redis/redis_resolver.h"

namespace lingkaran {

// One command as it goes over the wire, added to `out`.
void AppendRedisCommand(absl::Span<const std::string_view> words, std::string& out);

class RedisConnection {
 public:
  // Begins to connect and to log in; null if that fails at once.
  static std::unique_ptr<RedisConnection> Open(const SocketAddress& address,
                                               const RedisLogin& login);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Queues a command; or bytes that AppendRedisCommand made of one.
  void Send(absl::Span<const std::string_view> words);
  void SendBytes(std::string_view command);
  // Bytes that wait to be sent.
  size_t unsent() const { return out_.size() - sent_; }

  int descriptor() const { return descriptor_; }
  // What to poll the descriptor for.
  short events() const;
  // True until the connection stands.
  bool connecting() const { return connecting_; }
  // Sends what can be sent now, and reads some of what has come. False if the connection is broken.
  bool Work();
  // Bytes that were read so far.
  int64_t received() const { return received_; }
  // Takes the next reply to a command of Send; false if none has come. Check broken() after it.
  bool Next(RedisReply& reply);
  bool broken() const { return !error_.empty(); }
  // Why it is broken, e.g. what Redis said to the password.
  const std::string& error() const { return error_; }

  // For one that lay idle: true if it stands and nobody said anything meanwhile.
  bool Quiet() const;
  // True if a part of a reply, or one that nobody took, is left, or anything unsent.
  bool HasRest() const { return unsent() > 0 || logging_in_ > 0 || parser_.HasRest(); }

 private:
  RedisConnection(int descriptor, bool connecting)
      : descriptor_(descriptor), connecting_(connecting) {}
  bool Break(std::string why);
  bool Write();
  bool Read();

  const int descriptor_;
  bool connecting_;
  int logging_in_ = 0;  // replies to the login that have not come yet
  std::string out_;
  size_t sent_ = 0;
  int64_t received_ = 0;
  RedisParser parser_;
  std::string error_;
};

}  // namespace lingkaran
