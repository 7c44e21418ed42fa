// The registry's wiring: what main starts is what tests start.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/config.h"

namespace lingkaran::registry {

class RegistryApp {
 public:
  // Reads regions, rules and keys, opens the database and brings its schema up to date, and starts
  // the outbox. Never waits for coverage. `clock` outlives the app.
  static absl::StatusOr<std::unique_ptr<RegistryApp>> Make(const ServiceConfig& config,
                                                           const Clock& clock);
  // Stops the outbox; a delivery under way is finished first.
  ~RegistryApp();

  grpc::Service* service();
  // OK while the store answers.
  absl::Status Healthy();
  // Digest of the rules in use.
  std::string rules_version() const;
  // The database without password.
  std::string database() const;

 private:
  struct Parts;
  explicit RegistryApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lingkaran::registry
