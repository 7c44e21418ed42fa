// Running an RPC, over real connections: who calls, what went wrong, once per request_id.
#include <atomic>
#include <functional>
#include <future>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/overload.h"
#include "common/rpc/admission_control.h"
#include "common/sql/database.h"
#include "tests/support/probe.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;
using testing::Not;

// Answers ListAgencies as the probe is told to, but on the callback API; at once or, if `later` is
// set, when it is told.
class CallbackProbe final
    : public rv1::RegistryService::WithCallbackMethod_ListAgencies<rv1::RegistryService::Service> {
 public:
  explicit CallbackProbe(Probe& probe) : probe_(probe) {}
  std::promise<std::function<void()>>* later = nullptr;

  grpc::ServerUnaryReactor* ListAgencies(grpc::CallbackServerContext* context,
                                         const rv1::ListAgenciesRequest*,
                                         rv1::ListAgenciesResponse*) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    auto run = std::make_shared<RpcRun>(context, RpcMethod::Of(kListAgencies));
    absl::Status status = run->Begin();
    if (!status.ok()) {
      reactor->Finish(run->Finish(std::move(status)));
      return reactor;
    }
    ++probe_.calls;
    const auto end = [this, run, reactor] {
      reactor->Finish(run->Finish(Guarded([&] { return probe_.on_list(run->call()); })));
    };
    if (later != nullptr) {
      later->set_value(end);
    } else {
      end();
    }
    return reactor;
  }

 private:
  Probe& probe_;
};

class WaitingRpcTest : public ProbeTest {
 protected:
  // A body that goes on until nobody waits for it, and tells what it saw then.
  Probe::Body UntilUnwanted() {
    return [this](const Call& call) {
      absl::Status wanted = call.StillWanted();
      while (wanted.ok()) wanted = call.StillWanted();
      seen_.set_value(wanted);
      return wanted;
    };
  }
  void ExpectCancelled(grpc::ClientContext& context) {
    rv1::ListAgenciesResponse response;
    EXPECT_EQ(stub_->ListAgencies(&context, {}, &response).error_code(),
              grpc::StatusCode::CANCELLED);
  }
  std::promise<absl::Status> seen_;
};

class CallbackRpcTest : public WaitingRpcTest {
 protected:
  grpc::Service& service() override { return callback_; }
  CallbackProbe callback_{probe_};
};

