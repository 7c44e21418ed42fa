#include "services/sponsorship/app.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/metrics.h"
#include "common/server/operations.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/store/audit.h"
#include "services/sponsorship/store/rules_file.h"
#include "services/sponsorship/store/store.h"
#include "sponsorship_schema.h"

namespace lingkaran::sponsorship {
namespace {

// Several allocations can go on at once, and replacements beside them. A peer that is away is tried
// for ever, every 5 s at most, so work goes on within seconds of its return. Only an error that is
// not retryable becomes a dead letter, after 10,000 tries (about 10 hours).
Outbox::Options RelayOptions(const AppDependencies& dependencies) {
  Outbox::Options options;
  options.clock = dependencies.machine_clock;
  options.max_backoff = absl::Seconds(5);
  options.count = CountEvent;
  options.max_attempts = 10'000;
  options.threads = 4;
  return options;
}

}  // namespace

// From the top down: each part uses those above it.
struct SponsorshipApp::Parts {
  Parts(std::unique_ptr<sql::Database> own, std::shared_ptr<const Regions> r, PayerRules payers,
        const ServiceConfig& config, const Clock& clock, const Options& options)
      : opened(std::move(own)),
        database(opened ? opened.get() : options.dependencies.database),
        regions(std::move(r)),
        rules(std::move(payers)),
        calls(options.peers ? nullptr : CallsTo(config.registry, config.coverage)),
        peers(calls ? *calls : *options.peers),
        progress(options.dependencies.threads),
        outbox(*database, RelayOptions(options.dependencies)),
        context{database, &outbox, &clock, &peers, &rules, regions.get(), &progress, options.chunk},
        fill(context),
        allocations(context, &fill),
        replacements(context, &fill),
        contributions(context),
        service(context, &allocations, &replacements, &contributions),
        operations({database, &clock, &outbox, AuditBook,
                    [&clock](sql::Tx& tx, const Call& call, const std::string& subject,
                             const std::string& reason) {
                      RecordEvent(tx, clock.Now(), call.actor.name, call.method, subject, reason);
                    }}) {
    fill.Register();
    allocations.Register();
    replacements.Register();
    contributions.Register();
    if (options.dependencies.threads) outbox.Start();
  }
  // First of all: its deliveries use everything else.
  ~Parts() { outbox.Stop(); }

  std::unique_ptr<sql::Database> opened;
  sql::Database* database;
  std::shared_ptr<const Regions> regions;
  PayerRules rules;
  std::unique_ptr<PeerCalls> calls;
  PeerClient peers;
  Progress progress;
  Outbox outbox;
  Context context;
  FillWorkflow fill;
  AllocationWorkflow allocations;
  ReplacementWorkflow replacements;
  ContributionWorkflow contributions;
  SponsorshipServiceImpl service;
  OperationsServiceImpl operations;
};

absl::StatusOr<std::unique_ptr<SponsorshipApp>> SponsorshipApp::Make(const ServiceConfig& config,
                                                                     const Clock& clock,
                                                                     const Options& options) {
  ASSIGN_OR_RETURN(PayerRules rules,
                   LoadRules(absl::StrCat(config.rules, "/sponsorship.textproto")));
  const AppDependencies& dependencies = options.dependencies;
  std::shared_ptr<const Regions> regions = dependencies.regions;
  if (regions == nullptr) {
    ASSIGN_OR_RETURN(Regions read, Regions::Load(config.regions));
    regions = std::make_shared<const Regions>(std::move(read));
  }
  std::unique_ptr<sql::Database> opened;
  if (dependencies.database == nullptr) {
    ASSIGN_OR_RETURN(opened, sql::Database::Open({.url = config.database}));
  }
  RETURN_IF_ERROR(sql::Migrate(opened ? *opened : *dependencies.database, Schema()));
  return std::unique_ptr<SponsorshipApp>(new SponsorshipApp(std::make_unique<Parts>(
      std::move(opened), std::move(regions), std::move(rules), config, clock, options)));
}

SponsorshipApp::SponsorshipApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SponsorshipApp::~SponsorshipApp() = default;

grpc::Service* SponsorshipApp::service() { return &parts_->service; }
grpc::Service* SponsorshipApp::operations() { return &parts_->operations; }
absl::Status SponsorshipApp::Healthy() { return parts_->database->Ping(); }
std::string SponsorshipApp::rules_version() const { return parts_->rules.version(); }
std::string SponsorshipApp::database() const { return parts_->database->Description(); }

Outbox& SponsorshipApp::owed() { return parts_->outbox; }

absl::Status SponsorshipApp::Audit() {
  return parts_->database->Read([](sql::Tx& tx) -> absl::Status {
    FirstFault first;
    return AuditBook(tx, /*totals_only=*/false, first).status();
  });
}

}  // namespace lingkaran::sponsorship
