// A server that has more to do than it can, over real connections.
#include <future>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/deadline.h"
#include "common/base/failpoint.h"
#include "common/base/overload.h"
#include "common/rpc/admission_control.h"
#include "tests/support/probe.h"

namespace lingkaran {
namespace {

class OverloadTest : public ProbeTest {
 protected:
  // All places of the service are taken until it ends.
  void SetUp() override {
    ProbeTest::SetUp();
    AdmissionControl& admission = AdmissionControl::For(kListAgencies);
    while (admission.running() < admission.limits().running) {
      full_.push_back(admission.Enter(absl::InfiniteFuture()));
    }
    once_.actor = "sari;role=officer";
    once_.timeout = absl::Milliseconds(200);
    once_.tries = 1;
  }
  absl::Status Once() { return List(once_); }

  std::vector<absl::StatusOr<AdmissionControl::Permit>> full_;
  CallOptions once_;
};

TEST_F(OverloadTest, ARefusedCallDidNotBeginAndIsToldWhenToComeAgain) {
  grpc::ClientContext context;
  Prepare(context, once_);
  rv1::ListAgenciesResponse response;
  const absl::Status status = FromGrpc(stub_->ListAgencies(&context, {}, &response));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kOverloaded);
  EXPECT_GT(RetryDelayOf(status), absl::ZeroDuration());
  const auto trailer = context.GetServerTrailingMetadata().find(kPushbackMetadata);
  ASSERT_NE(trailer, context.GetServerTrailingMetadata().end());
  EXPECT_EQ(std::string(trailer->second.data(), trailer->second.size()),
            std::to_string(absl::ToInt64Milliseconds(RetryDelayOf(status))));
  EXPECT_EQ(probe_.calls, 0);

  full_.clear();
  EXPECT_TRUE(Once().ok());
}

TEST_F(OverloadTest, AQueuedCallRunsAsSoonAsThereIsAPlace) {
  once_.timeout = absl::Seconds(60);
  std::future<absl::Status> call = std::async(std::launch::async, [&] { return Once(); });
  const AdmissionControl& admission = AdmissionControl::For(kListAgencies);
  const absl::Time end = absl::Now() + absl::Seconds(10);
  // It waits for a quarter of a second; a machine that is slower than that only makes this quicker.
  while (admission.waiting() == 0 && absl::Now() < end &&
         call.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
  }
  full_.clear();
  const absl::Status status = call.get();
  EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kOverloaded) << status;
  EXPECT_EQ(probe_.calls, status.ok() ? 1 : 0);
}

TEST_F(OverloadTest, AClientThatWasRefusedHoldsItselfBackAndComesAgain) {
  once_.timeout = absl::Milliseconds(20);
  int reached = 0;  // what the service answered has its trailer
  int held_back = 0;
  const absl::Time longest = absl::Now() + absl::Seconds(30);
  while (held_back < 20 && absl::Now() < longest) {
    grpc::ClientContext context;
    Prepare(context, once_);
    rv1::ListAgenciesResponse response;
    const absl::Status status = FromGrpc(stub_->ListAgencies(&context, {}, &response));
    EXPECT_FALSE(status.ok());
    const bool answered = context.GetServerTrailingMetadata().contains(kPushbackMetadata);
    reached += answered;
    if (ReasonOf(status) == Reason::kOverloaded) {
      held_back += !answered;
      EXPECT_GT(RetryDelayOf(status), absl::ZeroDuration());
    }
  }
  EXPECT_GE(reached, 10);
  EXPECT_EQ(held_back, 20);

  full_.clear();
  const absl::Time end = absl::Now() + absl::Seconds(30);
  int in_turn = 0;
  while (in_turn < 100 && absl::Now() < end) in_turn = Once().ok() ? in_turn + 1 : 0;
  EXPECT_EQ(in_turn, 100) << "it never believed that the service has time again";
}

TEST_F(OverloadTest, StreamsAndHealthGoOn) {
  grpc::ClientContext context;
  CallOptions options = once_;
  options.timeout = absl::Seconds(20);
  Prepare(context, options);
  auto stream = stub_->SubmitCandidates(&context);
  rv1::SubmitCandidatesRequest request;
  request.set_chunk_number(7);
  rv1::SubmitCandidatesResponse response;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.chunk_number(), 7);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  EXPECT_EQ(Health(), 1);
}

TEST_F(OverloadTest, WhoMayNotCallIsToldSo) {
  once_.actor = "klinik;role=clinic";
  EXPECT_EQ(ReasonOf(Once()), Reason::kNotAllowed);
  once_.actor = "";
  EXPECT_EQ(ReasonOf(Once()), Reason::kActorRequired);
}

TEST_F(OverloadTest, RefusalsAreOneLineASecond) {
  once_.timeout = absl::Milliseconds(20);
  const absl::Time start = absl::Now();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(Once().ok());
  const std::string log = testing::internal::GetCapturedStderr();
  const int64_t seconds = absl::ToInt64Seconds(absl::Now() - start) + 2;
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), seconds) << log;
}

using PassedOnTest = ProbeTest;

TEST_F(PassedOnTest, TheHandlersThreadKnowsTheDeadlineAndForgetsIt) {
  absl::Time inside, of_call;
  probe_.on_list = [&](const Call& call) {
    inside = CurrentDeadline();
    of_call = call.deadline;
    return absl::OkStatus();
  };
  EXPECT_TRUE(List().ok());
  EXPECT_EQ(inside, of_call);
  EXPECT_LT(inside, absl::Now() + absl::Seconds(21));
  // The same threads serve calls without one.
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    context.AddMetadata(kActorMetadata, "sari;role=officer");
    rv1::ListAgenciesResponse response;
    EXPECT_TRUE(stub_->ListAgencies(&context, {}, &response).ok());
    EXPECT_EQ(inside, absl::InfiniteFuture());
  }
}

TEST_F(PassedOnTest, TheStagesOfACallArePassedInOrder) {
  std::mutex mutex;
  std::vector<std::string> passed;
  SetFailPointHook([&](const std::string& place) {
    const std::lock_guard lock(mutex);
    passed.push_back(place);
  });
  probe_.on_list = [&](const Call&) {
    const std::lock_guard lock(mutex);
    passed.push_back("body");
    return absl::OkStatus();
  };
  EXPECT_TRUE(List().ok());
  EXPECT_FALSE(List(As("klinik;role=clinic")).ok());
  SetFailPointHook(nullptr);
  EXPECT_EQ(passed, (std::vector<std::string>{"rpc/ListAgencies/begin", "body",
                                              "rpc/ListAgencies/answered"}));
}

TEST_F(PassedOnTest, ACrashIsNotAnsweredAndFreesItsPlace) {
  struct Crash {};
  probe_.on_list = [](const Call&) -> absl::Status { throw Crash(); };
  const absl::Status status = List();
  EXPECT_TRUE(absl::IsUnknown(status)) << "gRPC's own word for what nobody caught: " << status;
  EXPECT_EQ(ReasonOf(status), Reason::kUnspecified);
  EXPECT_EQ(AdmissionControl::For(kListAgencies).running(), 0);
}

}  // namespace
}  // namespace lingkaran
