// Unary gRPC calls on one HTTP/2 connection (nghttp2), without threads: who owns it turns the
// crank. It takes a fifth of the processor time that gRPC's own client takes, so that what is
// measured is the server, and a load can be sent that the server, not its callers, finds heavy.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <nghttp2/nghttp2.h>

namespace lingkaran::bench {

class H2Connection {
 public:
  // One call; lives until it has ended, and may then be used for the next.
  struct Call {
    std::string request, response;  // with gRPC's five bytes before the message
    size_t sent = 0;
    std::string status, error;  // grpc-status, grpc-message

    void SetRequest(std::string_view message);
    // The response's message. Ends the program if the call failed.
    std::string_view Message() const;
  };
  // Called in Receive; may Send again.
  using Ended = std::function<void(Call&)>;

  // `method` as ":path". Ends the program if nobody listens at `address` (HOST:PORT, loopback).
  H2Connection(const std::string& address, const std::string& method, Ended ended);
  ~H2Connection();
  H2Connection(const H2Connection&) = delete;

  int fd() const { return fd_; }
  // Waits for the socket to take more.
  bool IsStuck() const { return !out_.empty(); }

  void Send(Call& call);  // goes out with the next Flush
  void Flush();
  void Receive();  // what has come; waits for nothing

 private:
  void Greet();
  static nghttp2_session_callbacks* Callbacks();

  const std::string address_, method_;
  const Ended ended_;
  const int fd_;
  nghttp2_session* session_ = nullptr;
  std::string out_;  // taken from the session and not by the socket
};

}  // namespace lingkaran::bench
