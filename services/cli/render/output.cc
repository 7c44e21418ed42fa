#include "services/cli/render/output.h"

#include <algorithm>

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/date.h"
#include "common/base/error.h"
#include "common/base/money.h"
#include "services/cli/lists/encoding.h"

namespace lingkaran::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kWibHours = 7;

std::string Padded(const std::string& text, size_t width, bool right) {
  const size_t have = CharacterCount(text);
  const std::string blanks(width > have ? width - have : 0, ' ');
  return right ? blanks + text : text + blanks;
}

// The value of a field that is no message; element `index` if it is repeated.
std::string ScalarText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& r = *message.GetReflection();
  std::string text;
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    google::protobuf::TextFormat::PrintFieldValueToString(message, field, index, &text);
    return text;
  }
  return index < 0 ? r.GetString(message, field) : r.GetRepeatedString(message, field, index);
}

absl::Status UnknownField(const Message& message, const std::string& name) {
  std::vector<std::string> names;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    names.push_back(message.GetDescriptor()->field(i)->name());
  }
  return absl::InvalidArgumentError(absl::StrCat("jawaban ini tidak punya isian \"", name,
                                                 "\"; yang ada: ", absl::StrJoin(names, ", ")));
}

absl::Status Collect(const Message& message, const std::vector<std::string>& path, size_t at,
                     std::vector<std::string>& values) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(path[at]);
  if (field == nullptr) return UnknownField(message, path[at]);
  const Reflection& reflection = *message.GetReflection();
  const bool many = field->is_repeated();
  const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  ++at;
  if (!is_message && at < path.size() && !many) {
    return absl::InvalidArgumentError(
        absl::StrCat("isian \"", field->name(), "\" tidak punya isian di bawahnya"));
  }
  if (!many && is_message && !reflection.HasField(message, field)) return absl::OkStatus();
  int first = many ? 0 : -1;  // -1 is the one value of a field that is not repeated
  int last = many ? reflection.FieldSize(message, field) - 1 : -1;
  if (int index; many && at < path.size() && absl::SimpleAtoi(path[at], &index)) {
    first = std::max(index, 0);
    last = std::min(index, last);
    ++at;
  }
  for (int i = first; i <= last; ++i) {
    if (!is_message) {
      values.push_back(ScalarText(message, field, i));
      continue;
    }
    const Message& child = many ? reflection.GetRepeatedMessage(message, field, i)
                                : reflection.GetMessage(message, field);
    if (at == path.size()) {
      values.push_back(ToJson(child));
    } else {
      RETURN_IF_ERROR(Collect(child, path, at, values));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string CountText(int64_t number) {
  return absl::StrReplaceAll(MoneyText(number), {{"Rp", ""}});
}

std::string MoneyText(int64_t rupiah) { return FormatRupiah(Rupiah(rupiah)); }

std::string DayText(int32_t yyyymmdd) {
  const absl::StatusOr<Day> day = DayFromNumber(yyyymmdd);
  return day.ok() ? FormatDay(*day) : "-";
}

std::string DayIfAny(int32_t yyyymmdd) { return yyyymmdd == 0 ? "" : DayText(yyyymmdd); }

std::string IdText(int64_t id) { return id == 0 ? "" : absl::StrCat(id); }

std::string MonthText(int32_t yyyymm) {
  const absl::StatusOr<Month> month = MonthFromNumber(yyyymm);
  return month.ok() ? FormatMonth(*month) : "-";
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "-";
  const absl::Time at = absl::FromUnixSeconds(time.seconds());
  const absl::CivilSecond local = absl::ToCivilSecond(at, absl::FixedTimeZone(kWibHours * 3600));
  return absl::StrFormat("%s %02d.%02d WIB", FormatDay(LocalDay(at, kWibHours)), local.hour(),
                         local.minute());
}

std::string PercentText(int basis_points) {
  return absl::StrFormat("%d,%02d%%", basis_points / 100, basis_points % 100);
}

std::string YesNo(bool value) { return value ? "ya" : "tidak"; }

std::string Wrapped(const std::string& text, size_t indent, size_t hanging) {
  std::string out;
  std::string line(indent, ' ');
  bool empty = true;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!empty && CharacterCount(line) + 1 + CharacterCount(std::string(word)) > kTextWidth) {
      absl::StrAppend(&out, line, "\n");
      line.assign(indent + hanging, ' ');
      empty = true;
    }
    absl::StrAppend(&line, empty ? "" : " ", word);
    empty = false;
  }
  return out + line + "\n";
}

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)) {
  for (std::string& title : titles_) {
    right_.push_back(!title.empty() && title[0] == '>');
    if (right_.back()) title.erase(0, 1);
  }
}

void Table::Row(std::vector<std::string> cells) {
  cells.resize(titles_.size());
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < titles_.size(); ++i) {
    size_t width = CharacterCount(titles_[i]);
    for (const auto& row : rows_) width = std::max(width, CharacterCount(row[i]));
    widths.push_back(width);
  }
  const auto print = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      absl::StrAppend(&line, i == 0 ? "" : "  ", Padded(cells[i], widths[i], right_[i]));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  print(titles_);
  std::vector<std::string> rule;
  for (const size_t width : widths) rule.emplace_back(width, '-');
  print(rule);
  for (const auto& row : rows_) print(row);
}

void PrintFacts(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& facts) {
  size_t width = 0;
  for (const auto& [label, value] : facts) {
    if (!value.empty()) width = std::max(width, CharacterCount(label));
  }
  for (const auto& [label, value] : facts) {
    if (!value.empty()) out << Padded(label, width, false) << "  " << value << '\n';
  }
}

std::string ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // A detail of an unknown type in a status is all that can't be written; then there is no line.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "{}";
  return json;
}

absl::StatusOr<std::vector<std::string>> FieldValues(const Message& message,
                                                     std::string_view path) {
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(path.data(), path.size()), '.');
  std::vector<std::string> values;
  RETURN_IF_ERROR(Collect(message, parts, 0, values));
  return values;
}

}  // namespace lingkaran::cli
