// Coverage as a real server in this process, on a database and clocks of the test's choice.
#pragma once

#include <string>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "services/coverage/app.h"
#include "tests/support/in_process.h"
#include "tests/support/test_database.h"

namespace lingkaran {

// One coverage process: app, server and a client.
class CoverageHost : public InProcess<coverage::CoverageApp, coverage::v1::CoverageService> {
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
  CoverageHost(const Setting& setting, const Clock& clock, const Clock& steady)
      : InProcess(ConfigOf(setting), clock, OptionsOf(setting, steady)) {}

 private:
  static ServiceConfig ConfigOf(const Setting& setting) {
    ServiceConfig config = ShippedConfig();
    config.database = setting.database;
    config.redis = setting.redis;
    config.keys = setting.keys;
    config.rules = setting.rules;
    config.near_members = setting.near_members;
    return config;
  }
  static coverage::CoverageApp::Options OptionsOf(const Setting& setting, const Clock& steady) {
    coverage::CoverageApp::Options options;
    options.steady = &steady;
    options.follower.threads = setting.follows;
    return options;
  }
};

}  // namespace lingkaran
