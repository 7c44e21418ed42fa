#include "services/registry/api/registry_service.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "services/registry/store/store.h"

namespace lingkaran::registry {
namespace {

constexpr int kMaxIds = 2'000;

absl::Status NotFound(Reason reason, std::string_view noun, int64_t id) {
  const std::string name(noun);
  return Error(absl::StatusCode::kNotFound, reason, absl::StrCat("there is no ", name, " ", id),
               {{absl::StrCat(name, "_id"), absl::StrCat(id)}});
}

}  // namespace

absl::Status AgencyNotFound(int64_t agency_id) {
  return NotFound(Reason::kAgencyNotFound, "agency", agency_id);
}

absl::Status BatchNotFound(int64_t batch_id) {
  return NotFound(Reason::kBatchNotFound, "batch", batch_id);
}

absl::Status WorkerNotFound(int64_t worker_id) {
  return NotFound(Reason::kWorkerNotFound, "worker", worker_id);
}

std::optional<int64_t> OwnerOf(const std::optional<Batch>& batch) {
  return batch ? std::optional(batch->agency_id) : std::nullopt;
}

absl::Status CheckOwner(const Actor& actor, std::optional<int64_t> owner,
                        const absl::Status& not_found) {
  if (actor.role == Role::kAgency) {
    if (actor.agency_id == 0) {
      return Error(absl::StatusCode::kPermissionDenied, Reason::kNotAllowed,
                   "an agency's actor must name his agency: \"NAME;role=agency;agency=3\"");
    }
    if (owner && *owner != actor.agency_id) return not_found;
  }
  return owner ? absl::OkStatus() : not_found;
}

absl::Status CheckWorkerIds(const google::protobuf::RepeatedField<int64_t>& worker_ids) {
  if (worker_ids.empty() || worker_ids.size() > kMaxIds) {
    return InvalidField("worker_ids", absl::StrCat("name 1 to ", kMaxIds, " workers"));
  }
  absl::flat_hash_set<int64_t> seen;
  seen.reserve(worker_ids.size());
  for (const int64_t id : worker_ids) {
    if (id <= 0) return InvalidField("worker_ids", "a worker id is a positive number");
    if (!seen.insert(id).second) {
      return InvalidField("worker_ids", absl::StrCat("worker ", id, " is named twice"));
    }
  }
  return absl::OkStatus();
}

Day RegistryServiceImpl::TodayIn(std::string_view region_code) const {
  return LocalDay(Now(), parts_.regions.UtcOffsetHours(region_code));
}

absl::StatusOr<const EntryTest*> RegistryServiceImpl::RulesOn(Day day) const {
  const EntryTest* test = parts_.rules.TestOn(day);
  if (test == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, Reason::kNoRuleInForce,
                 absl::StrCat("no entry rule is in force on ", FormatDay(day)),
                 {{"day", absl::StrCat(DayNumber(day))}});
  }
  return test;
}

const EntryTest* RegistryServiceImpl::RulesOfList(const Batch& batch) const {
  const absl::StatusOr<Day> day = DayFromNumber(batch.list_day);
  return day.ok() ? parts_.rules.TestOn(*day) : nullptr;
}

void RegistryServiceImpl::Record(sql::Tx& tx, const Call& call, const std::string& subject,
                                 const std::string& note) const {
  store::Event event;
  event.seq = sql::NextIds(tx, "event", 1);
  event.time = Now();
  event.actor = call.actor.name;
  event.method = std::string(call.method.substr(call.method.find('/') + 1));
  event.subject = subject;
  if (!note.empty()) {
    event.note = parts_.sealer.Seal(absl::StrCat("events.note/", event.seq), note);
  }
  store::InsertEvent(tx, event);
}

absl::StatusOr<Person> RegistryServiceImpl::Open(const Worker& worker) const {
  ASSIGN_OR_RETURN(const std::string encoded,
                   parts_.sealer.Open(PersonContext(worker.worker_id), worker.personal));
  return DecodePerson(encoded);
}

absl::Status RegistryServiceImpl::View(sql::Tx& tx, const Worker& worker, const Person& person,
                                       v1::Worker* out) const {
  const std::optional<Batch> batch = store::FindBatch(tx, worker.batch_id);
  FillWorker(worker, person, batch ? batch->evidence : Evidence{}, out);
  return absl::OkStatus();
}

}  // namespace lingkaran::registry
