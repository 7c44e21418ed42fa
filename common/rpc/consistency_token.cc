// Consistency tokens and page tokens: opaque texts that callers hand back.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/common/v1/types.pb.h"

namespace lingkaran {
namespace {

// A prefix keeps the empty token apart from no token, and each kind apart from the other.
constexpr char kTokenPrefix[] = "c1.";
constexpr char kPagePrefix[] = "p1.";
constexpr size_t kMaxTokenText = 8192;

absl::Status TokenInvalid() {
  return Error(absl::StatusCode::kInvalidArgument, Reason::kTokenInvalid,
               "the consistency token is none of this suite; hand back a consistency_token that a "
               "mutation answered with, unchanged");
}

}  // namespace

std::string ToToken(const Token& token) {
  common::v1::TokenContent content;
  content.set_coverage_position(token.coverage_position);
  for (const std::string& id : token.owed_request_ids) content.add_owed_request_ids(id);
  return absl::StrCat(kTokenPrefix, Base64Url(content.SerializeAsString()));
}

void SetToken(int64_t coverage_position, std::string* text) {
  // TokenContent with its first field only: a tag and a varint, nothing for 0.
  char bytes[11];
  size_t size = 0;
  if (coverage_position != 0) {
    bytes[size++] = common::v1::TokenContent::kCoveragePositionFieldNumber << 3;
    auto left = static_cast<uint64_t>(coverage_position);
    for (; left >= 0x80; left >>= 7) bytes[size++] = static_cast<char>(left | 0x80);
    bytes[size++] = static_cast<char>(left);
  }
  text->assign(kTokenPrefix);
  text->append(Base64Url({bytes, size}));  // 15 characters at most: allocates nothing
}

absl::StatusOr<Token> FromToken(std::string_view text) {
  absl::string_view rest(text.data(), text.size());
  if (rest.size() > kMaxTokenText || !absl::ConsumePrefix(&rest, kTokenPrefix)) {
    return TokenInvalid();
  }
  const absl::StatusOr<std::string> bytes = FromBase64Url({rest.data(), rest.size()});
  common::v1::TokenContent content;
  if (!bytes.ok() || !content.ParseFromString(*bytes) || content.coverage_position() < 0) {
    return TokenInvalid();
  }
  Token token;
  token.coverage_position = content.coverage_position();
  for (const std::string& id : content.owed_request_ids()) {
    if (id.empty() || id.size() > 64) return TokenInvalid();
    token.owed_request_ids.push_back(id);
  }
  return token;
}

std::string ToPageToken(int64_t position) {
  return absl::StrCat(kPagePrefix, Base64Url(absl::StrCat(position)));
}

absl::StatusOr<int64_t> FromPageToken(std::string_view text) {
  absl::string_view rest(text.data(), text.size());
  if (rest.empty()) return 0;
  int64_t position = 0;
  if (absl::ConsumePrefix(&rest, kPagePrefix)) {
    const absl::StatusOr<std::string> number = FromBase64Url({rest.data(), rest.size()});
    if (number.ok() && absl::SimpleAtoi(*number, &position)) return position;
  }
  return InvalidField("page_token",
                      "hand back next_page_token of the page before, or leave it empty");
}

absl::StatusOr<int> PageSize(int asked, int normal, int most) {
  if (asked < 0 || asked > most) {
    return InvalidField("page_size",
                        std::string(absl::StrCat("send 0 (", normal, " entries) to ", most)));
  }
  return asked == 0 ? normal : asked;
}

}  // namespace lingkaran
