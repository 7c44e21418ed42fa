// Turns the bytes of an office's file into UTF-8 text, or says why they are no text.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lingkaran::cli {

// The byte order mark that spreadsheets put before UTF-8, and want there.
inline constexpr std::string_view kBom = "\xEF\xBB\xBF";

// Decodes UTF-8, dropping a byte order mark, and Windows-1252 (what spreadsheets on Indonesian
// office machines save as "CSV"). INVALID_ARGUMENT, in Indonesian and with the way to mend it, for
// workbooks (xlsx, xls, ods), PDF, web pages, UTF-16, bytes that no text has, and an empty file.
absl::StatusOr<std::string> DecodeFile(std::string_view bytes);

// Number of bytes at the start of `bytes` that are whole, valid UTF-8 characters.
size_t ValidUtf8Prefix(std::string_view bytes);

// Characters of a UTF-8 text: the width of a cell in a terminal, near enough for Latin letters.
size_t CharacterCount(std::string_view utf8);

}  // namespace lingkaran::cli
