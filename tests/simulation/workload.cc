#include "tests/simulation/workload.h"

#include "absl/strings/str_cat.h"
#include "common/base/date.h"
#include "common/base/random.h"
#include "tests/support/candidate.h"

namespace lingkaran::simulation {

namespace rv = registry::v1;
namespace sv = sponsorship::v1;
using Registry = rv::RegistryService::Service;
using Sponsorships = sv::SponsorshipService::Service;

std::string Workload::Unique(const char* what) { return absl::StrCat(what, " ", ++next_name_); }

bool Workload::Decided(std::map<std::string, Expected>& book, const std::string& key,
                       const absl::Status& status, int64_t id, int64_t amount) {
  ++ledger_.decided;
  if (!status.ok()) {
    // An error is not kept: a copy of the request that comes later may still be taken.
    book.emplace(key, Expected{false, 0, amount});
    return false;
  }
  book[key] = {true, id, amount};
  return true;
}

std::function<void()> Workload::GivenUp(std::map<std::string, Expected>& book,
                                        const std::string& key, int64_t amount) {
  return [this, &book, key, amount] {
    ++ledger_.given_up;
    book.emplace(key, Expected{false, 0, amount});
  };
}

const Workload::KnownPledge* Workload::AnyPledge() {
  if (pledges_.empty()) return nullptr;
  auto it = pledges_.begin();
  std::advance(it, world_.chance().Between(0, static_cast<int64_t>(pledges_.size()) - 1));
  return &it->second;
}

void Workload::Prepare() {
  Chance& chance = world_.chance();
  for (int64_t i = chance.Between(1, 2); i > 0; --i) {
    rv::CreateAgencyRequest request;
    request.set_request_id(NewRequestId());
    request.set_name(Unique("Dinas Sosial"));
    request.set_kind(rv::AGENCY_KIND_SOCIAL_AGENCY);
    request.set_region_code("33.72");
    client_.Send<Registry, rv::CreateAgencyRequest, rv::CreateAgencyResponse>(
        kRegistry, "CreateAgency", kBudi, request, &Registry::CreateAgency,
        [this, request](const absl::Status& status, const rv::CreateAgencyResponse& response) {
          const int64_t id = response.agency().agency_id();
          if (!Decided(ledger_.agencies, request.name(), status, id)) return;
          agencies_.push_back(id);
          AddList(id);
        });
  }
  for (int64_t i = chance.Between(1, 2); i > 0; --i) AddSponsor();
}

void Workload::AddList(int64_t agency_id) {
  Chance& chance = world_.chance();
  const int count = static_cast<int>(chance.Between(4, 20));
  rv::CreateBatchRequest request;
  request.set_request_id(NewRequestId());
  request.set_agency_id(agency_id);
  request.set_kind(rv::BATCH_KIND_CANDIDATES);
  request.set_decree_number(Unique("SK"));
  request.set_declared_rows(count);
  // Some stand on the list of another agency, too.
  const int first = std::max(0, next_person_ - static_cast<int>(chance.Between(0, 3)));
  next_person_ = first + count;
  client_.Send<Registry, rv::CreateBatchRequest, rv::CreateBatchResponse>(
      kRegistry, "CreateBatch", kBudi, request, &Registry::CreateBatch,
      [this, request, count, first](const absl::Status& status,
                                    const rv::CreateBatchResponse& response) {
        const int64_t id = response.batch().batch_id();
        if (!Decided(ledger_.batches, request.decree_number(), status, id)) return;
        std::vector<rv::SubmitCandidatesRequest> chunks;
        for (int sent = 0; sent < count;) {
          rv::SubmitCandidatesRequest& chunk = chunks.emplace_back();
          chunk.set_batch_id(id);
          chunk.set_chunk_number(sent);
          for (; sent < count && chunk.rows_size() < 7; ++sent) {
            *chunk.add_rows() = Candidate(sent + 2, first + sent, (first + sent) % 5 == 0);
          }
          chunk.set_complete(sent == count);
        }
        client_.SendList(chunks, [this, id](const std::vector<rv::RowResult>& rows) {
          for (const rv::RowResult& row : rows) {
            if (row.status() == rv::ROW_STATUS_ACCEPTED) workers_.push_back(row.worker_id());
          }
          Review(id);
        });
      });
}

void Workload::Review(int64_t batch_id) {
  rv::ReviewBatchRequest request;
  request.set_request_id(NewRequestId());
  request.set_batch_id(batch_id);
  request.set_decision(rv::REVIEW_DECISION_APPROVE);
  rv::Evidence* evidence = request.mutable_evidence();
  evidence->set_working_attested(true);
  evidence->set_healthy_attested(true);
  evidence->set_attested_by("Lurah Sondakan");
  evidence->set_attested_day(20191106);
  evidence->set_document("BA-1");
  client_.Send<Registry, rv::ReviewBatchRequest, rv::ReviewBatchResponse>(
      kRegistry, "ReviewBatch", kSiti, request, &Registry::ReviewBatch,
      [this](const absl::Status& status, const rv::ReviewBatchResponse&) {
        ++ledger_.decided;
        if (!status.ok()) world_.Violation("a review fails: " + status.ToString());
      });
}

void Workload::AddSponsor() {
  static const std::vector<common::v1::PayerClass> kClasses = {
      common::v1::PAYER_CLASS_CSR, common::v1::PAYER_CLASS_BANK, common::v1::PAYER_CLASS_INDIVIDUAL,
      common::v1::PAYER_CLASS_VILLAGE};
  sv::CreateSponsorRequest request;
  request.set_request_id(NewRequestId());
  request.set_name(Unique("Yayasan"));
  request.set_payer_class(world_.chance().OneOf(kClasses));
  client_.Send<Sponsorships, sv::CreateSponsorRequest, sv::CreateSponsorResponse>(
      kSponsorship, "CreateSponsor", kBudi, request, &Sponsorships::CreateSponsor,
      [this, request](const absl::Status& status, const sv::CreateSponsorResponse& response) {
        const int64_t id = response.sponsor().sponsor_id();
        if (!Decided(ledger_.sponsors, request.name(), status, id)) return;
        sponsors_.push_back(response.sponsor());
        for (int64_t i = world_.chance().Between(1, 2); i > 0; --i) AddPledge();
      },
      GivenUp(ledger_.sponsors, request.name()));
}

void Workload::AddPledge() {
  Chance& chance = world_.chance();
  if (sponsors_.empty()) return AddSponsor();
  static const std::vector<int> kLengths = {1, 3, 6, 12};
  sv::CreatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_sponsor_id(chance.OneOf(sponsors_).sponsor_id());
  request.set_seats(static_cast<int>(chance.Between(1, 12)));
  request.set_months(chance.OneOf(kLengths));
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  if (chance.Percent(25)) request.add_programmes(common::v1::PROGRAMME_JHT);
  request.mutable_criteria()->set_region_code("33.72");
  request.mutable_criteria()->set_disabled_first(chance.Percent(50));
  // Nobody earns as much: the number tells pledges apart.
  request.mutable_criteria()->set_max_income_rupiah(100'000'000 + ++next_name_);
  const std::string key = absl::StrCat(request.criteria().max_income_rupiah());
  client_.Send<Sponsorships, sv::CreatePledgeRequest, sv::CreatePledgeResponse>(
      kSponsorship, "CreatePledge", kBudi, request, &Sponsorships::CreatePledge,
      [this, key](const absl::Status& status, const sv::CreatePledgeResponse& response) {
        const int64_t id = response.pledge().pledge_id();
        if (!Decided(ledger_.pledges, key, status, id)) return;
        pledges_[id].pledge = response.pledge();
        if (world_.chance().Percent(80)) Pay();
        if (world_.chance().Percent(50)) Allocate();
      },
      GivenUp(ledger_.pledges, key));
}

void Workload::Pay() {
  Chance& chance = world_.chance();
  const KnownPledge* known = AnyPledge();
  if (known == nullptr) return;
  const int64_t invoice = known->pledge.invoice().amount_rupiah();
  sv::RecordPaymentRequest request;
  request.set_request_id(NewRequestId());
  request.set_payment_code(known->pledge.invoice().payment_code());
  request.set_bank_reference(Unique("TRX"));
  const int64_t kind = chance.Between(0, 9);
  request.set_amount_rupiah(kind < 4   ? invoice
                            : kind < 8 ? chance.Between(1, invoice)
                                       : invoice + chance.Between(1, 100'000));
  client_.Send<Sponsorships, sv::RecordPaymentRequest, sv::RecordPaymentResponse>(
      kSponsorship, "RecordPayment", kBudi, request, &Sponsorships::RecordPayment,
      [this, request](const absl::Status& status, const sv::RecordPaymentResponse& response) {
        if (!Decided(ledger_.payments, request.bank_reference(), status, response.payment_id(),
                     request.amount_rupiah())) {
          return;
        }
        payments_.push_back(request);
        if (response.applied_rupiah() + response.credit_rupiah() != request.amount_rupiah()) {
          world_.Violation("a payment was split wrongly");
        }
      },
      GivenUp(ledger_.payments, request.bank_reference(), request.amount_rupiah()));
}

// A transfer that was recorded is recorded again by somebody who does not know.
void Workload::PayAgain() {
  if (payments_.empty()) return Pay();
  sv::RecordPaymentRequest request = world_.chance().OneOf(payments_);
  request.set_request_id(NewRequestId());
  client_.Send<Sponsorships, sv::RecordPaymentRequest, sv::RecordPaymentResponse>(
      kSponsorship, "RecordPayment", kSiti, request, &Sponsorships::RecordPayment,
      [this](const absl::Status& status, const sv::RecordPaymentResponse& response) {
        ++ledger_.decided;
        if (!status.ok() || !response.already_recorded()) {
          world_.Violation("a payment that was recorded is not known: " + status.ToString());
        }
      });
}

void Workload::Allocate() {
  const KnownPledge* known = AnyPledge();
  if (known == nullptr) return;
  sv::AllocatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(known->pledge.pledge_id());
  request.set_seed(Unique("undian"));
  client_.Send<Sponsorships, sv::AllocatePledgeRequest, sv::AllocatePledgeResponse>(
      kSponsorship, "AllocatePledge", kBudi, request, &Sponsorships::AllocatePledge,
      [this, request](const absl::Status& status, const sv::AllocatePledgeResponse& response) {
        Decided(ledger_.allocations, request.seed(), status, response.allocation().allocation_id());
      },
      GivenUp(ledger_.allocations, request.seed()));
}

void Workload::Refund() {
  const KnownPledge* known = AnyPledge();
  if (known == nullptr) return;
  sv::RefundPledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(known->pledge.pledge_id());
  request.set_amount_rupiah(world_.chance().Percent(50) ? 0 : world_.chance().Between(1, 200'000));
  request.set_bank_reference(Unique("KEMBALI"));
  request.set_reason("permintaan sponsor");
  client_.Send<Sponsorships, sv::RefundPledgeRequest, sv::RefundPledgeResponse>(
      kSponsorship, "RefundPledge", kBudi, request, &Sponsorships::RefundPledge,
      [this, request](const absl::Status& status, const sv::RefundPledgeResponse& response) {
        Decided(ledger_.refunds, request.bank_reference(), status, 0, response.refunded_rupiah());
      },
      GivenUp(ledger_.refunds, request.bank_reference(), request.amount_rupiah()));
}

void Workload::Cancel() {
  const KnownPledge* known = AnyPledge();
  if (known == nullptr || pledges_.size() < 2) return;
  sv::CancelPledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(known->pledge.pledge_id());
  request.set_reason("sponsor mengundurkan diri");
  client_.Send<Sponsorships, sv::CancelPledgeRequest, sv::CancelPledgeResponse>(
      kSponsorship, "CancelPledge", kBudi, request, &Sponsorships::CancelPledge,
      [this, request](const absl::Status& status, const sv::CancelPledgeResponse&) {
        ++ledger_.decided;
        if (status.ok()) ledger_.cancelled.insert(request.pledge_id());
      });
}

void Workload::UseIdTwice() {
  if (payments_.empty()) return Pay();
  sv::RecordPaymentRequest request = world_.chance().OneOf(payments_);
  request.set_amount_rupiah(request.amount_rupiah() + 1);
  client_.Send<Sponsorships, sv::RecordPaymentRequest, sv::RecordPaymentResponse>(
      kSponsorship, "RecordPayment", kBudi, request, &Sponsorships::RecordPayment,
      [this](const absl::Status& status, const sv::RecordPaymentResponse&) {
        ++ledger_.decided;
        if (ReasonOf(status) != Reason::kRequestIdReused) {
          world_.Violation("an old request_id with another body: " + status.ToString());
        }
      });
}

void Workload::Act() {
  struct Action {
    int weight;
    void (Workload::*act)();
  };
  static constexpr Action kActions[] = {
      {2, &Workload::AddSponsor},  {6, &Workload::AddPledge},   {14, &Workload::Pay},
      {4, &Workload::PayAgain},    {20, &Workload::Allocate},   {10, &Workload::AllocateNamed},
      {10, &Workload::Replace},    {5, &Workload::Refund},      {3, &Workload::Cancel},
      {10, &Workload::Contribute}, {5, &Workload::ReportDeath}, {4, &Workload::Withdraw},
      {8, &Workload::Correct},     {3, &Workload::IssueCards},  {4, &Workload::EnrolByHand},
      {3, &Workload::UseIdTwice},  {6, &Workload::Check},
  };
  int total = 0;
  for (const Action& action : kActions) total += action.weight;
  int64_t pick = world_.chance().Between(0, total - 1);
  for (const Action& action : kActions) {
    pick -= action.weight;
    if (pick < 0) return (this->*action.act)();
  }
}

}  // namespace lingkaran::simulation
