// GetStatement, GetSponsorReport, PlanContinuation.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/seats.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

constexpr size_t kShownOpenWorkers = 5'000;
// A page token of a statement is transaction x kLines + line; no transaction has that many lines.
constexpr int64_t kLines = 16;

// Person-months that stand, by programme and month: a seat that is paid up to `to` holds one of
// each of the first `to` person-months of the schedule.
void AddMonths(const PriceSchedule& schedule,
               const std::vector<std::pair<int, int64_t>>& seats_by_paid_to,
               v1::PledgeReport& report) {
  for (int index = 0; index < schedule.size(); ++index) {
    int64_t seats = 0;
    for (const auto& [paid_to, count] : seats_by_paid_to) seats += paid_to > index ? count : 0;
    if (seats == 0) continue;
    const SeatMonth& month = schedule.at(index);
    v1::ReportMonth* line = report.add_months();
    line->set_programme(static_cast<common::v1::Programme>(month.programme));
    line->set_month(month.month);
    line->set_person_months(seats);
    line->set_amount_rupiah((month.price * seats).amount());
  }
  auto order = [](const v1::ReportMonth& a, const v1::ReportMonth& b) {
    return a.programme() != b.programme() ? a.programme() < b.programme() : a.month() < b.month();
  };
  std::sort(report.mutable_months()->begin(), report.mutable_months()->end(), order);
}

}  // namespace

grpc::Status SponsorshipServiceImpl::GetStatement(ServerContext* context,
                                                  In<v1::GetStatementRequest> request,
                                                  v1::GetStatementResponse* response) {
  return RunRpc(context, Rpc("GetStatement"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size(), 1'000, 5'000));
    ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request->page_token()));
    return context_.database->Read([&](Tx& tx) -> absl::Status {
      response->Clear();
      RETURN_IF_ERROR(sponsorship::GetPledge(tx, request->pledge_id()).status());
      std::vector<EntryRow> entries = ListEntries(tx, request->pledge_id(), after / kLines,
                                                  static_cast<int>(after % kLines), size + 1);
      response->set_next_page_token(NextPage(entries, size, [](const EntryRow& row) {
        return row.transaction_id * kLines + row.line;
      }));
      for (const EntryRow& entry : entries) {
        v1::LedgerEntry* shown = response->add_entries();
        shown->set_transaction_id(entry.transaction_id);
        shown->set_account(entry.account);
        shown->set_amount_rupiah(entry.amount.amount());
        shown->set_kind(entry.kind);
        shown->set_reference(entry.reference);
        *shown->mutable_post_time() = ToTimestamp(entry.post_time);
      }
      *response->mutable_funds() =
          ToProto(FundsFromEntries(request->pledge_id(), SumEntries(tx, request->pledge_id())));
      return absl::OkStatus();
    });
  });
}

absl::StatusOr<v1::PledgeReport> SponsorshipServiceImpl::ReportOn(Tx& tx, const PledgeRow& pledge) {
  const int64_t id = pledge.pledge_id;
  v1::PledgeReport report;
  report.set_pledge_id(id);
  report.set_seats(pledge.seats);
  report.set_seats_filled(pledge.seats_filled);
  report.set_replacements(CountReplacements(tx, id));
  report.set_disabled_workers(CountDisabled(tx, id));
  // Counted anew from the entries; the accounts must say the same.
  const Funds funds = FundsFromEntries(id, SumEntries(tx, id));
  *report.mutable_funds() = ToProto(funds);

  AddMonths(pledge.schedule, CountByPaidTo(tx, id), report);
  int64_t person_months = 0;
  Rupiah months_price;
  for (const v1::ReportMonth& month : report.months()) {
    person_months += month.person_months();
    months_price += Rupiah(month.amount_rupiah());
  }
  report.set_person_months(person_months);

  Rupiah applied;
  for (const ReceiptRow& receipt : ListReceipts(tx, id)) {
    if (receipt.kind != "payment") continue;
    v1::ReportReceipt* shown = report.add_receipts();
    shown->set_bank_reference(receipt.bank_reference);
    shown->set_amount_rupiah(receipt.amount.amount());
    shown->set_applied_rupiah(receipt.applied.amount());
    shown->set_credit_rupiah(receipt.credit.amount());
    shown->set_value_day(receipt.value_day);
    applied += receipt.applied;
  }
  report.set_sums_close(funds.Closes() && funds == pledge.funds && applied == funds.received &&
                        months_price == funds.spent);
  return report;
}

