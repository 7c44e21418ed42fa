// Real processes, killed with kill -9 in the middle of an allocation: it ends complete, every
// rupiah and every person-month is there once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/client.h"
#include "tests/bench/nation.h"
#include "tests/support/stack.h"

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
Response Ask(Stub& stub, grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
             const Request& request, const std::string& officer = "sari") {
  Response response;
  const absl::Status status = CallWithRetry(As(officer), [&](grpc::ClientContext* context) {
    response.Clear();
    return (stub.*rpc)(context, request, &response);
  });
  EXPECT_TRUE(status.ok()) << status.ToString();
  return response;
}

void ImportVerified(Stack& stack) {
  rv1::CreateAgencyRequest agency;
  agency.set_request_id(NewRequestId());
  agency.set_name("Dinas Sosial Kota Surakarta");
  agency.set_kind(rv1::AGENCY_KIND_SOCIAL_AGENCY);
  agency.set_region_code("33.72");
  rv1::CreateBatchRequest batch;
  batch.set_request_id(NewRequestId());
  batch.set_agency_id(Ask(stack.registry(), &rv1::RegistryService::Stub::CreateAgency, agency)
                          .agency()
                          .agency_id());
  batch.set_kind(rv1::BATCH_KIND_CANDIDATES);
  batch.set_decree_number("463/1");
  batch.set_declared_rows(kCandidates);
  const int64_t batch_id =
      Ask(stack.registry(), &rv1::RegistryService::Stub::CreateBatch, batch).batch().batch_id();

  grpc::ClientContext context;
  Prepare(context, As("dinsos"));
  auto stream = stack.registry().SubmitCandidates(&context);
  rv1::SubmitCandidatesResponse answer;
  for (int i = 0; i < kCandidates;) {
    rv1::SubmitCandidatesRequest chunk;
    chunk.set_batch_id(batch_id);
    for (const int end = std::min(i + 1000, kCandidates); i < end; ++i) {
      rv1::CandidateRow* row = chunk.add_rows();
      bench::FillCandidate(i, row);
      row->set_line_number(i + 2);
    }
    chunk.set_complete(i == kCandidates);
    ASSERT_TRUE(stream->Write(chunk));
    ASSERT_TRUE(stream->Read(&answer));
  }
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  ASSERT_EQ(answer.batch().accepted_rows(), kCandidates);

  rv1::ReviewBatchRequest review;
  review.set_request_id(NewRequestId());
  review.set_batch_id(batch_id);
  review.set_decision(rv1::REVIEW_DECISION_APPROVE);
  review.mutable_evidence()->set_working_attested(true);
  review.mutable_evidence()->set_healthy_attested(true);
  review.mutable_evidence()->set_attested_by("Kepala Seksi");
  review.mutable_evidence()->set_attested_day(20191105);
  review.mutable_evidence()->set_document("BA-1");
  Ask(stack.registry(), &rv1::RegistryService::Stub::ReviewBatch, review, "budi");
}

int64_t PaidPledge(Stack& stack) {
  sv1::CreateSponsorRequest sponsor;
  sponsor.set_request_id(NewRequestId());
  sponsor.set_name("Batavia Prosperindo Aset Manajemen");
  sponsor.set_payer_class(common::v1::PAYER_CLASS_CSR);
  sv1::CreatePledgeRequest pledge;
  pledge.set_request_id(NewRequestId());
  pledge.set_sponsor_id(
      Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::CreateSponsor, sponsor)
          .sponsor()
          .sponsor_id());
  pledge.set_seats(kSeats);
  pledge.set_months(3);
  pledge.add_programmes(common::v1::PROGRAMME_JKK);
  pledge.add_programmes(common::v1::PROGRAMME_JKM);
  pledge.mutable_criteria()->set_region_code("33.72");
  const sv1::Pledge made =
      Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::CreatePledge, pledge).pledge();
  sv1::RecordPaymentRequest payment;
  payment.set_request_id(NewRequestId());
  payment.set_payment_code(made.invoice().payment_code());
  payment.set_bank_reference("TRX-0001");
  payment.set_amount_rupiah(made.invoice().amount_rupiah());
  Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::RecordPayment, payment);
  return made.pledge_id();
}

