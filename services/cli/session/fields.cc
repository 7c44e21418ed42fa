#include "services/cli/session/fields.h"

#include <cctype>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
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

// A field of a request. The messages above it are made when it is set.
class Place {
 public:
  Place(Message* request, const std::string& path) : request_(request) {
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

  const FieldDescriptor& field() const { return *path_.back(); }

  void SetText(const std::string& text) const {
    Message& message = Parent();
    message.GetReflection()->SetString(&message, &field(), text);
  }

  void SetNumber(int64_t number) const {
    Message& message = Parent();
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    switch (field().cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection.SetInt32(&message, &field(), static_cast<int32_t>(number));
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection.SetEnumValue(&message, &field(), static_cast<int>(number));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection.SetBool(&message, &field(), number != 0);
      default:
        return reflection.SetInt64(&message, &field(), number);
    }
  }

  void SetNumbers(const std::vector<int64_t>& numbers) const {
    Message& message = Parent();
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    reflection.ClearField(&message, &field());
    for (const int64_t number : numbers) {
      if (field().cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        reflection.AddEnumValue(&message, &field(), static_cast<int>(number));
      } else {
        reflection.AddInt64(&message, &field(), number);
      }
    }
  }

 private:
  Message& Parent() const {
    Message* message = request_;
    for (size_t i = 0; i + 1 < path_.size(); ++i) {
      message = message->GetReflection()->MutableMessage(message, path_[i]);
    }
    return *message;
  }

  Message* request_;
  std::vector<const FieldDescriptor*> path_;
};

// A way to write numbers that is not digits.
struct Form {
  std::function<std::optional<int64_t>(const std::string&)> read;
  std::string help;   // what --help adds
  std::string error;  // what is said of a text that can't be read
};

std::optional<int64_t> ReadDay(const std::string& text) {
  const absl::StatusOr<Day> day = ParseDay(text);
  if (!day.ok()) return std::nullopt;
  return DayNumber(*day);
}

std::optional<int64_t> ReadMonth(const std::string& text) {
  const absl::StatusOr<int32_t> month = ParseMonth(text);
  if (!month.ok()) return std::nullopt;
  return *month;
}

std::optional<int64_t> ReadMoney(const std::string& text) {
  const absl::StatusOr<Rupiah> money = ParseRupiah(text);
  if (!money.ok()) return std::nullopt;
  return money->amount();
}

// How people write a field; nullopt for what is written as it is.
std::optional<Form> FormOf(const FieldDescriptor& field) {
  if (const EnumDescriptor* type = field.enum_type(); type != nullptr) {
    const std::string names = EnumNames(type);
    if (field.is_repeated()) {
      return Form{[type](const std::string& text) { return EnumValue(type, text); },
                  "; with commas between: " + names,
                  "tidak dikenal; pilih dari " + absl::StrReplaceAll(names, {{"|", ","}}) +
                      ", dengan koma di antaranya"};
    }
    return Form{[type](const std::string& text) { return EnumValue(type, text); }, ": " + names,
                "tidak dikenal; pilih " + names};
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_INT32 &&
      field.cpp_type() != FieldDescriptor::CPPTYPE_INT64) {
    return std::nullopt;
  }
  const std::string name = "_" + field.name();
  if (absl::EndsWith(name, "_day")) {
    return Form{&ReadDay, ", e.g. \"7 November 2019\" or 07/11/2019",
                "bukan tanggal; tulis 7 November 2019, 07/11/2019 atau 2019-11-07"};
  }
  if (absl::EndsWith(name, "_month")) {
    return Form{&ReadMonth, ", e.g. \"Februari 2020\" or 2020-02",
                "bukan bulan; tulis \"Februari 2020\", 02/2020 atau 2020-02"};
  }
  if (absl::EndsWith(name, "_rupiah")) {
    return Form{&ReadMoney, ", e.g. Rp50.400.000 or 50400000",
                "bukan jumlah uang; tulis Rp50.400.000 atau 50400000"};
  }
  return std::nullopt;
}

int64_t ReadOrThrow(const Form& form, const std::string& flag, const std::string& text) {
  const std::optional<int64_t> number = form.read(text);
  if (!number.has_value()) throw CLI::ValidationError(flag, "\"" + text + "\" " + form.error);
  return *number;
}

CLI::Option* AddFormed(CLI::App* app, const Place& place, const Form& form, const std::string& flag,
                       const std::string& help) {
  const auto take = [place, form, flag](const std::string& text) {
    if (!place.field().is_repeated()) return place.SetNumber(ReadOrThrow(form, flag, text));
    std::vector<int64_t> numbers;
    for (const absl::string_view part : absl::StrSplit(text, ',')) {
      numbers.push_back(ReadOrThrow(form, flag, std::string(absl::StripAsciiWhitespace(part))));
    }
    place.SetNumbers(numbers);
  };
  return app->add_option_function<std::string>(flag, take, help + form.help);
}

}  // namespace

CLI::Validator Positive() {
  return CLI::Validator(
      [](std::string& text) {
        double number = 0;
        if (absl::SimpleAtod(text, &number) && number > 0) return std::string();
        return "\"" + text + "\" bukan angka di atas 0";
      },
      "");
}

CLI::Option* Repeatable(CLI::Option* option) {
  return option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::Option* AddField(CLI::App* app, Message* request, const std::string& flag,
                      const std::string& path, const std::string& help) {
  const Place place(request, path);
  const FieldDescriptor& field = place.field();
  if (const std::optional<Form> form = FormOf(field); form.has_value()) {
    return AddFormed(app, place, *form, flag, help);
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return app->add_flag_callback(
          flag, [place] { place.SetNumber(1); }, help);
    case FieldDescriptor::CPPTYPE_STRING:
      return app->add_option_function<std::string>(
          flag, [place](const std::string& text) { place.SetText(text); }, help);
    case FieldDescriptor::CPPTYPE_INT32:  // what does not fit is no number
      return app->add_option_function<int32_t>(
          flag, [place](const int32_t& number) { place.SetNumber(number); }, help);
    default:
      if (field.is_repeated()) {
        return app->add_option_function<std::vector<int64_t>>(
            flag, [place](const std::vector<int64_t>& numbers) { place.SetNumbers(numbers); },
            help);
      }
      return app->add_option_function<int64_t>(
          flag, [place](const int64_t& number) { place.SetNumber(number); }, help);
  }
}

absl::StatusOr<int32_t> ParseMonth(const std::string& text) {
  for (const std::string& day : {"1 " + text, "01/" + text, text + "-01"}) {
    if (const absl::StatusOr<Day> parsed = ParseDay(day); parsed.ok()) {
      return MonthNumber(Month(*parsed));
    }
  }
  return absl::InvalidArgumentError("no month");
}

std::optional<int> EnumValue(const EnumDescriptor* type, const std::string& name) {
  std::string full = EnumPrefix(type);
  for (const char c : name) {
    full += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const auto* value = type->FindValueByName(full);
  if (value == nullptr || value->number() == 0) return std::nullopt;
  return value->number();
}

std::string EnumNames(const EnumDescriptor* type) {
  const std::string prefix = EnumPrefix(type);
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() == 0) continue;
    std::string name = absl::AsciiStrToLower(type->value(i)->name().substr(prefix.size()));
    for (char& c : name) c = c == '_' ? '-' : c;
    names.push_back(std::move(name));
  }
  return absl::StrJoin(names, "|");
}

}  // namespace lingkaran::cli
