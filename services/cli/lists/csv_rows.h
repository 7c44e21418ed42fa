// Rows of delimited text with the lines on which they stand. Quoting and line breaks inside of
// fields are libcsv's work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace lingkaran::cli {

// One row as it stands in the text.
struct CsvRow {
  int line_number = 0;             // physical line on which it starts, counted from 1
  std::vector<std::string> cells;  // without quotes; blanks around unquoted cells are gone
  bool ended = true;               // false if the text ended without a line end after it
};

// Calls `take` for each row that holds a cell, blank lines left out; ends with its first error.
// Lines end with LF, CRLF or CR. A quotation mark within an unquoted cell is an ordinary character.
// INVALID_ARGUMENT (in Indonesian) for letters after a closing quotation mark and for a quotation
// mark that is never closed.
absl::Status ForEachCsvRow(std::string_view text, char delimiter,
                           absl::FunctionRef<absl::Status(CsvRow&&)> take);

// A cell as it must be written: quoted if it holds the delimiter, a quote, a line break, or blanks
// at an end.
std::string CsvCell(std::string_view value, char delimiter);

}  // namespace lingkaran::cli
