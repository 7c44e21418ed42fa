#include "services/registry/api/registry_service.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "services/registry/store/codec.h"

namespace lingkaran::registry {
namespace {

constexpr int kMaxIds = 2'000;

}  // namespace

absl::Status CheckOwner(const Actor& actor, int64_t owner, const absl::Status& not_found) {
  if (actor.role != Role::kAgency) return absl::OkStatus();
  if (actor.agency_id == 0) return AgencyNotNamed();
  return owner == actor.agency_id ? absl::OkStatus() : not_found;
}

absl::StatusOr<Batch> FindOwnBatch(sql::Tx& tx, const Actor& actor, int64_t batch_id) {
  std::optional<Batch> batch = store::FindBatch(tx, batch_id);
  RETURN_IF_ERROR(CheckOwner(actor, batch ? batch->agency_id : 0, BatchNotFound(batch_id)));
  if (!batch) return BatchNotFound(batch_id);
  return *std::move(batch);
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
  if (test == nullptr) return NoRuleInForce(day);
  return test;
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
    event.note = parts_.vault.Seal(absl::StrCat("events.note/", event.seq), note);
  }
  store::InsertEvent(tx, event);
}

absl::StatusOr<Person> RegistryServiceImpl::Open(const Worker& worker) const {
  return OpenPerson(parts_.vault, worker.worker_id, worker.personal);
}

void RegistryServiceImpl::View(sql::Tx& tx, const Worker& worker, const Person& person,
                               v1::Worker* out) const {
  const std::optional<Batch> batch = store::FindBatch(tx, worker.batch_id);
  FillWorker(worker, person, batch ? batch->evidence : Evidence{}, out);
}

}  // namespace lingkaran::registry
