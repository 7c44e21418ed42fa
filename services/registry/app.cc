#include "services/registry/app.h"

#include <utility>

#include "common/client.h"
#include "common/error.h"
#include "common/region.h"
#include "common/sealer.h"
#include "common/sql/database.h"
#include "common/sql/requests.h"
#include "registry_schema.h"
#include "services/registry/deliver_members.h"
#include "services/registry/rules_file.h"
#include "services/registry/service.h"

namespace lingkaran::registry {
namespace {

// How long a request_id is known at least (lingkaran/common/v1/types.proto).
constexpr absl::Duration kKeepRequests = absl::Hours(24 * 90);

}  // namespace

struct RegistryApp::Parts {
  Regions regions;
  LoadedRules rules;
  std::unique_ptr<Sealer> sealer;
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<MemberPush> push;
  std::unique_ptr<RegistryServiceImpl> service;
};

RegistryApp::RegistryApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RegistryApp::~RegistryApp() = default;

absl::StatusOr<std::unique_ptr<RegistryApp>> RegistryApp::Make(const ServiceConfig& config,
                                                               const Clock& clock) {
  auto parts = std::make_unique<Parts>();
  ASSIGN_OR_RETURN(parts->regions, Regions::Load(config.regions));
  ASSIGN_OR_RETURN(parts->rules, LoadRules(config.rules + "/registry.textproto"));
  ASSIGN_OR_RETURN(parts->sealer, Sealer::FromFile(config.keys));
  ASSIGN_OR_RETURN(parts->database, sql::Database::Open({config.database}));
  RETURN_IF_ERROR(sql::Migrate(*parts->database, Schema()));
  RETURN_IF_ERROR(sql::ForgetRequests(*parts->database, clock.Now() - kKeepRequests).status());
  parts->push = std::make_unique<MemberPush>(*parts->database, MakeChannel(config.coverage));
  parts->service = std::make_unique<RegistryServiceImpl>(ServiceParts{
      *parts->database, *parts->sealer, parts->regions, parts->rules.rules, clock, *parts->push});
  parts->push->Start();
  return std::unique_ptr<RegistryApp>(new RegistryApp(std::move(parts)));
}

grpc::Service* RegistryApp::service() { return parts_->service.get(); }
absl::Status RegistryApp::Healthy() { return parts_->database->Ping(); }
std::string RegistryApp::rules_version() const { return parts_->rules.version; }
std::string RegistryApp::database() const { return parts_->database->Description(); }

}  // namespace lingkaran::registry
