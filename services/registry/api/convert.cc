#include "services/registry/api/convert.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_join.h"

namespace lingkaran::registry {
namespace {

// The domain's numbers are those of the contract.
#define LINGKARAN_SAME(ours, theirs) \
  static_assert(static_cast<int>(ours) == static_cast<int>(v1::theirs))
LINGKARAN_SAME(AgencyKind::kBranch, AGENCY_KIND_BRANCH);
LINGKARAN_SAME(BatchKind::kCandidates, BATCH_KIND_CANDIDATES);
LINGKARAN_SAME(BatchKind::kExistingMembers, BATCH_KIND_EXISTING_MEMBERS);
LINGKARAN_SAME(BatchState::kOpen, BATCH_STATE_OPEN);
LINGKARAN_SAME(BatchState::kSubmitted, BATCH_STATE_SUBMITTED);
LINGKARAN_SAME(BatchState::kApproved, BATCH_STATE_APPROVED);
LINGKARAN_SAME(BatchState::kRejected, BATCH_STATE_REJECTED);
LINGKARAN_SAME(RowStatus::kAccepted, ROW_STATUS_ACCEPTED);
LINGKARAN_SAME(RowStatus::kRejected, ROW_STATUS_REJECTED);
LINGKARAN_SAME(RowStatus::kDuplicate, ROW_STATUS_DUPLICATE);
LINGKARAN_SAME(WorkerState::kProposed, WORKER_STATE_PROPOSED);
LINGKARAN_SAME(WorkerState::kVerified, WORKER_STATE_VERIFIED);
LINGKARAN_SAME(WorkerState::kEnrolled, WORKER_STATE_ENROLLED);
LINGKARAN_SAME(WorkerState::kRefused, WORKER_STATE_REFUSED);
LINGKARAN_SAME(WorkerState::kWithdrawn, WORKER_STATE_WITHDRAWN);
LINGKARAN_SAME(WorkerState::kDeceased, WORKER_STATE_DECEASED);
LINGKARAN_SAME(WorkerState::kMemberElsewhere, WORKER_STATE_MEMBER_ELSEWHERE);
LINGKARAN_SAME(FindingCode::kNikMissing, FINDING_CODE_NIK_MISSING);
LINGKARAN_SAME(FindingCode::kOverAge, FINDING_CODE_OVER_AGE);
LINGKARAN_SAME(FindingCode::kDuplicateInList, FINDING_CODE_DUPLICATE_IN_LIST);
LINGKARAN_SAME(FindingCode::kAlreadyMember, FINDING_CODE_ALREADY_MEMBER);
LINGKARAN_SAME(FindingCode::kDistrictUnknown, FINDING_CODE_DISTRICT_UNKNOWN);
LINGKARAN_SAME(FindingCode::kDeceased, FINDING_CODE_DECEASED);
LINGKARAN_SAME(kLastFindingCode, FindingCode_MAX);
LINGKARAN_SAME(RowField::kNik, CandidateRow::kNikFieldNumber);
LINGKARAN_SAME(RowField::kOccupation, CandidateRow::kOccupationFieldNumber);
LINGKARAN_SAME(RowField::kMembershipNumber, CandidateRow::kMembershipNumberFieldNumber);
#undef LINGKARAN_SAME

void FillTime(absl::Time time, google::protobuf::Timestamp* out) {
  *out = google::protobuf::util::TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(time));
}

void FillEvidence(const Evidence& evidence, v1::Evidence* out) {
  out->set_working_attested(evidence.working_attested);
  out->set_healthy_attested(evidence.healthy_attested);
  out->set_attested_by(evidence.attested_by);
  out->set_attested_day(evidence.attested_day);
  out->set_document(evidence.document);
}

bool IsSet(absl::Time time) { return time != absl::UnixEpoch(); }

}  // namespace

void FillAgency(const Agency& agency, v1::Agency* out) {
  out->set_agency_id(agency.agency_id);
  out->set_name(agency.name);
  out->set_kind(static_cast<v1::AgencyKind>(agency.kind));
  out->set_region_code(agency.region_code);
  FillTime(agency.create_time, out->mutable_create_time());
}

