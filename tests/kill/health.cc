#include "tests/kill/health.h"

#include <grpcpp/support/sync_stream.h>

#include "common/rpc/client.h"

namespace lingkaran::kill {
namespace {

using Bytes = grpc::ByteBuffer;

constexpr int kServing = 1;
constexpr int kNotServing = 2;

// The enum of a HealthCheckResponse, whose only field it is; 0 if unset.
int StatusIn(const Bytes& response) {
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok() || slice.size() != 2) return 0;
  return slice.begin()[1];
}

}  // namespace

HealthWatch::HealthWatch(const std::string& address)
    : channel_(MakeChannel(address)), thread_([this] { Run(); }) {
  begun_.wait(false);
}

HealthWatch::~HealthWatch() {
  context_.TryCancel();
  if (thread_.joinable()) thread_.join();
}

bool HealthWatch::SaidNotServing() {
  thread_.join();
  return not_serving_;
}

void HealthWatch::Run() {
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Watch",
                                         grpc::internal::RpcMethod::SERVER_STREAMING);
  const grpc::Slice nothing;
  const Bytes request(&nothing, 1);
  const std::unique_ptr<grpc::ClientReader<Bytes>> stream(
      grpc::internal::ClientReaderFactory<Bytes>::Create(channel_.get(), method, &context_,
                                                         request));
  for (Bytes response; stream->Read(&response);) {
    const int status = StatusIn(response);
    if (status == kServing) {
      begun_ = true;
      begun_.notify_all();
    }
    not_serving_ = status == kNotServing;
    // As gRPC's own clients do when their connection drains; a drain waits for open streams.
    if (not_serving_) context_.TryCancel();
  }
  begun_ = true;
  begun_.notify_all();
  static_cast<void>(stream->Finish());
}

}  // namespace lingkaran::kill
