#include "services/sponsorship/domain/errors.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"
#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::sponsorship {
namespace {

absl::Status NotFound(Reason reason, const char* noun, int64_t id) {
  return Error(absl::StatusCode::kNotFound, reason, absl::StrCat("there is no ", noun, " ", id),
               {{absl::StrCat(noun, "_id"), absl::StrCat(id)}});
}

absl::Status Precondition(Reason reason, std::string_view text, Metadata about = {}) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, text, std::move(about));
}

Metadata About(int64_t pledge_id) { return {{"pledge_id", absl::StrCat(pledge_id)}}; }

Metadata Available(Rupiah amount) { return {{"available_rupiah", absl::StrCat(amount.amount())}}; }

}  // namespace

absl::Status SponsorNotFound(int64_t sponsor_id) {
  return NotFound(Reason::kSponsorNotFound, "sponsor", sponsor_id);
}

absl::Status PledgeNotFound(int64_t pledge_id) {
  return NotFound(Reason::kPledgeNotFound, "pledge", pledge_id);
}

absl::Status AllocationNotFound(int64_t allocation_id) {
  return NotFound(Reason::kAllocationNotFound, "allocation", allocation_id);
}

absl::Status InvoiceNotFound(std::string_view payment_code) {
  return Error(absl::StatusCode::kNotFound, Reason::kInvoiceNotFound,
               IsPaymentCode(payment_code)
                   ? "no invoice has this payment code"
                   : "no invoice has this payment code: its check digit does not fit, read it "
                     "again");
}

absl::Status MemberNotFound() {
  return Error(absl::StatusCode::kNotFound, Reason::kMemberNotFound,
               "none of these workers is a member; nothing was recorded: correct the list and "
               "send it again");
}

absl::Status PledgeCancelled(int64_t pledge_id) {
  return Precondition(Reason::kPledgeState, absl::StrCat("pledge ", pledge_id, " was cancelled"),
                      About(pledge_id));
}

absl::Status PaymentForCancelled(int64_t pledge_id) {
  return Precondition(Reason::kPledgeState,
                      absl::StrCat("pledge ", pledge_id, " was cancelled; send the money back"));
}

absl::Status AllocationRunning(int64_t pledge_id) {
  return Precondition(Reason::kAllocationRunning,
                      absl::StrCat("an allocation of pledge ", pledge_id, " runs already"),
                      About(pledge_id));
}

absl::Status SeatsBeingFilled() {
  return Precondition(Reason::kAllocationRunning,
                      "seats of this pledge are being filled; cancel it when that has ended");
}

absl::Status SeatBusy() {
  return Precondition(Reason::kAllocationRunning,
                      "the seat is being worked on; ask again with a new request_id when that has "
                      "ended");
}

absl::Status SeatHeld(int64_t worker_id) {
  return Error(absl::StatusCode::kAlreadyExists, Reason::kSeatHeld,
               "the worker has a seat of this pledge, or is about to get one",
               {{"worker_id", absl::StrCat(worker_id)}});
}

absl::Status SeatNotHeld() {
  return Precondition(Reason::kSeatNotHeld, "the worker holds no seat of this pledge");
}

absl::Status NoMonthFrom(int32_t from_month) {
  return Precondition(Reason::kSeatNotHeld,
                      absl::StrCat("the pledge pays this worker no month from ", from_month, " on"),
                      {{"from_month", absl::StrCat(from_month)}});
}

absl::Status SeatsExhausted(int64_t pledge_id) {
  return Precondition(Reason::kSeatsExhausted,
                      absl::StrCat("all seats of pledge ", pledge_id, " are taken"),
                      About(pledge_id));
}

absl::Status SeatsExhaustedForCall() {
  return Precondition(Reason::kSeatsExhausted,
                      "the pledge has not so many free seats; nobody of this call gets one");
}

absl::Status FundsExhausted(int64_t pledge_id) {
  return Precondition(
      Reason::kFundsExhausted,
      absl::StrCat("no money is left on pledge ", pledge_id, "; record a payment first"),
      About(pledge_id));
}

absl::Status FundsExhaustedForCall(Rupiah available) {
  return Precondition(Reason::kFundsExhausted,
                      "the money that is left does not pay for a whole seat for each worker of "
                      "this call; record a payment, or name fewer",
                      Available(available));
}

absl::Status RefundTooLarge(Rupiah most) {
  return Precondition(Reason::kFundsExhausted,
                      absl::StrCat("at most ", FormatRupiah(most), " can go back"),
                      Available(most));
}

absl::Status AccountOverdrawn(std::string_view account, Rupiah available) {
  return Precondition(Reason::kFundsExhausted,
                      absl::StrCat(AbslView(account), " holds less than that"),
                      Available(available));
}

absl::Status RefundNotAllowed() {
  return Precondition(Reason::kRefundNotAllowed,
                      "under the refund rule this payer class does not get money back on request");
}

absl::Status ReserveEmpty() {
  return Precondition(Reason::kReserveEmpty,
                      "nobody is left on the reserve list; the seat is free and its money is "
                      "available again");
}

absl::Status ReservationEnded(int32_t last_day) {
  return Precondition(Reason::kReservationEnded,
                      absl::StrCat("the money was set aside until ", last_day));
}

absl::Status PriceRefused() {
  return Precondition(
      Reason::kReservationEnded,
      "the price of the pledge was refused for others, so nobody was tried any more");
}

absl::Status NoRuleInForce(int payer_class, int32_t day) {
  return Precondition(Reason::kNoRuleInForce,
                      absl::StrCat("no funding rule is in force for this payer class on ", day),
                      {{"payer_class", absl::StrCat(payer_class)}, {"day", absl::StrCat(day)}});
}

absl::Status PaymentConflict(std::string_view bank_reference) {
  const std::string reference(bank_reference);
  return Error(absl::StatusCode::kAlreadyExists, Reason::kPaymentConflict,
               absl::StrCat("bank reference ", reference,
                            " was recorded before with another amount or for something else"),
               {{"bank_reference", reference}});
}

absl::Status AmountMismatch(Rupiah price, Rupiah amount) {
  return Error(absl::StatusCode::kInvalidArgument, Reason::kAmountMismatch,
               absl::StrCat("the price is ", FormatRupiah(price), ", not ", FormatRupiah(amount)),
               {{"price_rupiah", absl::StrCat(price.amount())}});
}

absl::Status RegionUnknown(std::string_view region_code) {
  return Error(absl::StatusCode::kInvalidArgument, Reason::kRegionUnknown,
               "the region code of the criteria is not in the tree of regions",
               {{"region_code", std::string(region_code)}});
}

absl::Status StillUnderWay() {
  return Error(absl::StatusCode::kUnavailable, Reason::kPeerUnavailable,
               "recorded, but another service can't be reached to finish it; it goes on by "
               "itself: ask again with the same request_id for the result");
}

absl::Status RevokedOtherMonths(int seat_number, size_t revoked, size_t held) {
  return LedgerFault(absl::StrCat("seat ", seat_number, ": coverage took back ", revoked,
                                  " person-months, the seat holds ", held));
}

absl::Status LedgerFault(std::string_view text) {
  return Error(absl::StatusCode::kInternal, Reason::kInternal, text);
}

absl::Status ReplyDamaged() { return absl::InternalError("a kept reply is damaged"); }

absl::Status WorkItemDamaged() {
  return absl::DataLossError("a work item of the outbox can't be read");
}

}  // namespace lingkaran::sponsorship