void FillBatch(const Batch& batch, v1::Batch* out) {
  out->set_batch_id(batch.batch_id);
  out->set_agency_id(batch.agency_id);
  out->set_kind(static_cast<v1::BatchKind>(batch.kind));
  out->set_decree_number(batch.decree_number);
  out->set_decree_day(batch.decree_day);
  out->set_declared_rows(batch.declared_rows);
  out->set_state(static_cast<v1::BatchState>(batch.state));
  out->set_accepted_rows(batch.accepted_rows);
  out->set_rejected_rows(batch.rejected_rows);
  out->set_duplicate_rows(batch.duplicate_rows);
  out->set_warned_rows(batch.warned_rows);
  out->set_submitted_by(absl::StrJoin(batch.senders, ", "));
  out->set_reviewed_by(batch.reviewed_by);
  out->set_review_reason(batch.review_reason);
  if (IsSet(batch.review_time)) FillTime(batch.review_time, out->mutable_review_time());
  if (batch.evidence.attested_day != 0) FillEvidence(batch.evidence, out->mutable_evidence());
  FillTime(batch.create_time, out->mutable_create_time());
}

Evidence EvidenceOf(const v1::Evidence& evidence) {
  return {evidence.working_attested(), evidence.healthy_attested(), evidence.attested_by(),
          evidence.attested_day(), evidence.document()};
}

void FillFinding(const Finding& finding, int other_line, const EntryTest* test, v1::Finding* out) {
  FindingText text = TextOf(finding, other_line, test != nullptr ? test->min_age_years : 0,
                            test != nullptr ? test->age_limit_years : 0);
  out->set_code(static_cast<v1::FindingCode>(finding.code));
  out->set_severity(IsWarning(finding.code) ? v1::SEVERITY_WARNING : v1::SEVERITY_ERROR);
  out->set_field(std::string(FieldName(finding.field)));
  out->set_message(std::move(text.message));
  out->set_hint(std::move(text.hint));
  if (finding.code == FindingCode::kDuplicateInList) out->set_other_line(other_line);
}

void FillRow(const RowAnswer& row, const EntryTest* test, v1::RowResult* out) {
  out->set_line_number(row.line);
  out->set_status(static_cast<v1::RowStatus>(row.status));
  out->set_worker_id(row.worker_id);
  for (const Finding& finding : row.findings) {
    FillFinding(finding, row.other_line, test, out->add_findings());
  }
}

void FillWorker(const Worker& worker, const Person& person, const Evidence& evidence,
                v1::Worker* out) {
  out->set_worker_id(worker.worker_id);
  out->set_state(static_cast<v1::WorkerState>(worker.state));
  out->set_membership_number(worker.membership_number);
  out->set_region_code(worker.region_code);
  out->set_occupation(worker.occupation);
  out->set_sector(static_cast<common::v1::Sector>(worker.sector));
  out->set_masked_nik(MaskNik(person.nik));
  out->set_masked_name(MaskName(person.full_name));
  out->set_batch_id(worker.batch_id);
  if (evidence.attested_day != 0) FillEvidence(evidence, out->mutable_evidence());
  out->set_death_day(worker.death_day);
  out->set_withdraw_reason(worker.withdraw_reason);
  out->set_withdraw_day(worker.withdraw_day);
  out->set_version(worker.version);
  FillTime(worker.create_time, out->mutable_create_time());
  if (IsSet(worker.enrol_time)) FillTime(worker.enrol_time, out->mutable_enrol_time());
}

void AddPersonal(const Person& person, v1::Worker* out) {
  v1::PersonalData* personal = out->mutable_personal();
  personal->set_nik(person.nik);
  personal->set_full_name(person.full_name);
  personal->set_birth_place(person.birth_place);
  personal->set_birth_day(person.birth_day);
  if (person.sex != ' ') personal->set_sex(std::string(1, person.sex));
  personal->set_address(person.address);
  personal->set_village(person.village);
  personal->set_district(person.district);
  personal->set_disability(person.disability);
  personal->set_monthly_income_rupiah(person.monthly_income_rupiah);
  personal->set_phone(person.phone);
}

void FillCard(const Card& card, v1::Card* out) {
  out->set_worker_id(card.worker_id);
  out->set_membership_number(card.membership_number);
  out->set_card_number(card.CardNumber());
  out->set_issue(card.issue);
  FillTime(card.issue_time, out->mutable_issue_time());
  out->set_issued_by(card.issued_by);
}

RawRow RowOf(const v1::CandidateRow& row) {
  return {.line = row.line_number(),
          .nik = row.nik(),
          .full_name = row.full_name(),
          .birth_place = row.birth_place(),
          .birth_date = row.birth_date(),
          .sex = row.sex(),
          .address = row.address(),
          .village = row.village(),
          .district = row.district(),
          .occupation = row.occupation(),
          .disability = row.disability(),
          .monthly_income = row.monthly_income(),
          .phone = row.phone(),
          .membership_number = row.membership_number()};
}

}  // namespace lingkaran::registry
