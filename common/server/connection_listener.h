// Takes connections for a gRPC server.
//
// gRPC 1.51 accepts by itself, but never again once the process has run out of file descriptors
// (CVE-2023-4785). So our own thread accepts and hands each connection over; when there are no
// descriptors (or no memory) it pauses and goes on. The last descriptors are kept for the database,
// Redis and peers: the kernel gives the lowest free number, so a connection with a number near the
// limit is hung up at once, and its client comes again after a while.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lingkaran {

class Listener {
 public:
  // Takes over a connected socket (non-blocking, close-on-exec) that came in by listening_fd.
  using Handler = std::function<void(int listening_fd, int fd)>;

  // Listens on HOST:PORT (0: a free port; HOST may be a name, an IPv4 address or [IPv6]) or on
  // unix:PATH, whose permissions are those of the umask and which takes the place of a socket that
  // nobody listens on. UNAVAILABLE if the address can't be had.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& listen);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // As clients call it: HOST:PORT with the port in use, or unix:PATH.
  const std::string& address() const { return address_; }

  // Connections are taken from now on.
  void Start(Handler handler);
  // No more connections; those that wait in the kernel's queue are refused. Also a second time.
  void Close();

 private:
  Listener() = default;
  absl::Status OpenTcp(const std::string& host, const std::string& port);
  absl::Status OpenUnix(const std::string& path);
  void Run();
  // Takes all connections that wait; false if there are no descriptors for them.
  bool TakeAll(int listening_fd);

  std::string address_;
  std::string unix_path_;  // removed at the end
  std::vector<int> fds_;   // one per address that a name has
  int stop_ = -1;          // eventfd
  Handler handler_;
  std::thread thread_;
};

// Descriptors at and above this number are not given to clients. Asks the process's limit anew,
// since an operator may change it at any time.
int FirstReservedDescriptor();

}  // namespace lingkaran
