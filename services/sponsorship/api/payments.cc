// RecordPayment, RefundPledge, CancelPledge.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/store/ledger_entries.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

absl::Status Conflict(const std::string& bank_reference) {
  return Error(absl::StatusCode::kAlreadyExists, Reason::kPaymentConflict,
               absl::StrCat("bank reference ", bank_reference,
                            " was recorded before with another amount or for something else"),
               {{"bank_reference", bank_reference}});
}

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
    return Conflict(request.bank_reference());
  }
  if (!pledge_id.has_value()) {
    return Error(absl::StatusCode::kNotFound, Reason::kInvoiceNotFound,
                 IsPaymentCode(request.payment_code())
                     ? "no invoice has this payment code"
                     : "no invoice has this payment code: its check digit does not fit, read it "
                       "again");
  }
  ASSIGN_OR_RETURN(PledgeRow pledge, sponsorship::GetPledge(tx, *pledge_id));
  response->set_already_recorded(receipt.has_value());
  if (!receipt.has_value()) {
    if (pledge.cancelled) {
      return Error(absl::StatusCode::kFailedPrecondition, Reason::kPledgeState,
                   absl::StrCat("pledge ", *pledge_id, " was cancelled; send the money back"));
    }
    const absl::Time now = context_.Now();
    const Rupiah amount(request.amount_rupiah());
    receipt = ReceiptRow{};
    receipt->bank_reference = request.bank_reference();
    receipt->kind = "payment";
    receipt->pledge_id = *pledge_id;
    receipt->amount = amount;
    receipt->applied = std::min(amount, pledge.invoice - pledge.funds.received);
    receipt->credit = amount - receipt->applied;
    receipt->value_day =
        request.value_day() == 0 ? DayNumber(context_.Today()) : request.value_day();
    receipt->receipt_id = InsertReceipt(tx, *receipt, now);
    AddReceived(tx, *pledge_id, receipt->applied);
    RETURN_IF_ERROR(Post(tx,
                         Payment(*pledge_id, pledge.sponsor_id, receipt->applied, receipt->credit,
                                 request.bank_reference()),
                         now));
    RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", *pledge_id));
    ASSIGN_OR_RETURN(pledge, sponsorship::GetPledge(tx, *pledge_id));
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

absl::Status SponsorshipServiceImpl::DoRecordPayment(const Call& call,
                                                     const v1::RecordPaymentRequest& request,
                                                     v1::RecordPaymentResponse* response) {
  FieldErrors errors;
  CheckText(errors, request.payment_code(), 1, 32, "payment_code");
  CheckText(errors, request.bank_reference(), 4, 64, "bank_reference");
  errors.Require(request.amount_rupiah() > 0 && request.amount_rupiah() <= kMaxAmount.amount(),
                 "amount_rupiah", "write what came in, more than 0");
  CheckDay(errors, request.value_day(), "value_day");
  RETURN_IF_ERROR(errors.ToStatus());
  absl::Status status;
  // Two callers with one reference for different pledges may meet: the later one fails on the
  // unique reference, and its second look finds the receipt.
  for (int look = 0; look < 2; ++look) {
    status = Mutate(call, *context_.database, context_.Now(), request, response,
                    [&](Tx& tx) { return PayInvoice(tx, call, request, response); });
    if (!absl::IsAlreadyExists(status) || ReasonOf(status) != Reason::kUnspecified) break;
  }
  return status;
}

absl::Status SponsorshipServiceImpl::DoRefundPledge(const Call& call,
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
    if (!rule.refundable) {
      return Error(absl::StatusCode::kFailedPrecondition, Reason::kRefundNotAllowed,
                   "under the refund rule this payer class does not get money back on request");
    }
    if (FindReceipt(tx, request.bank_reference()).has_value()) {
      return Conflict(request.bank_reference());
    }
    const Rupiah left_credit = CreditLeftBy(tx, pledge);
    const Rupiah most = pledge.funds.available + left_credit;
    const Rupiah amount = request.amount_rupiah() == 0 ? most : Rupiah(request.amount_rupiah());
    if (most == Rupiah() || amount > most) {
      return Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted,
                   absl::StrCat("at most ", FormatRupiah(most), " can go back"),
                   {{"available_rupiah", absl::StrCat(most.amount())}});
    }
    const Rupiah available = std::min(amount, pledge.funds.available);
    // The receipt first, as everywhere: two orders of the sequences' locks would clash.
    ReceiptRow transfer;
    transfer.bank_reference = request.bank_reference();
    transfer.kind = "refund";
    transfer.pledge_id = pledge.pledge_id;
    transfer.amount = amount;
    transfer.applied = available;
    transfer.credit = amount - available;
    transfer.value_day = DayNumber(context_.Today());
    InsertReceipt(tx, transfer, now);
    RETURN_IF_ERROR(Post(tx,
                         Refund(pledge.pledge_id, pledge.sponsor_id, available, amount - available,
                                request.bank_reference()),
                         now));
    RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", pledge.pledge_id),
                request.reason());
    ASSIGN_OR_RETURN(pledge, sponsorship::GetPledge(tx, pledge.pledge_id));
    response->set_refunded_rupiah(amount.amount());
    *response->mutable_pledge() = ToProto(pledge);
    response->set_consistency_token(ToToken({}));
    return absl::OkStatus();
  });
}

absl::Status SponsorshipServiceImpl::DoCancelPledge(const Call& call,
                                                    const v1::CancelPledgeRequest& request,
                                                    v1::CancelPledgeResponse* response) {
  FieldErrors errors;
  CheckText(errors, request.reason(), 3, 500, "reason");
  RETURN_IF_ERROR(errors.ToStatus());
  const absl::Time now = context_.Now();
  return Mutate(call, *context_.database, now, request, response, [&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(PledgeRow pledge, LockPledge(tx, request.pledge_id()));
    if (HasRunningAllocation(tx, pledge.pledge_id) || HasRunningReplacement(tx, pledge.pledge_id)) {
      return Error(absl::StatusCode::kFailedPrecondition, Reason::kAllocationRunning,
                   "seats of this pledge are being filled; cancel it when that has ended");
    }
    if (!pledge.cancelled) {
      const Rupiah left = pledge.funds.available;
      if (left > Rupiah()) {
        RETURN_IF_ERROR(Post(tx, Cancel(pledge.pledge_id, pledge.sponsor_id, left), now));
      }
      SetCancelled(tx, pledge.pledge_id, left);
      RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", pledge.pledge_id),
                  request.reason());
      ASSIGN_OR_RETURN(pledge, sponsorship::GetPledge(tx, pledge.pledge_id));
    }
    *response->mutable_pledge() = ToProto(pledge);
    response->set_consistency_token(ToToken({}));
    return absl::OkStatus();
  });
}

}  // namespace lingkaran::sponsorship
