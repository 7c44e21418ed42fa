// The reasons that errors of the suite carry: the same names and numbers as
// lingkaran.common.v1.ErrorReason, for code that must not see protobuf. A test compares the two.
#pragma once

#include <string_view>

#define LINGKARAN_ERROR_REASONS(X)                    \
  X(kUnspecified, UNSPECIFIED, 0)                     \
  X(kInvalidField, INVALID_FIELD, 1)                  \
  X(kRequestIdReused, REQUEST_ID_REUSED, 2)           \
  X(kActorRequired, ACTOR_REQUIRED, 3)                \
  X(kNotAllowed, NOT_ALLOWED, 4)                      \
  X(kDeadlinePassed, DEADLINE_PASSED, 5)              \
  X(kStoreUnavailable, STORE_UNAVAILABLE, 6)          \
  X(kPeerUnavailable, PEER_UNAVAILABLE, 7)            \
  X(kTokenNotYetApplied, TOKEN_NOT_YET_APPLIED, 8)    \
  X(kTokenInvalid, TOKEN_INVALID, 9)                  \
  X(kOverloaded, OVERLOADED, 10)                      \
  X(kInternal, INTERNAL, 11)                          \
  X(kOwedNotFound, OWED_NOT_FOUND, 12)                \
  X(kAgencyNotFound, AGENCY_NOT_FOUND, 20)            \
  X(kBatchNotFound, BATCH_NOT_FOUND, 21)              \
  X(kWorkerNotFound, WORKER_NOT_FOUND, 22)            \
  X(kBatchState, BATCH_STATE, 23)                     \
  X(kControlTotal, CONTROL_TOTAL, 24)                 \
  X(kFourEyes, FOUR_EYES, 25)                         \
  X(kLineChanged, LINE_CHANGED, 26)                   \
  X(kNikTaken, NIK_TAKEN, 27)                         \
  X(kWorkerDeceased, WORKER_DECEASED, 28)             \
  X(kWorkerWithdrawn, WORKER_WITHDRAWN, 29)           \
  X(kWorkerNotVerified, WORKER_NOT_VERIFIED, 30)      \
  X(kAlreadyMember, ALREADY_MEMBER, 31)               \
  X(kCardNotFound, CARD_NOT_FOUND, 32)                \
  X(kRegionUnknown, REGION_UNKNOWN, 33)               \
  X(kEvidenceRequired, EVIDENCE_REQUIRED, 34)         \
  X(kSponsorNotFound, SPONSOR_NOT_FOUND, 50)          \
  X(kPledgeNotFound, PLEDGE_NOT_FOUND, 51)            \
  X(kAllocationNotFound, ALLOCATION_NOT_FOUND, 52)    \
  X(kPledgeState, PLEDGE_STATE, 53)                   \
  X(kFundsExhausted, FUNDS_EXHAUSTED, 54)             \
  X(kPaymentConflict, PAYMENT_CONFLICT, 55)           \
  X(kInvoiceNotFound, INVOICE_NOT_FOUND, 56)          \
  X(kAllocationRunning, ALLOCATION_RUNNING, 57)       \
  X(kSeatNotHeld, SEAT_NOT_HELD, 58)                  \
  X(kReserveEmpty, RESERVE_EMPTY, 59)                 \
  X(kSeatsExhausted, SEATS_EXHAUSTED, 60)             \
  X(kAmountMismatch, AMOUNT_MISMATCH, 61)             \
  X(kRefundNotAllowed, REFUND_NOT_ALLOWED, 62)        \
  X(kSeatHeld, SEAT_HELD, 63)                         \
  X(kReservationEnded, RESERVATION_ENDED, 64)         \
  X(kMemberNotFound, MEMBER_NOT_FOUND, 80)            \
  X(kMonthAlreadyPaid, MONTH_ALREADY_PAID, 81)        \
  X(kNoRuleInForce, NO_RULE_IN_FORCE, 82)             \
  X(kMonthsNotPermitted, MONTHS_NOT_PERMITTED, 83)    \
  X(kAfterDeath, AFTER_DEATH, 84)                     \
  X(kNotCovered, NOT_COVERED, 85)                     \
  X(kBatchTooLarge, BATCH_TOO_LARGE, 86)              \
  X(kContributionMismatch, CONTRIBUTION_MISMATCH, 87) \
  X(kRulesInvalid, RULES_INVALID, 88)                 \
  X(kResumeTooOld, RESUME_TOO_OLD, 89)

namespace lingkaran {

enum class Reason : int {
#define LINGKARAN_X(id, name, number) id = number,
  LINGKARAN_ERROR_REASONS(LINGKARAN_X)
#undef LINGKARAN_X
};

// The name on the wire, e.g. "FUNDS_EXHAUSTED".
std::string_view ReasonName(Reason reason);

// The reason of a name; kUnspecified for one that this release does not know.
Reason ReasonFromName(std::string_view name);

}  // namespace lingkaran
