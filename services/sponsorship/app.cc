#include "services/sponsorship/app.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "services/sponsorship/rules_file.h"
#include "services/sponsorship/service.h"
#include "services/sponsorship/store_ledger.h"
#include "sponsorship_schema.h"

namespace lingkaran::sponsorship {
namespace {

// Several allocations can go on at once, and replacements beside them. A peer may be away for a
// day before a row is parked; when it comes back, work goes on within seconds.
Outbox::Options RelayOptions() {
  Outbox::Options options;
  options.max_backoff = absl::Seconds(10);
  options.max_attempts = 10'000;
  options.threads = 4;
  return options;
}

}  // namespace

// From the top down: each part uses those above it.
struct SponsorshipApp::Parts {
  Parts(std::unique_ptr<sql::Database> db, Regions r, RuleBook book, const ServiceConfig& config,
        const Clock& clock)
      : database(std::move(db)),
        regions(std::move(r)),
        rules(std::move(book)),
        redis(Redis::Make({.address = config.redis})),
        peers(config.registry, config.coverage),
        outbox(*database, RelayOptions()),
        context{database.get(), &outbox, &clock, &peers, &rules, &regions, redis.get(), &progress},
        allocations(context),
        replacements(context),
        contributions(context),
        service(context, &allocations, &replacements, &contributions) {
    allocations.Register();
    replacements.Register();
    contributions.Register();
    outbox.Start();
  }
  // First of all: its deliveries use everything else.
  ~Parts() { outbox.Stop(); }

  std::unique_ptr<sql::Database> database;
  Regions regions;
  RuleBook rules;
  std::unique_ptr<Redis> redis;
  Peers peers;
  Progress progress;
  Outbox outbox;
  Context context;
  AllocationProcess allocations;
  ReplacementProcess replacements;
  ContributionProcess contributions;
  SponsorshipServiceImpl service;
};

absl::StatusOr<std::unique_ptr<SponsorshipApp>> SponsorshipApp::Make(const ServiceConfig& config,
                                                                     const Clock& clock) {
  ASSIGN_OR_RETURN(RuleBook rules, LoadRules(absl::StrCat(config.rules, "/sponsorship.textproto")));
  ASSIGN_OR_RETURN(Regions regions, Regions::Load(config.regions));
  ASSIGN_OR_RETURN(std::unique_ptr<sql::Database> database,
                   sql::Database::Open({.url = config.database}));
  RETURN_IF_ERROR(sql::Migrate(*database, Schema()));
  return std::unique_ptr<SponsorshipApp>(new SponsorshipApp(std::make_unique<Parts>(
      std::move(database), std::move(regions), std::move(rules), config, clock)));
}

SponsorshipApp::SponsorshipApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SponsorshipApp::~SponsorshipApp() = default;

grpc::Service* SponsorshipApp::service() { return &parts_->service; }
absl::Status SponsorshipApp::Healthy() { return parts_->database->Ping(); }
std::string SponsorshipApp::rules_version() const { return parts_->rules.version(); }
std::string SponsorshipApp::database() const { return parts_->database->Description(); }

absl::Status SponsorshipApp::Audit() {
  return parts_->database->Read([](sql::Tx& tx) { return AuditBook(tx); });
}

}  // namespace lingkaran::sponsorship
