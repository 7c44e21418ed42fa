// lingkaran-sponsorship alone as a process, on a SQLite file of its own: enough for tests of what
// any service does when it is short of something. Its peers are not there; it waits for none.
#pragma once

#include <memory>
#include <string>

#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "tests/support/process.h"

namespace lingkaran {

class OneService {
 public:
  struct Options {
    std::string listen = "127.0.0.1:0";  // as for --listen
    std::string log = "info";            // as for --log
    int processor = -1;                  // the only one it may use; -1: all
  };
  OneService() : OneService(Options()) {}
  explicit OneService(const Options& options);

  const std::string& address() const { return address_; }
  Process& process() const { return *process_; }
  pid_t pid() const { return process_->pid(); }
  // A stub with a channel, and so a connection, of its own.
  std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> NewStub() const;
  // Resident set now, in MiB.
  double Megabytes() const;

 private:
  TempDirectory directory_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

}  // namespace lingkaran
