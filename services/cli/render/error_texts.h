// What the reasons of the suite's errors mean to a branch officer, and how to mend them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/error_reason.h"

namespace google::rpc {
class Status;
}

namespace lingkaran::cli {

// What is wrong and, after a semicolon, how to mend it, in Indonesian; empty for kUnspecified and
// for kInvalidField, which FieldText tells about.
std::string_view ReasonText(Reason reason);

// The first half of it, for lists of refused workers; `name` is an ErrorReason without prefix. The
// name itself if this release does not know it.
std::string ReasonLabel(const std::string& name);

// An error for people: the text of its reason with the facts that came along ("komitmen 7"), or a
// line for each wrong field. Only a reason that this release does not know shows the service's own
// words, as do errors that this program made itself.
std::string ErrorText(const absl::Status& status);
// The same for the status of one line of a reply.
std::string ErrorText(const google::rpc::Status& status);

}  // namespace lingkaran::cli
