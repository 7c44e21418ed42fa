#include "services/coverage/api/watch_token.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/personal_data_vault.h"
#include "services/coverage/domain/errors.h"

namespace lingkaran::coverage {

std::string ToResumeToken(int64_t epoch, int64_t position) {
  return Base64Url(absl::StrCat("w1.", epoch, ".", position));
}

absl::StatusOr<int64_t> FromResumeToken(const std::string& text, int64_t epoch) {
  const absl::StatusOr<std::string> plain = FromBase64Url(text);
  if (!plain.ok()) return ResumeTokenInvalid();
  const std::vector<std::string> parts = absl::StrSplit(*plain, '.');
  int64_t its_epoch = 0, position = 0;
  if (parts.size() != 3 || parts[0] != "w1" || !absl::SimpleAtoi(parts[1], &its_epoch) ||
      !absl::SimpleAtoi(parts[2], &position)) {
    return ResumeTokenInvalid();
  }
  if (its_epoch != epoch) return ResumeTooOld();
  return position;
}

}  // namespace lingkaran::coverage
