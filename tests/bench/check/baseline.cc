// lingkaran-bench-baseline: serves one of the handlers of baseline.h until it is stopped.
#include "tests/bench/check/baseline.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include <CLI/CLI.hpp>

#include "common/base/error.h"
#include "common/server/server.h"
#include "services/coverage/store/rules_file.h"

namespace lingkaran::bench {
namespace {

struct Flags {
  std::string mode, response, database, redis, keys, rules, clock, address_file;
};

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

absl::Status Serve(const Flags& flags) {
  ASSIGN_OR_RETURN(const std::unique_ptr<PersonalDataVault> sealer,
                   PersonalDataVault::FromFile(flags.keys));
  ASSIGN_OR_RETURN(const std::shared_ptr<const coverage::Rules> rules,
                   coverage::LoadRules(flags.rules));
  ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock, MakeClock(flags.clock));
  const BaselineParts parts = {*sealer, *rules, *clock};
  const std::unique_ptr<grpc::Service> service =
      flags.mode == "echo"     ? MakeEcho(ReadAll(flags.response))
      : flags.mode == "select" ? MakeSelect(parts, flags.database)
                               : MakeGet(parts, flags.redis);
  Server::Options options;
  options.listen = "127.0.0.1:0";
  options.address_file = flags.address_file;
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options, {service.get()}));
  WaitForSignal();
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lingkaran::bench

int main(int argc, char** argv) {
  lingkaran::BlockSignals();
  CLI::App app("A handler that coverage is compared with");
  lingkaran::bench::Flags flags;
  app.add_option("--mode", flags.mode)->required()->check(CLI::IsMember({"echo", "select", "get"}));
  app.add_option("--response", flags.response, "echo: file with what it answers");
  app.add_option("--database", flags.database, "select: SQLite file");
  app.add_option("--redis", flags.redis, "get: HOST:PORT");
  app.add_option("--keys", flags.keys, "Key file")->required();
  app.add_option("--rules", flags.rules, "File of the rules")->required();
  app.add_option("--clock", flags.clock, "As the service's")->required();
  app.add_option("--address-file", flags.address_file, "Gets the address")->required();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = lingkaran::bench::Serve(flags);
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
