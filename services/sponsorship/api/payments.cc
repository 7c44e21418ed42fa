// RecordPayment, RefundPledge, CancelPledge.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

// What the pledge left on its sponsor's credit: paid too much, or cancelled; less what went back.
Rupiah CreditLeftBy(Tx& tx, const PledgeRow& pledge) {
  const std::string account = SponsorAccount(pledge.sponsor_id, "credit");
  Rupiah left;
  for (const EntrySum& sum : SumEntries(tx, pledge.pledge_id)) {
    if (sum.account == account) left += sum.amount;
  }
  return std::min(left, Balance(tx, account));
}

}  // namespace

absl::Status SponsorshipServiceImpl::PayInvoice(Tx& tx, const Call& call,
                                                const v1::RecordPaymentRequest& request,
                                                v1::RecordPaymentResponse* response) {
  const std::optional<int64_t> pledge_id = FindPaymentCode(tx, request.payment_code());
  if (pledge_id.has_value()) RETURN_IF_ERROR(LockPledge(tx, *pledge_id).status());
  std::optional<ReceiptRow> receipt = FindReceipt(tx, request.bank_reference());
  if (receipt.has_value() &&
      (receipt->kind != "payment" || receipt->pledge_id != pledge_id.value_or(0) ||
       receipt->amount != Rupiah(request.amount_rupiah()))) {
    return PaymentConflict(request.bank_reference());
  }
  if (!pledge_id.has_value()) return InvoiceNotFound(request.payment_code());
  ASSIGN_OR_RETURN(PledgeRow pledge, sponsorship::GetPledge(tx, *pledge_id));
  response->set_already_recorded(receipt.has_value());
  if (!receipt.has_value()) {
    if (pledge.cancelled) return PaymentForCancelled(*pledge_id);
    const absl::Time now = context_.Now();
    const Rupiah amount(request.amount_rupiah());
    const Rupiah applied = std::min(amount, pledge.invoice - pledge.funds.received);
    receipt = ReceiptRow{
        .bank_reference = request.bank_reference(),
        .kind = "payment",
        .pledge_id = *pledge_id,
        .amount = amount,
        .applied = applied,
        .credit = amount - applied,
        .value_day = request.value_day() == 0 ? DayNumber(context_.Today()) : request.value_day()};
    receipt->receipt_id = InsertReceipt(tx, *receipt, now);
    AddReceived(tx, *pledge_id, applied);
    RETURN_IF_ERROR(Post(
        tx,
        Payment(*pledge_id, pledge.sponsor_id, applied, receipt->credit, request.bank_reference()),
        now, &pledge.funds));
    RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", *pledge_id));
  }
  response->set_payment_id(receipt->receipt_id);
  response->set_applied_rupiah(receipt->applied.amount());
  response->set_credit_rupiah(receipt->credit.amount());
  const Extent extent = PaidExtent(pledge.schedule, pledge.seats, pledge.funds.received);
  response->set_paid_person_months(extent.person_months);
  response->set_paid_full_seats(extent.full_seats);
  *response->mutable_pledge() = ToProto(pledge);
  response->set_consistency_token(ToToken({}));
  return absl::OkStatus();
}

grpc::Status SponsorshipServiceImpl::RecordPayment(ServerContext* context,
                                                   In<v1::RecordPaymentRequest> request,
                                                   v1::RecordPaymentResponse* response) {
  return RunRpc(context, Rpc("RecordPayment"), [&](const Call& call) -> absl::Status {
    FieldErrors errors;
    CheckText(errors, request->payment_code(), 1, 32, "payment_code");
    CheckText(errors, request->bank_reference(), 4, 64, "bank_reference");
    errors.Require(request->amount_rupiah() > 0 && request->amount_rupiah() <= kMaxAmount.amount(),
                   "amount_rupiah", "write what came in, more than 0");
    CheckDay(errors, request->value_day(), "value_day");
    RETURN_IF_ERROR(errors.ToStatus());
    absl::Status status;
    // Two callers with one reference for different pledges may meet: the later one
    // fails on the unique reference, and its second look finds the receipt.
    for (int look = 0; look < 2; ++look) {
      status = Mutate(call, *context_.database, context_.Now(), *request, response,
                      [&](Tx& tx) { return PayInvoice(tx, call, *request, response); });
      if (!absl::IsAlreadyExists(status) || ReasonOf(status) != Reason::kUnspecified) {
        break;
      }
    }
    return status;
  });
}

