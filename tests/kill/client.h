// One client thread: it works on a stack as branches, agencies and sponsors would, through the
// shipped client library, each mutation with a request_id of its own that stays the same until the
// answer is known.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "common/rpc/client.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "tests/kill/world.h"
#include "tests/support/cluster.h"
#include "tests/workload/workload.h"

namespace lingkaran::kill {

// Stubs on connections of one's own.
struct Stubs {
  explicit Stubs(const Cluster& cluster);
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  std::unique_ptr<registry::v1::RegistryService::Stub> registry;
  std::map<std::string, std::unique_ptr<ops::v1::OperationsService::Stub>> operations;
};

// Calls until the answer is known, at most `bound`. Gives the answer, an error of ours, or what is
// no answer at all.
absl::Status AskUntilKnown(const CallOptions& options, absl::Duration bound,
                           std::atomic<int64_t>* asked_again,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);

class Client final : private workload::Transport {
 public:
  struct Options {
    // False: an unknown outcome is not asked for again but is a failure of the world: who only
    // restarts services must never see one.
    bool ask_again = true;
  };
  Client(const Cluster& cluster, World* world, uint64_t seed, Options options);

  // One thing that somebody does. `prefer` is a method or a kind of work item that is wanted more
  // than others; empty for none.
  void Step(const std::string& prefer);

 private:
  using Message = workload::Message;

  void Ask(const workload::Rpc& rpc, const Done& done,
           const std::function<void()>& uncertain) override;
  void Submit(const std::string& actor, const Chunks& chunks,
              const std::function<void(const Answers&)>& done) override;
  void Violation(const std::string& what) override { world_.Fail(what); }

  // Calls a service and takes note of what came of it.
  absl::Status Send(const std::string& service, const workload::Rpc& rpc, Message* response);
  void RetryOwed(const std::string& service);
  CallOptions OptionsFor(const std::string& actor, const std::string& request_id) const;
  absl::Status Call(const CallOptions& options,
                    absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);
  // Notes what came of a call; true if it was done.
  bool Note(const std::string& method, const absl::Status& status);

  World& world_;
  const Options options_;
  workload::Chance chance_;
  Stubs stubs_;
  workload::Workload work_;
};

}  // namespace lingkaran::kill
