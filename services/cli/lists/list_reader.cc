#include "services/cli/lists/list_reader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "services/cli/lists/csv_rows.h"

namespace lingkaran::cli {
namespace {

constexpr char kDelimiters[] = {',', ';', '\t'};
constexpr int kTitleLines = 10;
constexpr int kLongNumber = 12;  // digits

// A row that may be the header, seen with one delimiter.
struct Header {
  List list;            // without rows
  int known = 0;        // columns that we know
  int rows_before = 0;  // title rows above it
  std::optional<Column> twice;

  bool Has(Column column) const { return list.columns[static_cast<int>(column)] >= 0; }
  bool IsComplete() const { return Has(Column::kNik) && Has(Column::kFullName); }
  // Which of two candidates is rather the header.
  auto Rank() const { return std::pair(IsComplete(), known); }
};

// True for a row of data: a header has no long numbers, and data must not stand in an error.
bool HoldsLongNumber(const std::vector<std::string>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return std::count_if(cell.begin(), cell.end(), absl::ascii_isdigit) >= kLongNumber;
  });
}

Header Recognise(std::vector<std::string> cells, char delimiter, int rows_before) {
  Header header;
  header.list.delimiter = delimiter;
  header.rows_before = rows_before;
  if (HoldsLongNumber(cells)) return header;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::optional<Column> column = ColumnOfHeader(cells[i]);
    if (!column.has_value()) continue;
    if (header.Has(*column)) {
      header.twice = column;
      continue;
    }
    header.list.columns[static_cast<int>(*column)] = static_cast<int>(i);
    ++header.known;
  }
  header.list.header = std::move(cells);
  return header;
}

// The best header among the first rows; its `known` is 0 if no row looks like one.
Header FindHeader(std::string_view text) {
  Header best;
  for (const char delimiter : kDelimiters) {
    int rows = 0;
    // A wrong delimiter may trip over quotes; then the rows so far are all it has to say.
    ForEachCsvRow(text, delimiter, [&](CsvRow&& row) {
      if (row.line_number > kTitleLines + 1) return absl::CancelledError();
      Header header = Recognise(std::move(row.cells), delimiter, rows++);
      if (header.Rank() > best.Rank()) best = std::move(header);
      return absl::OkStatus();
    }).IgnoreError();
  }
  return best;
}

absl::Status CheckHeader(const Header& header) {
  if (header.known == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "berkas ini bukan daftar pekerja: tidak ada baris judul kolom pada ", kTitleLines + 1,
        " baris pertama. Tambahkan baris judul, paling sedikit dengan kolom NIK dan Nama, ",
        "dipisah koma, titik koma, atau tab."));
  }
  if (!header.IsComplete()) {
    std::vector<std::string> missing;
    for (const Column column : {Column::kNik, Column::kFullName}) {
      if (!header.Has(column)) missing.emplace_back(ColumnTitle(column));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "kolom ", absl::StrJoin(missing, " dan "), " tidak ada. Kolom yang ditemukan: ",
        absl::StrJoin(header.list.header, ", "), ". Tambahkan kolom itu atau perbaiki judulnya."));
  }
  if (header.twice.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ada dua kolom untuk ", std::string(ColumnTitle(*header.twice)),
                     ". Hapus salah satu, supaya jelas mana yang berlaku."));
  }
  return absl::OkStatus();
}

bool IsBlank(std::string_view cell) {
  return std::all_of(cell.begin(), cell.end(), absl::ascii_isspace);
}

// Checks a row against the header and puts it into the list.
absl::Status TakeRow(CsvRow&& row, const ListLimits& limits, List& list) {
  const size_t width = list.header.size();
  if (!row.ended && row.cells.size() < width) {
    return absl::InvalidArgumentError(absl::StrCat(
        "berkas ini terpotong: baris terakhir (", row.line_number, ") hanya berisi ",
        row.cells.size(), " dari ", width, " kolom. Salin atau unduh ulang berkas aslinya."));
  }
  if (std::all_of(row.cells.begin(), row.cells.end(), IsBlank)) return absl::OkStatus();
  if (row.cells.size() > width &&
      !std::all_of(row.cells.begin() + width, row.cells.end(), IsBlank)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "baris ", row.line_number, " berisi ", row.cells.size(), " kolom, tetapi judulnya ", width,
        ": isi yang mengandung tanda pemisah harus diapit tanda kutip (\")."));
  }
  if (static_cast<int>(list.rows.size()) >= limits.rows) {
    return absl::InvalidArgumentError(absl::StrCat("daftar ini lebih dari ", limits.rows,
                                                   " baris. Bagi menjadi beberapa berkas."));
  }
  row.cells.resize(width);
  list.rows.push_back({row.line_number, std::move(row.cells)});
  return absl::OkStatus();
}

