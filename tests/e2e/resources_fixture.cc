#include "tests/e2e/resources_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "services/cli/books.h"
#include "tests/bench/nation.h"

namespace lingkaran {
namespace {

// The services' own clock stands on a day of the programme, whatever the machine's says.
constexpr char kClock[] = "2019-11-07T08:00:00+07:00";

Stack::Options OptionsFor(const std::string& postgres) {
  Stack::Options options;
  options.postgres = postgres;
  options.clock = kClock;
  options.start = false;
  return options;
}

}  // namespace

FaultyMachine::FaultyMachine() {
  const std::string path = directory_.path() + "/faults";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(MachineFaults)) != 0) abort();
  void* map = mmap(nullptr, sizeof(MachineFaults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) abort();
  close(fd);
  faults_ = static_cast<MachineFaults*>(map);
}

FaultyMachine::~FaultyMachine() { munmap(faults_, sizeof(MachineFaults)); }

std::vector<std::string> FaultyMachine::Environment() const {
  return {absl::StrCat("LD_PRELOAD=", LINGKARAN_FAULTY_LIBRARY),
          absl::StrCat(kFaultyMachineVariable, "=", directory_.path(), "/faults")};
}

void FaultyMachine::FillDisk(const std::string& folder) {
  std::snprintf(faults_->folder, sizeof faults_->folder, "%s", folder.c_str());
  faults_->disk_full = 1;
}

ResourcesStack::ResourcesStack(const std::string& postgres) : stack_(OptionsFor(postgres)) {
  for (const std::string& service : ServiceNames()) Start(service);
}

void ResourcesStack::Start(const std::string& service) {
  stack_.Start(service, {.environment = machine_.Environment()});
}

