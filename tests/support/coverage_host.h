// Coverage as a real server in this process, on a database and clocks of the test's choice.
#pragma once

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/app.h"
#include "tests/support/in_process.h"
#include "tests/support/test_database.h"

namespace lingkaran {

// One coverage process: app, server and a client.
class CoverageHost : public InProcess<coverage::CoverageApp, coverage::v1::CoverageService> {
 public:
  // `follows` false: it asks what is new only when a check needs to know.
  CoverageHost(const ServiceConfig& config, const Clock& clock, const Clock& steady,
               bool follows = true)
      : InProcess(config, clock, OptionsOf(steady, follows)) {}

 private:
  static coverage::CoverageApp::Options OptionsOf(const Clock& steady, bool follows) {
    coverage::CoverageApp::Options options;
    options.steady = &steady;
    options.follower.threads = follows;
    return options;
  }
};

}  // namespace lingkaran