grpc::Status SponsorshipServiceImpl::GetSponsorReport(ServerContext* context,
                                                      In<v1::GetSponsorReportRequest> request,
                                                      v1::GetSponsorReportResponse* response) {
  return RunRpc(context, Rpc("GetSponsorReport"), [&](const Call&) -> absl::Status {
    return context_.database->Read([&](Tx& tx) -> absl::Status {
      response->Clear();
      ASSIGN_OR_RETURN(const SponsorRow sponsor,
                       sponsorship::GetSponsor(tx, request->sponsor_id()));
      *response->mutable_sponsor() = ToProto(sponsor);
      int64_t after = request->pledge_id() == 0 ? 0 : request->pledge_id() - 1;
      while (true) {
        ASSIGN_OR_RETURN(const std::vector<PledgeRow> pledges,
                         sponsorship::ListPledges(tx, sponsor.sponsor_id, after, 100));
        for (const PledgeRow& pledge : pledges) {
          if (request->pledge_id() != 0 && pledge.pledge_id != request->pledge_id()) continue;
          ASSIGN_OR_RETURN(*response->add_pledges(), ReportOn(tx, pledge));
        }
        if (pledges.empty() || request->pledge_id() != 0) break;
        after = pledges.back().pledge_id;
      }
      if (request->pledge_id() != 0 && response->pledges().empty()) {
        return Error(absl::StatusCode::kNotFound, Reason::kPledgeNotFound,
                     absl::StrCat("the sponsor has no pledge ", request->pledge_id()));
      }
      *response->mutable_report_time() = ToTimestamp(absl::ToUnixMillis(context_.Now()));
      return absl::OkStatus();
    });
  });
}

grpc::Status SponsorshipServiceImpl::PlanContinuation(ServerContext* context,
                                                      In<v1::PlanContinuationRequest> request,
                                                      v1::PlanContinuationResponse* response) {
  return RunRpc(context, Rpc("PlanContinuation"),
                [&](const Call&) { return PlanFor(*request, response); });
}

absl::Status SponsorshipServiceImpl::PlanFor(const v1::PlanContinuationRequest& request,
                                             v1::PlanContinuationResponse* response) {
  FieldErrors errors;
  CheckDay(errors, request.day(), "day");
  RETURN_IF_ERROR(errors.ToStatus());
  const int32_t day = request.day() == 0 ? DayNumber(context_.Today()) : request.day();
  absl::StatusOr<PledgeRow> pledge = absl::InternalError("not read");
  std::vector<std::pair<int64_t, int32_t>> holders;
  RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) {
    pledge = sponsorship::GetPledge(tx, request.pledge_id());
    holders = ListHolders(tx, request.pledge_id());
    return pledge.status();
  }));
  ASSIGN_OR_RETURN(const std::vector<Continuation> ends,
                   context_.peers->ListEnds(request.pledge_id()));
  absl::flat_hash_map<int64_t, Continuation> by_worker;
  for (const Continuation& end : ends) by_worker[end.worker_id] = end;
  std::vector<Continuation> workers;
  for (const auto& [worker, last_day] : holders) {
    Continuation one = by_worker[worker];
    one.worker_id = worker;
    one.pledge_last_day = last_day;
    workers.push_back(one);
  }
  const ContinuationPlan plan = Plan(std::move(workers), day);

  coverage::v1::QuoteContributionRequest quote;
  quote.set_seats(1);
  quote.set_months(1);
  for (Programme programme : pledge->programmes) {
    quote.add_programmes(static_cast<common::v1::Programme>(programme));
  }
  quote.set_wage_base_rupiah(pledge->wage_base.amount());
  quote.set_payer_class(common::v1::PAYER_CLASS_SELF);
  quote.set_sector(static_cast<common::v1::Sector>(pledge->sector));
  quote.set_first_day(day);
  ASSIGN_OR_RETURN(const coverage::v1::QuoteContributionResponse quoted,
                   context_.peers->Quote(quote));

  for (const ContinuationGroup& group : plan.groups) {
    v1::ContinuationGroup* shown = response->add_groups();
    shown->set_last_day(group.last_day);
    shown->set_grace_until(group.grace_until);
    shown->set_workers(group.workers);
  }
  response->set_workers(plan.workers);
  response->set_self_paying(plan.self_paying);
  response->set_taken_over_by_budget(plan.taken_over_by_budget);
  response->set_taken_over_by_sponsor(plan.taken_over_by_sponsor);
  response->set_still_covered(plan.still_covered);
  response->set_in_grace(plan.in_grace);
  response->set_lapsed(plan.lapsed);
  response->set_conversion_basis_points(plan.conversion_basis_points);
  response->set_monthly_price_rupiah(quoted.per_seat_rupiah());
  response->set_day(day);
  const size_t shown = std::min(plan.open_worker_ids.size(), kShownOpenWorkers);
  response->mutable_open_worker_ids()->Add(plan.open_worker_ids.begin(),
                                           plan.open_worker_ids.begin() + shown);
  return absl::OkStatus();
}

}  // namespace lingkaran::sponsorship
