// Coverage's errors, each with its code, reason, text and metadata in one place. What a single
// field of a request gets wrong is told where it is read (api/convert.h).
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "services/coverage/domain/booking.h"

namespace lingkaran::coverage {

// NOT_FOUND/MEMBER_NOT_FOUND; 0 if only a NIK or a number was given.
absl::Status MemberNotFound(int64_t worker_id = 0);
// FAILED_PRECONDITION/NO_RULE_IN_FORCE.
absl::Status NoRule(std::string_view what, Day day);
// `rule`, or NoRule if it is null.
template <typename T>
absl::StatusOr<const T*> InForce(const T* rule, std::string_view what, Day day) {
  if (rule == nullptr) return NoRule(what, day);
  return rule;
}
// FAILED_PRECONDITION/NOT_COVERED: no benefit is due.
absl::Status NotCovered(Programme programme, Day day);

// ---- A paid month of a line ----

// ALREADY_EXISTS/MONTH_ALREADY_PAID.
absl::Status MonthAlreadyPaid(const PaidLine& line, const PaidMonth& paid);
// FAILED_PRECONDITION/AFTER_DEATH.
absl::Status AfterDeath(const PaidLine& line, const PaidMonth& paid);
// FAILED_PRECONDITION/WORKER_WITHDRAWN.
absl::Status WorkerWithdrawn(const PaidLine& line, const PaidMonth& paid);
// FAILED_PRECONDITION/CONTRIBUTION_MISMATCH.
absl::Status ContributionMismatch(const PaidLine& line, const PaidMonth& paid, Rupiah due);

// ---- Requests ----

// INVALID_ARGUMENT/BATCH_TOO_LARGE about a repeated field.
absl::Status BatchTooLarge(std::string_view field, int size, int most);
// FAILED_PRECONDITION/MONTHS_NOT_PERMITTED.
absl::Status MonthsNotPermitted(int months, const PermittedMonths& permitted);
// UNAVAILABLE/TOKEN_NOT_YET_APPLIED: another member still has a NIK or number that is to move, and
// that member's own change comes by another route.
absl::Status KeyStillTaken();
// INVALID_ARGUMENT/TOKEN_INVALID.
absl::Status ResumeTokenInvalid();
// FAILED_PRECONDITION/RESUME_TOO_OLD.
absl::Status ResumeTooOld();

}  // namespace lingkaran::coverage
