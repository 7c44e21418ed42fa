// Service processes on fresh databases, one or more of each service, for what only real processes
// show: kill -9, restarts, bad networks, memory, speed. Not for several threads at once; processes
// live no longer than the thread that started them.
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
#include "tests/support/fault_proxy.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace lingkaran {

// "coverage", "registry", "sponsorship": in this order no service calls one that is not up yet.
const std::vector<std::string>& ServiceNames();

// Name of a process: that of its service for the first replica (0), then "coverage-1", ...
std::string ReplicaName(const std::string& service, int number);

// What one start has beside the options of the cluster.
struct ClusterStartOptions {
  std::vector<std::string> environment = {};  // "LINGKARAN_FAILPOINT=rpc/CreatePledge/claimed"
  std::vector<std::string> flags = {};
};

class Cluster {
 public:
  struct Options {
    std::vector<std::string> services = ServiceNames();
    int replicas = 1;              // of each service, on one database
    int without_redis = 0;         // so many more of each, the last ones, that have no Redis
    std::string postgres = "";     // URL of a server, superuser, or empty for SQLite
    std::string redis = "";        // HOST:PORT, or empty for none
    std::string clock = "system";  // see common/base/clock.h
    std::string log = "warning";   // see --log
    bool proxies = false;          // a fault proxy before each process, and on its way to each peer
    bool redis_proxies = false;    // and on its way to Redis
    std::vector<std::string> flags =
        {};                // of all processes at every start, e.g. "--drain-seconds=3"
    bool start = true;     // false: the owner starts the processes
    std::string bin = "";  // where the services' programs are; empty: this build's
    // False: databases stay on the server, which is thrown away with them.
    bool drop_databases = true;
  };
  using StartOptions = ClusterStartOptions;

  // Starts all; the destructor kills them and drops their databases.
  explicit Cluster(Options options);
  ~Cluster();

  // To the first replica of each service, by way of its proxy if it has one.
  registry::v1::RegistryService::Stub& registry() { return *registry_; }
  sponsorship::v1::SponsorshipService::Stub& sponsorship() { return *sponsorship_; }
  coverage::v1::CoverageService::Stub& coverage() { return *coverage_; }
  ops::v1::OperationsService::Stub& operations(const std::string& service) {
    return *operations_.at(service);
  }

  // `name` is a ReplicaName from here on. All of them, in the order of ServiceNames.
  std::vector<std::string> names() const;
  // kill -9.
  void Kill(const std::string& name) { process(name).Kill(); }
  // SIGTERM; the exit code, or -signal.
  int Stop(const std::string& name) { return process(name).Stop(); }
  // Starts a killed or stopped process again, at the same address on the same database, and waits
  // until it serves; ends the program if it does not come to that.
  void Start(const std::string& name, const StartOptions& options = {});
  // The same for a start that may fail: false if the process ended before it served.
  bool TryStart(const std::string& name, const StartOptions& options = {});
  // Starts and does not wait. Not for a process behind a proxy.
  void Launch(const std::string& name, const StartOptions& options = {});
  // Waits until the process has died by itself, e.g. at a fail point: its exit code, or -signal;
  // nullopt if it lives when the time is over.
  std::optional<int> WaitForEnd(const std::string& name, std::chrono::milliseconds time) {
    return process(name).WaitForEnd(time);
  }
  Process& process(const std::string& name) const { return *replicas_.at(name).process; }
  bool running(const std::string& name) const;

  // Where clients find it, whether or not it runs.
  const std::string& address(const std::string& name) const;
  FaultProxy& front(const std::string& name) const { return *replicas_.at(name).front; }
  // Those on its way to each peer.
  std::vector<FaultProxy*> peer_proxies(const std::string& name) const;
  FaultProxy& redis_proxy(const std::string& name) const { return *replicas_.at(name).redis; }

  // URL of a service's database.
  std::string Database(const std::string& service) const;
  // Key file, logs and SQLite's databases are here. Keep leaves it there after the end.
  const std::string& directory() const { return directory_.path(); }
  std::string keys() const { return directory_.path() + "/keys.json"; }
  void Keep() { directory_.Keep(); }
  // Highest resident set of any process, in MiB.
  double PeakMegabytes() const;

 private:
  struct Replica {
    std::string service;
    int number = 0;
    std::string listen;                                        // where the process itself listens
    std::unique_ptr<FaultProxy> front;                         // for clients
    std::map<std::string, std::unique_ptr<FaultProxy>> peers;  // to other services, by name
    std::unique_ptr<FaultProxy> redis;
    std::unique_ptr<Process> process;
  };

  void Add(const std::string& service, int number);
  std::string AddressFile(const std::string& name) const;
  // --coverage and --registry of a process.
  std::string Peer(const Replica& caller, const std::string& peer) const;
  // The process now listens there.
  void Moved(Replica& replica, const std::string& address);

  const Options options_;
  TempDirectory directory_;
  std::string suffix_;
  std::map<std::string, Replica> replicas_;
  std::unique_ptr<registry::v1::RegistryService::Stub> registry_;
  std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> sponsorship_;
  std::unique_ptr<coverage::v1::CoverageService::Stub> coverage_;
  std::map<std::string, std::unique_ptr<ops::v1::OperationsService::Stub>> operations_;
};

}  // namespace lingkaran
