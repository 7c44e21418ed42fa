// The three services as processes of their own on fresh databases, for what only real processes
// show: kill -9, restarts, memory, speed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "tests/support/process.h"

namespace lingkaran {

class Stack {
 public:
  struct Options {
    std::string postgres = "";     // URL of a server, or empty for SQLite
    std::string redis = "";        // HOST:PORT, or empty for none
    std::string clock = "system";  // see common/clock.h
  };
  // Starts all three; the destructor stops them and drops their databases.
  explicit Stack(Options options);
  ~Stack();

  registry::v1::RegistryService::Stub& registry() { return *registry_; }
  sponsorship::v1::SponsorshipService::Stub& sponsorship() { return *sponsorship_; }
  coverage::v1::CoverageService::Stub& coverage() { return *coverage_; }

  // kill -9 of "registry", "sponsorship" or "coverage".
  void Kill(const std::string& service);
  // SIGTERM; the exit code, or -signal.
  int Stop(const std::string& service);
  // Starts a killed or stopped service again, at the same address on the same database.
  void Start(const std::string& service);

  // URL of a service's database.
  std::string Database(const std::string& service) const;
  // Highest resident set of any of the three, in MiB.
  double PeakMegabytes() const;

 private:
  Options options_;
  TempDirectory directory_;
  std::string suffix_;
  std::map<std::string, std::string> addresses_;
  std::map<std::string, std::unique_ptr<Process>> processes_;
  std::unique_ptr<registry::v1::RegistryService::Stub> registry_;
  std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> sponsorship_;
  std::unique_ptr<coverage::v1::CoverageService::Stub> coverage_;
};

// A TCP port of the loopback address that was free a moment ago.
int FreePort();
// Runs one SQL statement on a libpq URL; ends the program with its error.
void ExecuteSql(const std::string& url, const std::string& statement);

}  // namespace lingkaran
