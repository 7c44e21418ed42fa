// The server and its client over real connections.
#include "common/server/server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/impl/codegen/sync_stream.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/build_info.h"
#include "common/rpc/channel_settings.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"
#include "tests/support/gate.h"
#include "tests/support/probe.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;

// True if something listens there.
bool Connects(const std::string& address) {
  sockaddr_in there = {};
  there.sin_family = AF_INET;
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  there.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&there), sizeof(there)) == 0;
  close(fd);
  return connected;
}

class ServerTest : public ProbeTest {
 protected:
  bool BecomesHealth(int wanted) {
    return Eventually([&] { return Health() == wanted; });
  }
};

// -- retries --

TEST_F(ServerTest, WhatMayBeRepeatedIsRepeated) {
  int tries = 0;
  probe_.on_list = [&](const Call&) {
    return ++tries == 1 ? Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable, "busy")
           : tries == 2 ? absl::AbortedError("serialization")
                        : absl::OkStatus();
  };
  EXPECT_TRUE(List().ok());
  EXPECT_EQ(tries, 3);
}

TEST_F(ServerTest, ADeadServerIsPeerUnavailable) {
  const std::string address = server_->address();
  server_->Shutdown();
  server_.reset();
  CallOptions options = As("sari;role=officer");
  options.timeout = absl::Seconds(1);
  const absl::Status status = List(options);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kPeerUnavailable);
}

TEST_F(ServerTest, AClientFindsARestartedServer) {
  const std::string address = server_->address();
  EXPECT_TRUE(List().ok());
  server_.reset();
  options_.listen = address;
  absl::StatusOr<std::unique_ptr<Server>> again = Server::Start(options_, {&probe_});
  ASSERT_TRUE(again.ok()) << again.status();
  server_ = *std::move(again);
  CallOptions options = As("sari;role=officer");
  options.tries = 50;
  EXPECT_TRUE(List(options).ok()) << "through the old channel";
}

// -- the server --

TEST_F(ServerTest, ATakenPortIsRefused) {
  Probe other;
  Server::Options options;
  options.listen = server_->address();
  const auto second = Server::Start(options, {&other});
  ASSERT_FALSE(second.ok()) << "two servers share a port";
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("--listen"));
}

TEST_F(ServerTest, ServesOnAUnixSocket) {
  server_.reset();
  const std::string path = absl::StrCat(testing::TempDir(), "lingkaran-", getpid(), ".sock");
  Start("unix:" + path);
  EXPECT_EQ(server_->address(), "unix:" + path);
  EXPECT_TRUE(List().ok());
}

TEST_F(ServerTest, TheAddressFileIsThereWhileItServes) {
  server_.reset();
  options_.address_file = absl::StrCat(testing::TempDir(), "lingkaran-", getpid(), ".address");
  Start("127.0.0.1:0");
  std::string line;
  ASSERT_TRUE(std::getline(std::ifstream(options_.address_file) >> std::ws, line));
  EXPECT_EQ(line, server_->address());
  EXPECT_FALSE(std::filesystem::exists(options_.address_file + ".new"));
  server_->Shutdown();
  EXPECT_FALSE(std::filesystem::exists(options_.address_file));
}

TEST_F(ServerTest, AnAddressFileThatCannotBeWrittenStopsTheStart) {
  Probe other;
  Server::Options options;
  options.listen = "127.0.0.1:0";
  options.address_file = "/no/such/directory/address";
  EXPECT_TRUE(absl::IsUnavailable(Server::Start(options, {&other}).status()));
}

TEST_F(ServerTest, HealthFollowsTheStore) {
  server_.reset();
  std::atomic<bool> store_answers{true};
  options_.healthy = [&] {
    return store_answers ? absl::OkStatus() : absl::UnavailableError("no store");
  };
  Start("127.0.0.1:0");
  EXPECT_EQ(Health(), 1);
  store_answers = false;
  EXPECT_TRUE(BecomesHealth(2));
  store_answers = true;
  EXPECT_TRUE(BecomesHealth(1));
  server_.reset();  // its poller refers to store_answers
}

TEST_F(ServerTest, AServerThatStartsWithoutStoreIsNotServing) {
  server_.reset();
  options_.healthy = [] { return absl::UnavailableError("no store"); };
  Start("127.0.0.1:0");
  EXPECT_EQ(Health(), 2);
}

