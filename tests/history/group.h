// What the three kinds of groups share: stubs, calls, and the parts of one group's life.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "tests/history/recorder.h"
#include "tests/history/workload.h"

namespace lingkaran::history {

namespace rv1 = registry::v1;
namespace sv1 = sponsorship::v1;
namespace cv1 = coverage::v1;
using Registry = rv1::RegistryService::Stub;
using Sponsorship = sv1::SponsorshipService::Stub;
using Coverage = cv1::CoverageService::Stub;

inline constexpr char kOfficer[] = "wahyu;role=officer";
inline constexpr char kReviewer[] = "siti;role=officer";
inline constexpr char kService[] = "histories;role=service";

// Stubs of all replicas, each with a connection of its own.
struct Stubs {
  explicit Stubs(const Targets& targets);
  std::vector<std::unique_ptr<Registry>> registry;
  std::vector<std::unique_ptr<Sponsorship>> sponsorship;
  std::vector<std::unique_ptr<Coverage>> coverage;
};

// One client: its chance and its way to the services.
class Client {
 public:
  Client(Stubs& stubs, uint64_t seed) : stubs_(stubs), random_(seed) {}

  int64_t Below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int percent) { return Below(100) < percent; }
  uint64_t Bits() { return random_(); }

  // One of the replicas.
  Registry& registry() { return *stubs_.registry[Below(std::ssize(stubs_.registry))]; }
  Sponsorship& sponsorship() { return *stubs_.sponsorship[Below(std::ssize(stubs_.sponsorship))]; }
  Coverage& coverage() { return *stubs_.coverage[Below(std::ssize(stubs_.coverage))]; }

 private:
  Stubs& stubs_;
  std::mt19937_64 random_;
};

template <typename Stub, typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Calls an RPC as a client with the shipped policy does.
template <typename Stub, typename Request, typename Response>
Sent Call(Stub& stub, Method<Stub, Request, Response> method, const Request& request,
          Response* response, const std::string& actor, absl::Duration timeout = absl::Seconds(5)) {
  Sent sent;
  CallOptions options;
  options.actor = actor;
  options.timeout = timeout;
  options.try_timeout = absl::Seconds(2);
  if constexpr (requires { request.request_id(); }) options.request_id = request.request_id();
  sent.called = Now();
  sent.status = CallWithRetry(options, [&](grpc::ClientContext* context) {
    ++sent.tries;
    response->Clear();
    return (stub.*method)(context, request, response);
  });
  sent.answered = Now();
  return sent;
}

// The changes that the clients of a group make with one RPC. The last ones may be sent again by
// others, while they are under way or after.
template <typename Stub, typename Request, typename Response>
class Changes {
 public:
  Changes(Recorder& recorder, Stub& (Client::*stub)(), Method<Stub, Request, Response> method,
          std::string actor)
      : recorder_(recorder), stub_(stub), method_(method), actor_(std::move(actor)) {}

  void Make(Client& client, Request request, Writer<Response> writer) {
    const auto change = std::make_shared<One>(std::move(request), std::move(writer), recorder_);
    {
      const std::lock_guard lock(mutex_);
      last_.push_back(change);
      if (last_.size() > 8) last_.erase(last_.begin());
    }
    Send(client, *change);
  }
  // Any of the last ones, if there is one yet.
  void Resend(Client& client) {
    const uint64_t random = client.Bits();
    std::shared_ptr<One> change;
    {
      const std::lock_guard lock(mutex_);
      if (!last_.empty()) change = last_[random % last_.size()];
    }
    if (change) Send(client, *change);
  }

 private:
  using One = Change<Request, Response>;
  void Send(Client& client, One& change) {
    change.Run(
        [&](const Request& request, Response* response) {
          return Call((client.*stub_)(), method_, request, response, actor_);
        },
        3);
  }

  Recorder& recorder_;
  Stub& (Client::*const stub_)();
  const Method<Stub, Request, Response> method_;
  const std::string actor_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<One>> last_;
};

// Asks until the answer comes: for what has to be there before a group can begin. Throws
// std::runtime_error after a minute, or if the service says no.
template <typename Stub, typename Request, typename Response>
Response Insist(Stub& stub, Method<Stub, Request, Response> method, const Request& request,
                const std::string& actor = kOfficer) {
  Response response;
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (true) {
    const Sent sent = Call(stub, method, request, &response, actor);
    if (sent.status.ok()) return response;
    if (!sent.unknown() || absl::Now() > end) throw std::runtime_error(sent.status.ToString());
  }
}

// Verified people for groups, imported as they are needed, enrolled; for several threads.
class People {
 public:
  People(Stubs& stubs, int64_t first_candidate) : stubs_(stubs), next_(first_candidate) {}
  std::vector<int64_t> Take(size_t count);

 private:
  void Import();
  std::vector<int64_t> SendList(int64_t batch_id, int64_t first);

  std::mutex mutex_;
  Stubs& stubs_;
  int64_t next_;
  std::vector<int64_t> workers_;
};

// One group of keys.
class Group {
 public:
  Group(const WorkloadOptions& options, uint64_t seed)
      : options_(options), seed_(seed), recorder_(options.keys) {}
  virtual ~Group() = default;

  // Makes the keys.
  virtual void Prepare(Client& client, People& people) = 0;
  // One client does one thing.
  virtual void Step(Client& client) = 0;
  virtual std::unique_ptr<Model> ModelOf(size_t key) const = 0;
  virtual std::string Name(size_t key) const = 0;

  bool enough() const {
    return recorder_.operations() >= int64_t{options_.keys} * options_.operations;
  }
  const Recorder& recorder() const { return recorder_; }

 protected:
  // An answer that no client can expect, whatever the network does.
  void Unexpected(const std::string& what, const absl::Status& status) {
    recorder_.Fail(absl::StrCat(what, " failed: ", status.ToString()));
  }

  // One read, noted as a failure if it is refused; empty if no answer came.
  template <typename Stub, typename Request, typename Response>
  std::optional<Sent> Read(Stub& stub, Method<Stub, Request, Response> method,
                           const Request& request, Response* response) {
    Sent sent = Call(stub, method, request, response, kOfficer);
    if (sent.status.ok()) return sent;
    if (!sent.unknown()) Unexpected(request.GetTypeName(), sent.status);
    return std::nullopt;
  }

  const WorkloadOptions& options_;
  const uint64_t seed_;
  Recorder recorder_;
};

std::unique_ptr<Group> MakeCoverGroup(const WorkloadOptions& options, uint64_t seed);
std::unique_ptr<Group> MakeMemberGroup(const WorkloadOptions& options, uint64_t seed);
std::unique_ptr<Group> MakePledgeGroup(const WorkloadOptions& options, uint64_t seed);

// What one month of JKK and JKM costs, by coverage itself; 0 for JKK's neighbours.
struct MonthPrice {
  int64_t jkk = 0;
  int64_t jkm = 0;
};
MonthPrice AskPrice(Client& client, int32_t first_day);
// Asks about all of them on a day.
cv1::BatchCheckEligibilityRequest ChecksOf(const std::vector<int64_t>& workers, int32_t day);
// Books a month for workers in one call; `programmes` of each: 1 JKK, 2 JKM, 3 both.
cv1::ActivateCoverageRequest Activation(const std::vector<int64_t>& workers,
                                        const std::vector<int64_t>& programmes, int64_t source,
                                        const MonthPrice& price, int32_t first_day);

}  // namespace lingkaran::history
