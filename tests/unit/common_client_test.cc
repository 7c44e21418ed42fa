// What the client library sends again, how long it waits, and what it says at the end. Time is
// the test's own: nobody sleeps.
#include "common/base/overload.h"
#include "common/rpc/client.h"

#include <deque>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "common/base/deadline.h"
#include "common/rpc/admission_control.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {
namespace {

using testing::HasSubstr;

class OwnTime final : public Waiting {
 public:
  absl::Time Now() const override { return now_; }
  void Sleep(absl::Duration duration) override {
    slept.push_back(duration);
    now_ += duration;
  }
  void Advance(absl::Duration by) { now_ += by; }
  std::vector<absl::Duration> slept;

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'573'100'000);
};

const grpc::Status kNoConnection(grpc::StatusCode::UNAVAILABLE,
                                 "failed to connect to all addresses; last error: refused");
const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "Socket closed");
const grpc::Status kTimeIsUp(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded");
const grpc::Status kLostRace(grpc::StatusCode::ABORTED, "could not serialize");

grpc::Status StoreAway() {
  return ToGrpc(Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable, "no store"));
}

grpc::Status Overloaded() {
  const AdmissionControl::Limits none = {};
  return ToGrpc(AdmissionControl(none).Enter(absl::InfiniteFuture()).status());
}

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    options_.actor = "sari;role=officer";
    options_.budget = &budget_;
    options_.waiting = &time_;
  }
  // Calls a service that answers so, one after the other, and OK from then on.
  absl::Status Call(std::deque<grpc::Status> answers) {
    tries_ = 0;
    left_.clear();
    return CallWithRetry(options_, [&](grpc::ClientContext* context) {
      ++tries_;
      left_.push_back(absl::FromChrono(context->deadline()) - absl::Now());
      time_.Advance(took_);
      if (answers.empty()) return grpc::Status::OK;
      grpc::Status answer = answers.front();
      answers.pop_front();
      return answer;
    });
  }
  std::deque<grpc::Status> Many(const grpc::Status& status, int count = 1'000) {
    return std::deque<grpc::Status>(count, status);
  }

  OwnTime time_;
  RetryBudget budget_;
  CallOptions options_;
  int tries_ = 0;
  std::vector<absl::Duration> left_;  // until each try's deadline, as it began
  absl::Duration took_;
};

