// How the calls of clients reach the services: over gRPC to processes that get killed (tests/kill),
// or over a simulated network to handlers in one thread (tests/simulation).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "common/base/error.h"
#include "lingkaran/registry/v1/registry.pb.h"

namespace lingkaran::workload {

using google::protobuf::Message;

// The handler of a service as the generated code declares it.
template <typename Service, typename Request, typename Response>
using Method = grpc::Status (Service::*)(grpc::ServerContext*, const Request*, Response*);

// A call of any method.
struct Rpc {
  const google::protobuf::MethodDescriptor* method;
  std::string actor;
  std::shared_ptr<const Message> request;
  std::shared_ptr<const Message> blank;  // of the response
  // At the service, where that is in this process.
  std::function<grpc::Status(grpc::Service*, grpc::ServerContext*, Message* response)> handle;
};

template <typename Service, typename Request, typename Response>
Rpc MakeRpc(const std::string& actor, const Request& request,
            Method<Service, Request, Response> method) {
  const std::string& type = Request::descriptor()->name();
  auto kept = std::make_shared<const Request>(request);
  return {Request::descriptor()->file()->service(0)->FindMethodByName(
              type.substr(0, type.size() - std::string("Request").size())),
          actor, kept, std::make_shared<const Response>(),
          [kept, method](grpc::Service* service, grpc::ServerContext* context, Message* response) {
            return (static_cast<Service*>(service)->*method)(context, kept.get(),
                                                             static_cast<Response*>(response));
          }};
}

// "registry", "coverage" or "sponsorship".
std::string ServiceOf(const Rpc& rpc);

// A text field of a message; empty if it has none of that name.
std::string TextField(const Message& message, const std::string& name);
// Does nothing if the message has no such field.
void ClearField(Message& message, const std::string& name);

// True if the call may or may not have been done: the same request, sent again, finds out.
bool IsOpen(const absl::Status& status);

class Transport {
 public:
  using Done = std::function<void(const absl::Status&, const Message&)>;
  using Chunks = std::vector<registry::v1::SubmitCandidatesRequest>;
  using Answers = std::vector<registry::v1::SubmitCandidatesResponse>;

  virtual ~Transport() = default;
  // Asks, with one request_id, until the outcome is known; then `done`, at once or later.
  // `uncertain`, if it may yet be done without anybody hearing of it: its client gave up (then
  // there is no `done`), or a copy of a request that was refused may still arrive.
  virtual void Ask(const Rpc& rpc, const Done& done, const std::function<void()>& uncertain) = 0;
  // Sends all chunks of a list on one stream, again from the first whenever it breaks, until all of
  // them are answered.
  virtual void Submit(const std::string& actor, const Chunks& chunks,
                      const std::function<void(const Answers&)>& done) = 0;
  // Something is not as it must be.
  virtual void Violation(const std::string& what) = 0;
};

}  // namespace lingkaran::workload
