#include "services/sponsorship/api/named_allocation_batcher.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

constexpr int kMostWorkers = 100;
// A group runs again when a request_id of it was kept by another transaction meanwhile.
constexpr int kTries = 3;

absl::Status CheckNamed(const v1::AllocatePledgeRequest& request) {
  FieldErrors errors;
  errors.Require(request.seed().empty(), "worker_ids",
                 "name workers or give the seed of a draw, not both");
  errors.Require(request.worker_ids_size() <= kMostWorkers, "worker_ids", "name 1 to 100 workers");
  std::set<int64_t> workers;
  for (int64_t worker : request.worker_ids()) {
    errors.Require(worker > 0 && workers.insert(worker).second, "worker_ids",
                   "name each worker once");
  }
  return errors.ToStatus();
}

absl::Status Unknown() {
  return Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable,
               "what became of the request is not known; ask again with the same request_id");
}

std::string ReplyFor(const AllocationRow& allocation) {
  v1::AllocatePledgeResponse response;
  *response.mutable_allocation() = ToProto(allocation);
  response.set_consistency_token(allocation.token.empty() ? ToToken({}) : allocation.token);
  return response.SerializeAsString();
}

}  // namespace

NamedAllocationBatcher::NamedAllocationBatcher(const Context& context,
                                               AllocationWorkflow* allocations,
                                               Groups::Bounds bounds)
    : context_(context),
      allocations_(allocations),
      groups_(bounds, [this](absl::Span<NamedCall* const> group) { Decide(group); }) {}

absl::Status NamedAllocationBatcher::Allocate(const Call& call,
                                              const v1::AllocatePledgeRequest& request,
                                              v1::AllocatePledgeResponse* response) {
  RETURN_IF_ERROR(CheckNamed(request));
  NamedCall named{&call, &request, {}, Unknown()};
  ASSIGN_OR_RETURN(named.key, RequestKeyOf(call, request));
  RETURN_IF_ERROR(call.StillWanted());
  if (!groups_.Join(request.pledge_id(), named, request.worker_ids_size(), call.deadline)) {
    return call.StillWanted();
  }
  RETURN_IF_ERROR(named.reply.status());
  if (!response->ParseFromString(*named.reply)) {
    return absl::InternalError("the stored reply of AllocatePledge can't be read");
  }
  return absl::OkStatus();
}

void NamedAllocationBatcher::Decide(absl::Span<NamedCall* const> group) {
  absl::flat_hash_map<std::string, NamedCall*> by_id;
  std::vector<NamedCall*> calls;
  std::vector<NamedCall*> repeats;
  for (NamedCall* call : group) {
    (by_id.emplace(call->key.request_id, call).second ? calls : repeats).push_back(call);
  }
  std::vector<absl::StatusOr<std::string>> replies;
  absl::Status status;
  for (int tries = 0; tries < kTries; ++tries) {
    status = context_.database->Write([&](Tx& tx) { return Decide(tx, calls, replies); });
    if (!absl::IsAlreadyExists(status) || ReasonOf(status) != Reason::kUnspecified) break;
  }
  if (absl::IsAlreadyExists(status)) status = Unknown();
  for (size_t i = 0; i < calls.size(); ++i) {
    if (status.ok()) {
      calls[i]->reply = std::move(replies[i]);
    } else {
      calls[i]->reply = status;
    }
  }
  for (NamedCall* repeat : repeats) {
    const NamedCall& first = *by_id[repeat->key.request_id];
    const bool same = repeat->key.fingerprint == first.key.fingerprint;
    repeat->reply = same || !status.ok() ? first.reply : sql::ReusedId();
  }
}

absl::Status NamedAllocationBatcher::Decide(Tx& tx, absl::Span<NamedCall* const> calls,
                                            std::vector<absl::StatusOr<std::string>>& replies) {
  const std::string_view method = calls[0]->call->method;
  tx.AfterCommit([method] { FailPoint("rpc", method, "committed"); });
  // The lock comes first: who asks with the same request_id elsewhere asks for the same pledge, and
  // waits here until our replies stand.
  const int64_t pledge_id = calls[0]->request->pledge_id();
  const absl::StatusOr<PledgeRow> pledge = LockPledge(tx, pledge_id);
  std::vector<sql::RequestKey> keys;
  for (const NamedCall* call : calls) keys.push_back(call->key);
  const auto kept = sql::FindReplies(tx, keys);
  FailPoint("rpc", method, "claimed");
  replies.assign(calls.size(), Unknown());
  std::vector<size_t> fresh;  // places of the calls that are new
  std::vector<std::vector<int64_t>> workers;
  for (size_t i = 0; i < calls.size(); ++i) {
    if (!kept[i].ok()) {
      replies[i] = kept[i].status();
    } else if (kept[i]->has_value()) {
      replies[i] = **kept[i];
    } else if (!pledge.ok()) {
      replies[i] = pledge.status();
    } else {
      fresh.push_back(i);
      const auto& named = calls[i]->request->worker_ids();
      workers.emplace_back(named.begin(), named.end());
    }
  }
  if (fresh.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const AllocationWorkflow::NamedOutcome outcome,
                   allocations_->StartNamed(tx, *pledge, workers));
  const std::string reply = ReplyFor(outcome.allocation);
  std::vector<std::string> actors;
  std::vector<sql::NewReply> kept_now;
  for (size_t i = 0; i < fresh.size(); ++i) {
    const absl::Status& verdict = outcome.verdicts[i];
    if (!verdict.ok()) {
      replies[fresh[i]] = verdict;
      continue;
    }
    replies[fresh[i]] = reply;
    actors.push_back(calls[fresh[i]]->call->actor.name);
    kept_now.push_back({&calls[fresh[i]]->key, reply});
  }
  RecordEvents(tx, context_.Now(), actors, method, absl::StrCat("pledge/", pledge_id));
  sql::KeepReplies(tx, kept_now, context_.Now());
  FailPoint("rpc", method, "booked");
  return absl::OkStatus();
}

}  // namespace lingkaran::sponsorship
