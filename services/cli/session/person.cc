#include "services/cli/session/person.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace lingkaran::cli {

std::vector<Option> PersonOptions::Options() {
  return {{"--nik", &nik, "The person's NIK; \"-\" reads it from standard input"},
          {"--membership", &membership, "Membership number (KPJ)"},
          {"--worker", &worker_id, "The suite's id of the worker", kPositive}};
}

absl::StatusOr<coverage::v1::PersonRef> PersonOptions::ToProto() const {
  if (!nik.empty() + !membership.empty() + (worker_id != 0) != 1) {
    return absl::InvalidArgumentError(
        "sebutkan satu orang dengan salah satu dari --nik, --membership, atau --worker.");
  }
  coverage::v1::PersonRef ref;
  if (nik == "-") {
    std::getline(std::cin, *ref.mutable_nik());
  } else if (!nik.empty()) {
    ref.set_nik(nik);
  } else if (!membership.empty()) {
    ref.set_membership_number(membership);
  } else {
    ref.set_worker_id(worker_id);
  }
  return ref;
}

coverage::v1::PersonRef PersonOfKey(const std::string& key) {
  constexpr int kFewestNikDigits = 14;
  coverage::v1::PersonRef person;
  absl::string_view id = key;
  if (absl::ConsumePrefix(&id, "worker:")) {
    int64_t worker_id = 0;
    if (!absl::SimpleAtoi(id, &worker_id)) worker_id = 0;  // the service tells what is missing
    person.set_worker_id(worker_id);
    return person;
  }
  const auto digits = std::count_if(key.begin(), key.end(), absl::ascii_isdigit);
  const bool words = std::any_of(key.begin(), key.end(), absl::ascii_isalpha);
  if (digits >= kFewestNikDigits && !words) {
    person.set_nik(key);
  } else {
    person.set_membership_number(key);
  }
  return person;
}

}  // namespace lingkaran::cli
