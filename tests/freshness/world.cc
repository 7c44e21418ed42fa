#include "tests/freshness/world.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"
#include "tests/support/servers.h"

namespace lingkaran::freshness {
namespace {

// As cover is asked for whatever the day is, any day will do for today.
constexpr char kClock[] = "2019-11-07T08:00:00+07:00";

// Unlike the suite's own channels this one keeps nothing back and is there again at once.
std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 500);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), args);
}

}  // namespace

World::World(const Options& options) : options_(options) {
  static std::atomic<int> worlds = 0;
  // See common/rpc/client.cc: without it a channel whose calls all fail at once is slow to come
  // back.
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "20", 0);
  const std::string keys = directory_.path() + "/keys.json";
  std::ofstream(keys) << PersonalDataVault::NewKeyFile();
  chmod(keys.c_str(), 0600);
  sealer_ = PersonalDataVault::FromFile(keys).value();
  if (postgres()) {
    database_ = absl::StrCat("freshness_", getpid(), "_", ++worlds);
    ExecuteSql(options.postgres, absl::StrCat("CREATE DATABASE ", database_));
  }
  replicas_.resize(options.replicas + options.without_redis);
  for (int i = 0; i < replicas(); ++i) {
    Replica& replica = replicas_[i];
    replica.address = absl::StrCat("127.0.0.1:", FreePort());
    if (i < options.replicas) replica.proxy = std::make_unique<FaultProxy>(redis_.address());
    replica.stub = coverage::v1::CoverageService::NewStub(ChannelTo(replica.address));
    Start(i);
  }
}

World::~World() {
  for (Replica& replica : replicas_) replica.process->Kill();
  if (!postgres()) return;
  ExecuteSql(options_.postgres, absl::StrCat("DROP DATABASE ", database_, " (FORCE)"));
}

std::string World::DatabaseUrl() const {
  if (!postgres()) return absl::StrCat("sqlite:", directory_.path(), "/coverage.db");
  return absl::StrCat(options_.postgres.substr(0, options_.postgres.rfind('/') + 1), database_);
}

void World::Kill(int replica) { replicas_[replica].process->Kill(); }

bool World::Start(int number, const std::string& fail_point) {
  Replica& replica = replicas_[number];
  if (replica.process && replica.process->running()) return true;
  const std::string name = absl::StrCat(directory_.path(), "/replica", number);
  std::remove((name + ".address").c_str());
  std::vector<std::string> flags = {"--listen",       replica.address,
                                    "--database",     DatabaseUrl(),
                                    "--clock",        kClock,
                                    "--keys",         directory_.path() + "/keys.json",
                                    "--rules",        LINGKARAN_SOURCE_DIR "/deploy/rules",
                                    "--regions",      LINGKARAN_SOURCE_DIR "/deploy/regions",
                                    "--log",          "warning",
                                    "--address-file", name + ".address"};
  if (replica.proxy) flags.insert(flags.end(), {"--redis", replica.proxy->address()});
  if (options_.near_members > 0) {
    flags.insert(flags.end(), {"--near-members", absl::StrCat(options_.near_members)});
  }
  Process::Options process;
  if (!fail_point.empty()) process.environment = {"LINGKARAN_FAILPOINT=" + fail_point};
  replica.process = std::make_unique<Process>(
      (options_.bin.empty() ? LINGKARAN_BIN_DIR : options_.bin) + "/lingkaran-coverage", flags,
      name + ".log", process);
  return replica.process->AwaitAddress(name + ".address", 60).has_value();
}

bool World::WaitForEnd(int replica, absl::Duration time) {
  return replicas_[replica].process->WaitForEnd(absl::ToChronoMilliseconds(time)).has_value();
}

void World::Pause(int replica) { replicas_[replica].process->Pause(); }
void World::Resume(int replica) { replicas_[replica].process->Resume(); }

void World::CutDatabase() {
  if (!postgres()) return;
  ExecuteSql(options_.postgres,
             absl::StrCat("DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE datname = '",
                          database_, "'; END $$"));
}

}  // namespace lingkaran::freshness
