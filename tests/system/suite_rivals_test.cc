// Several want the same worker at once: two pledges, two branches, two replicas of sponsorship on
// one database. One gets the person; the other takes the next candidate, or is told which pledge
// has that one.
#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/server/server.h"
#include "tests/support/gate.h"
#include "tests/system/steps.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;

class SuiteRivalsTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  // One of the two replicas.
  Sponsorships& Replica(int number) {
    return number % 2 == 0 ? suite_.sponsorship() : replica_.stub();
  }

  // Asks all at once, each at another replica than the one before.
  std::vector<absl::StatusOr<sv::AllocatePledgeResponse>> AskAtOnce(
      const std::vector<sv::AllocatePledgeRequest>& requests) {
    std::vector<absl::StatusOr<sv::AllocatePledgeResponse>> answers(requests.size(),
                                                                    absl::UnknownError(""));
    OnThreads(static_cast<int>(requests.size()), [&](int i) {
      answers[i] = Ask(Replica(i), &Sponsorships::AllocatePledge, requests[i],
                       i % 2 == 0 ? "budi;role=officer" : "siti;role=officer");
    });
    return answers;
  }

  Suite suite_{{.dialect = GetParam()}};
  InProcess<sponsorship::SponsorshipApp, sv::SponsorshipService> replica_{
      suite_.sponsorship_config(), suite_.clock()};
};
LINGKARAN_ON_BOTH_DATABASES(SuiteRivalsTest);

TEST_P(SuiteRivalsTest, PledgesShareTheCandidatesRoundByRound) {
  constexpr int kRounds = 6;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<int64_t> workers = AddWorkers(suite_, 24, 10, round * 24);
    std::vector<sv::Pledge> pledges;
    std::vector<sv::AllocatePledgeRequest> requests;
    for (int i = 0; i < 3; ++i) {
      pledges.push_back(PaidPledge(suite_, 10));
      requests.push_back(Naming(pledges.back(), {}));
      requests.back().set_seed("same seed");
    }
    int filled = 0;
    for (const auto& answer : AskAtOnce(requests)) {
      const sv::Allocation done = WaitForEnd(suite_, Must(answer).allocation().allocation_id());
      filled += done.seats_filled();
      EXPECT_EQ(done.candidates(), done.seats_filled() + done.refused() + done.reserve());
    }
    // 30 seats for 24 workers: all of them have one, nobody has two.
    EXPECT_EQ(filled, 24) << "round " << round;
    EXPECT_EQ(CoveredOf(suite_, workers, 20191201).size(), 24u);
    int64_t person_months = 0;
    int64_t available = 0;
    for (const sv::Pledge& pledge : pledges) {
      ExpectBooksAgree(suite_, pledge);
      person_months += Statistics(suite_, pledge.pledge_id(), 20191201).person_months();
      available += FundsOf(suite_, pledge).available_rupiah();
    }
    EXPECT_EQ(person_months, 24 * 6);
    EXPECT_EQ(available, 6 * 50'400);
  }
}

TEST_P(SuiteRivalsTest, BranchesThatNameTheSameWorkerAtOnePledge) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 20);
  const sv::Pledge pledge = PaidPledge(suite_, 20);
  for (int64_t worker : workers) {
    std::vector<sv::AllocatePledgeRequest> requests;
    for (int i = 0; i < 4; ++i) requests.push_back(Naming(pledge, {worker}));
    int given = 0;
    for (const auto& answer : AskAtOnce(requests)) {
      given += answer.ok();
      EXPECT_TRUE(answer.ok() || ReasonOf(answer.status()) == Reason::kSeatHeld) << answer.status();
    }
    EXPECT_EQ(given, 1) << worker;
  }
  const auto reserved = [&] { return FundsOf(suite_, pledge).reserved_rupiah(); };
  ASSERT_TRUE(Eventually([&] { return reserved() == 0; }, absl::Minutes(1)));
  EXPECT_EQ(CoveredOf(suite_, workers, 20191201).size(), 20u);
  ExpectBooksAgree(suite_, pledge);
}

TEST_P(SuiteRivalsTest, PledgesThatNameTheSameWorker) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 12);
  const std::vector<sv::Pledge> pledges = {PaidPledge(suite_, 12), PaidPledge(suite_, 12)};
  int seated = 0;
  for (int64_t worker : workers) {
    const std::vector<sv::AllocatePledgeRequest> requests = {Naming(pledges[0], {worker}),
                                                             Naming(pledges[1], {worker})};
    std::vector<std::string> reasons;
    for (const auto& answer : AskAtOnce(requests)) {
      // Seats and money are there for both; who comes second learns it from the refusals.
      const sv::Allocation done = WaitForEnd(suite_, Must(answer).allocation().allocation_id());
      seated += done.seats_filled();
      for (const sv::RefusalCount& count : done.refusal_counts()) reasons.push_back(count.reason());
    }
    EXPECT_THAT(reasons, testing::ElementsAre("MONTH_ALREADY_PAID")) << worker;
  }
  EXPECT_EQ(seated, 12);
  EXPECT_EQ(CoveredOf(suite_, workers, 20191201).size(), 12u);
  int64_t available = 0;
  for (const sv::Pledge& pledge : pledges) {
    ExpectBooksAgree(suite_, pledge);
    available += FundsOf(suite_, pledge).available_rupiah();
  }
  EXPECT_EQ(available, 12 * 50'400);
}

// Both replicas are asked to fill one pledge, and both deliver its steps.
TEST_P(SuiteRivalsTest, ReplicasFillOnePledge) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 400);
  for (int round = 0; round < 4; ++round) {
    const sv::Pledge pledge = PaidPledge(suite_, 80);
    std::vector<sv::AllocatePledgeRequest> requests(4, Naming(pledge, {}));
    for (sv::AllocatePledgeRequest& request : requests) {
      request.set_request_id(NewRequestId());
      request.set_seed("solo");
    }
    int started = 0;
    for (const auto& answer : AskAtOnce(requests)) {
      if (!answer.ok()) {
        // Or the first has filled everything by then.
        EXPECT_THAT(ReasonOf(answer.status()),
                    testing::AnyOf(Reason::kAllocationRunning, Reason::kSeatsExhausted))
            << answer.status();
        continue;
      }
      ++started;
      EXPECT_EQ(WaitForEnd(suite_, answer->allocation().allocation_id()).seats_filled(), 80);
    }
    EXPECT_EQ(started, 1);
    EXPECT_EQ(GetPledge(suite_, pledge.pledge_id()).seats_filled(), 80);
    ExpectBooksAgree(suite_, pledge);
  }
  EXPECT_EQ(CoveredOf(suite_, workers, 20191201).size(), 320u);
}

}  // namespace
}  // namespace lingkaran
