#include "common/base/error.h"

#include <algorithm>
#include <exception>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/string_views.h"
#include "google/rpc/error_details.pb.h"

namespace lingkaran {
namespace {

constexpr char kDomain[] = "lingkaran.id";
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";

// Reads one payload; false if the status has none of this type.
template <typename Message>
bool ReadPayload(const absl::Status& status, const char* url, Message* message) {
  const absl::optional<absl::Cord> payload = status.GetPayload(url);
  return payload.has_value() && message->ParseFromString(std::string(*payload));
}

// ErrorInfo of ours; another party's domain has reasons that we do not know.
bool ReadErrorInfo(const absl::Status& status, google::rpc::ErrorInfo* info) {
  return ReadPayload(status, kErrorInfoUrl, info) && info->domain() == kDomain;
}

absl::Status InvalidFields(const std::vector<std::pair<std::string, std::string>>& violations) {
  google::rpc::BadRequest details;
  std::string message;
  for (const auto& [field, text] : violations) {
    auto* violation = details.add_field_violations();
    violation->set_field(field);
    violation->set_description(text);
    absl::StrAppend(&message, message.empty() ? "" : "; ", field, ": ", text);
  }
  absl::Status status = Error(absl::StatusCode::kInvalidArgument, Reason::kInvalidField, message,
                              {{"field", violations.front().first}});
  status.SetPayload(kBadRequestUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

}  // namespace

absl::Status Error(absl::StatusCode code, Reason reason, std::string_view message,
                   // NOLINTNEXTLINE(performance-unnecessary-value-param): its values are moved from
                   Metadata metadata) {
  absl::Status status(code, AbslView(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(reason)));
  info.set_domain(kDomain);
  for (auto& [key, value] : metadata) {
    (*info.mutable_metadata())[key] = std::move(value);
  }
  status.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view text) {
  return InvalidFields({{std::string(field), std::string(text)}});
}

absl::Status DeadlinePassed() {
  return Error(absl::StatusCode::kDeadlineExceeded, Reason::kDeadlinePassed,
               "time ran out; ask again with the same request_id and a longer deadline");
}

absl::Status CallerGone() { return absl::CancelledError("the caller went away"); }

absl::Status TokenNotYetApplied() {
  return Error(absl::StatusCode::kUnavailable, Reason::kTokenNotYetApplied,
               "the change that the token names has not arrived here yet; ask again in a moment");
}

absl::Status Guarded(absl::FunctionRef<absl::Status()> part) {
  try {
    return part();
  } catch (const std::exception& e) {
    // Nothing else is caught: what is no std::exception is a crash that a simulation acts.
    return absl::InternalError(e.what());
  }
}

void FieldErrors::Require(bool ok, std::string_view field, std::string_view text) {
  if (!ok) {
    violations_.emplace_back(field, text);
  }
}

absl::Status FieldErrors::ToStatus() const {
  return violations_.empty() ? absl::OkStatus() : InvalidFields(violations_);
}

std::vector<std::pair<std::string, std::string>> FieldViolationsOf(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> result;
  google::rpc::BadRequest details;
  if (ReadPayload(status, kBadRequestUrl, &details)) {
    for (const auto& violation : details.field_violations()) {
      result.emplace_back(violation.field(), violation.description());
    }
  }
  return result;
}

Reason ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return ReadErrorInfo(status, &info) ? ReasonFromName(info.reason()) : Reason::kUnspecified;
}

Metadata MetadataOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  if (!ReadErrorInfo(status, &info)) {
    return {};
  }
  Metadata metadata(info.metadata().begin(), info.metadata().end());
  std::sort(metadata.begin(), metadata.end());
  return metadata;
}

bool IsRetryable(const absl::Status& status) {
  switch (ReasonOf(status)) {
    case Reason::kStoreUnavailable:
    case Reason::kPeerUnavailable:
    case Reason::kTokenNotYetApplied:
    case Reason::kOverloaded:
      return true;
    case Reason::kUnspecified:
      // An ABORTED without a reason is a lost race in a database; with one it is a refusal.
      if (status.code() == absl::StatusCode::kAborted) {
        return true;
      }
      break;
    default:
      break;
  }
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
#define LINGKARAN_X(id, name, number) \
  case Reason::id:                    \
    return #name;
    LINGKARAN_ERROR_REASONS(LINGKARAN_X)
#undef LINGKARAN_X
  }
  return "UNSPECIFIED";
}

Reason ReasonFromName(std::string_view name) {
#define LINGKARAN_X(id, text, number) \
  if (name == #text) {                \
    return Reason::id;                \
  }
  LINGKARAN_ERROR_REASONS(LINGKARAN_X)
#undef LINGKARAN_X
  return Reason::kUnspecified;
}

}  // namespace lingkaran
