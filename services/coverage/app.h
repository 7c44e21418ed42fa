// Wires coverage together: tests start the same wiring as main.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/server/app_dependencies.h"
#include "common/server/config.h"
#include "services/coverage/replication/log_follower.h"

namespace grpc {
class Service;
}

namespace lingkaran::coverage {

struct CoverageOptions {
  // Time that never jumps, for the age of cached facts; the machine's if null.
  const Clock* steady = nullptr;
  // How the near cache is kept up to date; its threads also need dependencies.threads.
  LogFollower::Options follower;
  AppDependencies dependencies;
};

class CoverageApp {
 public:
  using Options = CoverageOptions;

  // Loads rules, regions and keys, opens and migrates the database, composes the readers. Faulty
  // rules stop it: INVALID_ARGUMENT/RULES_INVALID with file and line. `clock` must outlive the app.
  static absl::StatusOr<std::unique_ptr<CoverageApp>> Make(const ServiceConfig& config,
                                                           const Clock& clock,
                                                           const Options& options = {});
  ~CoverageApp();

  grpc::Service* service();
  // lingkaran.ops.v1.OperationsService.
  grpc::Service* operations();
  // OK while the database answers.
  absl::Status Healthy();
  std::string rules_version() const;
  // The server is about to stop: streams end.
  void Drain();
  // For tests: how it stands.
  NearCache& near();
  // For the start line, without password.
  std::string database() const;

 private:
  struct Parts;
  explicit CoverageApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lingkaran::coverage
