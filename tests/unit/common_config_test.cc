#include "common/server/config.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace lingkaran {
namespace {

using testing::HasSubstr;

// Flags as a shell would pass them.
struct Outcome {
  ServiceConfig config;
  std::string error;  // empty if all is well
};

Outcome Parse(const std::string& service, std::vector<std::string> flags) {
  CLI::App app;
  Outcome outcome;
  AddServiceFlags(app, service, outcome.config);
  std::reverse(flags.begin(), flags.end());  // CLI11 takes them from the end
  try {
    app.parse(flags);
  } catch (const CLI::ParseError& e) {
    outcome.error = std::string(e.what()) + " (" + std::to_string(e.get_exit_code()) + ")";
    if (e.get_exit_code() == 0) ADD_FAILURE() << "an error without an exit code: " << e.what();
  }
  return outcome;
}

// Flags that are enough for sponsorship, and more.
Outcome ParseSponsorship(std::vector<std::string> more) {
  std::vector<std::string> flags = {"--database",     "sqlite::memory:", "--registry",
                                    "127.0.0.1:7001", "--coverage",      "127.0.0.1:7003"};
  flags.insert(flags.end(), more.begin(), more.end());
  return Parse("sponsorship", flags);
}

class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Environment() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(ConfigTest, ZeroConfigurationIsGood) {
  const Outcome outcome = ParseSponsorship({});
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.config.listen, "127.0.0.1:0");
  EXPECT_EQ(outcome.config.redis, "");
  EXPECT_EQ(outcome.config.clock, "system");
  EXPECT_EQ(outcome.config.drain_seconds, 10);
}

TEST(ConfigTest, FlagsAreTaken) {
  const Outcome outcome = ParseSponsorship(
      {"--listen", "unix:/run/s.sock", "--redis", "localhost:6379", "--metrics", "127.0.0.1:9100",
       "--address-file", "/tmp/a", "--log", "debug", "--drain-seconds", "3"});
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.config.listen, "unix:/run/s.sock");
  EXPECT_EQ(outcome.config.redis, "localhost:6379");
  EXPECT_EQ(outcome.config.metrics, "127.0.0.1:9100");
  EXPECT_EQ(outcome.config.address_file, "/tmp/a");
  EXPECT_EQ(outcome.config.log, "debug");
  EXPECT_EQ(outcome.config.drain_seconds, 3);
  EXPECT_EQ(outcome.config.registry, "127.0.0.1:7001");
  EXPECT_EQ(outcome.config.coverage, "127.0.0.1:7003");
}

TEST(ConfigTest, EnvironmentGivesFlags) {
  const Environment database("LINGKARAN_DATABASE", "postgresql://db/sponsorship");
  const Environment drain("LINGKARAN_DRAIN_SECONDS", "7");
  const Outcome outcome =
      Parse("sponsorship", {"--registry", "127.0.0.1:7001", "--coverage", "127.0.0.1:7003"});
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.config.database, "postgresql://db/sponsorship");
  EXPECT_EQ(outcome.config.drain_seconds, 7);
}

TEST(ConfigTest, FlagsBeatTheEnvironment) {
  const Environment listen("LINGKARAN_LISTEN", "127.0.0.1:1111");
  EXPECT_EQ(ParseSponsorship({"--listen", "127.0.0.1:2222"}).config.listen, "127.0.0.1:2222");
}

TEST(ConfigTest, ABadEnvironmentIsRefused) {
  const Environment listen("LINGKARAN_LISTEN", "everywhere");
  EXPECT_THAT(ParseSponsorship({}).error, HasSubstr("HOST:PORT"));
}

