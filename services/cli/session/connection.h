// Calling the suite from the command line: where the services are, who calls, how an outcome
// becomes an exit code and an error becomes one clear line.
#pragma once

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "services/cli/render/progress.h"

namespace lingkaran::cli {

using RegistryStub = registry::v1::RegistryService::StubInterface;
using SponsorshipStub = sponsorship::v1::SponsorshipService::StubInterface;
using CoverageStub = coverage::v1::CoverageService::StubInterface;
using OperationsStub = ops::v1::OperationsService::StubInterface;

// How the program ends; scripts rely on these numbers.
enum ExitCode : int {
  kYes = 0,          // done; covered
  kNo = 1,           // answered "no": not covered, nothing accepted, seats left empty
  kBadInput = 2,     // the command, its flags or its file are wrong
  kUnreachable = 3,  // a service did not answer; the same command may be repeated
  kRefused = 4,      // a service understood and refused
  kUnknown = 5,      // no answer could be given: inner fault, or the verdict "unknown"
};

// The exit code of an error.
ExitCode ExitCodeOf(const absl::Status& status);

// One line (one more per wrong field) that says what is wrong and how to mend it; if `technical`,
// with the service's own words.
std::string DescribeError(const absl::Status& status, bool technical = false);

// Flags before or after any command.
struct Globals {
  std::string registry;
  std::string sponsorship;
  std::string coverage;
  std::string actor;
  std::string request_id;           // base of the ids of this command's mutations; empty: random
  double timeout_seconds = 20;      // for each call
  bool json = false;                // JSON instead of tables
  std::vector<std::string> fields;  // only these values of the reply
  std::string json_to;              // the replies as JSON into this file as well
  bool progress = false;            // a progress bar even if standard error is no terminal
};

// One run of the program.
class Session {
 public:
  Session(Globals globals, std::ostream& out, std::ostream& err);

  const Globals& globals() const { return globals_; }
  std::ostream& err() { return err_; }

  // The services; INVALID_ARGUMENT from the first call if an address was not given.
  std::shared_ptr<RegistryStub> registry();
  std::shared_ptr<SponsorshipStub> sponsorship();
  std::shared_ptr<CoverageStub> coverage();

  // Calls an RPC that changes nothing: session.Call(session.registry(), &RegistryStub::GetBatch,
  // ...)
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(const std::shared_ptr<Stub>& stub,
                    grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    return CallAs("", stub, rpc, request, response);
  }

  // Calls a mutation; fills in its request_id. `part` tells several mutations of one command apart.
  template <typename Stub, typename Request, typename Response>
  absl::Status Mutate(const std::shared_ptr<Stub>& stub,
                      grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                      Request& request, Response* response, std::string_view part = "") {
    request.set_request_id(RequestId(part));
    mutates_ = true;
    return CallAs(request.request_id(), stub, rpc, request, response);
  }

  // The other side of "registry", "sponsorship" or "coverage"; null if its address was not given.
  std::shared_ptr<OperationsStub> operations(std::string_view service);
  // Call and Mutate for it; each service has its own `part`.
  template <typename Request, typename Response>
  absl::Status CallOperations(std::string_view service,
                              grpc::Status (OperationsStub::*rpc)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                              const Request& request, Response* response,
                              const std::string& request_id = "") {
    const std::shared_ptr<OperationsStub> stub = operations(service);
    if (stub == nullptr) return MissingAddress();
    return CallNamed(service, request_id, [&](grpc::ClientContext* context) {
      return ((*stub).*rpc)(context, request, response);
    });
  }
  template <typename Request, typename Response>
  absl::Status MutateOperations(std::string_view service,
                                grpc::Status (OperationsStub::*rpc)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                Request& request, Response* response) {
    request.set_request_id(RequestId(service));
    mutates_ = true;
    return CallOperations(service, rpc, request, response, request.request_id());
  }
  // The error of a call whose service has no address.
  absl::Status MissingAddress() const;

  // The request_id of one mutation of this command; the same for the same part.
  std::string RequestId(std::string_view part);
  // Puts actor and a deadline so far away into the context of a stream.
  void PrepareStream(grpc::ClientContext& context, absl::Duration timeout) const;
  // What a stream's end means, worded as for Call.
  absl::Status StreamStatus(std::string_view service, const grpc::Status& status);

  // Gives a reply out: as JSON, as the fields asked for, or by `people`.
  absl::Status Show(const google::protobuf::Message& reply,
                    absl::FunctionRef<void(std::ostream&)> people);

  // The same for a summary that is no reply: only people get it.
  void ShowPeople(absl::FunctionRef<void(std::ostream&)> people);

  // How this command shows progress on standard error.
  ProgressStyle progress_style() const;

  // The line that tells how to repeat a command whose outcome is open; empty if it changed nothing.
  std::string RepeatHint() const;

 private:
  static std::string_view ServiceOf(const RegistryStub*) { return "registry"; }
  static std::string_view ServiceOf(const SponsorshipStub*) { return "sponsorship"; }
  static std::string_view ServiceOf(const CoverageStub*) { return "coverage"; }

  // `request_id`: of a mutation, else empty.
  template <typename Stub, typename Request, typename Response>
  absl::Status CallAs(const std::string& request_id, const std::shared_ptr<Stub>& stub,
                      grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Response* response) {
    if (stub == nullptr) return MissingAddress();
    return CallNamed(ServiceOf(stub.get()), request_id, [&](grpc::ClientContext* context) {
      return ((*stub).*rpc)(context, request, response);
    });
  }
  absl::Status CallNamed(std::string_view service, const std::string& request_id,
                         absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);
  // An error that gRPC made because nobody answered, in words that help.
  absl::Status Reworded(std::string_view service, const absl::Status& status) const;
  std::shared_ptr<grpc::Channel> Channel(std::string_view service, const std::string& address);
  const std::string& AddressOf(std::string_view service) const;

  Globals globals_;
  std::ostream& out_;
  std::ostream& err_;
  std::shared_ptr<RegistryStub> registry_;
  std::shared_ptr<SponsorshipStub> sponsorship_;
  std::shared_ptr<CoverageStub> coverage_;
  std::map<std::string, std::shared_ptr<OperationsStub>, std::less<>> operations_;
  std::string missing_;  // flag of an address that was needed and not given
  std::optional<std::ofstream> json_file_;
  bool mutates_ = false;
  bool outcome_unknown_ = false;  // of the last mutation that failed
};

}  // namespace lingkaran::cli
