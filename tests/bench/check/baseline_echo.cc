#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/bench/check/baseline.h"

namespace lingkaran::bench {
namespace {

using Raw = coverage::v1::CoverageService::WithRawCallbackMethod_CheckEligibility<
    coverage::v1::CoverageService::Service>;

class Echo final : public Raw {
 public:
  explicit Echo(const std::string& response) {
    const grpc::Slice bytes(response);
    response_ = grpc::ByteBuffer(&bytes, 1);
  }
  grpc::ServerUnaryReactor* CheckEligibility(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer*,
                                             grpc::ByteBuffer* response) override {
    *response = response_;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  grpc::ByteBuffer response_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEcho(const std::string& response) {
  return std::make_unique<Echo>(response);
}

}  // namespace lingkaran::bench
