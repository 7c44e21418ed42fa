#include "common/base/overload.h"

#include <atomic>
#include <string>
#include <vector>

#include <google/protobuf/util/time_util.h>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "google/rpc/error_details.pb.h"

namespace lingkaran {
namespace {

using google::protobuf::util::TimeUtil;

constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr absl::Duration kRetryDelay = absl::Milliseconds(250);
constexpr size_t kDifferentDelays = 16;

OverloadError MakeOverloadError() {
  const int64_t delay_ms = absl::ToInt64Milliseconds(Jittered(kRetryDelay, 0.5, 1.5));
  OverloadError error;
  error.retry_delay = absl::Milliseconds(delay_ms);
  error.status = Error(absl::StatusCode::kResourceExhausted, Reason::kOverloaded,
                       absl::StrCat("the service has more to do than it can; ask again in ",
                                    delay_ms, " ms with the same request_id"));
  google::rpc::RetryInfo info;
  *info.mutable_retry_delay() = TimeUtil::MillisecondsToDuration(delay_ms);
  error.status.SetPayload(kRetryInfoUrl, absl::Cord(info.SerializeAsString()));
  return error;
}

}  // namespace

absl::Span<const OverloadError> OverloadErrors() {
  static const std::vector<OverloadError>& all = *[] {
    auto* made = new std::vector<OverloadError>();
    for (size_t i = 0; i < kDifferentDelays; ++i) made->push_back(MakeOverloadError());
    return made;
  }();
  return all;
}

const absl::Status& Overloaded() {
  static std::atomic<size_t> next{0};
  return OverloadErrors()[next.fetch_add(1, std::memory_order_relaxed) % kDifferentDelays].status;
}

absl::Duration RetryDelayOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRetryInfoUrl);
  google::rpc::RetryInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) {
    return absl::ZeroDuration();
  }
  return absl::Nanoseconds(TimeUtil::DurationToNanoseconds(info.retry_delay()));
}

}  // namespace lingkaran
