// Named errors and the two macros that pass them on.
//
// An error of ours is an absl::Status that carries a Reason and metadata in its payload; common/rpc
// turns it into google.rpc.ErrorInfo on the wire and back without loss. Messages are for people:
// what is wrong and how to mend it, never personal data.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/error_reason.h"

namespace lingkaran {

using Metadata = std::vector<std::pair<std::string, std::string>>;

// Makes an error with a reason, e.g.
//   Error(absl::StatusCode::kFailedPrecondition, Reason::kFundsExhausted,
//         "no money is left on pledge 12; record a payment first", {{"pledge_id", "12"}}).
absl::Status Error(absl::StatusCode code, Reason reason, std::string_view message,
                   Metadata metadata = {});

// INVALID_ARGUMENT/INVALID_FIELD about one field of a request; `text` says how to mend it.
absl::Status InvalidField(std::string_view field, std::string_view text);

// DEADLINE_EXCEEDED/DEADLINE_PASSED: the caller's time is over.
absl::Status DeadlinePassed();

// CANCELLED: nobody waits for the answer any more.
absl::Status CallerGone();

// UNAVAILABLE/TOKEN_NOT_YET_APPLIED: the change that a consistency token names is not here yet.
absl::Status TokenNotYetApplied();

// Runs `part`; a std::exception that it throws becomes INTERNAL.
absl::Status Guarded(absl::FunctionRef<absl::Status()> part);

// One InvalidField out of several; OK if there are none.
class FieldErrors {
 public:
  // Notes that `field` is wrong unless `ok`.
  void Require(bool ok, std::string_view field, std::string_view text);
  absl::Status ToStatus() const;

 private:
  std::vector<std::pair<std::string, std::string>> violations_;
};

// The field violations of an InvalidField status; empty for another status.
std::vector<std::pair<std::string, std::string>> FieldViolationsOf(const absl::Status& status);

// The reason of an error of ours; Reason::kUnspecified if it has none.
Reason ReasonOf(const absl::Status& status);

// The metadata of an error of ours.
Metadata MetadataOf(const absl::Status& status);

// True for errors after which the same request (with the same request_id) may be sent again.
bool IsRetryable(const absl::Status& status);

}  // namespace lingkaran

#define RETURN_IF_ERROR(expr)                           \
  do {                                                  \
    if (absl::Status status_ = (expr); !status_.ok()) { \
      return status_;                                   \
    }                                                   \
  } while (false)

#define LINGKARAN_CONCAT_INNER(a, b) a##b
#define LINGKARAN_CONCAT(a, b) LINGKARAN_CONCAT_INNER(a, b)
#define ASSIGN_OR_RETURN(lhs, expr) \
  LINGKARAN_ASSIGN_OR_RETURN(LINGKARAN_CONCAT(status_or_, __LINE__), lhs, expr)
#define LINGKARAN_ASSIGN_OR_RETURN(tmp, lhs, expr) \
  auto tmp = (expr);                               \
  if (!tmp.ok()) {                                 \
    return std::move(tmp).status();                \
  }                                                \
  lhs = *std::move(tmp)
