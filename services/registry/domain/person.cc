#include "services/registry/domain/person.h"

#include <algorithm>

#include "absl/strings/str_split.h"

namespace lingkaran::registry {
namespace {

constexpr char kDot[] = "•";

// Bytes of the first character of a word.
size_t FirstCharacter(std::string_view word) {
  size_t length = 1;
  while (length < word.size() && (static_cast<unsigned char>(word[length]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

}  // namespace

std::string MaskNik(std::string_view nik) {
  if (nik.size() != 16) return "";
  std::string masked(nik.substr(0, 4));
  for (int i = 0; i < 8; ++i) masked += kDot;
  return masked.append(nik.substr(12));
}

std::string MaskName(std::string_view full_name) {
  std::string masked;
  const absl::string_view name(full_name.data(), full_name.size());
  for (absl::string_view word : absl::StrSplit(name, ' ', absl::SkipEmpty())) {
    const std::string_view view(word.data(), word.size());
    const size_t first = FirstCharacter(view);
    if (!masked.empty()) masked.push_back(' ');
    masked.append(view.substr(0, first));
    const size_t hidden =
        std::count_if(view.begin() + static_cast<ptrdiff_t>(first), view.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    for (size_t i = 0; i < hidden; ++i) masked += kDot;
  }
  return masked;
}

}  // namespace lingkaran::registry
