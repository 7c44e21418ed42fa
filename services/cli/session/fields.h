// The fields of a request, in the forms in which people write their values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/message.h>

#include "absl/status/statusor.h"

namespace lingkaran::cli {

// A way to write numbers that is not digits.
struct FieldForm {
  std::function<absl::StatusOr<int64_t>(const std::string&)> read;
  std::string help;   // what --help adds
  std::string error;  // what is said of a text that can't be read
};

// A field of a request, which must outlive it. The messages above it are made when it is set.
class RequestField {
 public:
  // `path` is a field's name, or several with dots between, e.g. "criteria.region_code". A path
  // that the request does not have ends the program.
  RequestField(google::protobuf::Message* request, const std::string& path);

  const google::protobuf::FieldDescriptor& descriptor() const { return *path_.back(); }
  // How it is written, unless as it is (text, other numbers, flags):
  //   an enum                     its name without prefix, in lower case with hyphens
  //   repeated enum               names with commas between
  //   day, ..._day                "7 November 2019", 07/11/2019, 2019-11-07
  //   month, ..._month            "Februari 2020", 02/2020, 2020-02
  //   ..._rupiah                  Rp50.400.000, 50400000
  std::optional<FieldForm> Form() const;
  // Sets it to what is written so. INVALID_ARGUMENT, in Indonesian, if that can't be read.
  absl::Status Read(const FieldForm& form, const std::string& text) const;
  void SetText(const std::string& text) const;
  // One number unless it is repeated.
  void SetNumbers(const std::vector<int64_t>& numbers) const;

 private:
  google::protobuf::Message& Parent() const;

  google::protobuf::Message* request_;
  std::vector<const google::protobuf::FieldDescriptor*> path_;
};

// A month as people write it. INVALID_ARGUMENT else.
absl::StatusOr<int32_t> ParseMonth(const std::string& text);

// The value of an enum by its name without prefix, in lower case with hyphens: "social-agency" is
// AGENCY_KIND_SOCIAL_AGENCY. INVALID_ARGUMENT for no such name and for "unspecified".
absl::StatusOr<int> EnumValue(const google::protobuf::EnumDescriptor* type,
                              const std::string& name);
// All names of an enum as EnumValue reads them, with "|" between.
std::string EnumNames(const google::protobuf::EnumDescriptor* type);

}  // namespace lingkaran::cli
