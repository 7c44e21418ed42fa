#include "services/coverage/app.h"

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "common/operations.h"
#include "common/redis.h"
#include "common/region.h"
#include "common/sealer.h"
#include "common/sql/database.h"
#include "coverage_schema.h"
#include "services/coverage/redis_reader.h"
#include "services/coverage/rules_file.h"
#include "services/coverage/service.h"
#include "services/coverage/store.h"
#include "services/coverage/store_audit.h"
#include "services/coverage/store_reader.h"

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

}  // namespace

// Members are made and go in the order that they need each other.
struct CoverageApp::Impl {
  Impl(std::unique_ptr<sql::Database> own, std::shared_ptr<const Regions> tree,
       std::unique_ptr<Sealer> keys, std::string rules_path, std::shared_ptr<const Rules> book,
       const ServiceConfig& config, int64_t epoch, const Clock& clock, const Options& options)
      : opened(std::move(own)),
        database(opened ? opened.get() : options.surroundings.database),
        regions(std::move(tree)),
        sealer(std::move(keys)),
        rules(std::move(rules_path), std::move(book)),
        redis(Redis::Make({.address = config.redis})),
        store_reader(MakeStoreReader(*database)),
        redis_reader(MakeRedisReader(*store_reader, *redis, epoch)),
        near_reader(
            MakeNearReader(*redis_reader, options.steady ? *options.steady : steady, options.near)),
        service({*database, *near_reader, rules, *regions, *sealer, clock}),
        operations({database, &clock, /*outbox=*/nullptr, store::AuditBook, /*record=*/{}}) {}

  SteadyClock steady;
  std::unique_ptr<sql::Database> opened;
  sql::Database* database;
  std::shared_ptr<const Regions> regions;
  std::unique_ptr<Sealer> sealer;
  RuleShelf rules;
  std::unique_ptr<Redis> redis;
  std::unique_ptr<Reader> store_reader;
  std::unique_ptr<Reader> redis_reader;
  std::unique_ptr<Reader> near_reader;
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
  const std::string rules_path = config.rules + "/coverage.textproto";
  ASSIGN_OR_RETURN(std::shared_ptr<const Rules> rules, LoadRules(rules_path));
  const Surroundings& around = options.surroundings;
  std::shared_ptr<const Regions> regions = around.regions;
  if (regions == nullptr) {
    ASSIGN_OR_RETURN(Regions read, Regions::Load(config.regions));
    regions = std::make_shared<const Regions>(std::move(read));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Sealer> sealer, Sealer::FromFile(config.keys));
  std::unique_ptr<sql::Database> opened;
  if (around.database == nullptr) {
    ASSIGN_OR_RETURN(opened, sql::Database::Open({.url = config.database}));
  }
  sql::Database* const database = opened ? opened.get() : around.database;
  RETURN_IF_ERROR(sql::Migrate(*database, Schema()));
  int64_t epoch = 0;
  RETURN_IF_ERROR(database->Write([&](sql::Tx& tx) {
    const absl::Time now = around.machine_clock ? around.machine_clock->Now() : absl::Now();
    epoch = store::Epoch(tx, absl::ToUnixMicros(now));
    return absl::OkStatus();
  }));
  return std::unique_ptr<CoverageApp>(new CoverageApp(
      std::make_unique<Impl>(std::move(opened), std::move(regions), std::move(sealer), rules_path,
                             std::move(rules), config, epoch, clock, options)));
}

CoverageApp::CoverageApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CoverageApp::~CoverageApp() = default;

grpc::Service* CoverageApp::service() { return &impl_->service; }
grpc::Service* CoverageApp::operations() { return &impl_->operations; }
absl::Status CoverageApp::Healthy() { return impl_->database->Ping(); }
std::string CoverageApp::rules_version() const { return impl_->rules.Current()->version(); }
std::string CoverageApp::database() const { return impl_->database->Description(); }

}  // namespace lingkaran::coverage
