// A service in this process: the real app behind a real gRPC server on loopback, with a client, on
// a clock and a database of the test's choice. It can be stopped and started again, at its address.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/rpc/client.h"
#include "common/server/config.h"
#include "common/server/server.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"
#include "tests/support/ask.h"

namespace lingkaran {

// Rules and regions as they are shipped; the database, keys and peers are the test's to name.
inline ServiceConfig ShippedConfig() {
  ServiceConfig config;
  config.rules = LINGKARAN_SOURCE_DIR "/deploy/rules";
  config.regions = LINGKARAN_SOURCE_DIR "/deploy/regions";
  return config;
}

// InProcess<registry::RegistryApp, registry::v1::RegistryService>
template <typename App, typename Service>
class InProcess {
 public:
  using Stub = typename Service::Stub;

  // Starts it; throws absl::BadStatusOrAccess if it can't. The clock outlives it.
  InProcess(ServiceConfig config, const Clock& clock, typename App::Options options = {})
      : config_(std::move(config)), clock_(clock), options_(std::move(options)) {
    Start();
    const auto channel = MakeChannel(config_.listen);
    stub_ = Service::NewStub(channel);
    operations_ = ops::v1::OperationsService::NewStub(channel);
  }
  ~InProcess() { Stop(); }

  void Stop() {
    if (server_) server_->Shutdown();
    server_.reset();
    app_.reset();
  }
  void Start() {
    app_ = App::Make(config_, clock_, options_).value();
    Server::Options serving;
    serving.listen = config_.listen;
    serving.drain_seconds = 5;
    serving.healthy = [this] { return app_->Healthy(); };
    if constexpr (requires(App & app) { app.Drain(); }) {
      serving.draining = [this] { app_->Drain(); };
    }
    server_ = Server::Start(serving, {app_->service(), app_->operations()}).value();
    config_.listen = server_->address();
  }

  App& app() { return *app_; }
  Stub& stub() { return *stub_; }
  ops::v1::OperationsService::Stub& operations() { return *operations_; }
  const ServiceConfig& config() const { return config_; }
  // Stays the same over restarts.
  const std::string& address() const { return config_.listen; }

  // Makes a call in a role.
  template <typename Response, typename Request>
  absl::StatusOr<Response> As(const std::string& role, StubMethod<Stub, Request, Response> rpc,
                              const Request& request) {
    return Ask(*stub_, rpc, request, absl::StrCat("test;role=", role));
  }

 private:
  ServiceConfig config_;
  const Clock& clock_;
  const typename App::Options options_;
  std::unique_ptr<App> app_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Stub> stub_;
  std::unique_ptr<ops::v1::OperationsService::Stub> operations_;
};

}  // namespace lingkaran
