// A client that holds itself back while its peer refuses for load.
//
// A refusal is cheaper than the work, but not free: at four times its capacity a service would
// spend most of its time on refusing. So each channel of MakeChannel remembers what became of its
// calls of the last second and sends only half as many more as were accepted; the rest fail here
// and now with RESOURCE_EXHAUSTED/OVERLOADED and RetryInfo, as if the service had said so (Google's
// SRE book, "Handling Overload"). Unary calls only; what operators ask (lingkaran.ops.v1) and
// health always pass.
#pragma once

#include <memory>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace lingkaran {

// The decision, without gRPC. For several threads.
class AdaptiveThrottle {
 public:
  // False if a call should fail here, which is counted. `chance` is evenly from [0, 1).
  bool Allows(absl::Time now, double chance);
  // A call that was sent came back: refused for load, or with anything else. Calls under way prove
  // nothing yet.
  void Accepted(absl::Time now);
  void Refused(absl::Time now);

 private:
  void Age(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(absl::Time now, double accepted);

  Mutex mutex_;
  absl::Time aged_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // Calls that ended, here or there, and those of them that were accepted. Both fade, so that the
  // peer's bad minute is soon forgotten.
  double ended_ ABSL_GUARDED_BY(mutex_) = 0;
  double accepted_ ABSL_GUARDED_BY(mutex_) = 0;
};

// For grpc::experimental::CreateCustomChannelWithInterceptors: one AdaptiveThrottle for the
// channel.
std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
ThrottleInterceptors();

}  // namespace lingkaran