TEST(ConfigTest, EachServiceNeedsItsOwn) {
  EXPECT_THAT(Parse("coverage", {"--database", "sqlite::memory:"}).error, HasSubstr("--keys"));
  EXPECT_THAT(Parse("registry", {"--database", "sqlite::memory:", "--coverage", "a:1"}).error,
              HasSubstr("--keys"));
  EXPECT_THAT(Parse("sponsorship", {"--database", "sqlite::memory:", "--coverage", "a:1"}).error,
              HasSubstr("--registry"));
  EXPECT_THAT(Parse("sponsorship", {"--database", "sqlite::memory:", "--registry", "a:1"}).error,
              HasSubstr("--coverage"));
  EXPECT_THAT(Parse("sponsorship", {"--registry", "a:1", "--coverage", "a:1"}).error,
              HasSubstr("--database"));
}

TEST(ConfigTest, CoverageCallsNobody) {
  const std::string keys = testing::TempDir() + "config_test_keys.json";
  std::ofstream(keys) << "{}";
  EXPECT_EQ(Parse("coverage", {"--database", "sqlite::memory:", "--keys", keys}).error, "");
  EXPECT_THAT(
      Parse("coverage", {"--database", "sqlite::memory:", "--keys", keys, "--registry", "a:1"})
          .error,
      HasSubstr("--registry"));
}

TEST(ConfigTest, AnUnknownFlagIsRefused) {
  EXPECT_THAT(ParseSponsorship({"--databse", "x"}).error, HasSubstr("--databse"));
}

TEST(ConfigTest, MendableErrors) {
  for (const std::string bad : {"7001", ":7001", "localhost", "localhost:", "localhost:x",
                                "localhost:70000", "localhost:-1", "unix:", ""}) {
    EXPECT_THAT(ParseSponsorship({"--listen", bad}).error, HasSubstr("HOST:PORT")) << bad;
  }
  EXPECT_THAT(ParseSponsorship({"--redis", "localhost:0"}).error, HasSubstr("HOST:PORT"));
  EXPECT_THAT(ParseSponsorship({"--metrics", "9100"}).error, HasSubstr("HOST:PORT"));
  EXPECT_THAT(ParseSponsorship({"--log", "loud"}).error, HasSubstr("warning"));
  EXPECT_THAT(ParseSponsorship({"--drain-seconds", "-1"}).error, HasSubstr("0"));
  EXPECT_THAT(ParseSponsorship({"--rules", "/no/such/directory"}).error,
              HasSubstr("/no/such/directory"));
}

TEST(ConfigTest, DatabaseFormsAreChecked) {
  for (const std::string bad : {"coverage.db", "sqlite:", "mysql://db/x", "postgres://db/x"}) {
    const Outcome outcome =
        Parse("sponsorship", {"--registry", "a:1", "--coverage", "a:1", "--database", bad});
    EXPECT_THAT(outcome.error, HasSubstr("sqlite:PATH")) << bad;
  }
}

TEST(ConfigTest, RedisFormsAreChecked) {
  for (const std::string good : {"cache:6379", "unix:/run/r.sock", "redis://u:p@cache:6379/2",
                                 "redis+unix:///run/r.sock?db=2", "redis+cluster://a:1,b:2"}) {
    EXPECT_EQ(ParseSponsorship({"--redis", good}).config.redis, good);
    EXPECT_EQ(ParseSponsorship({"--redis", good}).error, "");
  }
  for (const std::string bad : {"cache", "http://cache:1", "redis+cluster://a", "redis://c:1/x"}) {
    EXPECT_THAT(ParseSponsorship({"--redis", bad}).error, HasSubstr("redis://")) << bad;
  }
  EXPECT_THAT(ParseSponsorship({"--redis", "redis://u:geheim@cache"}).error,
              testing::Not(HasSubstr("geheim")));
}

TEST(ConfigTest, AnErrorDoesNotRepeatAPassword) {
  const Outcome outcome = Parse("sponsorship", {"--registry", "a:1", "--coverage", "a:1",
                                                "--database", "postgres://user:geheim@db/x"});
  EXPECT_THAT(outcome.error, HasSubstr("postgresql://"));
  EXPECT_THAT(outcome.error, testing::Not(HasSubstr("geheim")));
}

}  // namespace
}  // namespace lingkaran
