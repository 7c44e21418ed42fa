// What people do at the registry, and what is asked of coverage.
#include "tests/workload/workload.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "tests/support/candidate.h"
#include "tests/support/requests.h"

namespace lingkaran::workload {

namespace rv = registry::v1;
namespace cv = coverage::v1;
using Registry = rv::RegistryService::Service;

constexpr int kChunk = 7;             // rows sent at once
constexpr size_t kManyWorkers = 220;  // from then on lists come seldom, so that stores stay small
constexpr int32_t kToday = 20191107;

std::string Workload::Unique(const std::string& what) {
  return absl::StrCat(what, " ", ++ledger_.Lock()->names);
}

int64_t Workload::AnyWorker() { return chance_.OneOf(ledger_.Lock()->workers); }

std::vector<int64_t> Workload::AnyWorkers(int64_t most) {
  std::set<int64_t> workers;
  for (int64_t i = chance_.Between(1, most); i > 0; --i) workers.insert(AnyWorker());
  return {workers.begin(), workers.end()};
}

void Workload::Saw(const rv::Worker& worker) {
  int64_t& version = ledger_.Lock()->versions[worker.worker_id()];
  version = std::max(version, worker.version());
}

void Workload::Prepare() {
  most_on_two_lists_ = 3;
  for (int64_t i = chance_.Between(1, 2); i > 0; --i) AddAgency();
  for (int64_t i = chance_.Between(1, 2); i > 0; --i) AddSponsor();
}

void Workload::AddAgency() {
  rv::CreateAgencyRequest request = NewAgency();
  request.set_name(Unique("Dinas Sosial"));
  Make({&Facts::agencies, request.name()}, request, &Registry::CreateAgency,
       [this](const rv::CreateAgencyResponse& response) {
         const int64_t id = response.agency().agency_id();
         const bool first = ledger_.Lock()->workers.empty();
         ledger_.Lock()->agency_ids.push_back(id);
         if (first) AddList();
         return Effect{.id = id};
       });
}

void Workload::AddList() {
  if (ledger_.Lock()->agency_ids.empty()) return AddAgency();
  if (ledger_.Lock()->workers.size() >= kManyWorkers && !chance_.Percent(20)) return Check();
  const int count = static_cast<int>(chance_.Between(4, 20));
  rv::CreateBatchRequest request = NewBatch(chance_.OneOf(ledger_.Lock()->agency_ids), count);
  request.set_decree_number(Unique("SK"));
  Make({&Facts::batches, request.decree_number()}, request, &Registry::CreateBatch,
       [this, count](const rv::CreateBatchResponse& response) {
         const int64_t id = response.batch().batch_id();
         const int overlap = static_cast<int>(chance_.Between(0, most_on_two_lists_));
         int first = 0;
         {
           auto facts = ledger_.Lock();
           first = std::max(0, facts->people - overlap);
           facts->people = first + count;
         }
         SendList(id, first, count);
         return Effect{.id = id};
       });
}

void Workload::SendList(int64_t batch_id, int first, int count) {
  Transport::Chunks chunks;
  for (int sent = 0; sent < count;) {
    rv::SubmitCandidatesRequest& chunk = chunks.emplace_back();
    chunk.set_batch_id(batch_id);
    chunk.set_chunk_number(static_cast<int>(chunks.size()) - 1);
    for (; sent < count && chunk.rows_size() < kChunk; ++sent) {
      *chunk.add_rows() = Candidate(sent + 2, first + sent, (first + sent) % 5 == 0);
    }
    chunk.set_complete(sent == count);
  }
  transport_.Submit(kBudi, chunks, [this, batch_id, count](const Transport::Answers& answers) {
    std::vector<int64_t> accepted;
    int taken = 0;
    for (const rv::SubmitCandidatesResponse& answer : answers) {
      for (const rv::RowResult& row : answer.results()) {
        taken += row.status() != rv::ROW_STATUS_REJECTED ? 1 : 0;
        if (row.status() == rv::ROW_STATUS_ACCEPTED) accepted.push_back(row.worker_id());
      }
    }
    if (taken != count) {
      transport_.Violation(absl::StrCat("list ", batch_id, ": ", taken, " of ", count,
                                        " rows are accepted or known"));
    }
    ledger_.Lock()->accepted.insert(accepted.begin(), accepted.end());
    Review(batch_id, accepted);
  });
}

void Workload::Review(int64_t batch_id, const std::vector<int64_t>& accepted) {
  Ask(
      ApprovalOf(batch_id), &Registry::ReviewBatch,
      [this, batch_id, accepted](const absl::Status& status,
                                 const rv::ReviewBatchResponse& response) {
        if (!status.ok() || response.verified_workers() != static_cast<int>(accepted.size())) {
          transport_.Violation(absl::StrCat("the review of list ", batch_id, " verified ",
                                            response.verified_workers(), " of ", accepted.size(),
                                            " workers: ", status.ToString()));
        }
        auto facts = ledger_.Lock();
        facts->workers.insert(facts->workers.end(), accepted.begin(), accepted.end());
        facts->approved.push_back(batch_id);
      },
      [] {}, kSiti);
}

void Workload::Correct() {
  rv::CorrectWorkerRequest request;
  request.set_worker_id(AnyWorker());
  request.mutable_correction()->set_address(Unique("Jalan Baru"));
  if (chance_.Percent(50)) request.mutable_correction()->set_occupation("Tukang ojek");
  request.set_reason("salah ketik");
  Ask(request, &Registry::CorrectWorker,
      [this](const absl::Status& status, const rv::CorrectWorkerResponse& response) {
        if (!status.ok()) return;
        const rv::Worker& worker = response.worker();
        if (!ledger_.Lock()->corrections.emplace(worker.worker_id(), worker.version()).second) {
          transport_.Violation("two corrections of a worker have one version");
        }
        Saw(worker);
      });
}

void Workload::ReportDeath() {
  rv::ReportDeathRequest request;
  request.set_worker_id(AnyWorker());
  request.set_death_day(kToday - static_cast<int32_t>(chance_.Between(0, 2)));
  request.set_source("surat keterangan kematian");
  Ask(request, &Registry::ReportDeath,
      [this, request](const absl::Status& status, const rv::ReportDeathResponse& response) {
        if (!status.ok()) return;
        ledger_.Lock()->deaths[request.worker_id()] = {request.death_day(),
                                                       response.consistency_token()};
        Saw(response.worker());
      });
}

void Workload::Withdraw() {
  rv::WithdrawWorkerRequest request;
  request.set_worker_id(AnyWorker());
  if (chance_.Percent(50)) request.set_effective_day(20191201);
  request.set_reason("peserta melalui pemberi kerja");
  Ask(request, &Registry::WithdrawWorker,
      [this, request](const absl::Status& status, const rv::WithdrawWorkerResponse& response) {
        if (!status.ok()) return;
        ledger_.Lock()->withdrawn.insert(request.worker_id());
        Saw(response.worker());
      });
}

void Workload::EnrolByHand() {
  rv::EnrolWorkersRequest request;
  request.set_pledge_id(AnyPledge([](const PledgeFacts&) { return true; }).pledge_id);
  for (const int64_t worker : AnyWorkers(3)) request.add_worker_ids(worker);
  if (request.pledge_id() == 0) return AddPledge();
  Ask(request, &Registry::EnrolWorkers,
      [this](const absl::Status&, const rv::EnrolWorkersResponse& response) {
        for (const rv::EnrolResult& result : response.results()) {
          if (result.status().code() != 0) continue;
          const auto [known, fresh] =
              ledger_.Lock()->members.emplace(result.worker_id(), result.membership_number());
          if (!fresh && known->second != result.membership_number()) {
            transport_.Violation("a member got a second number");
          }
        }
      });
}

void Workload::IssueCards() {
  rv::IssueCardsRequest request;
  for (const int64_t worker : AnyWorkers(1)) request.add_worker_ids(worker);
  Ask(request, &Registry::IssueCards, [](const absl::Status&, const rv::IssueCardsResponse&) {});
}

// Who asks with the token of an acknowledged death hears of it; who asks past the caches, or as
// clinics do, gets a verdict.
void Workload::Check() {
  cv::CheckEligibilityRequest request;
  int64_t worker = AnyWorker();
  bool dead = false;
  if (chance_.Percent(70)) {
    request.mutable_consistency()->set_fully_consistent(true);
    auto facts = ledger_.Lock();
    dead = !facts->deaths.empty() && chance_.Percent(70);
    if (dead) {
      const auto death = std::next(facts->deaths.begin(),
                                   chance_.Between(0, static_cast<int>(facts->deaths.size()) - 1));
      worker = death->first;
      request.mutable_consistency()->set_at_least_as_fresh(death->second.token);
    }
  }
  request.mutable_person()->set_worker_id(worker);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_day(20191231);
  Ask(request, &cv::CoverageService::Service::CheckEligibility,
      [this, dead](const absl::Status& status, const cv::CheckEligibilityResponse& response) {
        if (!status.ok() || response.answers_size() != 1) {
          transport_.Violation("a check has no verdict: " + status.ToString());
        } else if (dead && response.answers(0).verdict() != cv::VERDICT_NOT_COVERED) {
          transport_.Violation("a check with the token of a death says that cover stands");
        }
      });
}

const std::vector<Workload::Action>& Workload::Actions() {
  static const auto& actions = *new std::vector<Action>{
      {1, &Workload::AddAgency, {"CreateAgency"}},
      {4, &Workload::AddList, {"CreateBatch", "SubmitCandidates", "ReviewBatch"}},
      {6, &Workload::Correct, {"CorrectWorker", "UpsertMembers", "upsert_members"}},
      {3, &Workload::ReportDeath, {"ReportDeath", "UpsertMembers", "upsert_members"}},
      {2, &Workload::Withdraw, {"WithdrawWorker", "UpsertMembers", "upsert_members"}},
      {4, &Workload::EnrolByHand, {"EnrolWorkers", "UpsertMembers", "upsert_members"}},
      {3, &Workload::IssueCards, {"IssueCards"}},
      {7, &Workload::Check, {}},
      {2, &Workload::AddSponsor, {"CreateSponsor"}},
      {8, &Workload::AddPledge, {"CreatePledge"}},
      {14, &Workload::Pay, {"RecordPayment"}},
      {4, &Workload::PayAgain, {"RecordPayment"}},
      {3, &Workload::UseIdTwice, {}},
      {16,
       &Workload::Allocate,
       {"AllocatePledge", "ActivateCoverage", "rank", "enrol", "activate"}},
      {10, &Workload::AllocateNamed, {"AllocatePledge", "ActivateCoverage", "enrol", "activate"}},
      {9,
       &Workload::Replace,
       {"ReplaceWorkers", "RevokeCoverage", "replace_revoke", "replace_enrol", "replace_activate"}},
      {4, &Workload::Refund, {"RefundPledge"}},
      {2, &Workload::Cancel, {"CancelPledge"}},
      {10, &Workload::Contribute, {"PayContribution", "ActivateCoverage", "contribute"}}};
  return actions;
}

void Workload::Act(const std::string& prefer) {
  most_on_two_lists_ = 0;
  if (ledger_.Lock()->workers.empty()) return AddList();
  std::vector<const Action*> fitting;
  int64_t total = 0;
  for (const Action& action : Actions()) {
    total += action.weight;
    const auto& reaches = action.reaches;
    if (std::find(reaches.begin(), reaches.end(), prefer) != reaches.end()) {
      fitting.push_back(&action);
    }
  }
  if (!fitting.empty() && chance_.Percent(60)) return (this->*chance_.OneOf(fitting)->act)();
  int64_t pick = chance_.Between(0, total - 1);
  for (const Action& action : Actions()) {
    pick -= action.weight;
    if (pick < 0) return (this->*action.act)();
  }
}

}  // namespace lingkaran::workload
