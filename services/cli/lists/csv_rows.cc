#include "services/cli/lists/csv_rows.h"

#include <csv.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace lingkaran::cli {
namespace {

// libcsv does not count lines, so it is fed one physical line at a time.
class RowParser {
 public:
  RowParser(char delimiter, absl::FunctionRef<absl::Status(CsvRow&&)> take) : take_(take) {
    csv_init(&parser_, kStrict);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  }
  ~RowParser() { csv_free(&parser_); }
  RowParser(const RowParser&) = delete;
  RowParser& operator=(const RowParser&) = delete;

  absl::Status Feed(std::string_view line) {
    ++line_;
    if (between_rows_) row_.line_number = line_;
    between_rows_ = false;
    while (!line.empty()) {
      const size_t taken = csv_parse(&parser_, line.data(), line.size(), &OnCell, &OnRow, this);
      line.remove_prefix(taken);
      if (line.empty()) break;
      if (csv_error(&parser_) != CSV_EPARSE) return absl::ResourceExhaustedError("memori habis");
      if (parser_.quoted != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("baris ", line_,
                         ": setelah tanda kutip penutup (\") masih ada huruf. Tulis tanda kutip ",
                         "di dalam isi sebagai dua tanda kutip (\"\"), atau hapus."));
      }
      csv_set_opts(&parser_, kLenient);  // a quote within an unquoted cell is an ordinary letter
      csv_parse(&parser_, line.data(), 1, &OnCell, &OnRow, this);
      csv_set_opts(&parser_, kStrict);
      line.remove_prefix(1);
    }
    return taken_;
  }

  absl::Status Finish() {
    const int row_line = row_.line_number;
    row_.ended = false;
    if (csv_fini(&parser_, &OnCell, &OnRow, this) == 0) return taken_;
    return absl::InvalidArgumentError(absl::StrCat(
        "berkas ini berakhir di tengah isi yang diawali tanda kutip (\") pada baris ", row_line,
        ": berkas terpotong, atau tanda kutip penutupnya hilang. Kirim ulang berkas yang utuh."));
  }

 private:
  static constexpr unsigned char kLenient = CSV_REPALL_NL;
  static constexpr unsigned char kStrict = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL;

  static void OnCell(void* data, size_t size, void* self) {
    static_cast<RowParser*>(self)->row_.cells.emplace_back(static_cast<const char*>(data), size);
  }

  static void OnRow(int, void* data) {
    auto* self = static_cast<RowParser*>(data);
    self->between_rows_ = true;
    if (self->row_.cells.empty() || !self->taken_.ok()) return;
    const size_t width = self->row_.cells.size();
    self->taken_ = self->take_(std::exchange(self->row_, CsvRow()));
    self->row_.cells.reserve(width);
  }

  absl::FunctionRef<absl::Status(CsvRow&&)> take_;
  absl::Status taken_;  // what `take` said of the last row
  csv_parser parser_;
  CsvRow row_;
  int line_ = 0;
  bool between_rows_ = true;
};

// The first line of `text` with its line end.
std::string_view FirstLine(std::string_view text) {
  const size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return text;
  const bool crlf = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
  return text.substr(0, end + (crlf ? 2 : 1));
}

}  // namespace

absl::Status ForEachCsvRow(std::string_view text, char delimiter,
                           absl::FunctionRef<absl::Status(CsvRow&&)> take) {
  RowParser parser(delimiter, take);
  while (!text.empty()) {
    const std::string_view line = FirstLine(text);
    RETURN_IF_ERROR(parser.Feed(line));
    text.remove_prefix(line.size());
  }
  return parser.Finish();
}

std::string CsvCell(std::string_view value, char delimiter) {
  constexpr std::string_view kBlanks = " \t";
  const bool plain = value.find(delimiter) == std::string_view::npos &&
                     value.find_first_of("\"\r\n") == std::string_view::npos &&
                     (value.empty() || (kBlanks.find(value.front()) == std::string_view::npos &&
                                        kBlanks.find(value.back()) == std::string_view::npos));
  if (plain) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace lingkaran::cli
