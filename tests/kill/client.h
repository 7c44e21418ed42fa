// One client thread: it works on the world as branches, agencies and sponsors would, through the
// shipped client library, each mutation with a request_id of its own that stays the same until the
// answer is known.
#pragma once

#include <memory>
#include <string>

#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "tests/kill/world.h"

namespace lingkaran::kill {

// Where the services listen, by name.
using Addresses = std::map<std::string, std::string>;

// Stubs on connections of one's own.
struct Stubs {
  explicit Stubs(const Addresses& addresses);
  std::unique_ptr<registry::v1::RegistryService::Stub> registry;
  std::unique_ptr<sponsorship::v1::SponsorshipService::Stub> sponsorship;
  std::unique_ptr<coverage::v1::CoverageService::Stub> coverage;
  std::map<std::string, std::unique_ptr<ops::v1::OperationsService::Stub>> operations;
};

// True if the call may or may not have been done: the same request_id, sent again, finds out.
bool IsOpen(const absl::Status& status);

// Calls until the answer is known, at most `bound`. Gives the answer, an error of ours, or what is
// no answer at all.
absl::Status AskUntilKnown(const CallOptions& options, absl::Duration bound,
                           std::atomic<int64_t>* asked_again,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);

class Client {
 public:
  struct Options {
    // False: an unknown outcome is not asked for again but is a failure of the world: who only
    // restarts services must never see one.
    bool ask_again = true;
  };
  Client(const Addresses& addresses, World* world, uint64_t seed, Options options);

  // Makes one step: a mutation, or a check. `prefer` is a method or a kind of owed RPC that is
  // wanted more than others; empty for none.
  void Step(const std::string& prefer);

 private:
  using Sponsorships = sponsorship::v1::SponsorshipService::Stub;
  using Registries = registry::v1::RegistryService::Stub;

  int Roll(int sides) { return static_cast<int>(random_() % sides); }
  bool Chance(int percent) { return Roll(100) < percent; }
  std::string Reference();  // a new bank reference
  CallOptions OptionsFor(const std::string& actor, const std::string& request_id) const;

  // One mutation: nullopt if it was refused with an error of ours.
  template <typename Stub, typename Request, typename Response>
  std::optional<Response> Do(Stub& stub,
                             grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                       Response*),
                             Request request, const std::string& actor = "sari;role=officer");
  absl::Status Call(const CallOptions& options,
                    absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);
  // Notes what came of a mutation; true if it was done.
  bool Note(const std::string& method, const absl::Status& status);

  void CreateAgency();
  void CreateBatch();
  void GoOnWithBatch();
  bool Submit(BatchFacts& batch);
  void Review(BatchFacts& batch);
  void CorrectWorker();
  void ReportDeath();
  void WithdrawWorker();
  void EnrolWorkers();
  void IssueCards();
  void CreateSponsor();
  void CreatePledge();
  void RecordPayment();
  void AllocatePledge();
  void AllocateNamed();
  void ReplaceWorkers();
  void RefundPledge();
  void CancelPledge();
  void PayContribution();
  void RetryOwed(const std::string& service);
  void Check();

  World& world_;
  const Options options_;
  Random random_;
  Stubs stubs_;
};

// What differs between two answers to one request_id; empty if nothing does but how fresh a check
// after them must be.
template <typename Response>
std::string Difference(Response first, Response second) {
  if constexpr (requires { first.clear_consistency_token(); }) {
    first.clear_consistency_token();
    second.clear_consistency_token();
  }
  google::protobuf::util::MessageDifferencer differencer;
  std::string text;
  differencer.ReportDifferencesToString(&text);
  return differencer.Compare(first, second) ? "" : text;
}

template <typename Stub, typename Request, typename Response>
std::optional<Response> Client::Do(Stub& stub,
                                   grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                   Request request, const std::string& actor) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  const std::string method = request.GetDescriptor()->name();
  const CallOptions options = OptionsFor(actor, request.request_id());
  Response response;
  const absl::Status status = Call(options, [&](grpc::ClientContext* context) {
    response.Clear();
    return (stub.*rpc)(context, request, &response);
  });
  if (!Note(method, status)) return std::nullopt;
  world_.Journal({method, [&stub, rpc, request, response, options]() -> std::string {
                    Response second;
                    const absl::Status again = AskUntilKnown(
                        options, absl::Seconds(30), nullptr, [&](grpc::ClientContext* context) {
                          second.Clear();
                          return (stub.*rpc)(context, request, &second);
                        });
                    return again.ok() ? Difference(response, second) : again.ToString();
                  }});
  return response;
}

}  // namespace lingkaran::kill
