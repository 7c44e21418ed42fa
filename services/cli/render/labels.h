// Indonesian words for the values of the contracts.
#pragma once

#include <string>

#include "lingkaran/coverage/v1/coverage.pb.h"
#include "lingkaran/registry/v1/registry.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"

namespace lingkaran::cli {

std::string Label(common::v1::Programme programme);
std::string Label(common::v1::PayerClass payer_class);
std::string Label(common::v1::Sector sector);
std::string Label(common::v1::Confidence confidence);
std::string Label(registry::v1::AgencyKind kind);
std::string Label(registry::v1::BatchKind kind);
std::string Label(registry::v1::BatchState state);
std::string Label(registry::v1::RowStatus status);
std::string Label(registry::v1::FindingCode code);
std::string Label(registry::v1::WorkerState state);
std::string Label(sponsorship::v1::PledgeState state);
std::string Label(sponsorship::v1::AllocationState state);
std::string Label(coverage::v1::Verdict verdict);
std::string Label(coverage::v1::BenefitLevel level);
std::string Label(coverage::v1::AnswerReason reason);
// A kind of the ledger, e.g. "spend" as "menjadi iuran"; a kind that is new comes back as it is.
std::string LedgerKindText(const std::string& kind);
// An account of the ledger, e.g. "pledge/1/available" as "komitmen 1: tersedia".
std::string LedgerAccountText(const std::string& account);
// "JKK, JKM".
std::string ProgrammeList(const google::protobuf::RepeatedField<int>& programmes);

}  // namespace lingkaran::cli
