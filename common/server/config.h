// The flags of every service. Unknown or impossible flags stop it with a line that says how to
// mend them. Each flag can come from the environment: --database is LINGKARAN_DATABASE.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace lingkaran {

struct ServiceConfig {
  std::string listen = "127.0.0.1:0";      // HOST:PORT (0: a free port) or unix:PATH
  std::string database;                    // see common/sql/database.h
  std::string redis;                       // see common/redis/versioned_cache.h; empty: no cache
  int near_members = 1'000'000;            // people the near cache is made for; coverage only
  std::string rules = "deploy/rules";      // directory
  std::string regions = "deploy/regions";  // directory
  std::string keys;                        // key file, see common/crypto/personal_data_vault.h
  std::string clock = "system";            // see common/base/clock.h
  std::string metrics;                     // HOST:PORT for Prometheus; empty: none
  std::string address_file;                // the address in use is written here once ready
  std::string log = "info";                // debug, info, warning, error
  int drain_seconds = 10;                  // grace for calls under way at SIGTERM
  std::string registry;                    // address; sponsorship only
  std::string coverage;                    // address; registry and sponsorship
};

// Adds the flags to `app`. Which of keys, registry and coverage are required depends on `service`.
void AddServiceFlags(CLI::App& app, const std::string& service, ServiceConfig& config);

}  // namespace lingkaran
