#include "services/cli/session/person.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "services/cli/session/fields.h"

namespace lingkaran::cli {

void AddPersonOptions(CLI::App* app, PersonOptions* person) {
  app->add_option("--nik", person->nik, "The person's NIK; \"-\" reads it from standard input");
  app->add_option("--membership", person->membership, "Membership number (KPJ)");
  app->add_option("--worker", person->worker_id, "The suite's id of the worker")->check(Positive());
}

absl::StatusOr<coverage::v1::PersonRef> ToPersonRef(const PersonOptions& person) {
  const int given = !person.nik.empty() + !person.membership.empty() + (person.worker_id != 0);
  if (given != 1) {
    return absl::InvalidArgumentError(
        "sebutkan satu orang dengan salah satu dari --nik, --membership, atau --worker.");
  }
  coverage::v1::PersonRef ref;
  if (person.nik == "-") {
    std::string nik;
    std::getline(std::cin, nik);
    ref.set_nik(nik);
  } else if (!person.nik.empty()) {
    ref.set_nik(person.nik);
  } else if (!person.membership.empty()) {
    ref.set_membership_number(person.membership);
  } else {
    ref.set_worker_id(person.worker_id);
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
