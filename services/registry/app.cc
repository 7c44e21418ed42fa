#include "services/registry/app.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/metrics.h"
#include "common/base/region.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/client.h"
#include "common/server/operations.h"
#include "common/sql/database.h"
#include "common/sql/idempotency.h"
#include "registry_schema.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/store/rules_file.h"
#include "services/registry/workflow/member_sync.h"

namespace lingkaran::registry {
namespace {

// How long a request_id is known at least (lingkaran/common/v1/types.proto).
constexpr absl::Duration kKeepRequests = absl::Hours(24 * 90);

}  // namespace

struct RegistryApp::Parts {
  std::shared_ptr<const Regions> regions;
  LoadedRules rules;
  std::unique_ptr<PersonalDataVault> sealer;
  std::unique_ptr<sql::Database> opened;
  sql::Database* database = nullptr;
  std::unique_ptr<CoverageCalls> calls;
  std::unique_ptr<MemberSync> push;
  std::unique_ptr<RegistryServiceImpl> service;
  std::unique_ptr<OperationsServiceImpl> operations;
};

RegistryApp::RegistryApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegistryApp::~RegistryApp() = default;

absl::StatusOr<std::unique_ptr<RegistryApp>> RegistryApp::Make(const ServiceConfig& config,
                                                               const Clock& clock) {
  return Make(config, clock, Options());
}

absl::StatusOr<std::unique_ptr<RegistryApp>> RegistryApp::Make(const ServiceConfig& config,
                                                               const Clock& clock,
                                                               const Options& options) {
  const AppDependencies& around = options.surroundings;
  auto parts = std::make_unique<Parts>();
  parts->regions = around.regions;
  if (parts->regions == nullptr) {
    ASSIGN_OR_RETURN(Regions regions, Regions::Load(config.regions));
    parts->regions = std::make_shared<const Regions>(std::move(regions));
  }
  ASSIGN_OR_RETURN(parts->rules, LoadRules(config.rules + "/registry.textproto"));
  ASSIGN_OR_RETURN(parts->sealer, PersonalDataVault::FromFile(config.keys));
  parts->database = around.database;
  if (parts->database == nullptr) {
    ASSIGN_OR_RETURN(parts->opened, sql::Database::Open({config.database}));
    parts->database = parts->opened.get();
  }
  RETURN_IF_ERROR(sql::Migrate(*parts->database, Schema()));
  RETURN_IF_ERROR(sql::ForgetRequests(*parts->database, clock.Now() - kKeepRequests).status());
  if (options.coverage == nullptr) parts->calls = CallsTo(config.coverage);
  Outbox::Options relay;
  relay.clock = around.machine_clock;
  relay.max_backoff = absl::Seconds(5);  // what coverage was owed reaches it soon after it is back
  relay.count = CountEvent;
  parts->push = std::make_unique<MemberSync>(
      *parts->database, options.coverage ? *options.coverage : *parts->calls, relay);
  parts->service = std::make_unique<RegistryServiceImpl>(ServiceParts{
      *parts->database, *parts->sealer, *parts->regions, parts->rules.rules, clock, *parts->push});
  parts->operations = std::make_unique<OperationsServiceImpl>(OperationsServiceImpl::Parts{
      parts->database, &clock, &parts->push->outbox(), AuditBook,
      [service = parts->service.get()](sql::Tx& tx, const Call& call, const std::string& subject,
                                       const std::string& reason) {
        service->Record(tx, call, subject, reason);
      }});
  if (around.threads) parts->push->Start();
  return std::unique_ptr<RegistryApp>(new RegistryApp(std::move(parts)));
}

grpc::Service* RegistryApp::service() { return parts_->service.get(); }
grpc::Service* RegistryApp::operations() { return parts_->operations.get(); }
absl::Status RegistryApp::Healthy() { return parts_->database->Ping(); }
std::string RegistryApp::rules_version() const { return parts_->rules.version; }
Outbox& RegistryApp::owed() { return parts_->push->outbox(); }
std::string RegistryApp::database() const { return parts_->database->Description(); }

}  // namespace lingkaran::registry
