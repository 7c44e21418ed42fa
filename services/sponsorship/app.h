// The wiring of sponsorship, the same for main and for tests.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/outbox/outbox.h"
#include "common/server/app_dependencies.h"
#include "common/server/config.h"
#include "services/sponsorship/clients/peer_client.h"

namespace grpc {
class Service;
}

namespace lingkaran::sponsorship {

struct SponsorshipOptions {
  AppDependencies dependencies;
  PeerCalls* peers = nullptr;  // outlives the app; null: at the flags' addresses
  int chunk = 1'000;           // workers in one chunk of an allocation at most
};

class SponsorshipApp {
 public:
  using Options = SponsorshipOptions;

  // Reads rules and regions, opens and migrates the database, and starts to deliver what is owed.
  // Never waits for registry or coverage, and uses no Redis today. INVALID_ARGUMENT for faulty
  // rules or settings, UNAVAILABLE if the database can't be had. `clock` outlives the app.
  static absl::StatusOr<std::unique_ptr<SponsorshipApp>> Make(const ServiceConfig& config,
                                                              const Clock& clock,
                                                              const Options& options = {});
  // Deliveries under way are finished; what is still owed is delivered after the next start.
  ~SponsorshipApp();

  grpc::Service* service();
  // lingkaran.ops.v1.OperationsService.
  grpc::Service* operations();
  // OK while the database answers.
  absl::Status Healthy();
  // Digest of the rules in use.
  std::string rules_version() const;
  // For the start line, without password.
  std::string database() const;
  // What is owed to registry and coverage.
  Outbox& owed();
  // Adds all accounts anew; INTERNAL says what does not add up first.
  absl::Status Audit();

 private:
  struct Parts;
  explicit SponsorshipApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lingkaran::sponsorship
