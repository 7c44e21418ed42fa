// The life of a service's process, the same for all: flags, start, serve, drain at SIGTERM.
#pragma once

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/base/build_info.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/redis/redis_address.h"
#include "common/server/config.h"
#include "common/server/server.h"

namespace lingkaran {

// What the process serves: its own service and, for operators, lingkaran.ops.v1.
template <typename App>
std::vector<grpc::Service*> ServicesOf(App& app) {
  std::vector<grpc::Service*> services{app.service()};
  if constexpr (requires { app.operations(); }) services.push_back(app.operations());
  return services;
}

// Makes an App (services/<name>/app.h) and serves it until a signal; OK after a clean end.
template <typename App>
absl::Status Serve(const std::string& service, const ServiceConfig& config) {
  // Only tests set it; see common/base/failpoint.h.
  const char* const failpoint = std::getenv("LINGKARAN_FAILPOINT");
  RETURN_IF_ERROR(ArmFailPoint(failpoint == nullptr ? "" : failpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock, MakeClock(config.clock));
  if (!config.metrics.empty()) RETURN_IF_ERROR(ExposeMetrics(config.metrics));
  ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Make(config, *clock));

  Server::Options options;
  options.listen = config.listen;
  options.drain_seconds = config.drain_seconds;
  options.address_file = config.address_file;
  options.healthy = [&app] { return app->Healthy(); };
  if constexpr (requires { app->Drain(); }) options.draining = [&app] { app->Drain(); };
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options, ServicesOf(*app)));

  PrintStartLine(service, server->address(), app->database(), DescribeRedis(config.redis),
                 app->rules_version());
  WaitForSignal();
  server->Shutdown();
  return absl::OkStatus();
}

// What main() of lingkaran-<service> does. Exit code 0 after a clean end, --help or --version, 1 if
// it could not start, CLI11's for bad flags.
template <typename App>
int RunService(const std::string& service, const std::string& about, int argc, char** argv) {
  BlockSignals();
  CLI::App flags("lingkaran-" + service + ": " + about);
  flags.set_version_flag("--version", VersionLine("lingkaran-" + service));
  ServiceConfig config;
  AddServiceFlags(flags, service, config);
  CLI11_PARSE(flags, argc, argv);
  SetUpLog(service, SeverityFromName(config.log));

  const absl::Status status = Serve<App>(service, config);
  if (!status.ok()) std::cerr << "lingkaran-" << service << ": " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}

}  // namespace lingkaran