sv1::Allocation Allocation(Stack& stack, int64_t allocation_id) {
  sv1::GetAllocationRequest request;
  request.set_allocation_id(allocation_id);
  return Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::GetAllocation, request)
      .allocation();
}

// Waits until the allocation has filled `seats` or ended.
sv1::Allocation WaitForSeats(Stack& stack, int64_t allocation_id, int seats) {
  const absl::Time end = absl::Now() + absl::Seconds(120);
  while (absl::Now() < end) {
    sv1::Allocation now = Allocation(stack, allocation_id);
    if (now.seats_filled() >= seats || now.state() != sv1::ALLOCATION_STATE_RUNNING) return now;
  }
  ADD_FAILURE() << "the allocation stands still: "
                << Allocation(stack, allocation_id).ShortDebugString();
  return {};
}

class CrashTest : public testing::TestWithParam<std::string> {};

TEST_P(CrashTest, AllocationSurvivesKillMinusNine) {
  Stack::Options options;
  options.clock = kClock;
  if (GetParam() == "postgres") {
    const char* url = std::getenv("LINGKARAN_TEST_POSTGRES");
    ASSERT_NE(url, nullptr) << "run through ./tests/run, which starts PostgreSQL";
    options.postgres = url;
  }
  Stack stack(options);
  ImportVerified(stack);
  const int64_t pledge_id = PaidPledge(stack);

  sv1::AllocatePledgeRequest allocate;
  allocate.set_request_id(NewRequestId());
  allocate.set_pledge_id(pledge_id);
  allocate.set_seed("solo");
  const int64_t allocation_id =
      Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::AllocatePledge, allocate)
          .allocation()
          .allocation_id();
  int seats = 0;
  for (const char* victim : {"sponsorship", "registry", "coverage", "sponsorship"}) {
    seats = WaitForSeats(stack, allocation_id, seats + 1).seats_filled();
    stack.Kill(victim);
    stack.Start(victim);
  }
  const sv1::Allocation done = WaitForSeats(stack, allocation_id, kSeats);
  EXPECT_EQ(done.state(), sv1::ALLOCATION_STATE_COMPLETE);
  EXPECT_EQ(done.seats_filled(), kSeats);
  EXPECT_EQ(done.spent_rupiah(), kSeats * kPerSeat);

  // The same request again changes nothing and gives the same allocation.
  EXPECT_EQ(Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::AllocatePledge, allocate)
                .allocation()
                .allocation_id(),
            allocation_id);

  // Money and person-months agree across the services.
  cv1::GetCoverageStatisticsRequest statistics;
  statistics.set_pledge_id(pledge_id);
  const auto cover =
      Ask(stack.coverage(), &cv1::CoverageService::Stub::GetCoverageStatistics, statistics);
  EXPECT_EQ(cover.person_months(), kSeats * 6);
  EXPECT_EQ(cover.amount_rupiah(), kSeats * kPerSeat);
  sv1::GetStatementRequest statement;
  statement.set_pledge_id(pledge_id);
  const auto books =
      Ask(stack.sponsorship(), &sv1::SponsorshipService::Stub::GetStatement, statement);
  EXPECT_EQ(books.funds().received_rupiah(), kSeats * kPerSeat);
  EXPECT_EQ(books.funds().spent_rupiah(), kSeats * kPerSeat);
  EXPECT_EQ(books.funds().available_rupiah(), 0);
  EXPECT_EQ(books.funds().reserved_rupiah(), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, CrashTest, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

TEST(ShutdownTest, SigtermEndsInTime) {
  Stack stack({});
  for (const char* service : {"sponsorship", "registry", "coverage"}) {
    const absl::Time start = absl::Now();
    EXPECT_EQ(stack.Stop(service), 0) << service;
    EXPECT_LT(absl::Now() - start, absl::Seconds(10)) << service;
  }
}

}  // namespace
}  // namespace lingkaran
