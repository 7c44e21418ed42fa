// Steps that the tests of the whole suite share: sponsors, pledges, payments, allocations. Each
// throws std::runtime_error if its RPC fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "tests/support/suite.h"

namespace lingkaran {

using Sponsorships = sponsorship::v1::SponsorshipService::Stub;
using Coverages = coverage::v1::CoverageService::Stub;
using Registries = registry::v1::RegistryService::Stub;

// The value, or an exception that names the error.
template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

int64_t MakeSponsor(Suite& suite, common::v1::PayerClass payer_class);
// JKK and JKM at the lowest band for Surakarta, disabled first.
sponsorship::v1::CreatePledgeRequest PledgeRequest(int64_t sponsor_id, int seats, int months);
sponsorship::v1::Pledge MakePledge(Suite& suite, int64_t sponsor_id, int seats, int months);
sponsorship::v1::RecordPaymentRequest PaymentRequest(const sponsorship::v1::Pledge& pledge,
                                                     const std::string& bank_reference,
                                                     int64_t amount);
sponsorship::v1::RecordPaymentResponse Pay(Suite& suite, const sponsorship::v1::Pledge& pledge,
                                           const std::string& bank_reference, int64_t amount);
// Starts an allocation and gives its id.
int64_t Allocate(Suite& suite, int64_t pledge_id, const std::string& seed);
sponsorship::v1::Pledge GetPledge(Suite& suite, int64_t pledge_id);
sponsorship::v1::PledgeReport Report(Suite& suite, const sponsorship::v1::Pledge& pledge);
coverage::v1::GetCoverageStatisticsResponse Statistics(Suite& suite, int64_t pledge_id, int day);
// The answer for one programme of one worker, read past every cache.
coverage::v1::ProgrammeAnswer Check(Suite& suite, int64_t worker_id,
                                    common::v1::Programme programme, int day);
// Those of the workers who are covered for JKM on the day.
std::vector<int64_t> CoveredOf(Suite& suite, const std::vector<int64_t>& workers, int day);

// Holds the books of the services against each other: the ledger closes, the report closes, and the
// pledge's spent money and person-months are those that stand at coverage. Fails the test if not.
void ExpectBooksAgree(Suite& suite, const sponsorship::v1::Pledge& pledge);

}  // namespace lingkaran
