#include "common/server/connection_listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/metrics.h"

namespace lingkaran {
namespace {

// Connections that wait for us in the kernel; it takes the smaller of this and net.core.somaxconn.
constexpr int kBacklog = 65'535;
// How long to wait for descriptors before looking again.
constexpr int kPauseMillis = 100;
// Descriptors kept for databases, Redis, peers and files, if the limit is large enough.
constexpr int kReserve = 128;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status CannotListen(const std::string& listen, const std::string& why) {
  return absl::UnavailableError(
      absl::StrCat("can't listen on ", listen, ": ", why, "; choose another with --listen"));
}

int NewSocket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

// The port that the kernel gave.
int PortOf(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return address.ss_family == AF_INET6 ? ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port)
                                       : ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

void SetPort(sockaddr* address, int port) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(static_cast<uint16_t>(port));
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(static_cast<uint16_t>(port));
  }
}

// A listening socket, or -1 with errno.
int ListenOn(const sockaddr* address, socklen_t size) {
  Fd fd(NewSocket(address->sa_family));
  if (fd.get() < 0) return -1;
  const int on = 1;
  const int off = 0;
  // Connections of an earlier process that are still ending do not bar a restart.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address->sa_family == AF_INET6) {  // [::] takes IPv4 as well
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (bind(fd.get(), address, size) != 0 || listen(fd.get(), kBacklog) != 0) return -1;
  return fd.release();
}

bool SomebodyListens(const sockaddr_un& address) {
  const Fd fd(NewSocket(AF_UNIX));
  return fd.get() >= 0 &&
         (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
          errno == EAGAIN);
}

// Errors of one connection: it died before we took it. Others follow.
bool ConcernsOneConnection(int number) {
  return number == ECONNABORTED || number == EINTR || number == EPROTO || number == ENETDOWN ||
         number == ENOPROTOOPT || number == EHOSTDOWN || number == ENONET ||
         number == EHOSTUNREACH || number == EOPNOTSUPP || number == ENETUNREACH;
}

}  // namespace

int FirstReservedDescriptor() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024 - kReserve;
  const int most = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 30));
  return most - std::min(kReserve, most / 4);
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& listen) {
  std::unique_ptr<Listener> listener(new Listener());
  listener->stop_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (listener->stop_ < 0) return CannotListen(listen, std::strerror(errno));
  absl::Status status;
  if (absl::StartsWith(listen, "unix:")) {
    status = listener->OpenUnix(listen.substr(5));
  } else {
    const size_t colon = listen.rfind(':');
    if (colon == std::string::npos) return CannotListen(listen, "it is not HOST:PORT");
    status = listener->OpenTcp(listen.substr(0, colon), listen.substr(colon + 1));
  }
  if (!status.ok()) return status;
  return listener;
}

absl::Status Listener::OpenTcp(const std::string& host, const std::string& port) {
  const std::string listen = absl::StrCat(host, ":", port);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string name = brackets ? host.substr(1, host.size() - 2) : host;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.c_str(), port.c_str(), &hints, &found);
  if (error != 0) return CannotListen(listen, gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);

  int chosen = 0;
  int failure = 0;
  for (addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (chosen != 0) SetPort(one->ai_addr, chosen);  // one port for all addresses of a name
    const int fd = ListenOn(one->ai_addr, one->ai_addrlen);
    if (fd < 0) {
      failure = errno;
      if (failure == EADDRINUSE) break;
      continue;  // this machine may have no IPv6, say
    }
    fds_.push_back(fd);
    chosen = PortOf(fd);
  }
  if (failure == EADDRINUSE || fds_.empty()) return CannotListen(listen, std::strerror(failure));
  address_ = absl::StrCat(host, ":", chosen);
  return absl::OkStatus();
}

absl::Status Listener::OpenUnix(const std::string& path) {
  const std::string listen = "unix:" + path;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return CannotListen(listen, "the path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (SomebodyListens(address)) return CannotListen(listen, std::strerror(EADDRINUSE));
  struct stat old = {};
  // What a process left that was killed; no other kind of file is touched.
  if (lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) unlink(path.c_str());
  const int fd = ListenOn(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (fd < 0) return CannotListen(listen, std::strerror(errno));
  fds_.push_back(fd);
  unix_path_ = path;
  address_ = listen;
  return absl::OkStatus();
}

Listener::~Listener() {
  Close();
  if (stop_ >= 0) close(stop_);
}

void Listener::Start(Handler handler) {
  handler_ = std::move(handler);
  thread_ = std::thread([this] { Run(); });
}

void Listener::Close() {
  if (thread_.joinable()) {
    eventfd_write(stop_, 1);
    thread_.join();
  }
  // The path goes first: who finds it can connect.
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
  unix_path_.clear();
  for (const int fd : fds_) close(fd);
  fds_.clear();
}

void Listener::Run() {
  std::vector<pollfd> wanted{{stop_, POLLIN, 0}};
  for (const int fd : fds_) wanted.push_back({fd, POLLIN, 0});
  bool out_of_descriptors = false;
  while (true) {
    // Out of descriptors, the sockets stay readable: only the end is waited for, and the time.
    const nfds_t count = out_of_descriptors ? 1 : wanted.size();
    if (poll(wanted.data(), count, out_of_descriptors ? kPauseMillis : -1) < 0 && errno != EINTR) {
      Log(Severity::kError, "listener_ended", {{"text", std::strerror(errno)}});
      return;
    }
    if (wanted[0].revents != 0) return;
    const bool had_none = out_of_descriptors;
    out_of_descriptors = false;
    for (const int fd : fds_) out_of_descriptors |= !TakeAll(fd);
    if (out_of_descriptors == had_none) continue;
    Log(out_of_descriptors ? Severity::kError : Severity::kInfo,
        out_of_descriptors ? "out_of_descriptors" : "descriptors_again");
  }
}

bool Listener::TakeAll(int listening_fd) {
  while (true) {
    const int fd = accept4(listening_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      const int number = errno;
      if (number == EAGAIN || number == EWOULDBLOCK) return true;
      if (ConcernsOneConnection(number)) continue;
      return false;  // EMFILE, ENFILE, ENOBUFS, ENOMEM: later
    }
    if (fd >= FirstReservedDescriptor()) {
      close(fd);
      CountEvent("connection_refused_for_descriptors");
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // no effect on a unix socket
    handler_(listening_fd, fd);
  }
}

}  // namespace lingkaran
