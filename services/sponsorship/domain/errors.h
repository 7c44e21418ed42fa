// Sponsorship's errors: one text, code, reason and metadata for each, wherever it is raised.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/money.h"

namespace lingkaran::sponsorship {

// NOT_FOUND.
absl::Status SponsorNotFound(int64_t sponsor_id);
absl::Status PledgeNotFound(int64_t pledge_id);
absl::Status AllocationNotFound(int64_t allocation_id);
absl::Status InvoiceNotFound(std::string_view payment_code);
absl::Status MemberNotFound();

// FAILED_PRECONDITION/PLEDGE_STATE: nobody gets a seat of it any more.
absl::Status PledgeCancelled(int64_t pledge_id);
// FAILED_PRECONDITION/PLEDGE_STATE: money for a pledge that has ended.
absl::Status PaymentForCancelled(int64_t pledge_id);
// FAILED_PRECONDITION/ALLOCATION_RUNNING.
absl::Status AllocationRunning(int64_t pledge_id);
absl::Status SeatsBeingFilled();
absl::Status SeatBusy();

// ALREADY_EXISTS/SEAT_HELD: the worker has a seat of the pledge, or is about to get one.
absl::Status SeatHeld(int64_t worker_id);
// FAILED_PRECONDITION/SEAT_NOT_HELD.
absl::Status SeatNotHeld();
absl::Status NoMonthFrom(int32_t from_month);
// FAILED_PRECONDITION/SEATS_EXHAUSTED: for a pledge, for a call that names workers.
absl::Status SeatsExhausted(int64_t pledge_id);
absl::Status SeatsExhaustedForCall();
// FAILED_PRECONDITION/FUNDS_EXHAUSTED: for a pledge, for a call that names workers, for a refund,
// for an account that would fall below zero.
absl::Status FundsExhausted(int64_t pledge_id);
absl::Status FundsExhaustedForCall(Rupiah available);
absl::Status RefundTooLarge(Rupiah most);
absl::Status AccountOverdrawn(std::string_view account, Rupiah available);
// FAILED_PRECONDITION/REFUND_NOT_ALLOWED.
absl::Status RefundNotAllowed();
// FAILED_PRECONDITION/RESERVE_EMPTY.
absl::Status ReserveEmpty();
// FAILED_PRECONDITION/RESERVATION_ENDED: after the last day, or after the price was refused.
absl::Status ReservationEnded(int32_t last_day);
absl::Status PriceRefused();
// FAILED_PRECONDITION/NO_RULE_IN_FORCE.
absl::Status NoRuleInForce(int payer_class, int32_t day);

// ALREADY_EXISTS/PAYMENT_CONFLICT.
absl::Status PaymentConflict(std::string_view bank_reference);
// INVALID_ARGUMENT/AMOUNT_MISMATCH.
absl::Status AmountMismatch(Rupiah price, Rupiah amount);
// INVALID_ARGUMENT/REGION_UNKNOWN.
absl::Status RegionUnknown(std::string_view region_code);
// UNAVAILABLE/PEER_UNAVAILABLE: recorded, and not finished yet.
absl::Status StillUnderWay();

// What a person has to look at.
// INTERNAL: the two services' accounts differ, a transaction is no transaction, a reply is none.
absl::Status RevokedOtherMonths(int seat_number, size_t revoked, size_t held);
absl::Status LedgerFault(std::string_view text);
absl::Status ReplyDamaged();
// DATA_LOSS: a work item of the outbox can't be read.
absl::Status WorkItemDamaged();

}  // namespace lingkaran::sponsorship
