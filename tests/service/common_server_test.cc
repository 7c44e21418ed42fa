// Server, client and RunRpc together, over real connections.
#include "common/server.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/sync_stream.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/client.h"
#include "common/rpc.h"
#include "common/transport.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "tests/support/test_database.h"

namespace lingkaran {
namespace {

namespace rv1 = registry::v1;
using testing::HasSubstr;
using testing::Not;

constexpr char kListAgencies[] = "lingkaran.registry.v1.RegistryService/ListAgencies";
constexpr char kCreateAgency[] = "lingkaran.registry.v1.RegistryService/CreateAgency";
constexpr char kSubmit[] = "lingkaran.registry.v1.RegistryService/SubmitCandidates";

// A service whose handlers do what the test says.
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

CallOptions As(const std::string& actor) {
  CallOptions options;
  options.actor = actor;
  return options;
}

class ServerTest : public testing::Test {
 protected:
  void SetUp() override { Start("127.0.0.1:0"); }

  void Start(const std::string& listen) {
    options_.listen = listen;
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options_, {&probe_});
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
    grpc::ByteBuffer request, response;
    grpc::Slice nothing;
    request = grpc::ByteBuffer(&nothing, 1);
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
            channel_.get(), method, &context, request, &response);
    grpc::Slice slice;
    if (!status.ok() || !response.DumpToSingleSlice(&slice).ok() || slice.size() != 2) return 0;
    return slice.begin()[1];
  }
  bool BecomesHealth(int wanted) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (absl::Now() < end) {
      if (Health() == wanted) return true;
    }
    return false;
  }

  Probe probe_;
  Server::Options options_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<rv1::RegistryService::Stub> stub_;
};

// -- who calls --

TEST_F(ServerTest, TheActorReachesTheHandler) {
  Actor seen;
  probe_.on_list = [&](const Call& call) {
    seen = call.actor;
    EXPECT_EQ(call.method, kListAgencies);
    EXPECT_LT(call.deadline, absl::Now() + absl::Seconds(21));
    return absl::OkStatus();
  };
  EXPECT_TRUE(List(As("dinsos solo;role=agency;agency=3")).ok());
  EXPECT_EQ(seen.name, "dinsos solo");
  EXPECT_EQ(seen.role, Role::kAgency);
  EXPECT_EQ(seen.agency_id, 3);
}

TEST_F(ServerTest, WithoutAnActorNothingRuns) {
  for (const std::string bad :
       {"", ";role=officer", "sari", "sari;role=", "sari;role=root", "sari;role=officer;agency=x",
        "sari;role=agency;agency=0", "sari;role=agency;agency=-1", "sari;role=officer;sudo=1",
        "sari;role=officer;;"}) {
    const absl::Status status = List(As(bad));
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << bad << status;
    EXPECT_EQ(ReasonOf(status), Reason::kActorRequired) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("lingkaran-actor: NAME;role=ROLE"));
  }
  grpc::ClientContext context;
  rv1::ListAgenciesResponse response;
  EXPECT_EQ(ReasonOf(FromGrpc(stub_->ListAgencies(&context, {}, &response))),
            Reason::kActorRequired);
  EXPECT_EQ(probe_.calls, 0);
}

TEST_F(ServerTest, TwoActorsAreNone) {
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  context.AddMetadata(kActorMetadata, "root;role=admin");
  rv1::ListAgenciesResponse response;
  EXPECT_EQ(ReasonOf(FromGrpc(stub_->ListAgencies(&context, {}, &response))),
            Reason::kActorRequired);
}

TEST_F(ServerTest, RolesWithoutTheRightAreRefused) {
  const absl::Status status = List(As("klinik;role=clinic"));
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(ReasonOf(status), Reason::kNotAllowed);
  EXPECT_EQ(probe_.calls, 0);
}

// -- what went wrong --

TEST_F(ServerTest, ErrorsArriveWithoutLoss) {
  const absl::Status sent =
      Error(absl::StatusCode::kFailedPrecondition, Reason::kBatchState,
            "batch 7 was reviewed; open a new one é", {{"batch_id", "7"}, {"state", "APPROVED"}});
  probe_.on_list = [&](const Call&) { return sent; };
  EXPECT_EQ(List(), sent);
}

TEST_F(ServerTest, HugeErrorsArrive) {
  probe_.on_list = [&](const Call&) {
    FieldErrors errors;
    for (int i = 0; i < 300; ++i) {
      errors.Require(false, absl::StrCat("rows[", i, "]"), std::string(100, 'x'));
    }
    return errors.ToStatus();
  };
  const absl::Status status = List();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
}

