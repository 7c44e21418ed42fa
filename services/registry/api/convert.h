// Between the messages of lingkaran.registry.v1 and the domain.
#pragma once

#include "absl/time/time.h"
#include "lingkaran/registry/v1/registry.pb.h"
#include "services/registry/domain/batch.h"
#include "services/registry/domain/person.h"

namespace lingkaran::registry {

void FillAgency(const Agency& agency, v1::Agency* out);
void FillBatch(const Batch& batch, v1::Batch* out);
Evidence EvidenceOf(const v1::Evidence& evidence);

// `test` gives the ages that findings name; may be null.
void FillRow(const RowAnswer& row, const EntryTest* test, v1::RowResult* out);
void FillFinding(const Finding& finding, int other_line, const EntryTest* test, v1::Finding* out);

// Masked; `evidence` of the worker's batch. AddPersonal puts the clear data beside it.
void FillWorker(const Worker& worker, const Person& person, const Evidence& evidence,
                v1::Worker* out);
void AddPersonal(const Person& person, v1::Worker* out);

void FillCard(const Card& card, v1::Card* out);

// Views into the message.
RawRow RowOf(const v1::CandidateRow& row);

}  // namespace lingkaran::registry
