// Real processes, killed with kill -9 in the middle of an allocation: it ends complete, every
// rupiah and every person-month is there once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "tests/e2e/submit_list.h"
#include "tests/support/ask.h"
#include "tests/support/cluster.h"
#include "tests/support/requests.h"

namespace lingkaran {
namespace {

namespace rv1 = registry::v1;
namespace sv1 = sponsorship::v1;
namespace cv1 = coverage::v1;

constexpr int kCandidates = 5200;
constexpr int kSeats = 5000;
constexpr int64_t kPerSeat = 3 * 16800;
constexpr char kClock[] = "2019-11-07T08:00:00+07:00";

CallOptions As(const std::string& officer) {
  CallOptions options;
  options.actor = absl::StrCat(officer, ";role=officer");
  options.timeout = absl::Seconds(60);
  options.tries = 100;
  return options;
}

// Asks until a restarted service answers, as a client with the shipped retry policy would.
template <typename Stub, typename Request, typename Response>
Response Ask(Stub& stub, RpcOf<Stub, Request, Response> rpc, const Request& request,
             const std::string& officer = "sari") {
  const auto response = AskWithRetry(stub, rpc, request, As(officer));
  EXPECT_TRUE(response.ok()) << response.status();
  return response.value_or(Response());
}

void ImportVerified(Cluster& cluster) {
  using Registries = rv1::RegistryService::Stub;
  const int64_t agency_id =
      Ask(cluster.registry(), &Registries::CreateAgency, NewAgency()).agency().agency_id();
  const int64_t batch_id =
      Ask(cluster.registry(), &Registries::CreateBatch, NewBatch(agency_id, kCandidates))
          .batch()
          .batch_id();

  SubmitList(cluster.registry(), As("dinsos"), batch_id, 0, kCandidates);
  Ask(cluster.registry(), &Registries::ReviewBatch, ApprovalOf(batch_id), "budi");
}

int64_t PaidPledge(Cluster& cluster) {
  using Sponsorships = sv1::SponsorshipService::Stub;
  const int64_t sponsor_id =
      Ask(cluster.sponsorship(), &Sponsorships::CreateSponsor, NewSponsor()).sponsor().sponsor_id();
  const sv1::Pledge made = Ask(cluster.sponsorship(), &Sponsorships::CreatePledge,
                               NewPledge(sponsor_id, kSeats, /*months=*/3))
                               .pledge();
  Ask(cluster.sponsorship(), &Sponsorships::RecordPayment, PaymentFor(made));
  return made.pledge_id();
}

sv1::Allocation Allocation(Cluster& cluster, int64_t allocation_id) {
  sv1::GetAllocationRequest request;
  request.set_allocation_id(allocation_id);
  return Ask(cluster.sponsorship(), &sv1::SponsorshipService::Stub::GetAllocation, request)
      .allocation();
}

// Waits until the allocation has filled `seats` or ended.
sv1::Allocation WaitForSeats(Cluster& cluster, int64_t allocation_id, int seats) {
  const absl::Time end = absl::Now() + absl::Seconds(120);
  while (absl::Now() < end) {
    sv1::Allocation now = Allocation(cluster, allocation_id);
    if (now.seats_filled() >= seats || now.state() != sv1::ALLOCATION_STATE_RUNNING) return now;
  }
  ADD_FAILURE() << "the allocation stands still: "
                << Allocation(cluster, allocation_id).ShortDebugString();
  return {};
}

class CrashTest : public testing::TestWithParam<std::string> {};

TEST_P(CrashTest, AllocationSurvivesKillMinusNine) {
  Cluster::Options options;
  options.clock = kClock;
  if (GetParam() == "postgres") {
    const char* url = std::getenv("LINGKARAN_TEST_POSTGRES");
    ASSERT_NE(url, nullptr) << "run through ./tests/run, which starts PostgreSQL";
    options.postgres = url;
  }
  Cluster cluster(options);
  ImportVerified(cluster);
  const int64_t pledge_id = PaidPledge(cluster);

  sv1::AllocatePledgeRequest allocate;
  allocate.set_request_id(NewRequestId());
  allocate.set_pledge_id(pledge_id);
  allocate.set_seed("solo");
  const int64_t allocation_id =
      Ask(cluster.sponsorship(), &sv1::SponsorshipService::Stub::AllocatePledge, allocate)
          .allocation()
          .allocation_id();
  int seats = 0;
  for (const char* victim : {"sponsorship", "registry", "coverage", "sponsorship"}) {
    seats = WaitForSeats(cluster, allocation_id, seats + 1).seats_filled();
    cluster.Kill(victim);
    cluster.Start(victim);
  }
  const sv1::Allocation done = WaitForSeats(cluster, allocation_id, kSeats);
  EXPECT_EQ(done.state(), sv1::ALLOCATION_STATE_COMPLETE);
  EXPECT_EQ(done.seats_filled(), kSeats);
  EXPECT_EQ(done.spent_rupiah(), kSeats * kPerSeat);

  // The same request again changes nothing and gives the same allocation.
  EXPECT_EQ(Ask(cluster.sponsorship(), &sv1::SponsorshipService::Stub::AllocatePledge, allocate)
                .allocation()
                .allocation_id(),
            allocation_id);

  // Money and person-months agree across the services.
  cv1::GetCoverageStatisticsRequest statistics;
  statistics.set_pledge_id(pledge_id);
  const auto cover =
      Ask(cluster.coverage(), &cv1::CoverageService::Stub::GetCoverageStatistics, statistics);
  EXPECT_EQ(cover.person_months(), kSeats * 6);
  EXPECT_EQ(cover.amount_rupiah(), kSeats * kPerSeat);
  sv1::GetStatementRequest statement;
  statement.set_pledge_id(pledge_id);
  const auto books =
      Ask(cluster.sponsorship(), &sv1::SponsorshipService::Stub::GetStatement, statement);
  EXPECT_EQ(books.funds().received_rupiah(), kSeats * kPerSeat);
  EXPECT_EQ(books.funds().spent_rupiah(), kSeats * kPerSeat);
  EXPECT_EQ(books.funds().available_rupiah(), 0);
  EXPECT_EQ(books.funds().reserved_rupiah(), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, CrashTest, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

TEST(ShutdownTest, SigtermEndsInTime) {
  Cluster cluster({});
  for (const char* service : {"sponsorship", "registry", "coverage"}) {
    cluster.process(service).Terminate();
    EXPECT_EQ(cluster.WaitForEnd(service, std::chrono::minutes(1)), 0) << service;
  }
}

}  // namespace
}  // namespace lingkaran
