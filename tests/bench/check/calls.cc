#include "tests/bench/check/calls.h"

#include "common/rpc/channel_settings.h"
#include "common/rpc/run_rpc.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/people.h"

namespace lingkaran::bench {
namespace {

constexpr std::chrono::seconds kConnecting(30);

}  // namespace

std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kConnecting)) {
    Fail("can't connect to " + address);
  }
  return channel;
}

void PrepareCall(grpc::ClientContext& context, const char* actor) {
  context.AddMetadata(kActorMetadata, actor);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
}

OneCheck::OneCheck(const std::string& address, const Verdicts& verdicts)
    : verdicts_(verdicts), stub_(coverage::v1::CoverageService::NewStub(OwnConnection(address))) {}

coverage::v1::CheckEligibilityResponse OneCheck::AskRight(int64_t worker_id) {
  coverage::v1::CheckEligibilityRequest request;
  request.mutable_person()->set_nik(NikOf(worker_id));
  coverage::v1::CheckEligibilityResponse response;
  grpc::ClientContext context;
  PrepareCall(context);
  context.set_wait_for_ready(true);
  const grpc::Status status = stub_->CheckEligibility(&context, request, &response);
  if (!status.ok()) Fail("a check failed: " + status.error_message());
  verdicts_.Judge(worker_id, response);
  return response;
}

}  // namespace lingkaran::bench
