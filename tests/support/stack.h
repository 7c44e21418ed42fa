// The three services as processes of their own on fresh databases, for what only real processes
// show: kill -9, restarts, memory, speed. Not for several threads at once.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace lingkaran {

// "coverage", "registry", "sponsorship": in this order nobody calls whom he can't reach.
const std::vector<std::string>& ServiceNames();

// What one start has beside the options of the stack.
struct StackStartOptions {
  std::vector<std::string> environment = {};  // "LINGKARAN_FAILPOINT=rpc/CreatePledge/claimed"
  std::vector<std::string> flags = {};
};

class Stack {
 public:
  struct Options {
    std::string postgres = "";     // URL of a server, or empty for SQLite
    std::string redis = "";        // HOST:PORT, or empty for none
    std::string clock = "system";  // see common/base/clock.h
    // Where a caller finds a peer, in place of the peer's own address, so that a proxy can stand
    // between: {"sponsorship/registry", "127.0.0.1:41233"}.
    std::map<std::string, std::string> peers = {};
    std::vector<std::string> flags =
        {};                // of all services at every start, e.g. "--drain-seconds=3"
    bool start = true;     // false: the owner starts the services himself
    std::string bin = "";  // where the services' programs are; empty: this build's
    // False: databases stay on the server, which is thrown away with them.
    bool drop_databases = true;
  };
  using StartOptions = StackStartOptions;

  // Starts all three; the destructor stops them and drops their databases.
  explicit Stack(Options options);
  ~Stack();

  registry::v1::RegistryService::Stub& registry() { return *registry_; }
  sponsorship::v1::SponsorshipService::Stub& sponsorship() { return *sponsorship_; }
  coverage::v1::CoverageService::Stub& coverage() { return *coverage_; }
  ops::v1::OperationsService::Stub& operations(const std::string& service) {
    return *operations_[service];
  }

  // kill -9 of "registry", "sponsorship" or "coverage".
  void Kill(const std::string& service);
  // SIGTERM; the exit code, or -signal.
  int Stop(const std::string& service);
  // Starts a killed or stopped service again, at the same address on the same database, and waits
  // until it serves; ends the program if it does not come to that.
  void Start(const std::string& service, const StartOptions& options = {});
  // The same for a start that may fail: false if the process ended before it served.
  bool TryStart(const std::string& service, const StartOptions& options = {});
  // Starts and does not wait.
  void Launch(const std::string& service, const StartOptions& options = {});
  // Waits until the service has died by itself, e.g. at a fail point: its exit code, or -signal;
  // nullopt if it lives when the time is over.
  std::optional<int> WaitForEnd(const std::string& service, std::chrono::milliseconds time);
  Process& process(const std::string& service) { return *processes_.at(service); }
  bool running(const std::string& service) const;

  // Where a service listens, whether or not it runs.
  const std::string& address(const std::string& service) const { return addresses_.at(service); }
  // URL of a service's database.
  std::string Database(const std::string& service) const;
  // Key file, logs and SQLite's databases are here. Keep leaves it there after the end.
  const std::string& directory() const { return directory_.path(); }
  void Keep() { directory_.Keep(); }
  // Highest resident set of any of the three, in MiB.
  double PeakMegabytes() const;

 private:
  std::string AddressFile(const std::string& service) const;
  std::string Peer(const std::string& caller, const std::string& peer) const;

  Options options_;
  TempDirectory directory_;
  std::string suffix_;
  std::map<std::string, std::string> addresses_;
  std::map<std::string, std::unique_ptr<Process>> processes_;
  std::unique_ptr<registry::v1::RegistryService::Stub> registry_;
  std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> sponsorship_;
  std::unique_ptr<coverage::v1::CoverageService::Stub> coverage_;
  std::map<std::string, std::unique_ptr<ops::v1::OperationsService::Stub>> operations_;
};

}  // namespace lingkaran
