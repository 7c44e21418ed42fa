#include "services/registry/domain/text.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/base/string_views.h"
#include "common/base/utf8.h"

namespace lingkaran::registry {
namespace {

constexpr char kNoBreakSpace[] = "\u00A0";

// Characters of readable text; -1 if it is not.
int64_t ReadableLength(std::string_view text) {
  int64_t characters = 0;
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const bool line_break = c == '\t' || c == '\n' || c == '\r';
    if ((c < 0x20 && !line_break) || c == 0x7F) return -1;
    const size_t length = Utf8Length(text.substr(i));
    if (length == 0) return -1;
    i += length;
    ++characters;
  }
  return characters;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  absl::string_view rest = AbslView(text);
  do {
    rest = absl::StripAsciiWhitespace(rest);
  } while (absl::ConsumePrefix(&rest, kNoBreakSpace) || absl::ConsumeSuffix(&rest, kNoBreakSpace));
  return StdView(rest);
}

std::string OneLine(std::string_view text) {
  std::string line(Trim(text));
  absl::c_replace_if(
      line, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return line;
}

std::string FoldWords(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  bool gap = false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && absl::ascii_isascii(c)) {
      gap = true;
      continue;
    }
    if (gap && !folded.empty()) folded.push_back(' ');
    gap = false;
    folded.push_back(absl::ascii_tolower(c));
  }
  return folded;
}

bool HoldsNik(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) {
      if (++digits == 16) return true;
    } else if (c != ' ' && c != '.' && c != '-' && c != '\'') {
      digits = 0;
    }
  }
  return false;
}

bool IsReadable(std::string_view text) {
  return text.size() <= kMaxTextBytes && ReadableLength(text) >= 0;
}

bool IsPlainText(std::string_view text, size_t least, size_t most) {
  const int64_t characters = ReadableLength(text);
  return characters >= static_cast<int64_t>(least) && characters <= static_cast<int64_t>(most) &&
         !HoldsNik(text);
}

}  // namespace lingkaran::registry
