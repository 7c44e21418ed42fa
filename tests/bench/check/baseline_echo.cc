#include "common/rpc/message_pool.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/bench/check/baseline.h"

namespace lingkaran::bench {
namespace {

namespace v1 = coverage::v1;

using Callback =
    v1::CoverageService::WithCallbackMethod_CheckEligibility<v1::CoverageService::Service>;

struct KeepMessage {
  template <typename Message>
  void operator()(Message&) const {}
};

class Echo final : public Callback {
 public:
  explicit Echo(const std::string& response) {
    response_.ParseFromString(response);
    SetMessageAllocatorFor_CheckEligibility(&messages_);
  }
  grpc::ServerUnaryReactor* CheckEligibility(grpc::CallbackServerContext* context,
                                             const v1::CheckEligibilityRequest*,
                                             v1::CheckEligibilityResponse* response) override {
    if (response->answers().empty()) *response = response_;  // once: it is kept
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  v1::CheckEligibilityResponse response_;
  MessagePool<v1::CheckEligibilityRequest, v1::CheckEligibilityResponse, 64, KeepMessage> messages_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEcho(const std::string& response) {
  return std::make_unique<Echo>(response);
}

}  // namespace lingkaran::bench
