#include "services/registry/domain/text.h"

#include "common/base/utf8.h"

namespace lingkaran::registry {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

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

// Length of the blank at the start; 0 if there is none.
size_t BlankAtStart(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return 1;
  return text.substr(0, 2) == "\xC2\xA0" ? 2 : 0;
}

size_t BlankAtEnd(std::string_view text) {
  if (text.empty()) return 0;
  const char last = text.back();
  if (last == ' ' || (last >= '\t' && last <= '\r')) return 1;
  return text.size() >= 2 && text.substr(text.size() - 2) == "\xC2\xA0" ? 2 : 0;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  while (const size_t blank = BlankAtStart(text)) text.remove_prefix(blank);
  while (const size_t blank = BlankAtEnd(text)) text.remove_suffix(blank);
  return text;
}

std::string OneLine(std::string_view text) {
  std::string line(Trim(text));
  for (char& c : line) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

std::string FoldWords(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  bool gap = false;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool word = (c >= 'a' && c <= 'z') || IsDigit(c) || (c & 0x80) != 0;
    if (!word) {
      gap = true;
      continue;
    }
    if (gap && !folded.empty()) folded.push_back(' ');
    gap = false;
    folded.push_back(c);
  }
  return folded;
}

bool HoldsNik(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    if (IsDigit(c)) {
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
