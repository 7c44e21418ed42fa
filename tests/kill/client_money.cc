// Steps at sponsorship.
#include <algorithm>

#include "tests/kill/client.h"
#include "tests/support/requests.h"

namespace lingkaran::kill {
namespace {

namespace sv = sponsorship::v1;

constexpr int64_t kMonth = 16'800;  // JKK and JKM at the lowest band

bool HasMoney(const PledgeFacts& pledge) {
  return !pledge.cancelled && pledge.received > pledge.refunded;
}

}  // namespace

void Client::CreateSponsor() {
  static constexpr common::v1::PayerClass kClasses[] = {
      common::v1::PAYER_CLASS_CSR, common::v1::PAYER_CLASS_BANK, common::v1::PAYER_CLASS_INDIVIDUAL,
      common::v1::PAYER_CLASS_VILLAGE};
  sv::CreateSponsorRequest request = NewSponsor();
  request.set_payer_class(kClasses[Roll(4)]);
  if (const auto done = Do(*stubs_.sponsorship, &Sponsorships::CreateSponsor, request)) {
    world_.AddSponsor(done->sponsor().sponsor_id(), request.payer_class());
  }
}

void Client::CreatePledge() {
  const auto sponsor = world_.PickSponsor(random_, /*budget=*/false);
  if (!sponsor.has_value()) return CreateSponsor();
  const int64_t batch_id = world_.PickApproved(random_);
  if (batch_id == 0) return GoOnWithBatch();
  const int seats = 1 + Roll(5);
  sv::CreatePledgeRequest request = NewPledge(sponsor->sponsor_id, seats, Chance(50) ? 1 : 3);
  request.mutable_criteria()->set_batch_id(batch_id);
  const auto done = Do(*stubs_.sponsorship, &Sponsorships::CreatePledge, request);
  if (!done.has_value()) return;
  PledgeFacts pledge;
  pledge.pledge_id = done->pledge().pledge_id();
  pledge.sponsor_id = sponsor->sponsor_id;
  pledge.batch_id = batch_id;
  pledge.payment_code = done->pledge().invoice().payment_code();
  pledge.invoice = done->pledge().invoice().amount_rupiah();
  pledge.per_seat = done->pledge().per_seat_rupiah();
  pledge.seats = request.seats();
  world_.AddPledge(pledge);
}

void Client::RecordPayment() {
  const auto pledge = world_.PickPledge(random_, [&](const PledgeFacts& one) {
    return !one.cancelled && (one.received < one.invoice || Chance(2));
  });
  if (!pledge.has_value()) return CreatePledge();
  sv::RecordPaymentRequest request;
  request.set_payment_code(pledge->payment_code);
  request.set_bank_reference(Reference());
  const int64_t left = pledge->invoice - pledge->received;
  const int64_t part = 1 + Roll(static_cast<int>(pledge->per_seat) * 2);
  request.set_amount_rupiah(Chance(60) && left > 0 ? left : part);
  // Somebody else may send the same reference, too: it counts once.
  for (int times = Chance(20) ? 2 : 1; times > 0; --times) {
    const auto done = Do(*stubs_.sponsorship, &Sponsorships::RecordPayment, request);
    if (!done.has_value()) continue;
    if (done->already_recorded()) continue;
    world_.Change(pledge->pledge_id, [&](PledgeFacts& facts) {
      facts.received += done->applied_rupiah();
      facts.credit += done->credit_rupiah();
    });
  }
}

void Client::AllocatePledge() {
  const auto pledge = world_.PickPledge(random_, HasMoney);
  if (!pledge.has_value()) return RecordPayment();
  sv::AllocatePledgeRequest request;
  request.set_pledge_id(pledge->pledge_id);
  request.set_seed(absl::StrCat("undian-", Roll(1000)));
  if (const auto done = Do(*stubs_.sponsorship, &Sponsorships::AllocatePledge, request)) {
    world_.AddAllocation(done->allocation().allocation_id());
  }
}

void Client::AllocateNamed() {
  const auto pledge = world_.PickPledge(random_, HasMoney);
  if (!pledge.has_value()) return RecordPayment();
  sv::AllocatePledgeRequest request;
  request.set_pledge_id(pledge->pledge_id);
  const int64_t worker_id = world_.PickWorker(random_);
  if (worker_id == 0) return GoOnWithBatch();
  request.add_worker_ids(worker_id);
  if (const auto done = Do(*stubs_.sponsorship, &Sponsorships::AllocatePledge, request)) {
    world_.AddAllocation(done->allocation().allocation_id());
  }
}

void Client::ReplaceWorkers() {
  const auto pledge = world_.PickPledge(random_, HasMoney);
  if (!pledge.has_value()) return AllocatePledge();
  sv::ReplaceWorkersRequest request;
  request.set_pledge_id(pledge->pledge_id);
  for (int i = 0; i < 6; ++i) {
    const int64_t worker_id = world_.PickWorker(random_, pledge->batch_id);
    const auto& lines = request.lines();
    if (worker_id == 0 || std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
          return line.worker_id() == worker_id;
        })) {
      continue;
    }
    sv::ReplacementLine* line = request.add_lines();
    line->set_worker_id(worker_id);
    line->set_from_month(Chance(50) ? 201912 : 0);
    line->set_reason("meninggal sebelum perlindungan mulai");
  }
  if (request.lines_size() > 0) {
    Do(*stubs_.sponsorship, &Sponsorships::ReplaceWorkers, request);
  }
}

