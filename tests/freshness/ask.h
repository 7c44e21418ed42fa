// Asking coverage, and what came of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "tests/freshness/judge.h"
#include "tests/freshness/people.h"

namespace lingkaran::freshness {

// One call: a check, or a batch of them.
struct Question {
  std::vector<std::string> keys;
  Asked asked = Asked::kNoToken;
  std::string token;     // kToken
  int64_t position = 0;  // of the token
};

struct Reply {
  absl::Time sent = {};
  absl::Time answered = {};
  std::vector<Check> checks;  // items that were answered; whether it was calm is not known here
  std::string token;
  int64_t position = -1;  // of the token; -1: none
  // Items without an answer, for reasons that a fault may be: by code and reason.
  std::map<std::string, int64_t> errors;
  std::string failure;  // what no fault excuses; empty: nothing
};

// Asks on days at random. One key is asked with CheckEligibility, mostly.
Reply Ask(cv1::CoverageService::Stub& stub, const Question& question, Random& random,
          const std::string& where);

// Position of a token; -1 if it is none that names only a position.
int64_t PositionOf(const std::string& token);
// What a check may end with when something is out of reach.
bool IsAllowed(const absl::Status& status);

}  // namespace lingkaran::freshness
