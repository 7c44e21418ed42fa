// What happens to one worker: corrections, death, withdrawal.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/string_views.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/domain/text.h"
#include "services/registry/store/codec.h"

namespace lingkaran::registry {
namespace {

absl::Status CheckReason(int64_t worker_id, std::string_view field, const std::string& reason) {
  FieldErrors errors;
  errors.Require(worker_id > 0, "worker_id", "say which worker");
  errors.Require(IsPlainText(reason, 3, 200), field, kWriteShortText);
  return errors.ToStatus();
}

// The columns of a worker as a list would have them, with those of the correction put over them.
v1::CandidateRow MergedRow(const Worker& worker, const Person& person,
                           const v1::CandidateRow& correction) {
  v1::CandidateRow row;
  row.set_nik(person.nik);
  row.set_full_name(person.full_name);
  row.set_birth_place(person.birth_place);
  row.set_birth_date(absl::StrFormat("%04d-%02d-%02d", person.birth_day / 10000,
                                     person.birth_day / 100 % 100, person.birth_day % 100));
  if (person.sex != ' ') row.set_sex(std::string(1, person.sex));
  row.set_address(person.address);
  row.set_village(person.village);
  row.set_district(person.district);
  row.set_occupation(worker.occupation);
  row.set_disability(person.disability);
  if (person.monthly_income_rupiah != 0) {
    row.set_monthly_income(absl::StrCat(person.monthly_income_rupiah));
  }
  row.set_phone(person.phone);
  row.MergeFrom(correction);
  return row;
}

// A correction is taken as a whole: each of its errors is about a field of the request.
absl::Status ErrorsOf(const Candidate& candidate) {
  FieldErrors errors;
  for (const Finding& finding : candidate.findings) {
    if (IsWarning(finding.code)) continue;
    const FindingText text = TextOf(finding, 0, 0, 0);
    errors.Require(false, absl::StrCat("correction.", AbslView(FieldName(finding.field))),
                   absl::StrCat(text.message, " ", text.hint));
  }
  return errors.ToStatus();
}

// What the log of requests may make its fingerprint of: a plain digest of a NIK is soon guessed, so
// the correction is replaced by its keyed hash.
v1::CorrectWorkerRequest WithoutPersonalData(const v1::CorrectWorkerRequest& request,
                                             const PersonalDataVault& vault) {
  v1::CorrectWorkerRequest keyed = request;
  keyed.clear_correction();
  keyed.mutable_correction()->set_nik(
      HashText(vault.HashContent("requests.correction", request.correction().SerializeAsString())));
  return keyed;
}

}  // namespace

template <typename Request, typename Response>
absl::Status RegistryServiceImpl::ChangeWorker(
    const Call& call, const Request& request, Response* response,
    absl::FunctionRef<absl::StatusOr<Changed>(sql::Tx&, Worker&, Person&)> change) {
  std::optional<OutboxMessage> owed;
  RETURN_IF_ERROR(
      Mutate(call, parts_.database, Now(), request, response, [&](sql::Tx& tx) -> absl::Status {
        owed.reset();
        std::optional<Worker> worker = store::LockWorker(tx, request.worker_id());
        if (!worker) return WorkerNotFound(request.worker_id());
        ASSIGN_OR_RETURN(Person person, Open(*worker));
        ASSIGN_OR_RETURN(const Changed changed, change(tx, *worker, person));
        response->set_consistency_token(ToToken({}));
        if (changed.worker) store::UpdateWorkers(tx, {&*worker, 1});
        // Told again even if nothing changed: the token then covers an earlier change, too.
        if (worker->KnownToCoverage()) {
          owed = parts_.members.Put(tx, request.request_id(), {&*worker, 1});
          response->set_consistency_token(MemberSync::OwedToken(*owed));
        }
        Record(tx, call, absl::StrCat("worker/", worker->worker_id), changed.note);
        View(tx, *worker, person, response->mutable_worker());
        return absl::OkStatus();
      }));
  if (owed) response->set_consistency_token(parts_.members.Deliver(*owed));
  return absl::OkStatus();
}

grpc::Status RegistryServiceImpl::CorrectWorker(Context* context,
                                                In<v1::CorrectWorkerRequest> request,
                                                v1::CorrectWorkerResponse* response) {
  return RunRpc(context, Rpc("CorrectWorker"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckReason(request->worker_id(), "reason", request->reason()));
    const absl::Status status =
        ChangeWorker(call, WithoutPersonalData(*request, parts_.vault), response,
                     [&](sql::Tx& tx, Worker& worker, Person& person) {
                       return Correct(tx, *request, worker, person, response);
                     });
    // The unique index found what the look-up could not see yet.
    const bool raced = absl::IsAlreadyExists(status) && ReasonOf(status) == Reason::kUnspecified;
    return raced ? NikTaken() : status;
  });
}

