// Named workers with all three services: from the counter to the cover.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gate.h"
#include "tests/system/steps.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;
using testing::ElementsAre;
using testing::IsEmpty;

class SuiteNamedTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  SuiteNamedTest() : suite_({.dialect = GetParam()}) {}

  absl::StatusOr<sv::AllocatePledgeResponse> Name(const sv::AllocatePledgeRequest& request) {
    return Ask(suite_.sponsorship(), &Sponsorships::AllocatePledge, request);
  }

  Suite suite_;
};
LINGKARAN_ON_BOTH_DATABASES(SuiteNamedTest);

TEST_P(SuiteNamedTest, WhoIsNamedIsCovered) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 6);
  const sv::Pledge pledge = PaidPledge(suite_, 10, 4);
  const sv::AllocatePledgeRequest request = Naming(pledge, {workers[4], workers[1]});
  const sv::AllocatePledgeResponse answer = Must(Name(request));
  EXPECT_EQ(answer.allocation().seats_wanted(), 2);
  EXPECT_EQ(answer.allocation().seed(), "");
  const sv::Allocation done = WaitForEnd(suite_, answer.allocation().allocation_id());
  EXPECT_EQ(done.state(), sv::ALLOCATION_STATE_COMPLETE) << done.DebugString();
  EXPECT_EQ(done.seats_filled(), 2);
  EXPECT_EQ(done.reserve(), 0);
  EXPECT_THAT(CoveredOf(suite_, workers, 20191201), ElementsAre(workers[1], workers[4]));
  EXPECT_EQ(Must(Name(request)).SerializeAsString(), answer.SerializeAsString());
  EXPECT_EQ(ReasonOf(Name(Naming(pledge, {workers[4]})).status()), Reason::kSeatHeld);
  EXPECT_EQ(ReasonOf(Name(Naming(pledge, {workers[0], workers[2], workers[3]})).status()),
            Reason::kFundsExhausted);
  WaitForEnd(suite_,
             Must(Name(Naming(pledge, {workers[0], workers[2]}))).allocation().allocation_id());
  EXPECT_EQ(GetPledge(suite_, pledge.pledge_id()).seats_filled(), 4);
  ExpectBooksAgree(suite_, pledge);
}

TEST_P(SuiteNamedTest, FaultyRequestsNameTheirFields) {
  const sv::Pledge pledge = PaidPledge(suite_, 10, 4);
  auto fields = [&](const sv::AllocatePledgeRequest& request) {
    const absl::Status status = Name(request).status();
    EXPECT_EQ(ReasonOf(status), Reason::kInvalidField) << status;
    std::vector<std::string> names;
    for (const auto& [field, text] : FieldViolationsOf(status)) names.push_back(field);
    return names;
  };
  sv::AllocatePledgeRequest both = Naming(pledge, {1});
  both.set_seed("solo");
  EXPECT_THAT(fields(both), ElementsAre("worker_ids"));
  EXPECT_THAT(fields(Naming(pledge, {1, 2, 1})), ElementsAre("worker_ids"));
  EXPECT_THAT(fields(Naming(pledge, {-1})), ElementsAre("worker_ids"));
  EXPECT_THAT(fields(Naming(pledge, std::vector<int64_t>(101, 7))),
              testing::Contains("worker_ids"));
  EXPECT_THAT(fields(Naming(pledge, {})), ElementsAre("seed"));
}

// The unknown and the dead are listed; their seats and their money wait for others.
TEST_P(SuiteNamedTest, WhoCanNotBeCoveredLeavesHisSeat) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 4);
  const sv::Pledge pledge = PaidPledge(suite_, 3, 3);
  ReportDeath(suite_, workers[1], 20191105);
  const sv::Allocation done = WaitForEnd(
      suite_,
      Must(Name(Naming(pledge, {999'999, workers[1], workers[0]}))).allocation().allocation_id());
  EXPECT_EQ(done.state(), sv::ALLOCATION_STATE_SHORT) << done.DebugString();
  EXPECT_EQ(done.seats_filled(), 1);
  ASSERT_EQ(done.refused(), 2);
  EXPECT_EQ(done.refusals(0).worker_id(), 999'999);
  EXPECT_EQ(done.refusal_counts(0).reason(), "WORKER_DECEASED");
  EXPECT_EQ(done.refusal_counts(1).reason(), "WORKER_NOT_FOUND");
  EXPECT_EQ(FundsOf(suite_, pledge).available_rupiah(), 2 * 50'400);
  ExpectBooksAgree(suite_, pledge);
  EXPECT_EQ(WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo")).seats_filled(), 2);
  EXPECT_EQ(FundsOf(suite_, pledge).available_rupiah(), 0);
  ExpectBooksAgree(suite_, pledge);
}

// Many counters at once, over gRPC: each is told its own verdict, and what was promised is covered.
TEST_P(SuiteNamedTest, ManyCountersAtOnce) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 60);
  const sv::Pledge pledge = PaidPledge(suite_, 60, 50);
  std::vector<absl::Status> told(60);
  OnThreads(12, [&](int counter) {
    for (int i = counter; i < 60; i += 12) told[i] = Name(Naming(pledge, {workers[i]})).status();
  });
  std::vector<int64_t> promised;
  for (int i = 0; i < 60; ++i) {
    if (told[i].ok()) {
      promised.push_back(workers[i]);
    } else {
      EXPECT_EQ(ReasonOf(told[i]), Reason::kFundsExhausted) << told[i];
    }
  }
  EXPECT_EQ(promised.size(), 50u);
  const auto reserved = [&] { return FundsOf(suite_, pledge).reserved_rupiah(); };
  ASSERT_TRUE(Eventually([&] { return reserved() == 0; }, absl::Minutes(1)));
  EXPECT_EQ(CoveredOf(suite_, workers, 20191201), promised);
  EXPECT_EQ(FundsOf(suite_, pledge).available_rupiah(), 0);
  ExpectBooksAgree(suite_, pledge);
}

}  // namespace
}  // namespace lingkaran
