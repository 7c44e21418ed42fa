#include "common/rpc/adaptive_throttle.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "absl/time/clock.h"
#include "common/base/overload.h"
#include "common/base/random.h"
#include "common/rpc/admission_control.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {
namespace {

using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

// So many calls are sent for each that is accepted: enough that a peer with time to spare, or one
// that only stood still for a moment, is found out within a second or two, and that its queue never
// runs empty. Twice as many, the book's figure, would take a tenth of its answers from a peer whose
// refusals cost it an eighth of an answer each.
constexpr double kSentPerAccepted = 1.5;
// What was longer ago than this counts little.
constexpr absl::Duration kMemory = absl::Seconds(1);
// Below so many calls nothing is held back: a few refusals prove nothing.
constexpr double kFree = 10;

class Interceptor final : public grpc::experimental::Interceptor {
 public:
  explicit Interceptor(std::shared_ptr<AdaptiveThrottle> throttle)
      : throttle_(std::move(throttle)) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    bool hijack = false;
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      hijack = held_back_ = !throttle_->Allows(absl::Now(), RandomFraction());
    }
    // These two come only after a hijack.
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_RECV_MESSAGE)) {
      batch->FailHijackedRecvMessage();
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_RECV_STATUS)) {
      *batch->GetRecvStatus() = RefusalOf(Overloaded())->answer;
    }
    if (!held_back_ &&
        batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_STATUS)) {
      const bool refused =
          batch->GetRecvStatus()->error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
      refused ? throttle_->Refused(absl::Now()) : throttle_->Accepted(absl::Now());
    }
    if (hijack) {
      batch->Hijack();
    } else {
      batch->Proceed();
    }
  }

 private:
  const std::shared_ptr<AdaptiveThrottle> throttle_;
  bool held_back_ = false;
};

class Factory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    const std::string_view method = info->method();
    if (info->type() != ClientRpcInfo::Type::UNARY || method.starts_with("/lingkaran.ops.") ||
        method.starts_with("/grpc.")) {
      return nullptr;
    }
    return new Interceptor(throttle_);  // the call owns it
  }

 private:
  // Calls may outlive the channel.
  const std::shared_ptr<AdaptiveThrottle> throttle_ = std::make_shared<AdaptiveThrottle>();
};

}  // namespace

void AdaptiveThrottle::Age(absl::Time now) {
  if (aged_ == absl::InfinitePast()) aged_ = now;
  const double kept = std::exp(-std::max(0.0, absl::FDivDuration(now - aged_, kMemory)));
  ended_ *= kept;
  accepted_ *= kept;
  aged_ = now;
}

bool AdaptiveThrottle::Allows(absl::Time now, double chance) {
  MutexLock lock(mutex_);
  Age(now);
  const double excess = ended_ - kSentPerAccepted * accepted_ - kFree;
  if (chance >= excess / (ended_ + 1)) return true;
  ended_ += 1;
  return false;
}

void AdaptiveThrottle::Accepted(absl::Time now) { End(now, 1); }

void AdaptiveThrottle::Refused(absl::Time now) { End(now, 0); }

void AdaptiveThrottle::End(absl::Time now, double accepted) {
  MutexLock lock(mutex_);
  Age(now);
  ended_ += 1;
  accepted_ += accepted;
}

std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
ThrottleInterceptors() {
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<Factory>());
  return factories;
}

}  // namespace lingkaran
