// Calling a service of the suite: channel, actor, deadline, retries of what is safe.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lingkaran {

// A channel with our keepalive, message size and reconnect settings. Never waits.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// How a call is made.
struct CallOptions {
  std::string actor;                           // metadata value, see kActorMetadata
  absl::Duration timeout = absl::Seconds(20);  // over all tries
  int tries = 4;  // only UNAVAILABLE and ABORTED without a reason are tried again
};

// Puts actor and deadline into a context.
void Prepare(grpc::ClientContext& context, const CallOptions& options);

// Calls `rpc` with a fresh context until it succeeds, fails for good, or time is up; waits between
// tries with back-off and jitter. The request must carry a request_id if it is a mutation.
absl::Status CallWithRetry(const CallOptions& options,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc);

// A random request_id (UUID version 4).
std::string NewRequestId();

}  // namespace lingkaran
