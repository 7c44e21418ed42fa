// The part of the workload that is about people: their seats, their own money, their deaths.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/date.h"
#include "common/base/random.h"
#include "tests/simulation/workload.h"

namespace lingkaran::simulation {

namespace rv = registry::v1;
namespace sv = sponsorship::v1;
namespace cv = coverage::v1;
using Registry = rv::RegistryService::Service;
using Sponsorships = sv::SponsorshipService::Service;
using Coverages = cv::CoverageService::Service;

std::vector<int64_t> Workload::HoldersOf(int64_t pledge_id) {
  std::vector<int64_t> workers;
  world_.database(kSponsorship)
      .Read([&](sql::Tx& tx) {
        int64_t worker = 0;
        sql::ForEach(
            tx,
            "SELECT worker_id FROM seats WHERE pledge_id = :pledge AND worker_id <> 0 "
            "ORDER BY seat_number",
            [&] { workers.push_back(worker); }, soci::into(worker), soci::use(pledge_id, "pledge"));
        return absl::OkStatus();
      })
      .IgnoreError();
  return workers;
}

void Workload::AllocateNamed() {
  Chance& chance = world_.chance();
  const KnownPledge* known = AnyPledge();
  if (known == nullptr || workers_.empty()) return;
  sv::AllocatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(known->pledge.pledge_id());
  std::set<int64_t> named;
  for (int64_t i = chance.Between(1, 3); i > 0; --i) named.insert(chance.OneOf(workers_));
  request.mutable_worker_ids()->Add(named.begin(), named.end());
  client_.Send<Sponsorships, sv::AllocatePledgeRequest, sv::AllocatePledgeResponse>(
      kSponsorship, "AllocatePledge", kBudi, request, &Sponsorships::AllocatePledge,
      [this](const absl::Status&, const sv::AllocatePledgeResponse&) { ++ledger_.decided; });
}

void Workload::Replace() {
  Chance& chance = world_.chance();
  const KnownPledge* known = AnyPledge();
  if (known == nullptr) return;
  const std::vector<int64_t> holders = HoldersOf(known->pledge.pledge_id());
  if (holders.empty()) return;
  sv::ReplaceWorkersRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(known->pledge.pledge_id());
  std::set<int64_t> leaving;
  for (int64_t i = chance.Between(1, 3); i > 0; --i) leaving.insert(chance.OneOf(holders));
  for (const int64_t worker : leaving) {
    sv::ReplacementLine* line = request.add_lines();
    line->set_worker_id(worker);
    line->set_from_month(chance.Percent(50) ? 0 : 201912);
    line->set_reason("pindah kota");
  }
  client_.Send<Sponsorships, sv::ReplaceWorkersRequest, sv::ReplaceWorkersResponse>(
      kSponsorship, "ReplaceWorkers", kBudi, request, &Sponsorships::ReplaceWorkers,
      [this, leaving](const absl::Status& status, const sv::ReplaceWorkersResponse& response) {
        ++ledger_.decided;
        if (status.ok() && response.results_size() != static_cast<int>(leaving.size())) {
          world_.Violation("a replacement does not answer for each line");
        }
      });
}

void Workload::Contribute() {
  Chance& chance = world_.chance();
  if (workers_.empty()) return;
  static const std::vector<int> kLengths = {1, 3, 6};
  sv::PayContributionRequest request;
  request.set_request_id(NewRequestId());
  request.set_payer_class(common::v1::PAYER_CLASS_SELF);
  request.add_worker_ids(chance.OneOf(workers_));
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_months(chance.OneOf(kLengths));
  request.set_bank_reference(Unique("IURAN"));
  cv::QuoteContributionRequest quote;
  quote.set_seats(1);
  quote.set_months(request.months());
  *quote.mutable_programmes() = request.programmes();
  quote.set_payer_class(request.payer_class());
  client_.Send<Coverages, cv::QuoteContributionRequest, cv::QuoteContributionResponse>(
      kCoverage, "QuoteContribution", kBudi, quote, &Coverages::QuoteContribution,
      [this, request](const absl::Status& quoted, const cv::QuoteContributionResponse& price) {
        if (!quoted.ok()) return;
        sv::PayContributionRequest paid = request;
        paid.set_amount_rupiah(price.total_rupiah());
        client_.Send<Sponsorships, sv::PayContributionRequest, sv::PayContributionResponse>(
            kSponsorship, "PayContribution", kBudi, paid, &Sponsorships::PayContribution,
            [this, paid](const absl::Status& status, const sv::PayContributionResponse& response) {
              Decided(ledger_.contributions, paid.bank_reference(), status,
                      response.contribution_id(), paid.amount_rupiah());
            },
            GivenUp(ledger_.contributions, paid.bank_reference(), paid.amount_rupiah()));
      });
}

void Workload::ReportDeath() {
  if (workers_.empty()) return;
  rv::ReportDeathRequest request;
  request.set_request_id(NewRequestId());
  request.set_worker_id(world_.chance().OneOf(workers_));
  request.set_death_day(20191107);
  request.set_source("akta kematian");
  client_.Send<Registry, rv::ReportDeathRequest, rv::ReportDeathResponse>(
      kRegistry, "ReportDeath", kBudi, request, &Registry::ReportDeath,
      [this, request](const absl::Status& status, const rv::ReportDeathResponse& response) {
        ++ledger_.decided;
        if (!status.ok()) return;
        ledger_.deaths[request.worker_id()] = request.death_day();
        death_tokens_[request.worker_id()] = response.consistency_token();
        int64_t& version = ledger_.versions[request.worker_id()];
        version = std::max(version, response.worker().version());
      });
}

void Workload::Withdraw() {
  if (workers_.empty()) return;
  rv::WithdrawWorkerRequest request;
  request.set_request_id(NewRequestId());
  request.set_worker_id(world_.chance().OneOf(workers_));
  request.set_reason("pindah ke kota lain");
  client_.Send<Registry, rv::WithdrawWorkerRequest, rv::WithdrawWorkerResponse>(
      kRegistry, "WithdrawWorker", kBudi, request, &Registry::WithdrawWorker,
      [this, request](const absl::Status& status, const rv::WithdrawWorkerResponse& response) {
        ++ledger_.decided;
        if (!status.ok()) return;
        ledger_.withdrawn.insert(request.worker_id());
        int64_t& version = ledger_.versions[request.worker_id()];
        version = std::max(version, response.worker().version());
      });
}

void Workload::Correct() {
  if (workers_.empty()) return;
  rv::CorrectWorkerRequest request;
  request.set_request_id(NewRequestId());
  request.set_worker_id(world_.chance().OneOf(workers_));
  request.mutable_correction()->set_address(Unique("Jalan Baru"));
  if (world_.chance().Percent(50)) request.mutable_correction()->set_occupation("Tukang ojek");
  request.set_reason("salah ketik");
  client_.Send<Registry, rv::CorrectWorkerRequest, rv::CorrectWorkerResponse>(
      kRegistry, "CorrectWorker", kBudi, request, &Registry::CorrectWorker,
      [this, request](const absl::Status& status, const rv::CorrectWorkerResponse& response) {
        ++ledger_.decided;
        if (!status.ok()) return;
        const int64_t version = response.worker().version();
        if (!corrections_.emplace(request.worker_id(), version).second) {
          world_.Violation("two corrections of a worker have one version");
        }
        int64_t& latest = ledger_.versions[request.worker_id()];
        latest = std::max(latest, version);
      });
}

void Workload::IssueCards() {
  if (workers_.empty()) return;
  rv::IssueCardsRequest request;
  request.set_request_id(NewRequestId());
  request.add_worker_ids(world_.chance().OneOf(workers_));
  client_.Send<Registry, rv::IssueCardsRequest, rv::IssueCardsResponse>(
      kRegistry, "IssueCards", kBudi, request, &Registry::IssueCards,
      [this](const absl::Status&, const rv::IssueCardsResponse&) { ++ledger_.decided; });
}

void Workload::EnrolByHand() {
  const KnownPledge* known = AnyPledge();
  if (known == nullptr || workers_.empty()) return;
  rv::EnrolWorkersRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(known->pledge.pledge_id());
  request.add_worker_ids(world_.chance().OneOf(workers_));
  client_.Send<Registry, rv::EnrolWorkersRequest, rv::EnrolWorkersResponse>(
      kRegistry, "EnrolWorkers", kBudi, request, &Registry::EnrolWorkers,
      [this](const absl::Status& status, const rv::EnrolWorkersResponse& response) {
        ++ledger_.decided;
        if (!status.ok()) return;
        for (const rv::EnrolResult& result : response.results()) {
          if (result.status().code() != 0) continue;
          const auto [known_number, fresh] =
              ledger_.members.emplace(result.worker_id(), result.membership_number());
          if (!fresh && known_number->second != result.membership_number()) {
            world_.Violation("a member got a second number");
          }
        }
      });
}

// Who asks with the token of an acknowledged death hears of it; who asks past the caches gets a
// verdict.
void Workload::Check() {
  if (workers_.empty()) return;
  int64_t worker = world_.chance().OneOf(workers_);
  cv::CheckEligibilityRequest request;
  request.mutable_consistency()->set_fully_consistent(true);
  const bool dead = !death_tokens_.empty() && world_.chance().Percent(70);
  if (dead) {
    worker = death_tokens_.begin()->first;
    request.mutable_consistency()->set_at_least_as_fresh(death_tokens_.begin()->second);
  }
  request.mutable_person()->set_worker_id(worker);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_day(20191231);
  client_.Send<Coverages, cv::CheckEligibilityRequest, cv::CheckEligibilityResponse>(
      kCoverage, "CheckEligibility", kBudi, request, &Coverages::CheckEligibility,
      [this, dead](const absl::Status& status, const cv::CheckEligibilityResponse& response) {
        ++ledger_.decided;
        if (!status.ok() || response.answers_size() != 1) {
          world_.Violation("a check has no verdict: " + status.ToString());
        } else if (dead && response.answers(0).verdict() != cv::VERDICT_NOT_COVERED) {
          world_.Violation("a check with the token of a death says that he is covered");
        }
      });
}

}  // namespace lingkaran::simulation
