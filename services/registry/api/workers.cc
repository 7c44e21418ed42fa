#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/sql/bulk.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/domain/nik.h"
#include "services/registry/domain/text.h"
#include "services/registry/store/codec.h"

namespace lingkaran::registry {
namespace {

absl::Status CheckPurpose(const std::string& purpose) {
  // It is logged and kept in the clear.
  if (purpose.empty() || IsPlainText(purpose, 3, 200)) return absl::OkStatus();
  return InvalidField("reveal_purpose", kWriteShortText);
}

bool IsRegionPrefix(const std::string& code) {
  return code.size() <= 8 && code.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

absl::Status RegistryServiceImpl::Show(const Call& call, const std::string& purpose,
                                       absl::FunctionRef<std::optional<Worker>(sql::Tx&)> find,
                                       v1::Worker* out) {
  RETURN_IF_ERROR(CheckPurpose(purpose));
  int64_t revealed = 0;
  const auto body = [&](sql::Tx& tx) -> absl::Status {
    out->Clear();
    const std::optional<Worker> worker = find(tx);
    if (!worker) return NobodyHasThisNumber();
    ASSIGN_OR_RETURN(const Person person, Open(*worker));
    View(tx, *worker, person, out);
    if (purpose.empty()) return absl::OkStatus();
    AddPersonal(person, out);
    store::InsertReveal(tx, sql::NextIds(tx, "reveal", 1), Now(), call.actor.name,
                        worker->worker_id, purpose);
    revealed = worker->worker_id;
    return absl::OkStatus();
  };
  if (purpose.empty()) return parts_.database.Read(body);
  // Nothing is revealed unless the reveal is written down.
  RETURN_IF_ERROR(parts_.database.Write(body));
  Log(lingkaran::Severity::kInfo, "reveal",
      {{"actor", call.actor.name}, {"worker_id", revealed}, {"purpose", purpose}});
  return absl::OkStatus();
}

grpc::Status RegistryServiceImpl::GetWorker(Context* context, In<v1::GetWorkerRequest> request,
                                            v1::GetWorkerResponse* response) {
  return RunRpc(context, Rpc("GetWorker"), [&](const Call& call) -> absl::Status {
    const auto find = [&](sql::Tx& tx) { return store::FindWorker(tx, request->worker_id()); };
    return Show(call, request->reveal_purpose(), find, response->mutable_worker());
  });
}

grpc::Status RegistryServiceImpl::FindWorker(Context* context, In<v1::FindWorkerRequest> request,
                                             v1::FindWorkerResponse* response) {
  return RunRpc(context, Rpc("FindWorker"), [&](const Call& call) -> absl::Status {
    if (request->key_case() == v1::FindWorkerRequest::kNik) {
      const NikReading reading = ReadNik(request->nik(), nullptr);
      if (!reading.nik) return InvalidField("nik", "write the 16 digits of the identity card");
      const NikHash hash = parts_.vault.HashNik(reading.nik->digits());
      const auto find = [&](sql::Tx& tx) { return store::FindByNikHash(tx, hash); };
      return Show(call, request->reveal_purpose(), find, response->mutable_worker());
    }
    const std::string number = ReadMembershipNumber(request->membership_number());
    if (number.empty()) {
      return InvalidField("membership_number", "give a NIK or a membership number");
    }
    const auto find = [&](sql::Tx& tx) { return store::FindByNumber(tx, number); };
    return Show(call, request->reveal_purpose(), find, response->mutable_worker());
  });
}

grpc::Status RegistryServiceImpl::ListWorkers(Context* context, In<v1::ListWorkersRequest> request,
                                              v1::ListWorkersResponse* response) {
  return RunRpc(context, Rpc("ListWorkers"), [&](const Call&) -> absl::Status {
    FieldErrors errors;
    errors.Require(IsRegionPrefix(request->region_code()), "region_code",
                   "write it like 33, 33.72 or 33.72.01");
    errors.Require(request->state() >= 0 && request->state() <= kLastWorkerState, "state",
                   "unknown state");
    errors.Require(request->as_of_day() == 0 || DayFromNumber(request->as_of_day()).ok(),
                   "as_of_day", kWriteDay);
    RETURN_IF_ERROR(errors.ToStatus());
    store::WorkerFilter filter;
    ASSIGN_OR_RETURN(filter.limit, PageSize(request->page_size(), 1'000, 5'000));
    ASSIGN_OR_RETURN(filter.after, FromPageToken(request->page_token()));
    if (request->state() != v1::WORKER_STATE_UNSPECIFIED) {
      filter.state = static_cast<WorkerState>(request->state());
    }
    filter.region_code = request->region_code();
    filter.batch_id = request->batch_id();
    std::vector<store::ListedWorker> workers;
    RETURN_IF_ERROR(parts_.database.Read([&](sql::Tx& tx) {
      workers = store::ListWorkers(tx, filter);
      return absl::OkStatus();
    }));
    RETURN_IF_ERROR(FillSummaries(workers, request->as_of_day(), response));
    // A full page may be followed by an empty one.
    if (workers.size() == static_cast<size_t>(filter.limit)) {
      response->set_next_page_token(ToPageToken(workers.back().worker_id));
    }
    return absl::OkStatus();
  });
}

absl::Status RegistryServiceImpl::FillSummaries(const std::vector<store::ListedWorker>& workers,
                                                int32_t as_of_day,
                                                v1::ListWorkersResponse* response) const {
  response->mutable_workers()->Reserve(static_cast<int>(workers.size()));
  const absl::StatusOr<Day> asked = DayFromNumber(as_of_day);
  for (const store::ListedWorker& worker : workers) {
    ASSIGN_OR_RETURN(const Person person,
                     OpenPerson(parts_.vault, worker.worker_id, worker.personal));
    ASSIGN_OR_RETURN(const Day birth, DayFromNumber(person.birth_day));
    v1::WorkerSummary* out = response->add_workers();
    out->set_worker_id(worker.worker_id);
    out->set_state(static_cast<v1::WorkerState>(worker.state));
    out->set_region_code(worker.region_code);
    out->set_sector(static_cast<common::v1::Sector>(worker.sector));
    out->set_disabled(!person.disability.empty());
    out->set_age_years(AgeOn(birth, asked.ok() ? *asked : TodayIn(worker.region_code)));
    out->set_monthly_income_rupiah(person.monthly_income_rupiah);
    out->set_membership_number(worker.membership_number);
  }
  return absl::OkStatus();
}

}  // namespace lingkaran::registry
