// Whom a command is about: one person by its options, or each line of a file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "lingkaran/coverage/v1/coverage.pb.h"
#include "services/cli/session/command.h"

namespace lingkaran::cli {

struct PersonOptions {
  std::string nik;  // "-" reads it from standard input, so that it stays out of the history
  std::string membership;
  int64_t worker_id = 0;

  // Those that fill it.
  std::vector<Option> Options();
  // INVALID_ARGUMENT unless exactly one was given.
  absl::StatusOr<coverage::v1::PersonRef> ToProto() const;
};

// Gives a verb whose request has a `person` the options for it.
template <typename Request, typename Response>
RpcVerb<Request, Response>& AddPerson(RpcVerb<Request, Response>& verb) {
  auto person = std::make_shared<PersonOptions>();
  return verb.Options(person->Options()).Prepare([person](Request& request) -> absl::Status {
    ASSIGN_OR_RETURN(*request.mutable_person(), person->ToProto());
    return absl::OkStatus();
  });
}

// Whom a line of a file names: "worker:17" an id, 14 digits and more a NIK (a number of a card has
// 11; whether the NIK is whole, the service says), anything else the number of a card.
coverage::v1::PersonRef PersonOfKey(const std::string& key);

}  // namespace lingkaran::cli
