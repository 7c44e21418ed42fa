// Enrolment in bulk, and cards.
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "common/sql/idempotency.h"
#include "services/registry/api/registry_service.h"

namespace lingkaran::registry {
namespace {

// Workers with the ids of a request, by id.
absl::flat_hash_map<int64_t, Worker*> ById(std::vector<Worker>& workers) {
  absl::flat_hash_map<int64_t, Worker*> by_id;
  by_id.reserve(workers.size());
  for (Worker& worker : workers) by_id[worker.worker_id] = &worker;
  return by_id;
}

std::vector<int64_t> IdsOf(const google::protobuf::RepeatedField<int64_t>& ids) {
  return {ids.begin(), ids.end()};
}

}  // namespace

grpc::Status RegistryServiceImpl::EnrolWorkers(Context* context,
                                               In<v1::EnrolWorkersRequest> request,
                                               v1::EnrolWorkersResponse* response) {
  return RunRpc(context, Rpc("EnrolWorkers"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckWorkerIds(request->worker_ids()));
    if (request->pledge_id() <= 0) return InvalidField("pledge_id", "say which pledge pays");
    std::optional<OutboxMessage> owed;
    RETURN_IF_ERROR(
        Mutate(call, parts_.database, Now(), *request, response, [&](sql::Tx& tx) -> absl::Status {
          ASSIGN_OR_RETURN(owed, DoEnrol(call, tx, *request, response));
          return absl::OkStatus();
        }));
    if (owed) response->set_consistency_token(parts_.members.Deliver(*owed));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<OutboxMessage>> RegistryServiceImpl::DoEnrol(
    const Call& call, sql::Tx& tx, const v1::EnrolWorkersRequest& request,
    v1::EnrolWorkersResponse* response) const {
  std::vector<Worker> found = store::LockWorkers(tx, IdsOf(request.worker_ids()));
  const absl::flat_hash_map<int64_t, Worker*> by_id = ById(found);
  std::vector<Worker> members;  // all that are members afterwards: coverage is told of them
  std::vector<int> result_of;   // result of each member
  size_t without_number = 0;
  for (const int64_t id : request.worker_ids()) {
    v1::EnrolResult* result = response->add_results();
    result->set_worker_id(id);
    const auto place = by_id.find(id);
    const absl::Status may = place == by_id.end() ? WorkerNotFound(id) : MayEnrol(*place->second);
    *result->mutable_status() = ToProto(may);
    if (!may.ok()) continue;
    if (place->second->membership_number.empty()) ++without_number;
    result_of.push_back(response->results_size() - 1);
    members.push_back(std::move(*place->second));
  }
  response->set_consistency_token(ToToken({}));
  if (members.empty()) return std::optional<OutboxMessage>();

  ASSIGN_OR_RETURN(std::vector<std::string> numbers, NewNumbers(tx, without_number));
  auto number = numbers.begin();
  std::vector<Worker> written;
  for (size_t i = 0; i < members.size(); ++i) {
    Worker& member = members[i];
    if (member.membership_number.empty()) member.membership_number = std::move(*number++);
    if (member.state != WorkerState::kEnrolled) {
      Enrol(member, request.pledge_id(), Now());
      written.push_back(member);
    }
    response->mutable_results(result_of[i])->set_membership_number(member.membership_number);
  }
  store::UpdateMemberships(tx, written);
  OutboxMessage message = parts_.members.Put(tx, request.request_id(), members);
  response->set_consistency_token(MemberSync::OwedToken(message));
  Record(tx, call, absl::StrCat("pledge/", request.pledge_id()));
  return std::optional<OutboxMessage>(std::move(message));
}

absl::StatusOr<std::vector<std::string>> RegistryServiceImpl::NewNumbers(sql::Tx& tx,
                                                                         size_t count) const {
  const int year = static_cast<int>(TodayIn("").year());
  std::vector<std::string> numbers;
  while (numbers.size() < count) {
    const size_t missing = count - numbers.size();
    const int64_t first = sql::NextIds(tx, "membership", static_cast<int64_t>(missing));
    std::vector<std::string> made(missing);
    for (size_t i = 0; i < missing; ++i) {
      ASSIGN_OR_RETURN(made[i], MembershipNumber(year, first + static_cast<int64_t>(i)));
    }
    // A member from elsewhere may have come with one of them.
    const absl::flat_hash_set<std::string> taken = store::TakenNumbers(tx, made);
    for (std::string& number : made) {
      if (!taken.contains(number)) numbers.push_back(std::move(number));
    }
  }
  return numbers;
}

grpc::Status RegistryServiceImpl::ResolveRequest(Context* context,
                                                 In<v1::ResolveRequestRequest> request,
                                                 v1::ResolveRequestResponse* response) {
  return RunRpc(context, Rpc("ResolveRequest"), [&](const Call&) -> absl::Status {
    if (request->method() != "EnrolWorkers") {
      return InvalidField("method", "only a request to EnrolWorkers can be resolved");
    }
    const std::string& id = request->resolved_request_id();
    RETURN_IF_ERROR(CheckRequestId("resolved_request_id", id));
    return parts_.database.Write([&](sql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const bool applied,
                       sql::ResolveRequest(tx, id, Rpc("EnrolWorkers").name(), Now()));
      response->set_outcome(applied ? v1::REQUEST_OUTCOME_APPLIED : v1::REQUEST_OUTCOME_ABANDONED);
      return absl::OkStatus();
    });
  });
}

grpc::Status RegistryServiceImpl::IssueCards(Context* context, In<v1::IssueCardsRequest> request,
                                             v1::IssueCardsResponse* response) {
  return RunRpc(context, Rpc("IssueCards"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckWorkerIds(request->worker_ids()));
    return Mutate(call, parts_.database, Now(), *request, response,
                  [&](sql::Tx& tx) { return DoIssueCards(call, tx, *request, response); });
  });
}

absl::Status RegistryServiceImpl::DoIssueCards(const Call& call, sql::Tx& tx,
                                               const v1::IssueCardsRequest& request,
                                               v1::IssueCardsResponse* response) const {
  const std::vector<int64_t> ids = IdsOf(request.worker_ids());
  std::vector<Worker> found = store::LockWorkers(tx, ids);
  const absl::flat_hash_map<int64_t, Worker*> by_id = ById(found);
  const absl::flat_hash_map<int64_t, Card> present = store::NewestCards(tx, ids);
  std::vector<Card> issued;
  for (const int64_t id : ids) {
    v1::CardResult* result = response->add_results();
    result->set_worker_id(id);
    result->mutable_status();
    if (const auto card = present.find(id); card != present.end()) {
      FillCard(card->second, result->mutable_card());
      continue;
    }
    const auto place = by_id.find(id);
    const absl::Status may =
        place == by_id.end() ? WorkerNotFound(id) : MayHaveCard(*place->second);
    if (!may.ok()) {
      *result->mutable_status() = ToProto(may);
      continue;
    }
    issued.push_back({id, place->second->membership_number, 1, Now(), call.actor.name});
    FillCard(issued.back(), result->mutable_card());
  }
  store::InsertCards(tx, issued);
  Record(tx, call, absl::StrCat("cards/", issued.size()));
  response->set_consistency_token(ToToken({}));
  return absl::OkStatus();
}

grpc::Status RegistryServiceImpl::GetCard(Context* context, In<v1::GetCardRequest> request,
                                          v1::GetCardResponse* response) {
  return RunRpc(context, Rpc("GetCard"), [&](const Call&) -> absl::Status {
    return parts_.database.Read([&](sql::Tx& tx) -> absl::Status {
      const int64_t id = request->worker_id();
      const absl::flat_hash_map<int64_t, Card> cards = store::NewestCards(tx, {&id, 1});
      if (const auto card = cards.find(id); card != cards.end()) {
        FillCard(card->second, response->mutable_card());
        return absl::OkStatus();
      }
      if (!store::FindWorker(tx, id)) return WorkerNotFound(id);
      return CardNotFound(id);
    });
  });
}

}  // namespace lingkaran::registry
