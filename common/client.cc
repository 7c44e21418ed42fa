#include "common/client.h"

#include <algorithm>
#include <random>

#include <openssl/rand.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/rpc.h"
#include "common/transport.h"

namespace lingkaran {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);

absl::Duration Jittered(absl::Duration base) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return base * std::uniform_real_distribution<>(0.5, 1.5)(random);
}

bool MayTryAgain(const absl::Status& status) {
  return absl::IsUnavailable(status) ||
         (absl::IsAborted(status) && ReasonOf(status) == Reason::kUnspecified);
}

// Errors that gRPC itself made have no reason.
absl::Status Named(const absl::Status& status) {
  if (!absl::IsUnavailable(status) || ReasonOf(status) != Reason::kUnspecified) return status;
  return Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable,
               absl::StrCat("the service can't be reached: ", status.message()));
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(kMaxMessageBytes);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kClientPingMillis);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kClientPingTimeoutMillis);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // each channel has its own connection
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);          // http_proxy is meant for the outside
  args.SetLoadBalancingPolicyName("round_robin");      // one address or all that DNS knows
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), args);
}

void Prepare(grpc::ClientContext& context, const CallOptions& options) {
  context.AddMetadata(kActorMetadata, options.actor);
  context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
}

absl::Status CallWithRetry(const CallOptions& options,
                           absl::FunctionRef<grpc::Status(grpc::ClientContext*)> rpc) {
  const absl::Time end = absl::Now() + options.timeout;
  absl::Duration backoff = kFirstBackoff;
  for (int tries = 1;; ++tries) {
    grpc::ClientContext context;
    context.AddMetadata(kActorMetadata, options.actor);
    context.set_deadline(absl::ToChronoTime(end));
    const absl::Status status = FromGrpc(rpc(&context));
    const absl::Duration wait = Jittered(backoff);
    if (status.ok() || !MayTryAgain(status) || tries >= options.tries ||
        absl::Now() + wait >= end) {
      return Named(status);
    }
    absl::SleepFor(wait);
    backoff *= 2;
  }
}

std::string NewRequestId() {
  unsigned char b[16];
  if (RAND_bytes(b, sizeof(b)) != 1) std::abort();  // no randomness: nothing is safe any more
  b[6] = (b[6] & 0x0F) | 0x40;
  b[8] = (b[8] & 0x3F) | 0x80;
  return absl::StrFormat("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                         b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                         b[12], b[13], b[14], b[15]);
}

}  // namespace lingkaran
