#include "services/coverage/app.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/region.h"
#include "common/concurrency/executor.h"
#include "common/crypto/personal_data_vault.h"
#include "common/redis/pubsub.h"
#include "common/redis/versioned_cache.h"
#include "common/server/operations.h"
#include "common/sql/database.h"
#include "coverage_schema.h"
#include "services/coverage/api/coverage_service.h"
#include "services/coverage/cache/near_cache.h"
#include "services/coverage/lookup/lookup_batcher.h"
#include "services/coverage/lookup/redis_reader.h"
#include "services/coverage/lookup/store_reader.h"
#include "services/coverage/replication/log_follower.h"
#include "services/coverage/store/audit.h"
#include "services/coverage/store/rules_file.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

// Ages only: its epoch means nothing.
class SteadyClock final : public Clock {
 public:
  absl::Time Now() const override {
    return absl::UnixEpoch() +
           absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
};

// As many threads as calls may run at once (admission_control.cc): none waits for one in vain.
constexpr int kBulkThreads = 32;

}  // namespace

// In the order in which they need each other.
struct CoverageApp::Parts {
  SteadyClock machine_steady;
  std::shared_ptr<const Regions> regions;
  std::unique_ptr<ActiveRules> rules;
  std::unique_ptr<PersonalDataVault> sealer;
  std::unique_ptr<sql::Database> opened;
  sql::Database* database = nullptr;
  int64_t epoch = 0;
  std::unique_ptr<VersionedCache> redis;
  std::unique_ptr<PubSub> pubsub;
  std::unique_ptr<NearCache> near;
  std::unique_ptr<Reader> store_reader;
  std::unique_ptr<Reader> redis_reader;
  std::unique_ptr<LogFollower> follower;
  std::unique_ptr<LookupBatcher> lookups;
  std::unique_ptr<Executor> bulk;
  std::unique_ptr<CoverageServiceImpl> service;
  std::unique_ptr<OperationsServiceImpl> operations;
};

absl::StatusOr<std::unique_ptr<CoverageApp>> CoverageApp::Make(const ServiceConfig& config,
                                                               const Clock& clock,
                                                               const Options& options) {
  const AppDependencies& dependencies = options.dependencies;
  auto parts = std::make_unique<Parts>();
  const Clock& steady = options.steady ? *options.steady : parts->machine_steady;
  ASSIGN_OR_RETURN(parts->rules, ActiveRules::Load(config.rules + "/coverage.textproto"));
  parts->regions = dependencies.regions;
  if (parts->regions == nullptr) {
    ASSIGN_OR_RETURN(Regions regions, Regions::Load(config.regions));
    parts->regions = std::make_shared<const Regions>(std::move(regions));
  }
  ASSIGN_OR_RETURN(parts->sealer, PersonalDataVault::FromFile(config.keys));
  parts->database = dependencies.database;
  if (parts->database == nullptr) {
    ASSIGN_OR_RETURN(parts->opened, sql::Database::Open({.url = config.database}));
    parts->database = parts->opened.get();
  }
  RETURN_IF_ERROR(sql::Migrate(*parts->database, Schema()));
  RETURN_IF_ERROR(parts->database->Write([&](sql::Tx& tx) {
    const absl::Time now =
        dependencies.machine_clock ? dependencies.machine_clock->Now() : absl::Now();
    parts->epoch = store::Epoch(tx, absl::ToUnixMicros(now));
    return absl::OkStatus();
  }));
  parts->redis = VersionedCache::Make({.address = config.redis});
  if (dependencies.threads && !config.redis.empty()) {
    // On the channel of its own database, so that two suites may share one Redis.
    parts->pubsub = PubSub::Make(
        {.redis = {.address = config.redis}, .channel = absl::StrCat("l1:log:", parts->epoch)},
        steady);
  }
  parts->near =
      std::make_unique<NearCache>(NearOptions{.members = static_cast<size_t>(config.near_members)});
  parts->store_reader = MakeStoreReader(*parts->database);
  parts->redis_reader =
      MakeRedisReader(*parts->store_reader, *parts->redis, *parts->near, parts->epoch);
  LogFollower::Options follow = options.follower;
  follow.threads = follow.threads && dependencies.threads;
  follow.load = follow.load && config.near_members > 0;
  parts->follower = std::make_unique<LogFollower>(
      *parts->database, *parts->near, parts->pubsub.get(), steady, parts->epoch, follow);
  parts->lookups = std::make_unique<LookupBatcher>(
      *parts->near, [follower = parts->follower.get()] { return follower->CatchUp(); },
      *parts->redis_reader, steady,
      LookupBatcher::Options{.threads = dependencies.threads ? 2 : 0});
  if (dependencies.threads) {
    parts->bulk = std::make_unique<LowPriorityExecutor>(kBulkThreads);
  } else {
    parts->bulk = std::make_unique<InlineExecutor>();
  }
  parts->service = std::make_unique<CoverageServiceImpl>(
      ServiceParts{*parts->database, *parts->store_reader, *parts->redis, *parts->near,
                   *parts->follower, *parts->lookups, *parts->rules, *parts->bulk, *parts->regions,
                   *parts->sealer, clock, steady, parts->epoch});
  parts->operations = std::make_unique<OperationsServiceImpl>(OperationsServiceImpl::Parts{
      parts->database, &clock, /*outbox=*/nullptr, store::AuditBook, /*record=*/{}});
  return std::unique_ptr<CoverageApp>(new CoverageApp(std::move(parts)));
}

CoverageApp::CoverageApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CoverageApp::~CoverageApp() = default;

grpc::Service* CoverageApp::service() { return parts_->service.get(); }
grpc::Service* CoverageApp::operations() { return parts_->operations.get(); }
absl::Status CoverageApp::Healthy() { return parts_->database->Ping(); }
void CoverageApp::Drain() { parts_->service->Drain(); }
NearCache& CoverageApp::near() { return *parts_->near; }
std::string CoverageApp::rules_version() const { return parts_->rules->Current().version(); }
std::string CoverageApp::database() const { return parts_->database->Description(); }

}  // namespace lingkaran::coverage
