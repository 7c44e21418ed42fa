// The requests that most stories begin with, each with a new request_id: a list of Solo's social
// agency, and what a sponsor pays for its people. A test changes what it is about, and sends them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/rpc/client.h"
#include "lingkaran/registry/v1/registry.pb.h"
#include "lingkaran/sponsorship/v1/sponsorship.pb.h"

namespace lingkaran {

inline registry::v1::CreateAgencyRequest NewAgency() {
  registry::v1::CreateAgencyRequest request;
  request.set_request_id(NewRequestId());
  request.set_name("Dinas Sosial Kota Surakarta");
  request.set_kind(registry::v1::AGENCY_KIND_SOCIAL_AGENCY);
  request.set_region_code("33.72");
  return request;
}

// A list of candidates.
inline registry::v1::CreateBatchRequest NewBatch(int64_t agency_id, int rows) {
  registry::v1::CreateBatchRequest request;
  request.set_request_id(NewRequestId());
  request.set_agency_id(agency_id);
  request.set_kind(registry::v1::BATCH_KIND_CANDIDATES);
  request.set_decree_number("463/1");
  request.set_declared_rows(rows);
  return request;
}

// With the evidence that a review needs, of 5 November 2019.
inline registry::v1::ReviewBatchRequest ApprovalOf(int64_t batch_id) {
  registry::v1::ReviewBatchRequest request;
  request.set_request_id(NewRequestId());
  request.set_batch_id(batch_id);
  request.set_decision(registry::v1::REVIEW_DECISION_APPROVE);
  registry::v1::Evidence* const evidence = request.mutable_evidence();
  evidence->set_working_attested(true);
  evidence->set_healthy_attested(true);
  evidence->set_attested_by("Kepala Seksi");
  evidence->set_attested_day(20191105);
  evidence->set_document("BA-1");
  return request;
}

// Pays out of CSR money.
inline sponsorship::v1::CreateSponsorRequest NewSponsor() {
  sponsorship::v1::CreateSponsorRequest request;
  request.set_request_id(NewRequestId());
  request.set_name("Batavia Prosperindo Aset Manajemen");
  request.set_payer_class(common::v1::PAYER_CLASS_CSR);
  return request;
}

// JKK and JKM for anybody of Surakarta.
inline sponsorship::v1::CreatePledgeRequest NewPledge(int64_t sponsor_id, int seats, int months) {
  sponsorship::v1::CreatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_sponsor_id(sponsor_id);
  request.set_seats(seats);
  request.set_months(months);
  request.add_programmes(common::v1::PROGRAMME_JKK);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.mutable_criteria()->set_region_code("33.72");
  return request;
}

// All that its invoice asks for.
inline sponsorship::v1::RecordPaymentRequest PaymentFor(const sponsorship::v1::Pledge& pledge) {
  sponsorship::v1::RecordPaymentRequest request;
  request.set_request_id(NewRequestId());
  request.set_payment_code(pledge.invoice().payment_code());
  request.set_bank_reference(absl::StrCat("TRX-", pledge.pledge_id()));
  request.set_amount_rupiah(pledge.invoice().amount_rupiah());
  return request;
}

// A draw.
inline sponsorship::v1::AllocatePledgeRequest AllocationOf(int64_t pledge_id) {
  sponsorship::v1::AllocatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(pledge_id);
  request.set_seed("solo");
  return request;
}

}  // namespace lingkaran
