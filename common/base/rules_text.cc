#include "common/base/rules_text.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace lingkaran {
namespace {

absl::Status RulesInvalid(const std::string& text) {
  return Error(absl::StatusCode::kInvalidArgument, Reason::kRulesInvalid, text);
}

// "FILE:LINE", or "FILE" where no line is known. Lines here count from 0, those of people from 1.
std::string At(const std::string& path, int line) {
  return line < 0 ? path : absl::StrCat(path, ":", line + 1);
}

// Keeps the first error: the ones after it mostly follow from it.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(const std::string& path) : path_(path) {}
  void AddError(int line, google::protobuf::io::ColumnNumber, const std::string& message) override {
    if (text_.empty()) {
      text_ = absl::StrCat(At(path_, line), ": ", message);
    }
  }
  const std::string& text() const { return text_; }

 private:
  const std::string& path_;
  std::string text_;
};

std::string Digest(const std::string& text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), 6));
}

}  // namespace

absl::StatusOr<TextprotoFile> TextprotoFile::Load(const std::string& path,
                                                  google::protobuf::Message* message) {
  std::ifstream stream(path, std::ios::binary);
  std::string text;
  for (char block[4096]; stream.is_open() && stream.good();) {
    stream.read(block, sizeof(block));
    text.append(block, static_cast<size_t>(stream.gcount()));
  }
  if (!stream.is_open() || stream.bad()) {
    return RulesInvalid(absl::StrCat(path, ": can't be read"));
  }
  google::protobuf::TextFormat::ParseInfoTree locations;
  FirstError errors(path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&locations);
  if (!parser.ParseFromString(text, message)) {
    return RulesInvalid(errors.text().empty() ? absl::StrCat(path, ": can't be parsed")
                                              : errors.text());
  }
  TextprotoFile file;
  file.path_ = path;
  file.digest_ = Digest(text);
  const google::protobuf::Descriptor* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type->field(i);
    if (!field->is_repeated()) {
      continue;
    }
    std::vector<int> lines;
    const int size = message->GetReflection()->FieldSize(*message, field);
    for (int index = 0; index < size; ++index) {
      lines.push_back(locations.GetLocation(field, index).line);
    }
    file.lines_.emplace_back(field->name(), std::move(lines));
  }
  return file;
}

std::string TextprotoFile::Where(const std::string& field, int index) const {
  for (const auto& [name, lines] : lines_) {
    if (name == field && index >= 0 && index < static_cast<int>(lines.size())) {
      return At(path_, lines[index]);
    }
  }
  return path_;
}

absl::Status TextprotoFile::ErrorAt(const std::string& field, int index,
                                    const std::string& text) const {
  return RulesInvalid(absl::StrCat(Where(field, index), ": ", text));
}

absl::Status CheckSeries(const TextprotoFile& file, std::vector<Span> spans, bool gaps_allowed) {
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.from < b.from; });
  for (size_t i = 1; i < spans.size(); ++i) {
    const Span& before = spans[i - 1];
    const Span& after = spans[i];
    const std::string other = file.Where(before.field, before.index);
    if (after.from <= before.to) {
      return file.ErrorAt(
          after.field, after.index,
          absl::StrCat(
              after.field, " from ", DayNumber(after.from), " overlaps the entry at ", other,
              before.to == Day::max() ? ", which has no end"
                                      : absl::StrCat(", which ends on ", DayNumber(before.to))));
    }
    if (!gaps_allowed && after.from != before.to + 1) {
      return file.ErrorAt(
          after.field, after.index,
          absl::StrCat(after.field, " leaves a gap from ", DayNumber(before.to + 1), " to ",
                       DayNumber(after.from - 1), " after the entry at ", other));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Span> ReadSpan(const TextprotoFile& file, const std::string& field, int index,
                              int valid_from, int valid_to) {
  const absl::StatusOr<Day> from = DayFromNumber(valid_from);
  if (!from.ok()) {
    return file.ErrorAt(field, index,
                        absl::StrCat("valid_from ", valid_from, " is no day; write yyyymmdd"));
  }
  if (valid_to == 0) {
    return Span{field, index, *from, Day::max()};
  }
  const absl::StatusOr<Day> to = DayFromNumber(valid_to);
  if (!to.ok()) {
    return file.ErrorAt(
        field, index,
        absl::StrCat("valid_to ", valid_to, " is no day; write yyyymmdd, or leave it out if open"));
  }
  if (*to < *from) {
    return file.ErrorAt(field, index,
                        absl::StrCat("valid_to ", valid_to, " is before valid_from ", valid_from));
  }
  return Span{field, index, *from, *to};
}

}  // namespace lingkaran