TEST_F(ClientTest, WhatMayBeRepeatedIs) {
  for (const grpc::Status& again :
       {kNoConnection, kBroken, kLostRace, StoreAway(), Overloaded(),
        grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")}) {
    budget_.Answered();
    EXPECT_TRUE(Call({again}).ok()) << again.error_message();
    EXPECT_EQ(tries_, 2) << again.error_message();
    for (int i = 0; i < 10; ++i) budget_.Answered();
  }
}

TEST_F(ClientTest, AnAnswerIsAnAnswer) {
  for (const absl::Status& answer :
       {Error(absl::StatusCode::kAborted, Reason::kRequestIdReused, "another body"),
        Error(absl::StatusCode::kAborted, Reason::kBatchState, "reviewed"),
        Error(absl::StatusCode::kInternal, Reason::kInternal, "fault"),
        absl::ResourceExhaustedError("Received message larger than max"),
        absl::InvalidArgumentError("no"), absl::CancelledError("given up"),
        absl::UnknownError("?")}) {
    EXPECT_EQ(Call(Many(ToGrpc(answer))), answer);
    EXPECT_EQ(tries_, 1) << answer;
  }
}

TEST_F(ClientTest, ErrorsOfThePeerAreTriedSoOften) {
  EXPECT_EQ(ReasonOf(Call(Many(StoreAway()))), Reason::kStoreUnavailable);
  EXPECT_EQ(tries_, 4);
  options_.tries = 1;
  EXPECT_FALSE(Call({kNoConnection}).ok());
  EXPECT_EQ(tries_, 1) << "1 also ends all patience";
}

TEST_F(ClientTest, WaitsGrowAndAreJittered) {
  options_.patience = options_.timeout = absl::Seconds(60);
  EXPECT_FALSE(Call(Many(kNoConnection)).ok());
  ASSERT_GT(time_.slept.size(), 8u);
  absl::Duration base = absl::Milliseconds(50);
  std::vector<absl::Duration> factors;
  for (const absl::Duration wait : time_.slept) {
    EXPECT_GE(wait, base * 0.5);
    EXPECT_LE(wait, base * 1.5);
    factors.push_back(absl::Seconds(1) * absl::FDivDuration(wait, base));
    base = std::min(base * 2, absl::Seconds(1));
  }
  EXPECT_NE(factors.front(), factors.back()) << "rivals that failed together part";
}

TEST_F(ClientTest, ChanceCanBeReplayed) {
  SetRandomSource([] { return uint64_t{0}; });
  EXPECT_TRUE(Call({kNoConnection, kNoConnection}).ok());
  SetRandomSource(nullptr);
  EXPECT_EQ(time_.slept, (std::vector{absl::Milliseconds(25), absl::Milliseconds(50)}));
}

TEST_F(ClientTest, APeerThatRestartsIsKnockedAtForAsLongAsAsked) {
  options_.timeout = absl::Seconds(60);
  options_.patience = absl::Seconds(5);
  const absl::Time start = time_.Now();
  const absl::Status status = Call(Many(kNoConnection));
  EXPECT_EQ(ReasonOf(status), Reason::kPeerUnavailable);
  EXPECT_GE(time_.Now() - start, absl::Seconds(5));
  EXPECT_LE(time_.Now() - start, absl::Seconds(7));
  EXPECT_GT(tries_, 6);
  EXPECT_TRUE(Call({kBroken, kNoConnection, kNoConnection, kNoConnection, kNoConnection}).ok());
}

TEST_F(ClientTest, KnockingCostsNoBudget) {
  EXPECT_TRUE(Call(Many(kNoConnection, 12)).ok());
  EXPECT_TRUE(Call({StoreAway()}).ok());
}

// -- budget --

TEST_F(ClientTest, ABadPeerIsSoonAskedOnceOnly) {
  options_.tries = 100;
  EXPECT_FALSE(Call(Many(StoreAway())).ok());
  EXPECT_EQ(tries_, 5) << "four retries bring the bucket to six, the fifth failure to five";
  EXPECT_FALSE(Call(Many(StoreAway())).ok());
  EXPECT_EQ(tries_, 1);
  EXPECT_FALSE(Call({Overloaded()}).ok());
  EXPECT_EQ(tries_, 1);
}

TEST_F(ClientTest, AnswersFillTheBudgetAgainByTenths) {
  for (int i = 0; i < 100; ++i) budget_.Failed();
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(Call({}).ok());
  EXPECT_FALSE(Call({StoreAway()}).ok()) << "6 tokens less one are half";
  for (int i = 0; i < 11; ++i) EXPECT_TRUE(Call({}).ok());
  EXPECT_TRUE(Call({StoreAway()}).ok());
  for (int i = 0; i < 10'000; ++i) budget_.Answered();
  int retries = 0;
  while (budget_.Failed()) ++retries;
  EXPECT_EQ(retries, 4) << "it never holds more than 10";
}

// -- time --

// The rest is the time that the test itself takes.
MATCHER_P(IsAbout, wanted, "") { return arg <= wanted && arg > wanted - absl::Seconds(1); }

TEST_F(ClientTest, TriesShareTheDeadline) {
  options_.timeout = absl::Seconds(30);
  took_ = absl::Seconds(10);
  EXPECT_TRUE(Call({StoreAway(), StoreAway()}).ok());
  EXPECT_THAT(left_, testing::ElementsAre(IsAbout(absl::Seconds(30)), IsAbout(absl::Seconds(20)),
                                          IsAbout(absl::Seconds(10))));
}

TEST_F(ClientTest, TheDeadlineOfTheWorkUnderWayIsPassedOn) {
  const DeadlineScope scope(absl::Now() + absl::Seconds(3));
  EXPECT_TRUE(Call({}).ok());
  EXPECT_THAT(left_, testing::ElementsAre(IsAbout(absl::Seconds(3))));
  grpc::ClientContext stream;
  Prepare(stream, options_);
  EXPECT_THAT(absl::FromChrono(stream.deadline()) - absl::Now(), IsAbout(absl::Seconds(3)));
}

TEST_F(ClientTest, NoTryBeginsWithoutTime) {
  options_.timeout = absl::Seconds(2);
  took_ = absl::Milliseconds(1'990);
  EXPECT_FALSE(Call(Many(StoreAway())).ok());
  EXPECT_EQ(tries_, 1);
  EXPECT_TRUE(time_.slept.empty());
}

TEST_F(ClientTest, ASlowTryIsMadeAgainWhileTheCallHasTime) {
  options_.timeout = absl::Seconds(10);
  options_.try_timeout = absl::Seconds(2);
  took_ = absl::Seconds(2);
  EXPECT_TRUE(Call({kTimeIsUp}).ok());
  EXPECT_THAT(left_, testing::ElementsAre(IsAbout(absl::Seconds(2)), IsAbout(absl::Seconds(2))));
  options_.try_timeout = absl::InfiniteDuration();
  took_ = absl::Seconds(10);
  EXPECT_EQ(ReasonOf(Call({kTimeIsUp})), Reason::kDeadlinePassed);
  EXPECT_EQ(tries_, 1);
}

TEST_F(ClientTest, ARefusalIsHeededForAsLongAsItSays) {
  const grpc::Status answer = Overloaded();
  const absl::Duration asked = RetryDelayOf(FromGrpc(answer));
  ASSERT_GE(asked, absl::Milliseconds(125));
  EXPECT_TRUE(Call({answer}).ok());
  ASSERT_EQ(time_.slept.size(), 1u);
  EXPECT_EQ(time_.slept[0], asked) << "the first wait of our own is 75 ms at most";
}

// -- what is not known --

TEST_F(ClientTest, AMutationWithoutAnAnswerIsToldToBeUnknown) {
  options_.request_id = "id-1";
  for (const grpc::Status& lost : {kBroken, kTimeIsUp, StoreAway(), kLostRace}) {
    RetryBudget fresh;
    options_.budget = &fresh;
    const absl::Status status = Call(Many(lost));
    EXPECT_TRUE(IsOutcomeUnknown(status)) << status;
    EXPECT_TRUE(IsRetryable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("ask again with the same request_id"));
    EXPECT_THAT(MetadataOf(status), testing::Contains(testing::Pair("request_id", "id-1")));
  }
  options_.budget = &budget_;
  EXPECT_EQ(ReasonOf(Call(Many(kTimeIsUp))), Reason::kDeadlinePassed);
  EXPECT_EQ(ReasonOf(Call(Many(kBroken))), Reason::kPeerUnavailable);
}

TEST_F(ClientTest, WhatNeverLeftIsNotUnknown) {
  options_.request_id = "id-1";
  EXPECT_FALSE(IsOutcomeUnknown(Call(Many(kNoConnection))));
  EXPECT_FALSE(IsOutcomeUnknown(Call(Many(Overloaded()))));
}

TEST_F(ClientTest, ARefusalSaysNothingAboutAnEarlierTry) {
  options_.request_id = "id-1";
  std::deque<grpc::Status> answers = Many(Overloaded());
  answers.push_front(kBroken);
  EXPECT_TRUE(IsOutcomeUnknown(Call(answers)));
  answers = Many(kNoConnection);
  answers.push_front(kBroken);
  EXPECT_TRUE(IsOutcomeUnknown(Call(answers)));
}

TEST_F(ClientTest, AVerdictSettlesEarlierTries) {
  options_.request_id = "id-1";
  const absl::Status refused =
      Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted, "no money");
  EXPECT_EQ(Call({kBroken, ToGrpc(refused)}), refused);
  EXPECT_TRUE(Call({kBroken, kTimeIsUp}).ok());
}

TEST_F(ClientTest, AQuestionHasNoOutcome) {
  EXPECT_FALSE(IsOutcomeUnknown(Call(Many(kBroken))));
  EXPECT_FALSE(IsOutcomeUnknown(Call(Many(kTimeIsUp))));
}

}  // namespace
}  // namespace lingkaran
