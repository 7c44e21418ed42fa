// lingkaran-sponsorship: knows money. `lingkaran-sponsorship --help` lists its flags.
#include <iostream>

#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/config.h"
#include "common/error.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/server.h"
#include "services/sponsorship/app.h"

namespace lingkaran::sponsorship {
namespace {

absl::Status Run(const ServiceConfig& config) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock, MakeClock(config.clock));
  if (!config.metrics.empty()) RETURN_IF_ERROR(ExposeMetrics(config.metrics));
  ASSIGN_OR_RETURN(const std::unique_ptr<SponsorshipApp> app, SponsorshipApp::Make(config, *clock));

  Server::Options options;
  options.listen = config.listen;
  options.drain_seconds = config.drain_seconds;
  options.address_file = config.address_file;
  options.healthy = [&app] { return app->Healthy(); };
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options, {app->service()}));

  PrintStartLine("sponsorship", server->address(), app->database(), config.redis,
                 app->rules_version());
  WaitForSignal();
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lingkaran::sponsorship

int main(int argc, char** argv) {
  lingkaran::BlockSignals();
  CLI::App flags{"lingkaran-sponsorship: sponsors, pledges, payments, seats and the ledger"};
  lingkaran::ServiceConfig config;
  lingkaran::AddServiceFlags(flags, "sponsorship", config);
  CLI11_PARSE(flags, argc, argv);
  lingkaran::SetUpLog("sponsorship", lingkaran::SeverityFromName(config.log));

  const absl::Status status = lingkaran::sponsorship::Run(config);
  if (!status.ok()) {
    std::cerr << "lingkaran-sponsorship: " << status.message() << "\n";
    return 1;
  }
  return 0;
}
