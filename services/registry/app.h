// The registry's wiring: what main starts is what tests start.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/server/app_dependencies.h"
#include "common/server/config.h"
#include "services/registry/workflow/member_sync.h"

namespace lingkaran::registry {

struct RegistryOptions {
  AppDependencies dependencies;
  CoverageCalls* coverage = nullptr;  // outlives the app; null: at the flag's address
};

class RegistryApp {
 public:
  using Options = RegistryOptions;

  // Reads regions, rules and keys, opens the database and brings its schema up to date, and starts
  // the outbox. Never waits for coverage. `clock` outlives the app.
  static absl::StatusOr<std::unique_ptr<RegistryApp>> Make(const ServiceConfig& config,
                                                           const Clock& clock,
                                                           const Options& options = {});
  // Stops the outbox; a delivery under way is finished first.
  ~RegistryApp();

  grpc::Service* service();
  // lingkaran.ops.v1.OperationsService.
  grpc::Service* operations();
  // OK while the store answers.
  absl::Status Healthy();
  // Digest of the rules in use.
  std::string rules_version() const;
  // What is owed to coverage.
  Outbox& owed();
  // The database without password.
  std::string database() const;

 private:
  struct Parts;
  explicit RegistryApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lingkaran::registry
