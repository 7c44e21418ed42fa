// What people do at sponsorship.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "tests/support/requests.h"
#include "tests/workload/workload.h"

namespace lingkaran::workload {

namespace sv = sponsorship::v1;
namespace cv = coverage::v1;
using Sponsorships = sv::SponsorshipService::Service;

void Workload::Uncertain(int64_t pledge_id) {
  if (pledge_id != 0) ledger_.Lock()->money[pledge_id].uncertain = true;
}

void Workload::Uncertain(const Place& place) {
  Uncertain(place.pledge_id);
  ((*ledger_.Lock()).*place.effects).emplace(place.key, Effect{.amount = place.amount});
}

PledgeFacts Workload::AnyPledge(absl::FunctionRef<bool(const PledgeFacts&)> fits) {
  return ledger_.Lock()->AnyPledge(chance_, fits).value_or(PledgeFacts{});
}

PledgeFacts Workload::PledgeToFill() {
  const bool any = chance_.Percent(20);
  return AnyPledge([&](const PledgeFacts& one) { return any || one.HasMoney(); });
}

void Workload::AddSponsor() {
  static const std::vector<common::v1::PayerClass> kClasses = {
      common::v1::PAYER_CLASS_CSR, common::v1::PAYER_CLASS_BANK, common::v1::PAYER_CLASS_INDIVIDUAL,
      common::v1::PAYER_CLASS_VILLAGE};
  sv::CreateSponsorRequest request = NewSponsor();
  request.set_name(Unique("Yayasan"));
  request.set_payer_class(chance_.OneOf(kClasses));
  Make({&Facts::sponsors, request.name()}, request, &Sponsorships::CreateSponsor,
       [this](const sv::CreateSponsorResponse& response) {
         ledger_.Lock()->payers.push_back(response.sponsor());
         for (int64_t i = chance_.Between(1, 2); i > 0; --i) AddPledge();
         return Effect{.id = response.sponsor().sponsor_id()};
       });
}

void Workload::AddPledge() {
  static const std::vector<int> kLengths = {1, 3, 6, 12};
  if (ledger_.Lock()->payers.empty()) return AddSponsor();
  sv::CreatePledgeRequest request =
      NewPledge(chance_.OneOf(ledger_.Lock()->payers).sponsor_id(),
                static_cast<int>(chance_.Between(1, 10)), chance_.OneOf(kLengths));
  if (chance_.Percent(25)) request.add_programmes(common::v1::PROGRAMME_JHT);
  sv::Criteria& criteria = *request.mutable_criteria();
  criteria.set_disabled_first(chance_.Percent(50));
  const std::vector<int64_t> approved = ledger_.Lock()->approved;
  if (!approved.empty() && chance_.Percent(60)) {  // for the people of one of the newest lists
    const int64_t last = static_cast<int64_t>(approved.size()) - 1;
    criteria.set_batch_id(approved[last - chance_.Between(0, std::min<int64_t>(last, 3))]);
  }
  // Nobody earns as much: the number tells pledges apart.
  criteria.set_max_income_rupiah(100'000'000 + ++ledger_.Lock()->names);
  Make({&Facts::pledges, absl::StrCat(criteria.max_income_rupiah())}, request,
       &Sponsorships::CreatePledge, [this](const sv::CreatePledgeResponse& response) {
         const sv::Pledge& pledge = response.pledge();
         ledger_.Lock()->money[pledge.pledge_id()] = {
             .pledge_id = pledge.pledge_id(),
             .payment_code = pledge.invoice().payment_code(),
             .invoice = pledge.invoice().amount_rupiah()};
         if (chance_.Percent(80)) Pay();
         if (chance_.Percent(50)) Allocate();
         return Effect{.id = pledge.pledge_id()};
       });
}

void Workload::Pay() {
  const bool any = chance_.Percent(20);
  const PledgeFacts pledge = AnyPledge([&](const PledgeFacts& one) {
    return any || (!one.cancelled && one.received < one.invoice);
  });
  if (pledge.pledge_id == 0) return AddPledge();
  sv::RecordPaymentRequest request;
  request.set_request_id(NewRequestId());
  request.set_payment_code(pledge.payment_code);
  request.set_bank_reference(Unique("TRX"));
  const int64_t left = std::max<int64_t>(1, pledge.invoice - pledge.received);
  const int64_t kind = chance_.Between(0, 9);
  request.set_amount_rupiah(kind < 5   ? left
                            : kind < 8 ? chance_.Between(1, pledge.invoice)
                                       : left + chance_.Between(1, 100'000));
  const int64_t amount = request.amount_rupiah();
  Make({&Facts::payments, request.bank_reference(), amount, pledge.pledge_id}, request,
       &Sponsorships::RecordPayment,
       [this, request, pledge, amount](const sv::RecordPaymentResponse& response) {
         auto facts = ledger_.Lock();
         facts->recorded.push_back(request);
         facts->money[pledge.pledge_id].received += response.applied_rupiah();
         facts->money[pledge.pledge_id].credit += response.credit_rupiah();
         if (response.applied_rupiah() + response.credit_rupiah() != amount) {
           transport_.Violation("a payment was split wrongly");
         }
         return Effect{.id = response.payment_id(), .amount = amount};
       });
}

// A transfer that was recorded is recorded again by somebody who does not know.
void Workload::PayAgain() {
  if (ledger_.Lock()->recorded.empty()) return Pay();
  sv::RecordPaymentRequest request = chance_.OneOf(ledger_.Lock()->recorded);
  request.clear_request_id();
  Ask(
      request, &Sponsorships::RecordPayment,
      [this](const absl::Status& status, const sv::RecordPaymentResponse& response) {
        if (!status.ok() || !response.already_recorded()) {
          transport_.Violation("a payment that was recorded is not known: " + status.ToString());
        }
      },
      [] {}, kSiti);
}

void Workload::UseIdTwice() {
  if (ledger_.Lock()->recorded.empty()) return Pay();
  sv::RecordPaymentRequest request = chance_.OneOf(ledger_.Lock()->recorded);
  request.set_amount_rupiah(request.amount_rupiah() + 1);
  Ask(request, &Sponsorships::RecordPayment,
      [this](const absl::Status& status, const sv::RecordPaymentResponse&) {
        if (ReasonOf(status) != Reason::kRequestIdReused) {
          transport_.Violation("an old request_id with another body: " + status.ToString());
        }
      });
}

void Workload::Allocate() {
  const PledgeFacts pledge = PledgeToFill();
  if (pledge.pledge_id == 0) return Pay();
  sv::AllocatePledgeRequest request = AllocationOf(pledge.pledge_id);
  request.set_seed(Unique("undian"));
  Make({&Facts::allocations, request.seed()}, request, &Sponsorships::AllocatePledge,
       [](const sv::AllocatePledgeResponse& response) {
         return Effect{.id = response.allocation().allocation_id()};
       });
}

void Workload::AllocateNamed() {
  const PledgeFacts pledge = PledgeToFill();
  sv::AllocatePledgeRequest request;
  request.set_pledge_id(pledge.pledge_id);
  for (const int64_t worker : AnyWorkers(3)) request.add_worker_ids(worker);
  if (pledge.pledge_id == 0) return Pay();
  Ask(request, &Sponsorships::AllocatePledge,
      [this](const absl::Status& status, const sv::AllocatePledgeResponse& response) {
        if (status.ok()) ledger_.Lock()->named.insert(response.allocation().allocation_id());
      });
}

// Coverage says which pledge pays for a worker; there that worker is replaced, and some others of
// whom was heard before. Those may have left meanwhile.
void Workload::Replace() {
  cv::ListCoverageRequest request;
  request.set_worker_id(AnyWorker());
  Ask(request, &cv::CoverageService::Service::ListCoverage,
      [this, worker = request.worker_id()](const absl::Status&,
                                           const cv::ListCoverageResponse& response) {
        int64_t pledge_id = 0;
        for (const cv::PersonMonth& month : response.months()) {
          if (!month.has_revoke_time()) pledge_id = month.source().pledge_id();
        }
        if (pledge_id == 0) return Allocate();
        ReplaceIn(pledge_id, worker);
      });
}

void Workload::ReplaceIn(int64_t pledge_id, int64_t worker_id) {
  sv::ReplaceWorkersRequest request;
  request.set_pledge_id(pledge_id);
  std::set<int64_t> leaving{worker_id};
  {
    auto facts = ledger_.Lock();
    std::vector<int64_t>& holders = facts->holders[pledge_id];
    holders.push_back(worker_id);
    for (int64_t i = chance_.Between(0, 3); i > 0; --i) leaving.insert(chance_.OneOf(holders));
  }
  for (const int64_t worker : leaving) {
    sv::ReplacementLine* line = request.add_lines();
    line->set_worker_id(worker);
    line->set_from_month(chance_.Percent(50) ? 0 : 201912);
    line->set_reason("pindah kota");
  }
  Ask(request, &Sponsorships::ReplaceWorkers,
      [this, lines = request.lines_size()](const absl::Status& status,
                                           const sv::ReplaceWorkersResponse& response) {
        if (status.ok() && response.results_size() != lines) {
          transport_.Violation("a replacement does not answer for each line");
        }
      });
}

void Workload::Refund() {
  const PledgeFacts pledge = AnyPledge([](const PledgeFacts& one) {
    return one.uncertain || one.received + one.credit > one.refunded;
  });
  if (pledge.pledge_id == 0) return Pay();
  sv::RefundPledgeRequest request;
  request.set_pledge_id(pledge.pledge_id);
  request.set_amount_rupiah(chance_.Percent(50) ? 0 : chance_.Between(1, 200'000));
  request.set_bank_reference(Unique("KEMBALI"));
  request.set_reason("permintaan sponsor");
  Make({&Facts::refunds, request.bank_reference(), request.amount_rupiah(), pledge.pledge_id},
       request, &Sponsorships::RefundPledge,
       [this, pledge](const sv::RefundPledgeResponse& response) {
         ledger_.Lock()->money[pledge.pledge_id].refunded += response.refunded_rupiah();
         return Effect{.amount = response.refunded_rupiah()};
       });
}

void Workload::Cancel() {
  const PledgeFacts pledge = AnyPledge([](const PledgeFacts& one) { return !one.cancelled; });
  if (pledge.pledge_id == 0 || ledger_.Lock()->money.size() < 2) return AddPledge();
  sv::CancelPledgeRequest request;
  request.set_pledge_id(pledge.pledge_id);
  request.set_reason("sponsor mengundurkan diri");
  Ask(
      request, &Sponsorships::CancelPledge,
      [this, pledge](const absl::Status& status, const sv::CancelPledgeResponse&) {
        if (status.ok()) ledger_.Lock()->money[pledge.pledge_id].cancelled = true;
      },
      [this, pledge] { Uncertain(pledge.pledge_id); });
}

// A member pays for one, a public budget for one or two: what coverage says it costs.
void Workload::Contribute() {
  static const std::vector<int> kLengths = {1, 3, 6};
  sv::PayContributionRequest request;
  request.set_payer_class(common::v1::PAYER_CLASS_SELF);
  if (!ledger_.Lock()->payers.empty() && chance_.Percent(40)) {
    const sv::Sponsor payer = chance_.OneOf(ledger_.Lock()->payers);
    if (payer.payer_class() == common::v1::PAYER_CLASS_VILLAGE) {
      request.set_payer_class(payer.payer_class());
      request.set_sponsor_id(payer.sponsor_id());
    }
  }
  for (const int64_t worker : AnyWorkers(request.sponsor_id() == 0 ? 1 : 2)) {
    request.add_worker_ids(worker);
  }
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_months(chance_.OneOf(kLengths));
  request.set_bank_reference(Unique("IURAN"));
  cv::QuoteContributionRequest quote;
  quote.set_seats(request.worker_ids_size());
  quote.set_months(request.months());
  *quote.mutable_programmes() = request.programmes();
  quote.set_payer_class(request.payer_class());
  Ask(quote, &cv::CoverageService::Service::QuoteContribution,
      [this, request](const absl::Status& quoted, const cv::QuoteContributionResponse& price) {
        if (!quoted.ok()) return;
        sv::PayContributionRequest paid = request;
        paid.set_amount_rupiah(price.total_rupiah());
        PayQuoted(paid);
      });
}

void Workload::PayQuoted(const sv::PayContributionRequest& request) {
  const int64_t amount = request.amount_rupiah();
  Make({&Facts::contributions, request.bank_reference(), amount}, request,
       &Sponsorships::PayContribution, [amount](const sv::PayContributionResponse& response) {
         return Effect{.id = response.contribution_id(), .amount = amount};
       });
}

}  // namespace lingkaran::workload