grpc::Status SponsorshipServiceImpl::RefundPledge(ServerContext* context,
                                                  In<v1::RefundPledgeRequest> request,
                                                  v1::RefundPledgeResponse* response) {
  return RunRpc(context, Rpc("RefundPledge"),
                [&](const Call& call) { return RefundMoney(call, *request, response); });
}

absl::Status SponsorshipServiceImpl::RefundMoney(const Call& call,
                                                 const v1::RefundPledgeRequest& request,
                                                 v1::RefundPledgeResponse* response) {
  FieldErrors errors;
  errors.Require(request.amount_rupiah() >= 0 && request.amount_rupiah() <= kMaxAmount.amount(),
                 "amount_rupiah", "write an amount, or 0 for all that is available");
  CheckText(errors, request.bank_reference(), 4, 64, "bank_reference");
  CheckText(errors, request.reason(), 3, 500, "reason");
  RETURN_IF_ERROR(errors.ToStatus());
  const absl::Time now = context_.Now();
  return Mutate(call, *context_.database, now, request, response, [&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(PledgeRow pledge, LockPledge(tx, request.pledge_id()));
    ASSIGN_OR_RETURN(const PayerRule rule,
                     context_.rules->Find(pledge.payer_class, context_.Today()));
    if (!rule.refundable) return RefundNotAllowed();
    if (FindReceipt(tx, request.bank_reference()).has_value()) {
      return PaymentConflict(request.bank_reference());
    }
    const Rupiah left_credit = CreditLeftBy(tx, pledge);
    const Rupiah most = pledge.funds.available + left_credit;
    const Rupiah amount = request.amount_rupiah() == 0 ? most : Rupiah(request.amount_rupiah());
    if (most == Rupiah() || amount > most) return RefundTooLarge(most);
    const Rupiah available = std::min(amount, pledge.funds.available);
    // The receipt first, as everywhere: two orders of the sequences' locks would clash.
    InsertReceipt(tx,
                  {.bank_reference = request.bank_reference(),
                   .kind = "refund",
                   .pledge_id = pledge.pledge_id,
                   .amount = amount,
                   .applied = available,
                   .credit = amount - available,
                   .value_day = DayNumber(context_.Today())},
                  now);
    RETURN_IF_ERROR(Post(tx,
                         Refund(pledge.pledge_id, pledge.sponsor_id, available, amount - available,
                                request.bank_reference()),
                         now, &pledge.funds));
    RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", pledge.pledge_id),
                request.reason());
    response->set_refunded_rupiah(amount.amount());
    *response->mutable_pledge() = ToProto(pledge);
    response->set_consistency_token(ToToken({}));
    return absl::OkStatus();
  });
}

grpc::Status SponsorshipServiceImpl::CancelPledge(ServerContext* context,
                                                  In<v1::CancelPledgeRequest> request,
                                                  v1::CancelPledgeResponse* response) {
  return RunRpc(context, Rpc("CancelPledge"), [&](const Call& call) -> absl::Status {
    FieldErrors errors;
    CheckText(errors, request->reason(), 3, 500, "reason");
    RETURN_IF_ERROR(errors.ToStatus());
    const absl::Time now = context_.Now();
    return Mutate(call, *context_.database, now, *request, response, [&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(PledgeRow pledge, LockPledge(tx, request->pledge_id()));
      if (HasRunningAllocation(tx, pledge.pledge_id) ||
          HasRunningReplacement(tx, pledge.pledge_id)) {
        return SeatsBeingFilled();
      }
      if (!pledge.cancelled) {
        const Rupiah left = pledge.funds.available;
        if (left > Rupiah()) {
          RETURN_IF_ERROR(
              Post(tx, Cancel(pledge.pledge_id, pledge.sponsor_id, left), now, &pledge.funds));
        }
        SetCancelled(tx, pledge.pledge_id, left);
        pledge.cancelled = true;
        RecordEvent(tx, now, call.actor.name, call.method,
                    absl::StrCat("pledge/", pledge.pledge_id), request->reason());
      }
      *response->mutable_pledge() = ToProto(pledge);
      response->set_consistency_token(ToToken({}));
      return absl::OkStatus();
    });
  });
}

}  // namespace lingkaran::sponsorship