TEST_F(ServerTest, InnerFaultsAreBlanked) {
  for (const Probe::Body& fault :
       {Probe::Body([](const Call&) { return absl::InternalError("password=geheim"); }),
        Probe::Body([](const Call&) { return absl::UnknownError("password=geheim"); }),
        Probe::Body(
            [](const Call&) -> absl::Status { throw std::runtime_error("password=geheim"); }),
        Probe::Body([](const Call&) -> absl::Status { throw 42; })}) {
    probe_.on_list = fault;
    testing::internal::CaptureStderr();
    const absl::Status status = List();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_EQ(ReasonOf(status), Reason::kInternal);
    EXPECT_THAT(std::string(status.ToString()), Not(HasSubstr("geheim")));
    EXPECT_THAT(std::string(status.message()), HasSubstr("inner fault, reference "));
    // The operator finds the text by the reference.
    const std::string reference = MetadataOf(status).at(0).second;
    EXPECT_THAT(log, HasSubstr(reference));
  }
}

TEST_F(ServerTest, ACallIsOneLogLineWithoutContents) {
  probe_.on_create = [](const Call&, const rv1::CreateAgencyRequest&, rv1::CreateAgencyResponse*) {
    return Error(absl::StatusCode::kInvalidArgument, Reason::kRegionUnknown, "no such region");
  };
  rv1::CreateAgencyRequest request;
  request.set_request_id("the-request-id");
  request.set_name("Kelurahan Rahasia");
  testing::internal::CaptureStderr();
  EXPECT_FALSE(CallWithRetry(As("sari;role=officer"), [&](grpc::ClientContext* context) {
                 rv1::CreateAgencyResponse response;
                 return stub_->CreateAgency(context, request, &response);
               }).ok());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  for (const char* part : {kCreateAgency, "INVALID_ARGUMENT", "REGION_UNKNOWN", "sari", "officer",
                           "loopback", "\"ms\":"}) {
    EXPECT_THAT(log, HasSubstr(part));
  }
  EXPECT_THAT(log, Not(HasSubstr("Rahasia")));
}

// -- deadlines --

