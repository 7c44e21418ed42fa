// Options that fill the fields of a request, in the forms in which people write their values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/message.h>
#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"

namespace lingkaran::cli {

// A check for options: a number above 0.
CLI::Validator Positive();

// Lets an option with one value be given several times.
CLI::Option* Repeatable(CLI::Option* option);

// An option for a field of `request`, which must outlive the parsing. `path` is a field's name, or
// several with dots between, e.g. "criteria.region_code". What the field is decides what is
// written; what can't be read is a usage error that says so:
//   an enum                     its name without prefix, in lower case with hyphens
//   day, ..._day                "7 November 2019", 07/11/2019, 2019-11-07
//   month, ..._month            "Februari 2020", 02/2020, 2020-02
//   ..._rupiah                  Rp50.400.000, 50400000
//   bool                        a flag
//   repeated enum               names with commas between
//   text, other (repeated) int  as it is
CLI::Option* AddField(CLI::App* app, google::protobuf::Message* request, const std::string& flag,
                      const std::string& path, const std::string& help);

// A month as people write it. INVALID_ARGUMENT else.
absl::StatusOr<int32_t> ParseMonth(const std::string& text);

// The value of an enum by its name without prefix, in lower case with hyphens: "social-agency" is
// AGENCY_KIND_SOCIAL_AGENCY. nullopt for no such name and for "unspecified".
std::optional<int> EnumValue(const google::protobuf::EnumDescriptor* type, const std::string& name);
// All names of an enum as EnumValue reads them, with "|" between.
std::string EnumNames(const google::protobuf::EnumDescriptor* type);

}  // namespace lingkaran::cli
