// lingkaran-registry: knows people. `lingkaran-registry --help` lists its flags.
#include <iostream>

#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/config.h"
#include "common/error.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/server.h"
#include "services/registry/app.h"

namespace lingkaran::registry {
namespace {

constexpr char kName[] = "registry";

absl::Status Run(const ServiceConfig& config) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock, MakeClock(config.clock));
  if (!config.metrics.empty()) RETURN_IF_ERROR(ExposeMetrics(config.metrics));
  ASSIGN_OR_RETURN(const std::unique_ptr<RegistryApp> app, RegistryApp::Make(config, *clock));

  Server::Options options;
  options.listen = config.listen;
  options.drain_seconds = config.drain_seconds;
  options.address_file = config.address_file;
  options.healthy = [&app] { return app->Healthy(); };
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options, {app->service()}));

  PrintStartLine(kName, server->address(), app->database(), config.redis, app->rules_version());
  WaitForSignal();
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lingkaran::registry

int main(int argc, char** argv) {
  lingkaran::BlockSignals();
  CLI::App flags{"lingkaran-registry: agencies, lists of candidates, workers and cards"};
  lingkaran::ServiceConfig config;
  lingkaran::AddServiceFlags(flags, "registry", config);
  CLI11_PARSE(flags, argc, argv);
  lingkaran::SetUpLog("registry", lingkaran::SeverityFromName(config.log));

  const absl::Status status = lingkaran::registry::Run(config);
  if (!status.ok()) {
    std::cerr << "lingkaran-registry: " << status.message() << "\n";
    return 1;
  }
  return 0;
}
