// How values that are more than a number or a text stand in columns: sealed persons, and findings.
// Two releases of the registry share a database during an upgrade, so this release reads the forms
// of release 0.1 and those of lingkaran.internal.v1, and writes what both neighbours read: the old
// form, but the new one for a person with fields that only a later release knows. The next release
// writes the new forms, and the one after it need not read the old.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/personal_data_vault.h"
#include "services/registry/domain/finding.h"
#include "services/registry/domain/person.h"
#include "services/registry/domain/personal_data.h"

namespace lingkaran::registry {

// workers.personal before sealing. DATA_LOSS for what no release has written.
PlainPersonalData EncodePerson(const Person& person);
absl::StatusOr<Person> DecodePerson(const PlainPersonalData& plain);

// Sealing is bound to the worker: the value opens for no other. DATA_LOSS if it was changed or
// moved.
SealedPersonalData SealPerson(const PersonalDataVault& vault, int64_t worker_id,
                              const PlainPersonalData& plain);
absl::StatusOr<Person> OpenPerson(const PersonalDataVault& vault, int64_t worker_id,
                                  const SealedPersonalData& sealed);

// batch_rows.findings; empty for none. What this release does not know is left out when read.
std::string PackFindings(const std::vector<Finding>& findings);
std::vector<Finding> UnpackFindings(std::string_view packed);

}  // namespace lingkaran::registry
