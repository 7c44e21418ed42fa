// A client that holds itself back while its peer refuses for load.
//
// A refusal is cheaper than the work, but not free: at four times its capacity a service would
// spend most of its time on refusing. So each channel of MakeChannel remembers what became of its
// calls of the last seconds and sends only twice as many as were accepted; the rest fail here
// and now with RESOURCE_EXHAUSTED/OVERLOADED and RetryInfo, as if the service had said so (Google's
// SRE book, "Handling Overload"). Unary calls only; what operators ask (lingkaran.ops.v1) and
// health always pass.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>

#include "absl/time/time.h"

namespace lingkaran {

// The decision, without gRPC. For several threads.
class Throttle {
 public:
  // Counts a call that is asked for; false if it should fail here. `chance` is evenly from [0, 1).
  bool Allows(absl::Time now, double chance);
  // A call came back with anything but a refusal for load.
  void Accepted(absl::Time now);

 private:
  void Age(absl::Time now);

  std::mutex mutex_;
  absl::Time aged_ = absl::InfinitePast();
  double asked_ = 0;  // both fade, so that the peer's bad minute is soon forgotten
  double accepted_ = 0;
};

// For grpc::experimental::CreateCustomChannelWithInterceptors: one Throttle for the channel.
std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
ThrottleInterceptors();

}  // namespace lingkaran
