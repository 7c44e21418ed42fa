#include "tests/e2e/resources_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "services/cli/reconcile/reconciler.h"
#include "tests/support/candidate.h"

namespace lingkaran {
namespace {

// The services' own clock stands on a day of the programme, whatever the machine's says.
constexpr char kClock[] = "2019-11-07T08:00:00+07:00";

Cluster::Options OptionsFor(const std::string& postgres) {
  Cluster::Options options;
  options.postgres = postgres;
  options.clock = kClock;
  options.start = false;
  return options;
}

// `count` people, numbered from `from` on; all of them must be accepted.
void SubmitList(registry::v1::RegistryService::Stub& registry, const CallOptions& options,
                int64_t batch_id, int from, int count) {
  grpc::ClientContext context;
  Prepare(context, options);
  const auto stream = registry.SubmitCandidates(&context);
  registry::v1::SubmitCandidatesResponse answer;
  for (const auto& chunk : CandidateList(batch_id, from, count)) {
    ASSERT_TRUE(stream->Write(chunk));
    ASSERT_TRUE(stream->Read(&answer));
  }
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  ASSERT_EQ(answer.batch().accepted_rows(), count);
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

ResourcesCluster::ResourcesCluster(const std::string& postgres) : cluster_(OptionsFor(postgres)) {
  for (const std::string& service : ServiceNames()) Start(service);
}

void ResourcesCluster::Start(const std::string& service) {
  cluster_.Start(service, {.environment = machine_.Environment()});
}

void ResourcesCluster::AddWorkers(int from, int count) {
  const int64_t agency_id =
      Must(cluster_.registry(), &Registries::CreateAgency, NewAgency()).agency().agency_id();
  const int64_t batch_id =
      Must(cluster_.registry(), &Registries::CreateBatch, NewBatch(agency_id, count))
          .batch()
          .batch_id();

  SubmitList(cluster_.registry(), {.actor = "dinsos;role=officer"}, batch_id, from, count);
  Must(cluster_.registry(), &Registries::ReviewBatch, ApprovalOf(batch_id), kReviewer);
}

sv1::Pledge ResourcesCluster::UnpaidPledge(int seats) {
  const int64_t sponsor_id =
      Must(cluster_.sponsorship(), &Sponsorships::CreateSponsor, NewSponsor())
          .sponsor()
          .sponsor_id();
  return Must(cluster_.sponsorship(), &Sponsorships::CreatePledge,
              NewPledge(sponsor_id, seats, /*months=*/3))
      .pledge();
}

sv1::Pledge ResourcesCluster::PaidPledge(int seats) {
  const sv1::Pledge pledge = UnpaidPledge(seats);
  Must(cluster_.sponsorship(), &Sponsorships::RecordPayment, PaymentFor(pledge));
  return pledge;
}

sv1::Pledge ResourcesCluster::GetPledge(int64_t pledge_id) {
  sv1::GetPledgeRequest request;
  request.set_pledge_id(pledge_id);
  return Must(cluster_.sponsorship(), &Sponsorships::GetPledge, request).pledge();
}

bool ResourcesCluster::IsCovered(int64_t worker_id) {
  cv1::CheckEligibilityRequest request;
  request.mutable_person()->set_worker_id(worker_id);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_day(20191108);
  request.mutable_consistency()->set_fully_consistent(true);
  const auto answer = Try(cluster_.coverage(), &Coverages::CheckEligibility, request);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() && answer->answers(0).verdict() == cv1::VERDICT_COVERED;
}

int64_t ResourcesCluster::Allocate(const sv1::AllocatePledgeRequest& request) {
  return Must(cluster_.sponsorship(), &Sponsorships::AllocatePledge, request)
      .allocation()
      .allocation_id();
}

int64_t ResourcesCluster::AllocateUntilCoverage(int64_t pledge_id) {
  cluster_.process("coverage").Pause();
  const int64_t allocation_id = Allocate(pledge_id);
  ops::v1::ListOwedRequest request;
  request.set_key_prefix(absl::StrCat("allocation/", allocation_id));
  for (bool under_way = false; !under_way;) {
    const auto owed = Must(cluster_.operations("sponsorship"),
                           &ops::v1::OperationsService::Stub::ListOwed, request);
    if (owed.rows().empty()) {
      ADD_FAILURE() << "the allocation came to its end without coverage";
      break;
    }
    for (const ops::v1::OwedRow& row : owed.rows()) {
      under_way = under_way || (row.kind() == "activate" && row.attempts() > 0);
    }
  }
  return allocation_id;
}

absl::StatusOr<sv1::Allocation> ResourcesCluster::GetAllocation(int64_t allocation_id) {
  sv1::GetAllocationRequest request;
  request.set_allocation_id(allocation_id);
  const auto answer = Try(cluster_.sponsorship(), &Sponsorships::GetAllocation, request);
  if (!answer.ok()) return answer.status();
  return answer->allocation();
}

sv1::Allocation ResourcesCluster::WaitForSeats(int64_t allocation_id, int seats,
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

void ResourcesCluster::ExpectComplete(const sv1::Pledge& pledge, const sv1::Allocation& done) {
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
  const auto cover = Must(cluster_.coverage(), &Coverages::GetCoverageStatistics, statistics);
  EXPECT_EQ(cover.person_months(), pledge.seats() * 6);
  EXPECT_EQ(cover.amount_rupiah(), pledge.seats() * kPerSeat);
}

void ResourcesCluster::ExpectBooksAgree() {
  ReconcileOptions options;
  options.wait = absl::Minutes(1);
  ReconcileSummary summary;
  const absl::Status compared =
      Reconcile(cluster_.operations("registry"), cluster_.operations("sponsorship"),
                cluster_.operations("coverage"), "audit;role=admin", options, &summary);
  EXPECT_TRUE(compared.ok()) << compared;
  EXPECT_GT(summary.report.person_months(), 0);
}

}  // namespace lingkaran
