// Calls of unary RPCs as tests and benchmarks make them:
//   Ask(suite.sponsorship(), &SponsorshipService::Stub::GetPledge, request)
#pragma once

#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {

inline constexpr char kBudi[] = "budi;role=officer";

template <typename Stub, typename Request, typename Response>
using StubMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Once, on a connection that stands: after a restart the test's own channel may still pause before
// it connects anew, and that is not what is tested.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Ask(Stub& stub, StubMethod<Stub, Request, Response> rpc,
                             const Request& request, const std::string& actor = kBudi) {
  grpc::ClientContext context;
  Prepare(context, {.actor = actor, .timeout = absl::Seconds(60)});
  context.set_wait_for_ready(true);
  Response response;
  const absl::Status status = FromGrpc((stub.*rpc)(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

// As the shipped client library does it, with what `options` says of tries and time.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> AskWithRetry(Stub& stub, StubMethod<Stub, Request, Response> rpc,
                                      const Request& request, const CallOptions& options) {
  Response response;
  const absl::Status status = CallWithRetry(options, [&](grpc::ClientContext* context) {
    response.Clear();
    return (stub.*rpc)(context, request, &response);
  });
  if (!status.ok()) return status;
  return response;
}

}  // namespace lingkaran
