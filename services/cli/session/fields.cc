#include "services/cli/session/fields.h"

#include <cstdlib>
#include <iostream>

#include <google/protobuf/text_format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/date.h"
#include "common/base/error.h"
#include "common/base/money.h"

namespace lingkaran::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The name of an enum's first value without its last word, e.g. "AGENCY_KIND_".
std::string EnumPrefix(const EnumDescriptor* type) {
  return std::string(
      absl::StripSuffix(absl::string_view(type->FindValueByNumber(0)->name()), "UNSPECIFIED"));
}

absl::StatusOr<int64_t> ReadDay(const std::string& text) {
  ASSIGN_OR_RETURN(const Day day, ParseDay(text));
  return DayNumber(day);
}

absl::StatusOr<int64_t> ReadMoney(const std::string& text) {
  ASSIGN_OR_RETURN(const Rupiah money, ParseRupiah(text));
  return money.amount();
}

}  // namespace

RequestField::RequestField(Message* request, const std::string& path) : request_(request) {
  const google::protobuf::Descriptor* type = request->GetDescriptor();
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field =
        type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
    if (field == nullptr) {  // every start declares every option: no test can miss it
      std::cerr << request->GetTypeName() << " has no field " << path << '\n';
      std::abort();
    }
    path_.push_back(field);
    type = field->message_type();
  }
}

std::optional<FieldForm> RequestField::Form() const {
  if (const EnumDescriptor* type = descriptor().enum_type(); type != nullptr) {
    const std::string names = EnumNames(type);
    FieldForm form;
    form.read = [type](const std::string& text) { return EnumValue(type, text); };
    form.help = ": " + names;
    form.error = "tidak dikenal; pilih " + names;
    if (descriptor().is_repeated()) {
      form.help = "; with commas between" + form.help;
      form.error = "tidak dikenal; pilih dari " + absl::StrReplaceAll(names, {{"|", ","}}) +
                   ", dengan koma di antaranya";
    }
    return form;
  }
  if (descriptor().cpp_type() != FieldDescriptor::CPPTYPE_INT32 &&
      descriptor().cpp_type() != FieldDescriptor::CPPTYPE_INT64) {
    return std::nullopt;
  }
  const std::string name = "_" + descriptor().name();
  if (absl::EndsWith(name, "_day")) {
    return FieldForm{&ReadDay, ", e.g. \"7 November 2019\" or 07/11/2019",
                     "bukan tanggal; tulis 7 November 2019, 07/11/2019 atau 2019-11-07"};
  }
  if (absl::EndsWith(name, "_month")) {
    return FieldForm{&ParseMonth, ", e.g. \"Februari 2020\" or 2020-02",
                     "bukan bulan; tulis \"Februari 2020\", 02/2020 atau 2020-02"};
  }
  if (absl::EndsWith(name, "_rupiah")) {
    return FieldForm{&ReadMoney, ", e.g. Rp50.400.000 or 50400000",
                     "bukan jumlah uang; tulis Rp50.400.000 atau 50400000"};
  }
  return std::nullopt;
}

absl::Status RequestField::Read(const FieldForm& form, const std::string& text) const {
  std::vector<std::string> parts = {text};
  if (descriptor().is_repeated()) parts = absl::StrSplit(text, ',');
  std::vector<int64_t> numbers;
  for (std::string& part : parts) {
    if (descriptor().is_repeated()) absl::StripAsciiWhitespace(&part);
    const absl::StatusOr<int64_t> number = form.read(part);
    if (!number.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", part, "\" ", form.error));
    }
    numbers.push_back(*number);
  }
  SetNumbers(numbers);
  return absl::OkStatus();
}

void RequestField::SetText(const std::string& text) const {
  Message& message = Parent();
  message.GetReflection()->SetString(&message, &descriptor(), text);
}

void RequestField::SetNumbers(const std::vector<int64_t>& numbers) const {
  Message& message = Parent();
  message.GetReflection()->ClearField(&message, &descriptor());
  for (const int64_t number : numbers) {
    google::protobuf::TextFormat::Parser().ParseFieldValueFromString(absl::StrCat(number),
                                                                     &descriptor(), &message);
  }
}

Message& RequestField::Parent() const {
  Message* message = request_;
  for (size_t i = 0; i + 1 < path_.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, path_[i]);
  }
  return *message;
}

absl::StatusOr<int32_t> ParseMonth(const std::string& text) {
  for (const std::string& day : {"1 " + text, "01/" + text, text + "-01"}) {
    if (const absl::StatusOr<Day> parsed = ParseDay(day); parsed.ok()) {
      return MonthNumber(Month(*parsed));
    }
  }
  return absl::InvalidArgumentError("no month");
}

absl::StatusOr<int> EnumValue(const EnumDescriptor* type, const std::string& name) {
  const auto* value = type->FindValueByName(
      EnumPrefix(type) + absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}})));
  if (value == nullptr || value->number() == 0) return absl::InvalidArgumentError("no such name");
  return value->number();
}

std::string EnumNames(const EnumDescriptor* type) {
  const std::string prefix = EnumPrefix(type);
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() == 0) continue;
    const std::string name = absl::AsciiStrToLower(type->value(i)->name().substr(prefix.size()));
    names.push_back(absl::StrReplaceAll(name, {{"_", "-"}}));
  }
  return absl::StrJoin(names, "|");
}

}  // namespace lingkaran::cli
