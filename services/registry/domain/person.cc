#include "services/registry/domain/person.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "common/base/string_views.h"
#include "common/base/utf8.h"

namespace lingkaran::registry {
namespace {

constexpr char kDot[] = "•";

}  // namespace

std::string MaskNik(std::string_view nik) {
  if (nik.size() != 16) return "";
  std::string masked(nik.substr(0, 4));
  for (int i = 0; i < 8; ++i) masked += kDot;
  return masked.append(nik.substr(12));
}

std::string MaskName(std::string_view full_name) {
  std::string masked;
  for (absl::string_view word : absl::StrSplit(AbslView(full_name), ' ', absl::SkipEmpty())) {
    if (!masked.empty()) masked.push_back(' ');
    size_t length = 0;
    for (size_t i = 0; i < word.size(); i += length) {
      length = std::max<size_t>(Utf8Length(StdView(word.substr(i))), 1);
      masked.append(i == 0 ? StdView(word.substr(0, length)) : kDot);
    }
  }
  return masked;
}

}  // namespace lingkaran::registry
