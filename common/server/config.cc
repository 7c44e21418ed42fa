#include "common/server/config.h"

#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/redis/versioned_cache.h"

namespace lingkaran {
namespace {

bool IsHostPort(absl::string_view text, bool free_port_allowed) {
  const size_t colon = text.rfind(':');
  int port = -1;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port <= 65535 &&
         port >= (free_port_allowed ? 0 : 1);
}

// CLI11's validators answer with "" or with what is wrong.
std::string CheckListen(const std::string& text) {
  if ((absl::StartsWith(text, "unix:") && text.size() > 5) || IsHostPort(text, true)) return "";
  return absl::StrCat("'", text, "' is no address to listen on; write HOST:PORT (port 0 takes a ",
                      "free one) or unix:PATH, e.g. 127.0.0.1:7001");
}

std::string CheckAddress(const std::string& text) {
  const bool is_path = absl::StartsWith(text, "unix:") && text.size() > 5;
  if (text.empty() || is_path || IsHostPort(text, false)) return "";
  return absl::StrCat("'", text, "' is no address; write HOST:PORT or unix:PATH, ",
                      "e.g. 127.0.0.1:7001");
}

std::string CheckMetrics(const std::string& text) {
  if (text.empty() || IsHostPort(text, true)) return "";
  return absl::StrCat("'", text, "' is no address; write HOST:PORT, e.g. 127.0.0.1:9101");
}

std::string CheckRedis(const std::string& text) {
  if (text.empty()) return "";
  // The value may hold a password, so it is not repeated.
  return std::string(VersionedCache::CheckAddress(text).message());
}

std::string CheckDatabase(const std::string& text) {
  for (const absl::string_view prefix : {"sqlite:", "postgresql:"}) {
    if (absl::StartsWith(text, prefix) && text.size() > prefix.size()) return "";
  }
  // The value may hold a password, so it is not repeated.
  return "is no database; write sqlite:PATH, sqlite::memory: or "
         "postgresql://USER@HOST:PORT/NAME";
}

class Flags {
 public:
  explicit Flags(CLI::App& app) : app_(app) {}

  template <typename Value>
  CLI::Option* Add(const std::string& name, Value& value, const std::string& help) {
    return app_.add_option("--" + name, value, help)
        ->capture_default_str()
        ->envname("LINGKARAN_" + absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}})));
  }

 private:
  CLI::App& app_;
};

}  // namespace

void AddServiceFlags(CLI::App& app, const std::string& service, ServiceConfig& config) {
  Flags flags(app);
  flags
      .Add("listen", config.listen, "address to serve on: HOST:PORT (0: a free port) or unix:PATH")
      ->check(CLI::Validator(CheckListen, "ADDRESS"));
  flags.Add("database", config.database, "sqlite:PATH, sqlite::memory: or postgresql://...")
      ->required()
      ->check(CLI::Validator(CheckDatabase, "URL"));
  flags
      .Add("redis", config.redis,
           "the shared cache: HOST:PORT, unix:PATH, redis://[USER[:PASSWORD]@]HOST:PORT[/DB], "
           "redis+unix://[USER[:PASSWORD]@]PATH[?db=N] or "
           "redis+cluster://[USER[:PASSWORD]@]HOST:PORT,...; none if empty")
      ->check(CLI::Validator(CheckRedis, "ADDRESS"));
  flags.Add("rules", config.rules, "directory of the rules (*.textproto)")
      ->check(CLI::ExistingDirectory);
  flags.Add("regions", config.regions, "directory of the region tree")
      ->check(CLI::ExistingDirectory);
  flags.Add("clock", config.clock,
            "system, an instant like 2019-11-07T09:00:00+07:00, or file:PATH that holds one");
  flags.Add("metrics", config.metrics, "HOST:PORT for Prometheus; none if empty")
      ->check(CLI::Validator(CheckMetrics, "ADDRESS"));
  flags.Add("address-file", config.address_file,
            "file that gets the address in use once the service is ready");
  flags.Add("log", config.log, "lowest severity to log")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  flags.Add("drain-seconds", config.drain_seconds, "grace for calls under way at SIGTERM")
      ->check(CLI::Range(0, 600));
  if (service == "registry" || service == "coverage") {
    flags.Add("keys", config.keys, "key file; make one with: lingkaran keys new FILE")
        ->required()
        ->check(CLI::ExistingFile);
  }
  if (service == "coverage") {
    flags
        .Add("near-members", config.near_members,
             "people that the cache in this process has room for, 64 bytes each; give it more than "
             "there are members, and most checks are answered from it; 0: none")
        ->check(CLI::Range(0, 1'000'000'000));
  }
  if (service == "sponsorship") {
    flags.Add("registry", config.registry, "address of the registry")
        ->required()
        ->check(CLI::Validator(CheckAddress, "ADDRESS"));
  }
  if (service == "registry" || service == "sponsorship") {
    flags.Add("coverage", config.coverage, "address of coverage")
        ->required()
        ->check(CLI::Validator(CheckAddress, "ADDRESS"));
  }
}

}  // namespace lingkaran
