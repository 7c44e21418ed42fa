// Requests and steps that several tests of the whole suite play beside those of support/story.h.
#pragma once

#include <string>
#include <vector>

#include "common/base/random.h"
#include "tests/support/story.h"

namespace lingkaran {

// JKK and JKM for three months, of which `paid` seats are paid.
inline sponsorship::v1::Pledge PaidPledge(Suite& suite, int seats, int paid) {
  const sponsorship::v1::Pledge pledge =
      MakePledge(suite, MakeSponsor(suite, common::v1::PAYER_CLASS_CSR), seats, 3);
  Pay(suite, pledge, "BRI-" + std::to_string(pledge.pledge_id()), paid * int64_t{50'400});
  return pledge;
}
inline sponsorship::v1::Pledge PaidPledge(Suite& suite, int seats) {
  return PaidPledge(suite, seats, seats);
}

inline sponsorship::v1::Funds FundsOf(Suite& suite, const sponsorship::v1::Pledge& pledge) {
  return GetPledge(suite, pledge.pledge_id()).funds();
}

inline sponsorship::v1::AllocatePledgeRequest Naming(const sponsorship::v1::Pledge& pledge,
                                                     const std::vector<int64_t>& workers) {
  sponsorship::v1::AllocatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(pledge.pledge_id());
  request.mutable_worker_ids()->Add(workers.begin(), workers.end());
  return request;
}

inline sponsorship::v1::ReplaceWorkersRequest Replacing(const sponsorship::v1::Pledge& pledge,
                                                        const std::vector<int64_t>& workers,
                                                        int32_t from_month = 0) {
  sponsorship::v1::ReplaceWorkersRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(pledge.pledge_id());
  for (const int64_t worker : workers) {
    sponsorship::v1::ReplacementLine* line = request.add_lines();
    line->set_worker_id(worker);
    line->set_from_month(from_month);
    line->set_reason("keluar");
  }
  return request;
}

// One month of both programmes, paid by the workers themselves.
inline sponsorship::v1::PayContributionRequest Contribution(const std::vector<int64_t>& workers,
                                                            const std::string& bank_reference) {
  sponsorship::v1::PayContributionRequest request;
  request.set_request_id(NewRequestId());
  request.set_payer_class(common::v1::PAYER_CLASS_SELF);
  request.mutable_worker_ids()->Add(workers.begin(), workers.end());
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_months(1);
  request.set_bank_reference(bank_reference);
  request.set_amount_rupiah(16'800 * std::ssize(workers));
  return request;
}

// Gives the consistency token.
inline std::string ReportDeath(Suite& suite, int64_t worker_id, int32_t day) {
  registry::v1::ReportDeathRequest request;
  request.set_request_id(NewRequestId());
  request.set_worker_id(worker_id);
  request.set_death_day(day);
  request.set_source("Akta kematian 17");
  return Must(Ask(suite.registry(), &Registries::ReportDeath, request)).consistency_token();
}

}  // namespace lingkaran
