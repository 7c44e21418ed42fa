// Every error that the registry raises by a name of its own: code, reason, metadata and the text
// that people read, each once. Faults of single fields are InvalidField where they are found.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/date.h"

namespace lingkaran::registry {

struct Batch;

// What is wrong with a field that several requests have.
inline constexpr char kWriteDay[] = "write the day as yyyymmdd";
inline constexpr char kWriteShortText[] = "3 to 200 characters, without a NIK";
inline constexpr char kWriteLongText[] = "at most 500 characters, without a NIK";

// -- what is not there: NOT_FOUND --
absl::Status AgencyNotFound(int64_t agency_id);  // AGENCY_NOT_FOUND
absl::Status BatchNotFound(int64_t batch_id);    // BATCH_NOT_FOUND
absl::Status WorkerNotFound(int64_t worker_id);  // WORKER_NOT_FOUND
absl::Status NobodyHasThisNumber();              // WORKER_NOT_FOUND; the number is not repeated
absl::Status CardNotFound(int64_t worker_id);    // CARD_NOT_FOUND

// -- the request --
absl::Status AgencyNotNamed();        // PERMISSION_DENIED/NOT_ALLOWED
absl::Status RegionUnknown();         // INVALID_ARGUMENT/REGION_UNKNOWN
absl::Status NoRuleInForce(Day day);  // FAILED_PRECONDITION/NO_RULE_IN_FORCE

// -- lists: FAILED_PRECONDITION with the list and its totals --
absl::Status ListTakesNoRows(const Batch& batch);           // BATCH_STATE
absl::Status ListNotComplete(const Batch& batch);           // BATCH_STATE
absl::Status ListReviewed(const Batch& batch);              // BATCH_STATE
absl::Status TooManyRows(const Batch& batch);               // CONTROL_TOTAL
absl::Status TooFewRows(const Batch& batch);                // CONTROL_TOTAL
absl::Status ReviewerSubmitted(const Batch& batch);         // FOUR_EYES
absl::Status EvidenceMissing(const Batch& batch);           // EVIDENCE_REQUIRED
absl::Status EvidenceTooOld(const Batch& batch, int days);  // EVIDENCE_REQUIRED
absl::Status LineChanged(int32_t line);                     // INVALID_ARGUMENT/LINE_CHANGED

// -- workers: FAILED_PRECONDITION with the worker, unless it says otherwise --
absl::Status NikTaken();                            // ALREADY_EXISTS/NIK_TAKEN
absl::Status WorkerDeceased(int64_t worker_id);     // WORKER_DECEASED
absl::Status WorkerWithdrawn(int64_t worker_id);    // WORKER_WITHDRAWN
absl::Status WorkerNotVerified(int64_t worker_id);  // WORKER_NOT_VERIFIED
absl::Status WorkerNotEnrolled(int64_t worker_id);  // WORKER_NOT_VERIFIED
absl::Status AlreadyMember(int64_t worker_id);      // ALREADY_EXISTS/ALREADY_MEMBER
absl::Status CardIsElsewhere(int64_t worker_id);    // ALREADY_MEMBER
absl::Status NumbersUsedUp();                       // RESOURCE_EXHAUSTED, without a reason

}  // namespace lingkaran::registry
