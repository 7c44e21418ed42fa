#include "tests/support/sponsorship_host.h"

#include <stdexcept>

#include "common/base/error.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/rules_file.h"
#include "services/sponsorship/store/store.h"
#include "tests/support/fake_peers.h"

namespace lingkaran {

using sponsorship::v1::AllocatePledgeRequest;
using sponsorship::v1::AllocatePledgeResponse;

namespace {

void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

sponsorship::PayerRules Rules() {
  auto rules = sponsorship::LoadRules(LINGKARAN_SOURCE_DIR "/deploy/rules/sponsorship.textproto");
  Check(rules.status());
  return *std::move(rules);
}

}  // namespace

struct SponsorshipHost::Parts {
  Parts(sql::Database& database, sponsorship::PeerCalls* others, const Clock& clock,
        const Clock& machine, Bounds bounds)
      : rules(Rules()),
        peers(others == nullptr ? nobody : *others),
        outbox(database, OutboxOptions(machine)),
        context{&database, &outbox, &clock, &peers, &rules, nullptr, &progress},
        fill(context),
        allocations(context, &fill),
        replacements(context, &fill),
        batcher(context, &allocations, bounds) {
    fill.Register();
    allocations.Register();
    replacements.Register();
  }

  static Outbox::Options OutboxOptions(const Clock& machine) {
    Outbox::Options options;
    options.clock = &machine;
    return options;
  }

  const sponsorship::PayerRules rules;
  NoPeers nobody;
  sponsorship::PeerClient peers;
  sponsorship::Progress progress;
  Outbox outbox;
  const sponsorship::Context context;
  sponsorship::FillWorkflow fill;
  sponsorship::AllocationWorkflow allocations;
  sponsorship::ReplacementWorkflow replacements;
  sponsorship::NamedAllocationBatcher batcher;
};

SponsorshipHost::SponsorshipHost(sql::Database& database, sponsorship::PeerCalls* peers,
                                 Bounds bounds)
    : database_(database),
      clock_(absl::FromUnixSeconds(1'573'092'000)),
      machine_(clock_.Now()),
      parts_(std::make_unique<Parts>(database, peers, clock_, machine_, bounds)) {}

SponsorshipHost::~SponsorshipHost() = default;

absl::StatusOr<int64_t> SponsorshipHost::Draw(int64_t pledge_id, const std::string& seed) {
  int64_t id = 0;
  RETURN_IF_ERROR(database_.Write([&](sql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const auto pledge, sponsorship::LockPledge(tx, pledge_id));
    ASSIGN_OR_RETURN(id, parts_->allocations.Start(tx, pledge, seed));
    return absl::OkStatus();
  }));
  return id;
}

absl::StatusOr<int64_t> SponsorshipHost::Replace(int64_t pledge_id,
                                                 const std::vector<int64_t>& workers) {
  std::vector<sponsorship::ReplacementLineRow> lines(workers.size());
  for (size_t i = 0; i < workers.size(); ++i) {
    lines[i].worker_id = workers[i];
    lines[i].reason = "sudah peserta";
  }
  int64_t id = 0;
  RETURN_IF_ERROR(database_.Write([&](sql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const auto pledge, sponsorship::LockPledge(tx, pledge_id));
    ASSIGN_OR_RETURN(id, parts_->replacements.Start(tx, pledge, lines));
    return absl::OkStatus();
  }));
  return id;
}

void SponsorshipHost::Deliver(int most) {
  for (int i = 0; i < most; ++i) {
    const absl::StatusOr<bool> delivered = parts_->outbox.Pump();
    Check(delivered.status());
    if (!*delivered) return;
  }
}

sponsorship::AllocationRow SponsorshipHost::Allocation(int64_t allocation_id) {
  sponsorship::AllocationRow allocation;
  Check(database_.Read([&](sql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(allocation, sponsorship::GetAllocation(tx, allocation_id));
    return absl::OkStatus();
  }));
  return allocation;
}

std::vector<sponsorship::RefusalRow> SponsorshipHost::Refusals(int64_t allocation_id) {
  std::vector<sponsorship::RefusalRow> refusals;
  Check(database_.Read([&](sql::Tx& tx) {
    refusals = sponsorship::ListRefusals(tx, allocation_id, 1'000);
    return absl::OkStatus();
  }));
  return refusals;
}

size_t SponsorshipHost::InLine(int64_t pledge_id) { return parts_->batcher.InLine(pledge_id); }

int64_t SponsorshipHost::MakePledge(int seats, Rupiah paid) {
  using namespace sponsorship;
  int64_t pledge_id = 0;
  Check(database_.Write([&](sql::Tx& tx) -> absl::Status {
    SponsorRow sponsor;
    sponsor.name = "Batavia Prosperindo Aset Manajemen";
    sponsor.payer_class = PayerClass::kCsr;
    PledgeRow pledge;
    pledge.sponsor_id = InsertSponsor(tx, sponsor);
    pledge.payer_class = PayerClass::kCsr;
    pledge.group_code = "SC";
    pledge.seats = seats;
    pledge.months = 1;
    pledge.programmes = {Programme::kJkk, Programme::kJkm};
    pledge.wage_base = Rupiah(1'000'000);
    pledge.first_day = 20191107;
    pledge.criteria.region_code = "33.72";
    pledge.schedule = *PriceSchedule::Make(
        {{Programme::kJkk, 201911, Rupiah(10'000)}, {Programme::kJkm, 201911, Rupiah(6'800)}});
    pledge.invoice = pledge.schedule.PerSeat() * seats;
    pledge.due_day = 20191121;
    pledge_id = pledge.pledge_id = NextPledgeId(tx);
    pledge.payment_code = PaymentCode(pledge_id, Day(2019, 11, 7));
    InsertPledge(tx, pledge);
    if (paid == Rupiah()) return absl::OkStatus();
    AddReceived(tx, pledge_id, paid);
    return Post(tx,
                Payment(pledge_id, pledge.sponsor_id, paid, Rupiah(), "BRI-" + pledge.payment_code),
                clock_.Now());
  }));
  return pledge_id;
}

absl::StatusOr<AllocatePledgeResponse> SponsorshipHost::Allocate(
    int64_t pledge_id, const std::vector<int64_t>& workers, const std::string& request_id,
    absl::Time deadline) {
  Call call;
  call.actor = {"budi", Role::kOfficer, 0};
  call.method = "lingkaran.sponsorship.v1.SponsorshipService/AllocatePledge";
  call.deadline = deadline;
  AllocatePledgeRequest request;
  request.set_request_id(request_id);
  request.set_pledge_id(pledge_id);
  request.mutable_worker_ids()->Add(workers.begin(), workers.end());
  AllocatePledgeResponse response;
  absl::Status status = parts_->batcher.Allocate(call, request, &response);
  if (!status.ok()) return status;
  return response;
}

sponsorship::PledgeRow SponsorshipHost::Pledge(int64_t pledge_id) {
  sponsorship::PledgeRow pledge;
  Check(database_.Read([&](sql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(pledge, sponsorship::GetPledge(tx, pledge_id));
    return absl::OkStatus();
  }));
  return pledge;
}

}  // namespace lingkaran