bool IsBareNik(std::string_view cell) {
  return cell.size() == 16 && std::all_of(cell.begin(), cell.end(), absl::ascii_isdigit);
}

absl::Status TooLarge(size_t most) {
  return absl::InvalidArgumentError(absl::StrCat("berkas ini lebih besar dari ", most >> 20,
                                                 " MiB. Bagi menjadi beberapa berkas."));
}

}  // namespace

std::string List::Value(const ListRow& row, Column column) const {
  const int place = columns[static_cast<int>(column)];
  if (place < 0) return "";
  std::string value;
  for (const char c : row.cells[place]) {
    const bool blank = c == '\r' || c == '\n' || c == '\t';
    if (blank && (value.empty() || value.back() == ' ')) continue;
    value += blank ? ' ' : c;
  }
  return value;
}

absl::StatusOr<List> ReadList(std::string_view bytes, const ListLimits& limits) {
  if (bytes.size() > limits.bytes) return TooLarge(limits.bytes);
  ASSIGN_OR_RETURN(const std::string text, DecodeFile(bytes));
  if (IsBlank(text)) return absl::InvalidArgumentError("berkas ini kosong.");

  Header header = FindHeader(text);
  RETURN_IF_ERROR(CheckHeader(header));

  List list = std::move(header.list);
  list.rows.reserve(std::count(text.begin(), text.end(), '\n'));
  int row_number = 0;
  RETURN_IF_ERROR(ForEachCsvRow(text, list.delimiter, [&](CsvRow&& row) {
    if (row_number++ <= header.rows_before) return absl::OkStatus();
    return TakeRow(std::move(row), limits, list);
  }));
  if (list.rows.empty()) {
    return absl::InvalidArgumentError("daftar ini hanya berisi judul kolom, tanpa satu baris pun.");
  }
  return list;
}

absl::StatusOr<std::string> ReadFileBytes(const std::string& path, size_t most) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return absl::InvalidArgumentError("berkas " + path + " tidak ada.");
  }
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(path + " adalah folder, bukan berkas.");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::InvalidArgumentError("berkas " + path + " tidak dapat dibaca.");
  std::string bytes;
  char block[1 << 16];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    bytes.append(block, in.gcount());
    if (bytes.size() > most) return TooLarge(most);
  }
  if (in.bad()) return absl::InvalidArgumentError("berkas " + path + " tidak dapat dibaca.");
  return bytes;
}

std::string RejectsFile(const List& list, const std::vector<RejectedRow>& rejected) {
  std::vector<size_t> kept;  // a rejects file that came back brings its two columns along
  for (size_t i = 0; i < list.header.size(); ++i) {
    if (!IsRejectsHeader(list.header[i])) kept.push_back(i);
  }
  std::string out(kBom);
  const auto append = [&](std::string_view cell) {
    absl::StrAppend(&out, CsvCell(cell, list.delimiter), std::string(1, list.delimiter));
  };
  const auto end_row = [&](const std::string& reason, const std::string& mend) {
    append(reason);
    absl::StrAppend(&out, CsvCell(mend, list.delimiter), "\r\n");
  };
  for (const size_t i : kept) append(list.header[i]);
  end_row(kReasonHeader, kMendHeader);
  const size_t nik = list.columns[static_cast<int>(Column::kNik)];
  for (const RejectedRow& row : rejected) {
    const std::vector<std::string>& cells = list.rows[row.index].cells;
    for (const size_t i : kept) append(i == nik && IsBareNik(cells[i]) ? "'" + cells[i] : cells[i]);
    end_row(row.reason, row.mend);
  }
  return out;
}

}  // namespace lingkaran::cli
