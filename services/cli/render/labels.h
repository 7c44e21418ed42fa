// Indonesian words for the values of the contracts.
#pragma once

#include <string>

#include "lingkaran/coverage/v1/coverage.pb.h"
#include "lingkaran/registry/v1/registry.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"

namespace lingkaran::cli {

// The word for a value of an enum; the number of one that this release does not know. Every enum
// that is shown has words.
std::string WordOf(const google::protobuf::EnumDescriptor* type, int value);
template <typename Enum>
std::string Label(Enum value) {
  return WordOf(google::protobuf::GetEnumDescriptor<Enum>(), value);
}

// A kind of the ledger, e.g. "spend" as "menjadi iuran"; a kind that is new comes back as it is.
std::string LedgerKindText(const std::string& kind);
// An account of the ledger, e.g. "pledge/1/available" as "komitmen 1: tersedia".
std::string LedgerAccountText(const std::string& account);
// "JKK, JKM".
std::string ProgrammeList(const google::protobuf::RepeatedField<int>& programmes);

}  // namespace lingkaran::cli
