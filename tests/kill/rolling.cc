#include "tests/kill/rolling.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/sync_stream.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "tests/kill/audit.h"
#include "tests/kill/crew.h"
#include "tests/support/cluster.h"

namespace lingkaran::kill {
namespace {

constexpr int kDrainSeconds = 5;
constexpr char kNow[] = "2019-11-07T08:00:00+07:00";
constexpr int kWarmUp = 60;
constexpr int kStepsBetween = 25;

using Bytes = grpc::ByteBuffer;

constexpr int kServing = 1;
constexpr int kNotServing = 2;

// The enum of a HealthCheckResponse, whose only field it is; 0 if unset.
int StatusIn(const Bytes& response) {
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok() || slice.size() != 2) return 0;
  return slice.begin()[1];
}

// What a load balancer sees of a service's health while it goes down: watches grpc.health.v1 on a
// connection of its own until the stream ends.
class HealthWatch {
 public:
  // Returns when the service has said SERVING, or can't be asked.
  explicit HealthWatch(const std::string& address)
      : channel_(MakeChannel(address)), thread_([this] { Run(); }) {
    begun_.wait(false);
  }
  ~HealthWatch() {
    context_.TryCancel();
    if (thread_.joinable()) thread_.join();
  }
  // True if NOT_SERVING came before the end of the stream; waits for that end.
  bool SaidNotServing() {
    thread_.join();
    return not_serving_;
  }

 private:
  void Run();
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  std::atomic<bool> begun_{false};
  bool not_serving_ = false;
  std::thread thread_;
};

void HealthWatch::Run() {
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Watch",
                                         grpc::internal::RpcMethod::SERVER_STREAMING);
  const grpc::Slice nothing;
  const Bytes request(&nothing, 1);
  const std::unique_ptr<grpc::ClientReader<Bytes>> stream(
      grpc::internal::ClientReaderFactory<Bytes>::Create(channel_.get(), method, &context_,
                                                         request));
  for (Bytes response; stream->Read(&response);) {
    const int status = StatusIn(response);
    if (status == kServing) {
      begun_ = true;
      begun_.notify_all();
    }
    not_serving_ = status == kNotServing;
    // As gRPC's own clients do when their connection drains; a drain waits for open streams.
    if (not_serving_) context_.TryCancel();
  }
  begun_ = true;
  begun_.notify_all();
  static_cast<void>(stream->Finish());
}

// SIGTERM, the end, the next start.
absl::Status RestartOne(Cluster& cluster, const std::string& service, RollingReport* report) {
  HealthWatch health(cluster.address(service));
  const absl::Time start = absl::Now();
  cluster.process(service).Terminate();
  const std::optional<int> code =
      cluster.WaitForEnd(service, std::chrono::seconds(kDrainSeconds + 5));
  const absl::Duration took = absl::Now() - start;
  report->longest_exit = std::max(report->longest_exit, took);
  if (code != 0 || took > absl::Seconds(kDrainSeconds)) {
    return absl::InternalError(absl::StrCat(service, " ended with ",
                                            code.has_value() ? absl::StrCat(*code) : "nothing",
                                            " after ", absl::FormatDuration(took)));
  }
  if (health.SaidNotServing()) ++report->not_serving_first;
  cluster.Start(service);
  ++report->restarts;
  return absl::OkStatus();
}

}  // namespace

RollingReport RunRollingRestarts(const RollingPlan& plan) {
  TempDirectory time;
  std::ofstream(time.path() + "/now") << kNow << "\n";
  Cluster::Options options;
  options.postgres = plan.postgres;
  options.clock = absl::StrCat("file:", time.path(), "/now");
  options.bin = plan.bin;
  options.flags = {absl::StrCat("--drain-seconds=", kDrainSeconds)};
  Cluster cluster(options);
  World world;
  RollingReport report;
  const absl::Time end = absl::Now() + plan.seconds;
  Crew crew(cluster, &world, plan.seed, plan.clients, {.ask_again = false});
  crew.Work("");
  crew.WaitForSteps(kWarmUp, absl::Seconds(20));
  while (report.failure.empty() && absl::Now() < end &&
         (plan.restarts == 0 || report.restarts < plan.restarts)) {
    const std::string& service = ServiceNames()[report.restarts % ServiceNames().size()];
    const absl::Status status = RestartOne(cluster, service, &report);
    if (report.failure.empty()) report.failure = world.failure();
    if (!status.ok() && report.failure.empty()) report.failure = status.ToString();
    if (!crew.WaitForSteps(kStepsBetween, absl::Seconds(20))) {
      report.failure = "the clients stand still after the restart of " + service;
    }
    if (report.failure.empty()) report.failure = world.failure();
    if (report.restarts % 20 == 0) {
      std::fprintf(stderr, "rolling: %d restarts, %d answers\n", static_cast<int>(report.restarts),
                   static_cast<int>(world.acknowledged + world.refused + world.reads));
    }
  }
  crew.Rest();
  report.failed_requests = world.failures;
  report.requests = world.acknowledged + world.refused + world.reads;
  Stubs stubs(cluster);
  const Verdict verdict = Audit(cluster, stubs, world, absl::Seconds(30));
  if (!verdict.ok()) {
    ++report.audit_failures;
    if (report.failure.empty()) report.failure = verdict.difference;
  }
  if (!report.failure.empty()) {
    cluster.Keep();
    absl::StrAppend(&report.failure, "\n  kept: ", cluster.directory());
  }
  return report;
}

}  // namespace lingkaran::kill