void ResourcesStack::AddWorkers(int from, int count) {
  rv1::CreateAgencyRequest agency;
  agency.set_request_id(NewRequestId());
  agency.set_name("Dinas Sosial Kota Surakarta");
  agency.set_kind(rv1::AGENCY_KIND_SOCIAL_AGENCY);
  agency.set_region_code("33.72");
  rv1::CreateBatchRequest batch;
  batch.set_request_id(NewRequestId());
  batch.set_agency_id(
      Must(stack_.registry(), &Registries::CreateAgency, agency).agency().agency_id());
  batch.set_kind(rv1::BATCH_KIND_CANDIDATES);
  batch.set_decree_number("463/1");
  batch.set_declared_rows(count);
  const int64_t batch_id =
      Must(stack_.registry(), &Registries::CreateBatch, batch).batch().batch_id();

  CallOptions options;
  options.actor = "dinsos;role=officer";
  grpc::ClientContext context;
  Prepare(context, options);
  auto stream = stack_.registry().SubmitCandidates(&context);
  rv1::SubmitCandidatesResponse answer;
  for (int i = 0; i < count;) {
    rv1::SubmitCandidatesRequest chunk;
    chunk.set_batch_id(batch_id);
    for (const int end = std::min(i + 1'000, count); i < end; ++i) {
      rv1::CandidateRow* row = chunk.add_rows();
      bench::FillCandidate(from + i, row);
      row->set_line_number(i + 2);
    }
    chunk.set_complete(i == count);
    ASSERT_TRUE(stream->Write(chunk));
    ASSERT_TRUE(stream->Read(&answer));
  }
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  ASSERT_EQ(answer.batch().accepted_rows(), count);

  rv1::ReviewBatchRequest review;
  review.set_request_id(NewRequestId());
  review.set_batch_id(batch_id);
  review.set_decision(rv1::REVIEW_DECISION_APPROVE);
  review.mutable_evidence()->set_working_attested(true);
  review.mutable_evidence()->set_healthy_attested(true);
  review.mutable_evidence()->set_attested_by("Kepala Seksi");
  review.mutable_evidence()->set_attested_day(20191105);
  review.mutable_evidence()->set_document("BA-1");
  Must(stack_.registry(), &Registries::ReviewBatch, review, kReviewer);
}

sv1::CreateSponsorRequest ResourcesStack::NewSponsor() {
  sv1::CreateSponsorRequest request;
  request.set_request_id(NewRequestId());
  request.set_name("Batavia Prosperindo Aset Manajemen");
  request.set_payer_class(common::v1::PAYER_CLASS_CSR);
  return request;
}

sv1::RecordPaymentRequest ResourcesStack::PaymentFor(const sv1::Pledge& pledge) {
  sv1::RecordPaymentRequest request;
  request.set_request_id(NewRequestId());
  request.set_payment_code(pledge.invoice().payment_code());
  request.set_bank_reference(absl::StrCat("TRX-", pledge.pledge_id()));
  request.set_amount_rupiah(pledge.invoice().amount_rupiah());
  return request;
}

sv1::AllocatePledgeRequest ResourcesStack::AllocationOf(int64_t pledge_id) {
  sv1::AllocatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(pledge_id);
  request.set_seed("solo");
  return request;
}

sv1::Pledge ResourcesStack::NewPledge(int seats) {
  sv1::CreatePledgeRequest pledge;
  pledge.set_request_id(NewRequestId());
  pledge.set_sponsor_id(Must(stack_.sponsorship(), &Sponsorships::CreateSponsor, NewSponsor())
                            .sponsor()
                            .sponsor_id());
  pledge.set_seats(seats);
  pledge.set_months(3);
  pledge.add_programmes(common::v1::PROGRAMME_JKK);
  pledge.add_programmes(common::v1::PROGRAMME_JKM);
  pledge.mutable_criteria()->set_region_code("33.72");
  return Must(stack_.sponsorship(), &Sponsorships::CreatePledge, pledge).pledge();
}

sv1::Pledge ResourcesStack::PaidPledge(int seats) {
  const sv1::Pledge pledge = NewPledge(seats);
  Must(stack_.sponsorship(), &Sponsorships::RecordPayment, PaymentFor(pledge));
  return pledge;
}

sv1::Pledge ResourcesStack::GetPledge(int64_t pledge_id) {
  sv1::GetPledgeRequest request;
  request.set_pledge_id(pledge_id);
  return Must(stack_.sponsorship(), &Sponsorships::GetPledge, request).pledge();
}

bool ResourcesStack::IsCovered(int64_t worker_id) {
  cv1::CheckEligibilityRequest request;
  request.mutable_person()->set_worker_id(worker_id);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_day(20191108);
  request.mutable_consistency()->set_fully_consistent(true);
  const auto answer = Try(stack_.coverage(), &Coverages::CheckEligibility, request);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() && answer->answers(0).verdict() == cv1::VERDICT_COVERED;
}

int64_t ResourcesStack::Allocate(int64_t pledge_id) {
  return Must(stack_.sponsorship(), &Sponsorships::AllocatePledge, AllocationOf(pledge_id))
      .allocation()
      .allocation_id();
}

absl::StatusOr<sv1::Allocation> ResourcesStack::GetAllocation(int64_t allocation_id) {
  sv1::GetAllocationRequest request;
  request.set_allocation_id(allocation_id);
  const auto answer = Try(stack_.sponsorship(), &Sponsorships::GetAllocation, request);
  if (!answer.ok()) return answer.status();
  return answer->allocation();
}

sv1::Allocation ResourcesStack::WaitForSeats(int64_t allocation_id, int seats,
                                             absl::Duration limit) {
  const absl::Time end = absl::Now() + limit;
  absl::StatusOr<sv1::Allocation> now;
  do {
    now = GetAllocation(allocation_id);
    if (now.ok() &&
        (now->seats_filled() >= seats || now->state() != sv1::ALLOCATION_STATE_RUNNING)) {
      return *now;
    }
  } while (absl::Now() < end);
  ADD_FAILURE() << "the allocation stands still: "
                << (now.ok() ? now->ShortDebugString() : now.status().ToString());
  return {};
}

void ResourcesStack::ExpectComplete(const sv1::Pledge& pledge, const sv1::Allocation& done) {
  EXPECT_EQ(done.state(), sv1::ALLOCATION_STATE_COMPLETE) << done.ShortDebugString();
  EXPECT_EQ(done.seats_filled(), pledge.seats());
  EXPECT_EQ(done.spent_rupiah(), pledge.seats() * kPerSeat);
  const sv1::Funds funds = GetPledge(pledge.pledge_id()).funds();
  EXPECT_EQ(funds.received_rupiah(), pledge.seats() * kPerSeat);
  EXPECT_EQ(funds.spent_rupiah(), pledge.seats() * kPerSeat);
  EXPECT_EQ(funds.available_rupiah(), 0);
  EXPECT_EQ(funds.reserved_rupiah(), 0);
  cv1::GetCoverageStatisticsRequest statistics;
  statistics.set_pledge_id(pledge.pledge_id());
  const auto cover = Must(stack_.coverage(), &Coverages::GetCoverageStatistics, statistics);
  EXPECT_EQ(cover.person_months(), pledge.seats() * 6);
  EXPECT_EQ(cover.amount_rupiah(), pledge.seats() * kPerSeat);
}

void ResourcesStack::ExpectBooksAgree() {
  BooksOptions options;
  options.wait = absl::Seconds(10);
  BooksSummary summary;
  const absl::Status compared =
      CompareBooks(stack_.operations("registry"), stack_.operations("sponsorship"),
                   stack_.operations("coverage"), "audit;role=admin", options, &summary);
  EXPECT_TRUE(compared.ok()) << compared;
  EXPECT_GT(summary.person_months, 0);
}

}  // namespace lingkaran