absl::StatusOr<RegistryServiceImpl::Changed> RegistryServiceImpl::Correct(
    sql::Tx& tx, const v1::CorrectWorkerRequest& request, Worker& worker, Person& person,
    v1::CorrectWorkerResponse* response) const {
  const v1::CandidateRow& correction = request.correction();
  const std::optional<Agency> agency = store::FindAgency(tx, worker.agency_id);
  if (!agency) return AgencyNotFound(worker.agency_id);
  ReadingRules reading;
  reading.rules = &parts_.rules;
  reading.regions = &parts_.regions;
  reading.agency_region = agency->region_code;
  reading.list_day = TodayIn(worker.region_code);
  reading.entry_tests = false;
  const v1::CandidateRow merged = MergedRow(worker, person, correction);
  const Candidate candidate = ReadCandidate(RowOf(merged), reading);
  RETURN_IF_ERROR(ErrorsOf(candidate));
  if (!correction.occupation().empty() && candidate.occupation.empty()) {
    return InvalidField("correction.occupation", "say what the worker does");
  }
  for (const Finding& finding : candidate.findings) {
    const bool old = finding.code == FindingCode::kDistrictUnknown && correction.district().empty();
    if (!old) FillFinding(finding, 0, nullptr, response->add_findings());
  }
  if (candidate.person.nik != person.nik) {
    worker.nik_hash = parts_.vault.HashNik(candidate.person.nik);
    if (store::FindByNikHash(tx, worker.nik_hash)) return NikTaken();
  }
  if (!correction.district().empty()) worker.region_code = candidate.region_code;
  if (!correction.occupation().empty()) {
    worker.occupation = candidate.occupation;
    worker.sector = candidate.sector;
  }
  std::string later_fields = std::move(person.later_fields);
  person = candidate.person;
  person.later_fields = std::move(later_fields);
  worker.personal = SealPerson(parts_.vault, worker.worker_id, EncodePerson(person));
  ++worker.version;
  return Changed{true, request.reason()};
}

grpc::Status RegistryServiceImpl::ReportDeath(Context* context, In<v1::ReportDeathRequest> request,
                                              v1::ReportDeathResponse* response) {
  return RunRpc(context, Rpc("ReportDeath"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckReason(request->worker_id(), "source", request->source()));
    const absl::StatusOr<Day> death = DayFromNumber(request->death_day());
    if (!death.ok()) return InvalidField("death_day", kWriteDay);
    return ChangeWorker(
        call, *request, response,
        [&](sql::Tx&, Worker& worker, Person& person) -> absl::StatusOr<Changed> {
          ASSIGN_OR_RETURN(
              const bool changed,
              registry::ReportDeath(worker, *death, TodayIn(worker.region_code), person.birth_day));
          return Changed{changed, request->source()};
        });
  });
}

grpc::Status RegistryServiceImpl::WithdrawWorker(Context* context,
                                                 In<v1::WithdrawWorkerRequest> request,
                                                 v1::WithdrawWorkerResponse* response) {
  return RunRpc(context, Rpc("WithdrawWorker"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckReason(request->worker_id(), "reason", request->reason()));
    const absl::StatusOr<Day> asked = DayFromNumber(request->effective_day());
    if (!asked.ok() && request->effective_day() != 0) {
      return InvalidField("effective_day", kWriteDay);
    }
    return ChangeWorker(call, *request, response,
                        [&](sql::Tx&, Worker& worker, Person&) -> absl::StatusOr<Changed> {
                          const Day effective = asked.ok() ? *asked : TodayIn(worker.region_code);
                          ASSIGN_OR_RETURN(const bool changed,
                                           Withdraw(worker, effective, OneLine(request->reason())));
                          return Changed{changed, request->reason()};
                        });
  });
}

}  // namespace lingkaran::registry
