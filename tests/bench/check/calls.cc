#include "tests/bench/check/calls.h"

#include "common/rpc/channel_settings.h"
#include "common/rpc/run_rpc.h"
#include "tests/bench/check/measure.h"

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

}  // namespace lingkaran::bench
