// A service whose handlers do what a test says, behind a real server.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <gtest/gtest.h>

#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "common/server/server.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"

namespace lingkaran {

namespace rv1 = registry::v1;

inline constexpr char kListAgencies[] = "lingkaran.registry.v1.RegistryService/ListAgencies";
inline constexpr char kCreateAgency[] = "lingkaran.registry.v1.RegistryService/CreateAgency";
inline constexpr char kSubmit[] = "lingkaran.registry.v1.RegistryService/SubmitCandidates";

class Probe final : public rv1::RegistryService::Service {
 public:
  using Body = std::function<absl::Status(const Call&)>;
  Body on_list = [](const Call&) { return absl::OkStatus(); };
  std::function<absl::Status(const Call&, const rv1::CreateAgencyRequest&,
                             rv1::CreateAgencyResponse*)>
      on_create;
  std::atomic<int> calls{0};

  grpc::Status ListAgencies(grpc::ServerContext* context, const rv1::ListAgenciesRequest*,
                            rv1::ListAgenciesResponse*) override {
    return RunRpc(context, kListAgencies, [&](const Call& call) {
      ++calls;
      return on_list(call);
    });
  }
  grpc::Status CreateAgency(grpc::ServerContext* context, const rv1::CreateAgencyRequest* request,
                            rv1::CreateAgencyResponse* response) override {
    return RunRpc(context, kCreateAgency, [&](const Call& call) {
      ++calls;
      return on_create ? on_create(call, *request, response) : absl::OkStatus();
    });
  }
  grpc::Status SubmitCandidates(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<rv1::SubmitCandidatesResponse, rv1::SubmitCandidatesRequest>* stream)
      override {
    return RunRpc(context, kSubmit, [&](const Call&) {
      rv1::SubmitCandidatesRequest request;
      while (stream->Read(&request)) {
        rv1::SubmitCandidatesResponse response;
        response.set_chunk_number(request.chunk_number());
        if (!stream->Write(response)) return absl::CancelledError("the caller went away");
      }
      return absl::OkStatus();
    });
  }
};

inline CallOptions As(const std::string& actor) {
  CallOptions options;
  options.actor = actor;
  return options;
}

// A server with a Probe, and a client of it.
class ProbeTest : public testing::Test {
 protected:
  void SetUp() override { Start("127.0.0.1:0"); }

  // What is served.
  virtual grpc::Service& service() { return probe_; }

  void Start(const std::string& listen) {
    options_.listen = listen;
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options_, {&service()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = MakeChannel(server_->address());
    stub_ = rv1::RegistryService::NewStub(channel_);
  }

  absl::Status List(const CallOptions& options = As("sari;role=officer")) {
    return CallWithRetry(options, [&](grpc::ClientContext* context) {
      rv1::ListAgenciesResponse response;
      return stub_->ListAgencies(context, {}, &response);
    });
  }

  // SERVING (1), NOT_SERVING (2), or 0 if health did not answer.
  int Health() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check",
                                           grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::Slice nothing;
    const grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
            channel_.get(), method, &context, request, &response);
    grpc::Slice slice;
    if (!status.ok() || !response.DumpToSingleSlice(&slice).ok() || slice.size() != 2) return 0;
    return slice.begin()[1];
  }

  Probe probe_;
  Server::Options options_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<rv1::RegistryService::Stub> stub_;
};

}  // namespace lingkaran
