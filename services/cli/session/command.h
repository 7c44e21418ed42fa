// How commands are declared: nouns, verbs, and options that read what people write.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"
#include "services/cli/session/connection.h"

namespace lingkaran::cli {

// What a command does; gives the exit code.
using Action = std::function<absl::StatusOr<ExitCode>(Session&)>;

// The command tree and what was chosen from it.
class Commands {
 public:
  explicit Commands(CLI::App& root) : root_(root) {}
  // "lingkaran NAME ..."; its --help ends with the example of its first verb.
  CLI::App* Noun(const std::string& name, const std::string& description);
  // "lingkaran NOUN NAME ..."; --help ends with the example.
  CLI::App* Verb(CLI::App* noun, const std::string& name, const std::string& description,
                 const std::string& example, Action action);
  // What "lingkaran NOUN" does without a verb.
  void Default(CLI::App* noun, const std::string& example, Action action);
  // The action of the command line; set after parsing.
  const Action& chosen() const { return chosen_; }

 private:
  CLI::App& root_;
  Action chosen_;
};

// A check for options: a number above 0.
CLI::Validator Positive();

// Options with values as people write them; what can't be read is a usage error that says so.
CLI::Option* AddDay(CLI::App* app, const std::string& flag, int32_t* day, const std::string& help);
CLI::Option* AddMonth(CLI::App* app, const std::string& flag, int32_t* month,
                      const std::string& help);
CLI::Option* AddMoney(CLI::App* app, const std::string& flag, int64_t* rupiah,
                      const std::string& help);
// "jkk,jkm": programmes, JKK and JKM unless given.
CLI::Option* AddProgrammes(CLI::App* app, std::vector<int>* programmes);

// A month as people write it: "Februari 2020", "02/2020", "2020-02". INVALID_ARGUMENT else.
absl::StatusOr<int32_t> ParseMonth(const std::string& text);

// The value of an enum by its name without prefix, in lower case with hyphens: "social-agency" is
// AGENCY_KIND_SOCIAL_AGENCY. nullopt for no such name and for "unspecified".
std::optional<int> EnumValue(const google::protobuf::EnumDescriptor* type, const std::string& name);
// All names of an enum as EnumValue reads them, with "|" between.
std::string EnumNames(const google::protobuf::EnumDescriptor* type);

// An option for an enum of a contract; `value` must outlive the parsing.
template <typename Enum>
CLI::Option* AddEnum(CLI::App* app, const std::string& flag, Enum* value, const std::string& help) {
  static_assert(sizeof(Enum) == sizeof(int));
  return app
      ->add_option_function<std::string>(
          flag,
          [value, flag](const std::string& text) {
            const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
            const std::optional<int> number = EnumValue(type, text);
            if (!number.has_value()) {
              throw CLI::ValidationError(
                  flag, "\"" + text + "\" tidak dikenal; pilih " + EnumNames(type));
            }
            *value = static_cast<Enum>(*number);
          },
          help + ": " + EnumNames(google::protobuf::GetEnumDescriptor<Enum>()))
      ->type_name("");
}

// Whom a command is about.
struct PersonOptions {
  std::string nik;  // "-" reads it from standard input, so that it stays out of the history
  std::string membership;
  int64_t worker_id = 0;
};
void AddPerson(CLI::App* app, PersonOptions* person);
// INVALID_ARGUMENT unless exactly one was given.
absl::StatusOr<coverage::v1::PersonRef> ToPersonRef(const PersonOptions& person);

// Whom a line of a file names: "worker:17" an id, 14 digits and more a NIK (a number of a card has
// 11; whether the NIK is whole, the service says), anything else the number of a card.
coverage::v1::PersonRef PersonOfKey(const std::string& key);

// The lines of a file that hold something, without blanks at their ends.
// INVALID_ARGUMENT if it can't be read, is no text, or holds none.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path);
// The same, each a positive number.
absl::StatusOr<std::vector<int64_t>> ReadIds(const std::string& path);

// One function per noun.
void AddAgencyCommands(Commands& commands);
void AddBatchCommands(Commands& commands);
void AddWorkerCommands(Commands& commands);
void AddSponsorCommands(Commands& commands);
void AddPledgeCommands(Commands& commands);
void AddPaymentCommands(Commands& commands);
void AddAllocationCommands(Commands& commands);
void AddCoverCommands(Commands& commands);
void AddCheckCommands(Commands& commands);
void AddBenefitCommands(Commands& commands);
void AddReportCommands(Commands& commands);
void AddContributionCommands(Commands& commands);
void AddRulesCommands(Commands& commands);
void AddKeysCommands(Commands& commands);
void AddAuditCommands(Commands& commands);
void AddOwedCommands(Commands& commands);

// Parses and runs a command line; gives the exit code.
int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace lingkaran::cli
