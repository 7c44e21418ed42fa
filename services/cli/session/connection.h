// Calling the suite from the command line: where the services are, who calls, how an outcome
// becomes an exit code and an error becomes one clear line.
#pragma once

#include <fstream>
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

// The service behind a stub, and its name; OperationsService is a part of each of the three.
template <typename Stub>
struct Peer;
template <>
struct Peer<RegistryStub> {
  using Service = registry::v1::RegistryService;
  static constexpr std::string_view kName = "registry";
};
template <>
struct Peer<SponsorshipStub> {
  using Service = sponsorship::v1::SponsorshipService;
  static constexpr std::string_view kName = "sponsorship";
};
template <>
struct Peer<CoverageStub> {
  using Service = coverage::v1::CoverageService;
  static constexpr std::string_view kName = "coverage";
};
template <>
struct Peer<OperationsStub> {
  using Service = ops::v1::OperationsService;
};

// A method of a stub.
template <typename Stub, typename Request, typename Response>
using Rpc = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

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

  // A stub for streams; INVALID_ARGUMENT if the service's address was not given.
  template <typename Stub>
  absl::StatusOr<std::unique_ptr<Stub>> Connect(std::string_view service = Peer<Stub>::kName) {
    ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Channel(service));
    return std::unique_ptr<Stub>(Peer<Stub>::Service::NewStub(channel));
  }

  // Calls an RPC: session.Call(&RegistryStub::GetBatch, request, &reply). A request with a
  // request_id changes something and gets its id here; `part` tells several of one command apart.
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Rpc<Stub, Request, Response> rpc, Request& request, Response* response,
                    std::string_view part = "") {
    return CallAt(Peer<Stub>::kName, rpc, request, response, part);
  }
  // The same for a stub that several services serve.
  template <typename Stub, typename Request, typename Response>
  absl::Status CallAt(std::string_view service, Rpc<Stub, Request, Response> rpc, Request& request,
                      Response* response, std::string_view part = "") {
    ASSIGN_OR_RETURN(const std::unique_ptr<Stub> stub, Connect<Stub>(service));
    std::string request_id;
    if constexpr (requires { request.mutable_request_id(); }) {
      request_id = RequestId(part);
      request.set_request_id(request_id);
    }
    return CallNamed(service, request_id, [&](grpc::ClientContext* context) {
      return ((*stub).*rpc)(context, request, response);
    });
  }

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
  // `request_id`: of a mutation, else empty.
  absl::Status CallNamed(std::string_view service, const std::string& request_id,
                         absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);
  // The request_id of one mutation of this command; the same for the same part.
  std::string RequestId(std::string_view part) const;
  // An error that gRPC made because nobody answered, in words that help.
  absl::Status Reworded(std::string_view service, const absl::Status& status) const;
  // INVALID_ARGUMENT if the address was not given.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Channel(std::string_view service);
  const std::string& AddressOf(std::string_view service) const;

  Globals globals_;
  std::ostream& out_;
  std::ostream& err_;
  std::map<std::string, std::shared_ptr<grpc::Channel>, std::less<>> channels_;  // by service
  std::optional<std::ofstream> json_file_;
  bool mutates_ = false;
  bool outcome_unknown_ = false;  // of the last mutation that failed
};

}  // namespace lingkaran::cli