TEST_F(ServerTest, ReflectionListsTheServices) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  const grpc::internal::RpcMethod method(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::internal::RpcMethod::BIDI_STREAMING);
  std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
          channel_.get(), method, &context));
  grpc::Slice list_services("\x3a\x01*");  // field 7, a string
  ASSERT_TRUE(stream->Write(grpc::ByteBuffer(&list_services, 1)));
  grpc::ByteBuffer response;
  ASSERT_TRUE(stream->Read(&response));
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  const std::string text(reinterpret_cast<const char*>(slice.begin()), slice.size());
  EXPECT_THAT(text, HasSubstr("lingkaran.registry.v1.RegistryService"));
  EXPECT_THAT(text, HasSubstr("grpc.health.v1.Health"));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, MessagesUpToTheLimitPass) {
  probe_.on_create = [](const Call&, const rv1::CreateAgencyRequest& request,
                        rv1::CreateAgencyResponse* response) {
    response->mutable_agency()->set_name(request.name());
    return absl::OkStatus();
  };
  const auto create = [&](size_t bytes) {
    rv1::CreateAgencyRequest request;
    request.set_name(std::string(bytes, 'x'));
    return CallWithRetry(As("sari;role=officer"), [&](grpc::ClientContext* context) {
      rv1::CreateAgencyResponse response;
      return stub_->CreateAgency(context, request, &response);
    });
  };
  EXPECT_TRUE(create(kMaxMessageBytes - 1000).ok());
  EXPECT_EQ(create(kMaxMessageBytes + 1).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(create(10).ok()) << "the connection goes on";
  const absl::Time start = absl::Now();
  server_->Shutdown();
  EXPECT_LT(absl::Now() - start, absl::Seconds(options_.drain_seconds))
      << "a drain with nothing under way takes none of its grace";
}

// -- drain --

TEST_F(ServerTest, ShutdownLetsCallsUnderWayFinish) {
  std::promise<void> started, go_on;
  probe_.on_list = [&](const Call&) {
    started.set_value();
    go_on.get_future().wait();
    return absl::OkStatus();
  };
  std::future<absl::Status> call = std::async(std::launch::async, [&] { return List(); });
  started.get_future().wait();
  std::future<void> shutdown = std::async(std::launch::async, [&] { server_->Shutdown(); });
  // New calls are refused while the old one is still under way.
  probe_.on_list = nullptr;
  CallOptions once = As("sari;role=officer");
  once.tries = 1;
  once.timeout = absl::Seconds(2);
  const absl::Time end = absl::Now() + absl::Seconds(10);
  const auto fresh = rv1::RegistryService::NewStub(MakeChannel(server_->address()));
  bool refused = false;
  while (!refused && absl::Now() < end) {
    grpc::ClientContext context;
    Prepare(context, once);
    rv1::CreateAgencyResponse response;
    refused =
        fresh->CreateAgency(&context, {}, &response).error_code() == grpc::StatusCode::UNAVAILABLE;
  }
  EXPECT_TRUE(refused);
  EXPECT_FALSE(Connects(server_->address())) << "a client that comes now goes elsewhere at once";
  EXPECT_EQ(shutdown.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  go_on.set_value();
  EXPECT_TRUE(call.get().ok());
  shutdown.get();
}

TEST_F(ServerTest, ShutdownEndsStreamsAtTheDrainDeadline) {
  server_.reset();
  options_.drain_seconds = 1;
  Start("127.0.0.1:0");
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  auto stream = stub_->SubmitCandidates(&context);
  rv1::SubmitCandidatesRequest request;
  request.set_chunk_number(4);
  rv1::SubmitCandidatesResponse response;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.chunk_number(), 4);
  const absl::Time start = absl::Now();
  server_->Shutdown();
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(900));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
  server_->Shutdown();  // a second time does no harm
}

TEST(SignalTest, SigtermAndSigintAreWaitedFor) {
  for (const int number : {SIGTERM, SIGINT}) {
    // In a process of its own: the mask is the whole process's.
    EXPECT_EXIT(
        {
          BlockSignals();
          std::thread sender([number] { kill(getpid(), number); });
          WaitForSignal();
          sender.join();
          std::fprintf(stderr, "drained");
          std::_Exit(0);
        },
        testing::ExitedWithCode(0), "drained");
  }
}

TEST(StartLineTest, SaysWhereEverythingIs) {
  testing::internal::CaptureStdout();
  PrintStartLine("registry", "127.0.0.1:7001", "sqlite:registry.db", "", "3f2a");
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            absl::StrCat("registry ", Build().version,
                         " listens on 127.0.0.1:7001, database sqlite:registry.db, cache none, "
                         "rules 3f2a\n"));
}

}  // namespace
}  // namespace lingkaran
