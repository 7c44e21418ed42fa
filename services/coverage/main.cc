// lingkaran-coverage: rules, person-months, eligibility and benefits.
#include <iostream>

#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/config.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/server.h"
#include "services/coverage/app.h"

namespace lingkaran {
namespace {

absl::Status Serve(const ServiceConfig& config) {
  SetUpLog("coverage", SeverityFromName(config.log));
  ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock, MakeClock(config.clock));
  ASSIGN_OR_RETURN(const std::unique_ptr<coverage::CoverageApp> app,
                   coverage::CoverageApp::Make(config, *clock));
  if (!config.metrics.empty()) RETURN_IF_ERROR(ExposeMetrics(config.metrics));
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                   Server::Start({.listen = config.listen,
                                  .drain_seconds = config.drain_seconds,
                                  .address_file = config.address_file,
                                  .healthy = [&] { return app->Healthy(); }},
                                 {app->service()}));
  PrintStartLine("coverage", server->address(), app->database(), app->redis(),
                 app->rules_version());
  WaitForSignal();
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lingkaran

int main(int argc, char** argv) {
  lingkaran::BlockSignals();
  CLI::App flags("Lingkaran coverage: who is covered for what, on which day, and why");
  lingkaran::ServiceConfig config;
  lingkaran::AddServiceFlags(flags, "coverage", config);
  CLI11_PARSE(flags, argc, argv);
  const absl::Status status = lingkaran::Serve(config);
  if (!status.ok()) std::cerr << "coverage: " << status.message() << std::endl;
  return status.ok() ? 0 : 1;
}
