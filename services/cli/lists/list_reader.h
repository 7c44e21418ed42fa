// Reads the list of an agency as offices really save it, and writes the rows that were not taken
// back in the same form.
//
// Taken: UTF-8 with or without byte order mark, Windows-1252; comma, semicolon or tab; quoted cells
// with line breaks; LF, CRLF or CR; up to ten title lines above the header; header names in any
// order, Indonesian or English; unknown columns (kept for the rejects file). What a value means
// (a NIK, a date) is the registry's business, not the reader's.
//
// Refused as a whole with one error that says how to mend it, so that nothing is sent by halves:
// what is no text, no header with NIK and name, no rows, a file that was cut off, cells beyond the
// header's, more than the limits.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/lists/encoding.h"
#include "services/cli/lists/list_columns.h"

namespace lingkaran::cli {

// The largest file that is read.
struct ListLimits {
  size_t bytes = size_t{64} << 20;
  int rows = 1'000'000;
};

// One row of the list.
struct ListRow {
  int line_number = 0;             // physical line where it starts; the file's first line is 1
  std::vector<std::string> cells;  // as in the file, in the order of its header
};

// A list that was read whole.
struct List {
  List() { columns.fill(-1); }

  std::vector<std::string> header;        // as in the file
  std::array<int, kColumnCount> columns;  // place of each Column in the header; -1 if missing
  std::vector<ListRow> rows;              // in the order of the file
  char delimiter = ',';

  // The cell of a column with line breaks and tabs turned into blanks; empty if it has none.
  std::string Value(const ListRow& row, Column column) const;
};

// Reads the list. INVALID_ARGUMENT, in Indonesian, for what is described above.
absl::StatusOr<List> ReadList(std::string_view bytes, const ListLimits& limits = {});

// The bytes of a file of at most `most` bytes. INVALID_ARGUMENT if it is not there, can't be read,
// is no file, or is larger.
absl::StatusOr<std::string> ReadFileBytes(const std::string& path, size_t most);

// A row that was not taken.
struct RejectedRow {
  size_t index = 0;    // in List::rows
  std::string reason;  // for people
  std::string mend;    // how to mend it
};

// The text of the rejects file: the list's header and the given rows, with the delimiter and line
// ends of spreadsheets, plus "alasan" and "cara memperbaiki"; UTF-8 with byte order mark. A NIK of
// bare digits gets an apostrophe, so that a spreadsheet can't cut its last digits.
std::string RejectsFile(const List& list, const std::vector<RejectedRow>& rejected);

}  // namespace lingkaran::cli
