#include "common/server/server.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/build_info.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/rpc/channel_settings.h"
#include "common/server/connection_listener.h"

namespace lingkaran {
namespace {

// Each connection needs one.
void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// gRPC's own complaints, in the form of all other lines.
void LogOfGrpc(gpr_log_func_args* args) {
  Log(args->severity == GPR_LOG_SEVERITY_ERROR ? Severity::kWarning : Severity::kDebug, "grpc",
      {{"file", args->file}, {"line", args->line}, {"text", args->message}});
}

// What must be set once in the process before the first server is built.
void SetUpGrpcOnce() {
  static const bool done = [] {
    RaiseFileLimit();
    // Debian's Abseil looks for deadlocks at every lock that gRPC takes, which costs a call dearly.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    gpr_set_log_function(LogOfGrpc);
    signal(SIGPIPE, SIG_IGN);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(done);
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxCallsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kServerPingMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kServerPingTimeoutMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kServerToleratesMillis);
  // Otherwise the ping of a graceful shutdown may wait behind those that measured the bandwidth of
  // earlier large messages, and every drain takes all of its grace.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Nobody reads the one or asks for the other, and each costs every call something.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  grpc::ResourceQuota quota("server");
  quota.SetMaxThreads(kMaxServerThreads);
  builder.SetResourceQuota(quota);
}

// Written beside and renamed: who reads the file sees nothing or all of it.
absl::Status WriteAddressFile(const std::string& path, const std::string& address) {
  if (path.empty()) return absl::OkStatus();
  const std::string beside = path + ".new";
  {
    std::ofstream out(beside, std::ios::trunc);
    out << address << "\n";
    out.flush();
    if (!out) {
      return absl::UnavailableError(
          absl::StrCat("can't write ", beside, "; choose another --address-file"));
    }
  }
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("can't write ", path, ": ", error.message()));
  }
  return absl::OkStatus();
}

class GrpcServer final : public Server {
 public:
  GrpcServer(Options options, std::unique_ptr<grpc::Server> server,
             std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor,
             std::unique_ptr<Listener> listener)
      : options_(std::move(options)),
        server_(std::move(server)),
        acceptor_(std::move(acceptor)),
        listener_(std::move(listener)) {
    if (options_.healthy) {
      Ask();
      poller_ = std::thread([this] { Poll(); });
    }
    // Only now: the first call finds health as it is.
    listener_->Start([this](int listening_fd, int fd) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.listener_fd = listening_fd;
      connection.fd = fd;
      acceptor_->HandleNewConnection(&connection);
    });
  }

  ~GrpcServer() override { Shutdown(); }

  std::string address() const override { return listener_->address(); }

  void Shutdown() override {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      stopping_ = true;
    }
    stop_.NotifyAll();
    if (poller_.joinable()) poller_.join();
    // First of all, so that no connection comes to a server that is about to go; who is refused
    // here tries again, and finds the next process.
    listener_->Close();
    if (options_.draining) options_.draining();
    server_->GetHealthCheckService()->SetServingStatus(false);
    if (!options_.address_file.empty()) std::remove(options_.address_file.c_str());
    server_->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(options_.drain_seconds)));
    server_->Wait();
  }

 private:
  void Poll() {
    MutexLock lock(mutex_);
    const auto stopping = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; };
    while (!stop_.WaitFor(lock, absl::Seconds(1), stopping)) {
      lock.Unlock();
      Ask();
      lock.Lock();
    }
  }

  void Ask() {
    const absl::Status status = options_.healthy();
    if (serving_ != status.ok()) {
      Log(status.ok() ? Severity::kInfo : Severity::kWarning,
          status.ok() ? "health_serving" : "health_not_serving",
          {{"text", std::string(status.message())}});
    }
    serving_ = status.ok();
    server_->GetHealthCheckService()->SetServingStatus(serving_);
  }

  const Options options_;
  const std::unique_ptr<grpc::Server> server_;
  const std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  const std::unique_ptr<Listener> listener_;
  bool serving_ = true;
  Mutex mutex_;
  CondVar stop_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread poller_;
};

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options,
                                                      const std::vector<grpc::Service*>& services) {
  SetUpGrpcOnce();
  ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener, Listener::Open(options.listen));
  grpc::ServerBuilder builder;
  SetLimits(builder);
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr) return absl::UnavailableError("the server can't be started");
  auto server = std::make_unique<GrpcServer>(options, std::move(grpc_server), std::move(acceptor),
                                             std::move(listener));
  RETURN_IF_ERROR(WriteAddressFile(options.address_file, server->address()));
  return server;
}

void BlockSignals() {
  const sigset_t set = EndSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void WaitForSignal() {
  const sigset_t set = EndSignals();
  int number = 0;
  while (sigwait(&set, &number) != 0) {
  }
}

void PrintStartLine(const std::string& service, const std::string& address,
                    const std::string& database, const std::string& redis,
                    const std::string& rules_version) {
  std::cout << service << " " << Build().version << " listens on " << address << ", database "
            << database << ", cache " << (redis.empty() ? "none" : redis) << ", rules "
            << (rules_version.empty() ? "none" : rules_version) << std::endl;
}

}  // namespace lingkaran