// Handlers that wait and those of the callback API take the same steps.
class RunRpcTest : public CallbackRpcTest, public testing::WithParamInterface<bool> {
 protected:
  grpc::Service& service() override {
    return GetParam() ? CallbackRpcTest::service() : WaitingRpcTest::service();
  }
};
INSTANTIATE_TEST_SUITE_P(Handlers, RunRpcTest, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Callback" : "Waiting"; });

// -- who calls --

TEST_P(RunRpcTest, TheActorReachesTheHandler) {
  Actor seen;
  probe_.on_list = [&](const Call& call) {
    seen = call.actor;
    EXPECT_EQ(call.method, kListAgencies);
    EXPECT_LT(call.deadline, absl::Now() + absl::Seconds(21));
    return absl::OkStatus();
  };
  EXPECT_TRUE(List(As(" dinsos solo ;role=agency;agency=3")).ok());
  EXPECT_EQ(seen.name, "dinsos solo");
  EXPECT_EQ(seen.role, Role::kAgency);
  EXPECT_EQ(seen.agency_id, 3);
}

TEST_P(RunRpcTest, WithoutAnActorNothingRuns) {
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

TEST_P(RunRpcTest, TwoActorsAreNone) {
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  context.AddMetadata(kActorMetadata, "root;role=admin");
  rv1::ListAgenciesResponse response;
  EXPECT_EQ(ReasonOf(FromGrpc(stub_->ListAgencies(&context, {}, &response))),
            Reason::kActorRequired);
}

TEST_P(RunRpcTest, RolesWithoutTheRightAreRefused) {
  const absl::Status status = List(As("klinik;role=clinic"));
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(ReasonOf(status), Reason::kNotAllowed);
  EXPECT_EQ(probe_.calls, 0);
}

// -- what went wrong --

TEST_P(RunRpcTest, ErrorsArriveWithoutLoss) {
  const absl::Status sent =
      Error(absl::StatusCode::kFailedPrecondition, Reason::kBatchState,
            "batch 7 was reviewed; open a new one é", {{"batch_id", "7"}, {"state", "APPROVED"}});
  probe_.on_list = [&](const Call&) { return sent; };
  EXPECT_EQ(List(), sent);
}

TEST_P(RunRpcTest, HugeErrorsArrive) {
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

TEST_P(RunRpcTest, InnerFaultsAreBlanked) {
  for (const Probe::Body& fault :
       {Probe::Body([](const Call&) { return absl::InternalError("password=geheim"); }),
        Probe::Body([](const Call&) { return absl::UnknownError("password=geheim"); }),
        Probe::Body(
            [](const Call&) -> absl::Status { throw std::runtime_error("password=geheim"); })}) {
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

TEST_P(RunRpcTest, AnErrorIsOneLogLineAndSuccessIsNone) {
  testing::internal::CaptureStderr();
  EXPECT_TRUE(List().ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  probe_.on_list = [](const Call&) {
    return Error(absl::StatusCode::kInvalidArgument, Reason::kRegionUnknown, "no such region");
  };
  testing::internal::CaptureStderr();
  EXPECT_FALSE(List().ok());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  for (const char* part : {kListAgencies, "INVALID_ARGUMENT", "REGION_UNKNOWN", "sari", "officer",
                           "loopback", "\"ms\":"}) {
    EXPECT_THAT(log, HasSubstr(part));
  }
}

TEST_F(WaitingRpcTest, TheLogHasNoContents) {
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
  EXPECT_THAT(log, HasSubstr(kCreateAgency));
  EXPECT_THAT(log, Not(HasSubstr("Rahasia")));
}

// -- deadlines --

TEST_F(WaitingRpcTest, HandlersSeeThatTheCallerWentAway) {
  std::promise<void> started;
  probe_.on_list = [&, wait = UntilUnwanted()](const Call& call) {
    started.set_value();
    return wait(call);
  };
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  std::thread caller([&] { ExpectCancelled(context); });
  started.get_future().wait();
  context.TryCancel();
  EXPECT_TRUE(absl::IsCancelled(seen_.get_future().get()));
  caller.join();
}

TEST_F(WaitingRpcTest, DeadlinesArePassedOn) {
  probe_.on_list = UntilUnwanted();
  CallOptions options = As("sari;role=officer");
  options.timeout = absl::Milliseconds(300);
  EXPECT_TRUE(absl::IsDeadlineExceeded(List(options)));
  const absl::Status status = seen_.get_future().get();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status) || absl::IsCancelled(status)) << status;
}

// -- answers that come later --

TEST_F(CallbackRpcTest, TheAnswerMayComeLaterFromAnotherThread) {
  std::promise<std::function<void()>> later;
  callback_.later = &later;
  probe_.on_list = [](const Call& call) {
    EXPECT_EQ(call.actor.name, "sari");
    return absl::OkStatus();
  };
  AdmissionControl& admission = AdmissionControl::For(kListAgencies);
  std::thread other([&] {
    const std::function<void()> end = later.get_future().get();
    EXPECT_EQ(admission.running(), 1) << "it holds its place until then";
    end();
  });
  EXPECT_TRUE(List().ok());
  other.join();
  EXPECT_EQ(admission.running(), 0);
}

TEST_F(CallbackRpcTest, WithoutAPlaceItRefusesAtOnceAndSaysWhenToComeBack) {
  AdmissionControl& admission = AdmissionControl::For(kListAgencies);
  std::vector<AdmissionControl::Permit> places;
  for (int i = 0; i < admission.limits().running; ++i) {
    places.push_back(admission.Enter(absl::InfiniteFuture()).value());
  }
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  rv1::ListAgenciesResponse response;
  const absl::Status refused = FromGrpc(stub_->ListAgencies(&context, {}, &response));
  EXPECT_EQ(ReasonOf(refused), Reason::kOverloaded);
  EXPECT_GT(RetryDelayOf(refused), absl::ZeroDuration());
  EXPECT_EQ(context.GetServerTrailingMetadata().count(kPushbackMetadata), 1u);
  EXPECT_EQ(probe_.calls, 0);
  EXPECT_EQ(admission.waiting(), 0);
  places.clear();
  EXPECT_TRUE(List().ok());
}

TEST_F(CallbackRpcTest, HandlersSeeThatTheCallerWentAway) {
  std::promise<std::function<void()>> later;
  callback_.later = &later;
  probe_.on_list = UntilUnwanted();
  grpc::ClientContext context;
  Prepare(context, As("sari;role=officer"));
  std::thread caller([&] { ExpectCancelled(context); });
  const std::function<void()> end = later.get_future().get();
  context.TryCancel();
  end();
  EXPECT_TRUE(absl::IsCancelled(seen_.get_future().get()));
  caller.join();
}

// -- Mutate: once per request_id --

class MutateTest : public ProbeTest {
 protected:
  void SetUp() override {
    ProbeTest::SetUp();
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

TEST_F(MutateTest, AnIdIsRequired) {
  EXPECT_EQ(ReasonOf(Create("", "Dinas Sosial").status()), Reason::kInvalidField);
  EXPECT_EQ(bodies_, 0);
}

}  // namespace
}  // namespace lingkaran
