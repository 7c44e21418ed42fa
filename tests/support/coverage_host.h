// Coverage as a real server in this process, on a database and clocks of the test's choice.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "common/server/server.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/app.h"
#include "tests/support/test_database.h"

namespace lingkaran {

// One coverage process: app, server and a client.
class CoverageHost {
 public:
  struct Setting {
    std::string database;
    std::string redis;  // empty: none
    std::string keys;   // key file
    std::string rules = LINGKARAN_SOURCE_DIR "/deploy/rules";
    // False: it asks what is new only when a check needs to know.
    bool follows = true;
    int near_members = 10'000;  // 0: no near cache
  };
  CoverageHost(const Setting& setting, const Clock& clock, const Clock& steady) {
    ServiceConfig config;
    config.database = setting.database;
    config.redis = setting.redis;
    config.keys = setting.keys;
    config.rules = setting.rules;
    config.regions = LINGKARAN_SOURCE_DIR "/deploy/regions";
    config.near_members = setting.near_members;
    coverage::CoverageApp::Options options;
    options.steady = &steady;
    options.follower.threads = setting.follows;
    app_ = coverage::CoverageApp::Make(config, clock, options).value();
    Server::Options serving;
    serving.listen = "127.0.0.1:0";
    serving.healthy = [this] { return app_->Healthy(); };
    serving.draining = [this] { app_->Drain(); };
    server_ = Server::Start(serving, {app_->service(), app_->operations()}).value();
    stub_ = coverage::v1::CoverageService::NewStub(MakeChannel(server_->address()));
  }
  ~CoverageHost() { server_->Shutdown(); }

  coverage::CoverageApp& app() { return *app_; }
  std::string address() const { return server_->address(); }

  // Makes a call in a role.
  template <typename Response, typename Request>
  absl::StatusOr<Response> As(const std::string& role,
                              grpc::Status (coverage::v1::CoverageService::Stub::*method)(
                                  grpc::ClientContext*, const Request&, Response*),
                              const Request& request) {
    grpc::ClientContext context;
    Prepare(context, {.actor = absl::StrCat("test;role=", role)});
    Response response;
    const absl::Status status = FromGrpc((stub_.get()->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

 private:
  std::unique_ptr<coverage::CoverageApp> app_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<coverage::v1::CoverageService::Stub> stub_;
};

}  // namespace lingkaran
