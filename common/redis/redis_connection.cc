#include "common/redis/redis_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/string_views.h"

namespace lingkaran {

void AppendRedisCommand(absl::Span<const std::string_view> words, std::string& out) {
  absl::StrAppend(&out, "*", words.size(), "\r\n");
  for (const std::string_view word : words) {
    absl::StrAppend(&out, "$", word.size(), "\r\n", AbslView(word), "\r\n");
  }
}

std::unique_ptr<RedisConnection> RedisConnection::Open(const SocketAddress& address,
                                                       const RedisLogin& login) {
  const int family = address.storage.ss_family;
  const int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return nullptr;
  if (family != AF_UNIX) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
  const bool connected = connect(descriptor, to, address.size) == 0;
  if (!connected && errno != EINPROGRESS) {
    close(descriptor);
    return nullptr;
  }
  std::unique_ptr<RedisConnection> connection(new RedisConnection(descriptor, !connected));
  if (!login.user.empty()) {
    connection->Send({"AUTH", login.user, login.password});
    ++connection->logging_in_;
  } else if (!login.password.empty()) {
    connection->Send({"AUTH", login.password});
    ++connection->logging_in_;
  }
  if (login.database != 0) {
    connection->Send({"SELECT", std::to_string(login.database)});
    ++connection->logging_in_;
  }
  return connection;
}

RedisConnection::~RedisConnection() { close(descriptor_); }

void RedisConnection::SendBytes(std::string_view command) { out_.append(command); }

void RedisConnection::Send(absl::Span<const std::string_view> words) {
  AppendRedisCommand(words, out_);
}

short RedisConnection::events() const {
  return static_cast<short>(connecting_ || unsent() > 0 ? POLLIN | POLLOUT : POLLIN);
}

bool RedisConnection::Work() {
  if (broken()) return false;
  if (connecting_) {
    pollfd ready = {descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 0) return true;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Break(std::strerror(error));
    connecting_ = false;
  }
  return Write() && Read();
}

bool RedisConnection::Break(std::string why) {
  error_ = std::move(why);
  return false;
}

bool RedisConnection::Write() {
  while (unsent() > 0) {
    const ssize_t n = send(descriptor_, out_.data() + sent_, unsent(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n < 0) return Break(std::strerror(errno));
    sent_ += n;
  }
  out_.clear();
  sent_ = 0;
  return true;
}

bool RedisConnection::Read() {
  // Then the replies are taken: the parser moves what it has not parsed, each time.
  constexpr int kMostPieces = 4;
  constexpr size_t kPiece = 16 << 10;
  char bytes[kPiece];
  for (int i = 0; i < kMostPieces; ++i) {
    const ssize_t n = recv(descriptor_, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n < 0) return Break(std::strerror(errno));
    if (n == 0) return Break("closed by Redis");
    if (!parser_.Feed(bytes, n)) return Break("more bytes than any reply has");
    received_ += n;
    if (static_cast<size_t>(n) < sizeof bytes) break;
  }
  return true;
}

bool RedisConnection::Next(RedisReply& reply) {
  while (!broken()) {
    const RedisParser::Got got = parser_.Next(reply);
    if (got == RedisParser::Got::kNonsense) return Break("this is no reply of a Redis");
    if (got == RedisParser::Got::kNothing) return false;
    if (logging_in_ == 0) return true;
    --logging_in_;
    if (!reply.Is(RedisReply::Kind::kStatus)) return Break("login refused: " + reply.text);
  }
  return false;
}

bool RedisConnection::Quiet() const {
  char byte;
  const ssize_t n = recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace lingkaran
