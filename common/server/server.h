// Builds and runs a gRPC server: limits, health, reflection, start line, drain at SIGTERM.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/config.h"

namespace lingkaran {

class Server {
 public:
  struct Options {
    std::string listen;
    int drain_seconds = 10;
    std::string address_file;
    // OK while the service can answer (its store does); asked every second on a thread of its own.
    std::function<absl::Status()> healthy;
    // Called when Shutdown begins: streams that would run for ever end by themselves.
    std::function<void()> draining;
  };
  // Starts to serve. UNAVAILABLE if the address can't be had.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options,
                                                       const std::vector<grpc::Service*>& services);
  virtual ~Server() = default;
  // "127.0.0.1:41233" or "unix:/run/x.sock".
  virtual std::string address() const = 0;
  // Health to NOT_SERVING, no new calls, calls under way finish within drain_seconds.
  virtual void Shutdown() = 0;
};

// Call first in main, before any thread: SIGTERM and SIGINT are then taken by WaitForSignal only.
void BlockSignals();
// Waits for SIGTERM or SIGINT.
void WaitForSignal();

// The one line at start: service, release, address, database, cache, rules version.
void PrintStartLine(const std::string& service, const std::string& address,
                    const std::string& database, const std::string& redis,
                    const std::string& rules_version);

}  // namespace lingkaran
