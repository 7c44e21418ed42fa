#include "tests/bench/check/h2.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/rpc/run_rpc.h"
#include "tests/bench/check/measure.h"

namespace lingkaran::bench {
namespace {

using Call = H2Connection::Call;

constexpr size_t kPrefix = 5;  // one byte: compressed; four: length
constexpr uint32_t kStreamWindow = 1 << 20;
constexpr int32_t kConnectionWindow = 1 << 24;

int Connect(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::atoi(address.c_str() + colon + 1)));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1 ||
      connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    Fail("can't connect to " + address + ": " + std::strerror(errno));
  }
  return fd;
}

// gRPC's client never lets the actor into the table of headers, so each call carries it whole.
nghttp2_nv Header(std::string_view name, std::string_view value,
                  uint8_t flags = NGHTTP2_NV_FLAG_NONE) {
  const auto bytes = [](std::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

Call* CallOf(nghttp2_session* session, int32_t stream) {
  return static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream));
}

ssize_t ReadRequest(nghttp2_session*, int32_t, uint8_t* to, size_t room, uint32_t* flags,
                    nghttp2_data_source* source, void*) {
  Call& call = *static_cast<Call*>(source->ptr);
  const size_t size = std::min(room, call.request.size() - call.sent);
  std::memcpy(to, call.request.data() + call.sent, size);
  call.sent += size;
  if (call.sent == call.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
             size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
  Call* const call = CallOf(session, frame->hd.stream_id);
  if (call == nullptr) return 0;
  if (View(name, name_size) == "grpc-status") call->status = View(value, value_size);
  if (View(name, name_size) == "grpc-message") call->error = View(value, value_size);
  return 0;
}

int OnData(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data, size_t size,
           void*) {
  if (Call* const call = CallOf(session, stream)) call->response.append(View(data, size));
  return 0;
}

}  // namespace

void Call::SetRequest(std::string_view message) {
  const uint32_t size = htonl(static_cast<uint32_t>(message.size()));
  request.assign(1, '\0');
  request.append(reinterpret_cast<const char*>(&size), sizeof size);
  request.append(message);
}

std::string_view Call::Message() const {
  if (status != "0") Fail("a call failed: " + (error.empty() ? "status " + status : error));
  if (response.size() < kPrefix || response[0] != '\0') Fail("a response can't be read");
  return std::string_view(response).substr(kPrefix);
}

nghttp2_session_callbacks* H2Connection::Callbacks() {
  nghttp2_session_callbacks* out = nullptr;
  nghttp2_session_callbacks_new(&out);
  nghttp2_session_callbacks_set_on_header_callback(out, OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(out, OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(
      out, [](nghttp2_session* session, int32_t stream, uint32_t, void* self) {
        if (Call* const call = CallOf(session, stream)) {
          static_cast<H2Connection*>(self)->ended_(*call);
        }
        return 0;
      });
  return out;
}

H2Connection::H2Connection(const std::string& address, const std::string& method, Ended ended)
    : address_(address), method_(method), ended_(std::move(ended)), fd_(Connect(address)) {
  nghttp2_session_callbacks* const callbacks = Callbacks();
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  Greet();
}

H2Connection::~H2Connection() {
  nghttp2_session_del(session_);
  close(fd_);
}

void H2Connection::Greet() {
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  Flush();
}

void H2Connection::Send(Call& call) {
  call.sent = 0;
  call.response.clear();
  call.status.clear();
  call.error.clear();
  const std::array headers = {
      Header(":method", "POST"),
      Header(":scheme", "http"),
      Header(":path", method_),
      Header(":authority", address_),
      Header("te", "trailers"),
      Header("content-type", "application/grpc"),
      Header("user-agent", "lingkaran-bench"),
      Header("grpc-timeout", "10S"),
      Header(kActorMetadata, "klinik-12;role=officer", NGHTTP2_NV_FLAG_NO_INDEX)};
  nghttp2_data_provider body = {{.ptr = &call}, ReadRequest};
  if (nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, &call) < 0) {
    Fail("a call can't be sent");
  }
}

void H2Connection::Flush() {
  const uint8_t* data = nullptr;
  for (ssize_t size; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
    out_.append(View(data, static_cast<size_t>(size)));
  }
  if (out_.empty()) return;
  const ssize_t taken = send(fd_, out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (taken > 0) {
    out_.erase(0, static_cast<size_t>(taken));
  } else if (errno != EAGAIN) {
    Fail("the server hung up");
  }
}

void H2Connection::Receive() {
  std::array<uint8_t, 1 << 16> part;
  const ssize_t size = recv(fd_, part.data(), part.size(), MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) Fail("the server hung up");
  if (nghttp2_session_mem_recv(session_, part.data(), static_cast<size_t>(size)) != size) {
    Fail("what the server sends can't be read");
  }
}

}  // namespace lingkaran::bench
