#include "services/coverage/api/watch_token.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/crypto/personal_data_vault.h"

namespace lingkaran::coverage {

std::string ToResumeToken(int64_t epoch, int64_t position) {
  return Base64Url(absl::StrCat("w1.", epoch, ".", position));
}

absl::StatusOr<int64_t> FromResumeToken(const std::string& text, int64_t epoch) {
  const absl::Status none =
      Error(absl::StatusCode::kInvalidArgument, Reason::kTokenInvalid,
            "this is no resume_token; send the last one that WatchCoverage gave, or none");
  const absl::StatusOr<std::string> plain = FromBase64Url(text);
  if (!plain.ok()) return none;
  const std::vector<std::string> parts = absl::StrSplit(*plain, '.');
  int64_t its_epoch = 0, position = 0;
  if (parts.size() != 3 || parts[0] != "w1" || !absl::SimpleAtoi(parts[1], &its_epoch) ||
      !absl::SimpleAtoi(parts[2], &position)) {
    return none;
  }
  if (its_epoch != epoch) return ResumeTooOld();
  return position;
}

absl::Status ResumeTooOld() {
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kResumeTooOld,
               "the change log does not reach back to this resume_token; take a new one with an "
               "empty request, list everybody afresh, then watch from that one");
}

}  // namespace lingkaran::coverage
