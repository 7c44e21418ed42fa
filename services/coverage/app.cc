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

// On the channel of its own database, so that two suites may share one Redis.
std::unique_ptr<PubSub> MakeLink(const std::string& address, int64_t epoch, const Clock& steady) {
  if (address.empty()) return nullptr;
  return PubSub::Make({.redis = {.address = address}, .channel = absl::StrCat("l1:log:", epoch)},
                      steady);
}

LogFollower::Options LogFollowerOptions(const CoverageApp::Options& options, int near_members) {
  LogFollower::Options follower = options.follower;
  follower.threads = follower.threads && options.surroundings.threads;
  follower.load = follower.load && near_members > 0;
  return follower;
}

// As many threads as calls may run at once (admission_control.cc): none waits for one in vain.
std::unique_ptr<Executor> MakeBulk(bool threads) {
  if (!threads) return std::make_unique<InlineExecutor>();
  return std::make_unique<LowPriorityExecutor>(32);
}

// What can fail to be made.
struct Machinery {
  std::unique_ptr<sql::Database> opened;
  std::shared_ptr<const Regions> regions;
  std::unique_ptr<PersonalDataVault> sealer;
  std::shared_ptr<const Rules> rules;
  std::string rules_path;
  int64_t epoch = 0;
};

}  // namespace

// Members are made and go in the order that they need each other.
struct CoverageApp::Impl {
  Impl(Machinery made, const ServiceConfig& config, const Clock& clock, const Options& options)
      : opened(std::move(made.opened)),
        database(opened ? *opened : *options.surroundings.database),
        steady(options.steady ? *options.steady : machine_steady),
        regions(std::move(made.regions)),
        sealer(std::move(made.sealer)),
        rules(std::move(made.rules_path), std::move(made.rules)),
        redis(VersionedCache::Make({.address = config.redis})),
        link(options.surroundings.threads ? MakeLink(config.redis, made.epoch, steady) : nullptr),
        near({.members = static_cast<size_t>(config.near_members)}),
        store_reader(MakeStoreReader(database)),
        redis_reader(MakeRedisReader(*store_reader, *redis, near, made.epoch)),
        follower(database, near, link.get(), steady, made.epoch,
                 LogFollowerOptions(options, config.near_members)),
        misses(near, [this] { return follower.CatchUp(); }, *redis_reader, steady,
               {.threads = options.surroundings.threads ? 2 : 0}),
        bulk(MakeBulk(options.surroundings.threads)),
        service({database, *store_reader, *redis, near, follower, misses, rules, *bulk, *regions,
                 *sealer, clock, steady, made.epoch}),
        operations({&database, &clock, /*outbox=*/nullptr, store::AuditBook, /*record=*/{}}) {}

  SteadyClock machine_steady;
  std::unique_ptr<sql::Database> opened;
  sql::Database& database;
  const Clock& steady;
  std::shared_ptr<const Regions> regions;
  std::unique_ptr<PersonalDataVault> sealer;
  ActiveRules rules;
  std::unique_ptr<VersionedCache> redis;
  std::unique_ptr<PubSub> link;
  NearCache near;
  std::unique_ptr<Reader> store_reader;
  std::unique_ptr<Reader> redis_reader;
  LogFollower follower;
  LookupBatcher misses;
  std::unique_ptr<Executor> bulk;
  CoverageServiceImpl service;
  OperationsServiceImpl operations;
};

absl::StatusOr<std::unique_ptr<CoverageApp>> CoverageApp::Make(const ServiceConfig& config,
                                                               const Clock& clock) {
  return Make(config, clock, Options());
}

absl::StatusOr<std::unique_ptr<CoverageApp>> CoverageApp::Make(const ServiceConfig& config,
                                                               const Clock& clock,
                                                               const Options& options) {
  Machinery made;
  made.rules_path = config.rules + "/coverage.textproto";
  ASSIGN_OR_RETURN(made.rules, LoadRules(made.rules_path));
  const AppDependencies& around = options.surroundings;
  made.regions = around.regions;
  if (made.regions == nullptr) {
    ASSIGN_OR_RETURN(Regions read, Regions::Load(config.regions));
    made.regions = std::make_shared<const Regions>(std::move(read));
  }
  ASSIGN_OR_RETURN(made.sealer, PersonalDataVault::FromFile(config.keys));
  if (around.database == nullptr) {
    ASSIGN_OR_RETURN(made.opened, sql::Database::Open({.url = config.database}));
  }
  sql::Database* const database = made.opened ? made.opened.get() : around.database;
  RETURN_IF_ERROR(sql::Migrate(*database, Schema()));
  RETURN_IF_ERROR(database->Write([&](sql::Tx& tx) {
    const absl::Time now = around.machine_clock ? around.machine_clock->Now() : absl::Now();
    made.epoch = store::Epoch(tx, absl::ToUnixMicros(now));
    return absl::OkStatus();
  }));
  return std::unique_ptr<CoverageApp>(
      new CoverageApp(std::make_unique<Impl>(std::move(made), config, clock, options)));
}

CoverageApp::CoverageApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CoverageApp::~CoverageApp() = default;

grpc::Service* CoverageApp::service() { return &impl_->service; }
grpc::Service* CoverageApp::operations() { return &impl_->operations; }
absl::Status CoverageApp::Healthy() { return impl_->database.Ping(); }
void CoverageApp::Drain() { impl_->service.Drain(); }
LogFollower& CoverageApp::follower() { return impl_->follower; }
NearCache& CoverageApp::near() { return impl_->near; }
std::string CoverageApp::rules_version() const { return impl_->rules.Current().version(); }
std::string CoverageApp::database() const { return impl_->database.Description(); }

}  // namespace lingkaran::coverage
