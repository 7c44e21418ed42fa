#include "tests/freshness/world.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"

namespace lingkaran::freshness {
namespace {

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

Cluster::Options ClusterOf(const World::Options& options, const std::string& redis) {
  Cluster::Options cluster;
  cluster.services = {"coverage"};
  cluster.replicas = options.replicas;
  cluster.without_redis = options.without_redis;
  cluster.postgres = options.postgres;
  cluster.redis = redis;
  // As cover is asked for whatever the day is, any day will do for today.
  cluster.clock = "2019-11-07T08:00:00+07:00";
  cluster.redis_proxies = true;
  if (options.near_members > 0) {
    cluster.flags = {"--near-members", absl::StrCat(options.near_members)};
  }
  cluster.bin = options.bin;
  return cluster;
}

}  // namespace

World::World(const Options& options)
    : postgres_(options.postgres), cluster_(ClusterOf(options, redis_.address())) {
  sealer_ = PersonalDataVault::FromFile(cluster_.keys()).value();
  for (const std::string& name : cluster_.names()) {
    stubs_.push_back(coverage::v1::CoverageService::NewStub(ChannelTo(cluster_.address(name))));
  }
}

bool World::Start(int replica, const std::string& fail_point) {
  if (cluster_.running(Name(replica))) return true;
  Cluster::StartOptions options;
  if (!fail_point.empty()) options.environment = {"LINGKARAN_FAILPOINT=" + fail_point};
  return cluster_.TryStart(Name(replica), options);
}

bool World::WaitForEnd(int replica, absl::Duration time) {
  return cluster_.WaitForEnd(Name(replica), absl::ToChronoMilliseconds(time)).has_value();
}

void World::CutDatabase() {
  if (postgres_.empty()) return;
  const std::string url = cluster_.Database("coverage");
  ExecuteSql(postgres_,
             absl::StrCat("DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE datname = '",
                          url.substr(url.rfind('/') + 1), "'; END $$"));
}

}  // namespace lingkaran::freshness