TEST_F(ServerTest, HandlersSeeThatTheCallerWentAway) {
  std::promise<absl::Status> seen;
  std::promise<void> started;
  probe_.on_list = [&](const Call& call) {
    started.set_value();
    absl::Status wanted = call.StillWanted();
    while (wanted.ok()) wanted = call.StillWanted();
    seen.set_value(wanted);
    return wanted;
  };
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  std::thread caller([&] {
    rv1::ListAgenciesResponse response;
    EXPECT_EQ(stub_->ListAgencies(&context, {}, &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  started.get_future().wait();
  context.TryCancel();
  EXPECT_TRUE(absl::IsCancelled(seen.get_future().get()));
  caller.join();
}

TEST_F(ServerTest, DeadlinesArePassedOn) {
  std::promise<absl::Status> seen;
  probe_.on_list = [&](const Call& call) {
    absl::Status wanted = call.StillWanted();
    while (wanted.ok()) wanted = call.StillWanted();
    seen.set_value(wanted);
    return wanted;
  };
  CallOptions options = As("sari;role=officer");
  options.timeout = absl::Milliseconds(300);
  EXPECT_TRUE(absl::IsDeadlineExceeded(List(options)));
  const absl::Status status = seen.get_future().get();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status) || absl::IsCancelled(status)) << status;
}

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

TEST_F(ServerTest, RetriesEnd) {
  probe_.on_list = [](const Call&) {
    return Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable, "busy");
  };
  EXPECT_EQ(ReasonOf(List()), Reason::kStoreUnavailable);
  EXPECT_EQ(probe_.calls, 4);
}

TEST_F(ServerTest, WhatIsDecidedIsNotRepeated) {
  for (const absl::Status& decided :
       {Error(absl::StatusCode::kAborted, Reason::kRequestIdReused, "another body"),
        Error(absl::StatusCode::kFailedPrecondition, Reason::kBatchState, "reviewed"),
        absl::NotFoundError("gone"), absl::ResourceExhaustedError("too much")}) {
    probe_.calls = 0;
    probe_.on_list = [&](const Call&) { return decided; };
    EXPECT_EQ(List(), decided);
    EXPECT_EQ(probe_.calls, 1) << decided;
  }
}

TEST_F(ServerTest, ADeadServerIsPeerUnavailable) {
  const std::string address = server_->address();
  server_->Shutdown();
  server_.reset();
  CallOptions options = As("sari;role=officer");
  options.timeout = absl::Seconds(3);
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

TEST_F(ServerTest, TakesAFreePort) {
  EXPECT_THAT(server_->address(), testing::MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
}

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
  EXPECT_LT(absl::Now() - start, absl::Seconds(5)) << "a drain with nothing under way is short";
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
  EXPECT_LT(absl::Now() - start, absl::Seconds(8));
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
            "registry listens on 127.0.0.1:7001, database sqlite:registry.db, cache none, rules "
            "3f2a\n");
}

// -- Mutate: once per request_id --

class MutateTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    ASSERT_NE(database_, nullptr);
    probe_.on_create = [this](const Call& call, const rv1::CreateAgencyRequest& request,
                              rv1::CreateAgencyResponse* response) {
      return Mutate(call, *database_, absl::FromUnixSeconds(1'573'100'000), request, response,
                    [&](sql::Tx&) -> absl::Status {
                      ++bodies_;
                      if (request.name() == "bad") return absl::NotFoundError("gone");
                      response->mutable_agency()->set_agency_id(bodies_);
                      response->set_consistency_token(ToToken({}));
                      return absl::OkStatus();
                    });
    };
  }
  absl::StatusOr<rv1::CreateAgencyResponse> Create(const std::string& id, const std::string& name) {
    rv1::CreateAgencyRequest request;
    request.set_request_id(id);
    request.set_name(name);
    rv1::CreateAgencyResponse response;
    const absl::Status status =
        CallWithRetry(As("sari;role=officer"), [&](grpc::ClientContext* context) {
          return stub_->CreateAgency(context, request, &response);
        });
    if (!status.ok()) return status;
    return response;
  }

  std::unique_ptr<sql::Database> database_ = MakeDatabase();
  std::atomic<int> bodies_{0};

 private:
  static std::unique_ptr<sql::Database> MakeDatabase() {
    auto database = sql::Database::Open({.url = "sqlite::memory:"});
    if (!database.ok()) return nullptr;
    const absl::Status made = (*database)->Write([](sql::Tx& tx) {
      tx.db() << "CREATE TABLE requests (request_id TEXT PRIMARY KEY, method TEXT NOT NULL, "
                 "fingerprint TEXT NOT NULL, reply TEXT NOT NULL, record_time BIGINT NOT NULL)";
      return absl::OkStatus();
    });
    return made.ok() ? *std::move(database) : nullptr;
  }
};

TEST_F(MutateTest, TheSameRequestGivesTheFirstAnswer) {
  const auto first = Create("id-1", "Dinas Sosial");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = Create("id-1", "Dinas Sosial");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_EQ(bodies_, 1);
  EXPECT_EQ(Create("id-2", "Dinas Sosial")->agency().agency_id(), 2);
}

TEST_F(MutateTest, AnotherBodyIsAnError) {
  ASSERT_TRUE(Create("id-1", "Dinas Sosial").ok());
  const auto other = Create("id-1", "Disnaker");
  EXPECT_TRUE(absl::IsAborted(other.status()));
  EXPECT_EQ(ReasonOf(other.status()), Reason::kRequestIdReused);
  EXPECT_EQ(bodies_, 1);
}

TEST_F(MutateTest, ErrorsAreNotKept) {
  EXPECT_TRUE(absl::IsNotFound(Create("id-1", "bad").status()));
  EXPECT_TRUE(absl::IsNotFound(Create("id-1", "bad").status()));
  EXPECT_EQ(bodies_, 2);
  EXPECT_TRUE(Create("id-1", "good").ok()) << "nothing was stored under the id";
}

TEST_F(MutateTest, SixteenCallersGetOneAnswer) {
  std::vector<std::thread> threads;
  std::atomic<int> same{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto response = Create("id-1", "Dinas Sosial");
      if (response.ok() && response->agency().agency_id() == 1) ++same;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(same, 16);
  EXPECT_EQ(bodies_, 1);
}

TEST_F(MutateTest, AnIdIsRequired) {
  EXPECT_EQ(ReasonOf(Create("", "Dinas Sosial").status()), Reason::kInvalidField);
  EXPECT_EQ(bodies_, 0);
}

}  // namespace
}  // namespace lingkaran
