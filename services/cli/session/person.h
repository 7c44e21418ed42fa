// Whom a command is about: one person by its options, or each line of a file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "lingkaran/coverage/v1/coverage.pb.h"

namespace lingkaran::cli {

struct PersonOptions {
  std::string nik;  // "-" reads it from standard input, so that it stays out of the history
  std::string membership;
  int64_t worker_id = 0;
};
void AddPersonOptions(CLI::App* app, PersonOptions* person);
// INVALID_ARGUMENT unless exactly one was given.
absl::StatusOr<coverage::v1::PersonRef> ToPersonRef(const PersonOptions& person);

// Gives a command whose request has a `person` the options for it.
template <typename Command>
void AddPerson(Command& command) {
  auto options = std::make_shared<PersonOptions>();
  AddPersonOptions(command.verb, options.get());
  command.prepare = [options](auto& request) -> absl::Status {
    ASSIGN_OR_RETURN(*request.mutable_person(), ToPersonRef(*options));
    return absl::OkStatus();
  };
}

// Whom a line of a file names: "worker:17" an id, 14 digits and more a NIK (a number of a card has
// 11; whether the NIK is whole, the service says), anything else the number of a card.
coverage::v1::PersonRef PersonOfKey(const std::string& key);

}  // namespace lingkaran::cli