void Client::RefundPledge() {
  const auto pledge = world_.PickPledge(
      random_, [](const PledgeFacts& one) { return one.received + one.credit > one.refunded; });
  if (!pledge.has_value()) return RecordPayment();
  sv::RefundPledgeRequest request;
  request.set_pledge_id(pledge->pledge_id);
  request.set_amount_rupiah(Chance(50) ? 0 : 1 + Roll(20'000));
  request.set_bank_reference(Reference());
  request.set_reason("permintaan donatur");
  if (const auto done = Do(*stubs_.sponsorship, &Sponsorships::RefundPledge, request)) {
    world_.Change(pledge->pledge_id,
                  [&](PledgeFacts& facts) { facts.refunded += done->refunded_rupiah(); });
  }
}

void Client::CancelPledge() {
  const auto pledge =
      world_.PickPledge(random_, [](const PledgeFacts& one) { return !one.cancelled; });
  if (!pledge.has_value()) return CreatePledge();
  sv::CancelPledgeRequest request;
  request.set_pledge_id(pledge->pledge_id);
  request.set_reason("kerja sama berakhir");
  if (Do(*stubs_.sponsorship, &Sponsorships::CancelPledge, request).has_value()) {
    world_.Change(pledge->pledge_id, [](PledgeFacts& facts) { facts.cancelled = true; });
  }
}

void Client::PayContribution() {
  sv::PayContributionRequest request;
  const auto budget = world_.PickSponsor(random_, /*budget=*/true);
  const bool self = !budget.has_value() || Chance(60);
  request.set_payer_class(self ? common::v1::PAYER_CLASS_SELF
                               : static_cast<common::v1::PayerClass>(budget->payer_class));
  if (!self) request.set_sponsor_id(budget->sponsor_id);
  for (int i = 0; i < (self ? 1 : 2); ++i) {
    const int64_t worker_id = world_.PickWorker(random_);
    if (worker_id == 0) return GoOnWithBatch();
    if (i == 1 && request.worker_ids(0) == worker_id) continue;
    request.add_worker_ids(worker_id);
  }
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_months(1);
  request.set_bank_reference(Reference());
  request.set_amount_rupiah(kMonth * request.worker_ids_size());
  if (const auto done = Do(*stubs_.sponsorship, &Sponsorships::PayContribution, request)) {
    world_.AddContribution(done->contribution_id(), request.amount_rupiah());
  }
}

}  // namespace lingkaran::kill
