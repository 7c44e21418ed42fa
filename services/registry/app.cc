#include "services/registry/app.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/metrics.h"
#include "common/rpc/client.h"
#include "common/server/operations.h"
#include "common/sql/idempotency.h"
#include "registry_schema.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/store/audit.h"
#include "services/registry/store/rules_file.h"

namespace lingkaran::registry {
namespace {

// How long a request_id is known at least (lingkaran/common/v1/types.proto).
constexpr absl::Duration kKeepRequests = absl::Hours(24 * 90);

Outbox::Options RelayOptions(const AppDependencies& dependencies) {
  Outbox::Options options;
  options.clock = dependencies.machine_clock;
  options.max_backoff = absl::Seconds(5);  // what coverage is owed reaches it soon after it is back
  options.count = CountEvent;
  return options;
}

}  // namespace

// From the top down: each part uses those above it.
struct RegistryApp::Parts {
  Parts(std::unique_ptr<sql::Database> own, std::shared_ptr<const Regions> regions_read,
        LoadedRules rules_read, std::unique_ptr<PersonalDataVault> opened_vault,
        const ServiceConfig& config, const Clock& clock, const Options& options)
      : opened(std::move(own)),
        database(opened ? *opened : *options.dependencies.database),
        regions(std::move(regions_read)),
        rules(std::move(rules_read)),
        vault(std::move(opened_vault)),
        calls(options.coverage ? nullptr : CallsTo(config.coverage)),
        members(database, calls ? *calls : *options.coverage, RelayOptions(options.dependencies)),
        service({database, *vault, *regions, rules.rules, clock, members}),
        operations(
            {&database, &clock, &members.outbox(), store::AuditBook,
             [this](sql::Tx& tx, const Call& call, const std::string& subject,
                    const std::string& reason) { service.Record(tx, call, subject, reason); }}) {
    if (options.dependencies.threads) members.outbox().Start();
  }

  std::unique_ptr<sql::Database> opened;
  sql::Database& database;
  std::shared_ptr<const Regions> regions;
  LoadedRules rules;
  std::unique_ptr<PersonalDataVault> vault;
  std::unique_ptr<CoverageCalls> calls;
  MemberSync members;
  RegistryServiceImpl service;
  OperationsServiceImpl operations;
};

absl::StatusOr<std::unique_ptr<RegistryApp>> RegistryApp::Make(const ServiceConfig& config,
                                                               const Clock& clock,
                                                               const Options& options) {
  const AppDependencies& dependencies = options.dependencies;
  std::shared_ptr<const Regions> regions = dependencies.regions;
  if (regions == nullptr) {
    ASSIGN_OR_RETURN(Regions read, Regions::Load(config.regions));
    regions = std::make_shared<const Regions>(std::move(read));
  }
  ASSIGN_OR_RETURN(LoadedRules rules, LoadRules(config.rules + "/registry.textproto"));
  ASSIGN_OR_RETURN(std::unique_ptr<PersonalDataVault> vault,
                   PersonalDataVault::FromFile(config.keys));
  std::unique_ptr<sql::Database> opened;
  if (dependencies.database == nullptr) {
    ASSIGN_OR_RETURN(opened, sql::Database::Open({config.database}));
  }
  sql::Database& database = opened ? *opened : *dependencies.database;
  RETURN_IF_ERROR(sql::Migrate(database, Schema()));
  RETURN_IF_ERROR(sql::ForgetRequests(database, clock.Now() - kKeepRequests).status());
  return std::unique_ptr<RegistryApp>(new RegistryApp(
      std::make_unique<Parts>(std::move(opened), std::move(regions), std::move(rules),
                              std::move(vault), config, clock, options)));
}

RegistryApp::RegistryApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegistryApp::~RegistryApp() = default;

grpc::Service* RegistryApp::service() { return &parts_->service; }
grpc::Service* RegistryApp::operations() { return &parts_->operations; }
absl::Status RegistryApp::Healthy() { return parts_->database.Ping(); }
std::string RegistryApp::rules_version() const { return parts_->rules.version; }
Outbox& RegistryApp::owed() { return parts_->members.outbox(); }
std::string RegistryApp::database() const { return parts_->database.Description(); }

}  // namespace lingkaran::registry
