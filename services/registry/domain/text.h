// Small pure helpers for text that offices write.
#pragma once

#include <string>
#include <string_view>

namespace lingkaran::registry {

// The most bytes of any text column of a list.
inline constexpr size_t kMaxTextBytes = 200;

// Without spaces, tabs and no-break spaces at both ends.
std::string_view Trim(std::string_view text);

// Trimmed, with line breaks and tabs (offices put them into addresses) as spaces.
std::string OneLine(std::string_view text);

// For comparing words: ASCII lower case, everything but letters and digits turned into single
// spaces, none at the ends. "  Tukang-Becak " gives "tukang becak", "-" gives "".
std::string FoldWords(std::string_view text);

// True if it holds 16 digits in a row, not counting spaces, dots, hyphens and apostrophes between
// them. Free text that is kept or logged in the clear must not.
bool HoldsNik(std::string_view text);

// True if it is at most kMaxTextBytes of UTF-8 without control characters other than tabs and line
// breaks.
bool IsReadable(std::string_view text);

// True for `least` to `most` readable characters that hold no NIK: names of offices, reasons,
// purposes.
bool IsPlainText(std::string_view text, size_t least, size_t most);

}  // namespace lingkaran::registry
