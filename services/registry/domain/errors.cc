#include "services/registry/domain/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/registry/domain/batch.h"

namespace lingkaran::registry {
namespace {

absl::Status NotFound(Reason reason, const std::string& noun, int64_t id) {
  return Error(absl::StatusCode::kNotFound, reason, absl::StrCat("there is no ", noun, " ", id),
               {{absl::StrCat(noun, "_id"), absl::StrCat(id)}});
}

absl::Status BatchError(Reason reason, const Batch& batch, std::string_view text) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, text,
               {{"batch_id", absl::StrCat(batch.batch_id)},
                {"declared_rows", absl::StrCat(batch.declared_rows)},
                {"received_rows", absl::StrCat(batch.received_rows())}});
}

absl::Status WorkerError(Reason reason, int64_t worker_id, std::string_view text,
                         absl::StatusCode code = absl::StatusCode::kFailedPrecondition) {
  return Error(code, reason, text, {{"worker_id", absl::StrCat(worker_id)}});
}

}  // namespace

absl::Status AgencyNotFound(int64_t agency_id) {
  return NotFound(Reason::kAgencyNotFound, "agency", agency_id);
}

absl::Status BatchNotFound(int64_t batch_id) {
  return NotFound(Reason::kBatchNotFound, "batch", batch_id);
}

absl::Status WorkerNotFound(int64_t worker_id) {
  return NotFound(Reason::kWorkerNotFound, "worker", worker_id);
}

absl::Status NobodyHasThisNumber() {
  return Error(absl::StatusCode::kNotFound, Reason::kWorkerNotFound,
               "there is no worker with this number");
}

absl::Status CardNotFound(int64_t worker_id) {
  return WorkerError(Reason::kCardNotFound, worker_id, "no card has been issued to this worker",
                     absl::StatusCode::kNotFound);
}

absl::Status AgencyNotNamed() {
  return Error(absl::StatusCode::kPermissionDenied, Reason::kNotAllowed,
               "an actor of role agency must name the agency: \"NAME;role=agency;agency=3\"");
}

absl::Status RegionUnknown() {
  return Error(absl::StatusCode::kInvalidArgument, Reason::kRegionUnknown,
               "region_code is not in the tree of regions; write it like 33, 33.72 or 33.72.01");
}

absl::Status NoRuleInForce(Day day) {
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kNoRuleInForce,
               absl::StrCat("no entry rule is in force on ", FormatDay(day)),
               {{"day", absl::StrCat(DayNumber(day))}});
}

absl::Status ListTakesNoRows(const Batch& batch) {
  return BatchError(Reason::kBatchState, batch,
                    "the list has been reviewed; put further rows into a new list");
}

absl::Status ListNotComplete(const Batch& batch) {
  return BatchError(Reason::kBatchState, batch,
                    "the list is not complete yet; send its rows and complete it first");
}

absl::Status ListReviewed(const Batch& batch) {
  return BatchError(Reason::kBatchState, batch, "the list has been reviewed already");
}

absl::Status TooManyRows(const Batch& batch) {
  return BatchError(Reason::kControlTotal, batch,
                    "more rows than declared; open a list with the right control total");
}

absl::Status TooFewRows(const Batch& batch) {
  return BatchError(Reason::kControlTotal, batch,
                    "fewer rows than declared; send the missing rows, then complete the list");
}

absl::Status ReviewerSubmitted(const Batch& batch) {
  return BatchError(Reason::kFourEyes, batch,
                    "who submitted a list may not review it; ask a colleague");
}

absl::Status EvidenceMissing(const Batch& batch) {
  return BatchError(Reason::kEvidenceRequired, batch,
                    "approval needs evidence that the workers work and are not ill, and who "
                    "attests it");
}

absl::Status EvidenceTooOld(const Batch& batch, int days) {
  return BatchError(Reason::kEvidenceRequired, batch,
                    absl::StrCat("the evidence must be dated, at most ", days,
                                 " days old and not in the future"));
}

absl::Status LineChanged(int32_t line) {
  return Error(absl::StatusCode::kInvalidArgument, Reason::kLineChanged,
               absl::StrCat("line ", line,
                            " was sent before with other content; "
                            "put a corrected row into a new list"),
               {{"line_number", absl::StrCat(line)}});
}

absl::Status NikTaken() {
  return Error(absl::StatusCode::kAlreadyExists, Reason::kNikTaken,
               "another worker has this NIK; check both identity cards");
}

absl::Status WorkerDeceased(int64_t worker_id) {
  return WorkerError(Reason::kWorkerDeceased, worker_id,
                     "the worker died; see death_day for the day that is recorded");
}

absl::Status WorkerWithdrawn(int64_t worker_id) {
  return WorkerError(Reason::kWorkerWithdrawn, worker_id,
                     "the worker was withdrawn; put the worker into a new list to return");
}

absl::Status WorkerNotVerified(int64_t worker_id) {
  return WorkerError(Reason::kWorkerNotVerified, worker_id,
                     "the worker's list has not been approved; review it first");
}

absl::Status WorkerNotEnrolled(int64_t worker_id) {
  return WorkerError(Reason::kWorkerNotVerified, worker_id,
                     "the worker is not a member yet; enrol the worker first");
}

absl::Status AlreadyMember(int64_t worker_id) {
  return WorkerError(Reason::kAlreadyMember, worker_id,
                     "the worker is a member from before; choose another one",
                     absl::StatusCode::kAlreadyExists);
}

absl::Status CardIsElsewhere(int64_t worker_id) {
  return WorkerError(Reason::kAlreadyMember, worker_id,
                     "the worker is a member from before and has a card from there");
}

absl::Status NumbersUsedUp() {
  return absl::ResourceExhaustedError("membership numbers are used up");
}

}  // namespace lingkaran::registry
