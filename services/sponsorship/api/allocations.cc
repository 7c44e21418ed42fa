// AllocatePledge, GetAllocation, WatchAllocation, ReplaceWorkers.
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/sponsorship/api/convert.h"
#include "services/sponsorship/api/sponsorship_service.h"
#include "services/sponsorship/domain/errors.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/store.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

constexpr int kShownRefusals = 100;
// A watcher looks at least this often, also if another process does the work.
constexpr absl::Duration kLook = absl::Milliseconds(200);

absl::Status CheckReplacements(const v1::ReplaceWorkersRequest& request) {
  FieldErrors errors;
  errors.Require(request.lines_size() >= 1 && request.lines_size() <= 500, "lines",
                 "send 1 to 500 workers");
  std::set<int64_t> workers;
  for (const v1::ReplacementLine& line : request.lines()) {
    errors.Require(line.worker_id() > 0 && workers.insert(line.worker_id()).second,
                   "lines.worker_id", "name each worker once");
    errors.Require(line.from_month() == 0 || MonthFromNumber(line.from_month()).ok(),
                   "lines.from_month", "write a month as yyyymm, or 0 for all");
    CheckText(errors, line.reason(), 3, 200, "lines.reason");
  }
  return errors.ToStatus();
}

v1::ReplacementResult ToProto(const ReplacementLineRow& line) {
  v1::ReplacementResult result;
  result.set_worker_id(line.worker_id);
  *result.mutable_status() = ToStatus(line.code, line.error_reason, line.message);
  result.set_revoked_person_months(line.to - line.cut);
  if (line.new_worker_id != 0) {
    result.set_new_worker_id(line.new_worker_id);
    result.set_membership_number(line.membership_number);
    result.set_activated_person_months(line.to - line.cut);
  }
  result.set_moved_rupiah(line.moved.amount());
  result.set_released_rupiah(line.released.amount());
  return result;
}

}  // namespace

absl::Status SponsorshipServiceImpl::FillAllocation(Tx& tx, int64_t allocation_id,
                                                    v1::Allocation* allocation,
                                                    std::string* token) {
  ASSIGN_OR_RETURN(const AllocationRow row, sponsorship::GetAllocation(tx, allocation_id));
  *allocation = ToProto(row);
  for (const auto& [reason, workers] : CountRefusals(tx, allocation_id)) {
    v1::RefusalCount* count = allocation->add_refusal_counts();
    count->set_reason(reason);
    count->set_workers(workers);
  }
  for (const RefusalRow& refusal : ListRefusals(tx, allocation_id, kShownRefusals)) {
    v1::Refusal* shown = allocation->add_refusals();
    shown->set_worker_id(refusal.worker_id);
    *shown->mutable_status() = ToStatus(refusal.code, refusal.reason, refusal.message);
  }
  *token = row.token.empty() ? ToToken({}) : row.token;
  return absl::OkStatus();
}

void SponsorshipServiceImpl::FillWaitingFor(v1::Allocation* allocation) {
  if (allocation->state() != v1::ALLOCATION_STATE_RUNNING) return;
  for (const std::string& key :
       {ActivationKey(allocation->allocation_id()), AllocationKey(allocation->allocation_id())}) {
    const absl::StatusOr<std::string> error = context_.outbox->WaitingFor(key);
    if (error.ok() && !error->empty()) allocation->set_waiting_for(*error);
  }
}

grpc::Status SponsorshipServiceImpl::AllocatePledge(ServerContext* context,
                                                    In<v1::AllocatePledgeRequest> request,
                                                    v1::AllocatePledgeResponse* response) {
  return RunRpc(context, Rpc("AllocatePledge"), [&](const Call& call) -> absl::Status {
    if (request->worker_ids_size() > 0) return named_.Allocate(call, *request, response);
    FieldErrors errors;
    CheckText(errors, request->seed(), 1, 64, "seed");
    RETURN_IF_ERROR(errors.ToStatus());
    const absl::Time now = context_.Now();
    return Mutate(call, *context_.database, now, *request, response, [&](Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const PledgeRow pledge, LockPledge(tx, request->pledge_id()));
      ASSIGN_OR_RETURN(const int64_t id, allocations_->Start(tx, pledge, request->seed()));
      RecordEvent(tx, now, call.actor.name, call.method, absl::StrCat("pledge/", pledge.pledge_id));
      std::string token;
      RETURN_IF_ERROR(FillAllocation(tx, id, response->mutable_allocation(), &token));
      response->set_consistency_token(token);
      return absl::OkStatus();
    });
  });
}

grpc::Status SponsorshipServiceImpl::GetAllocation(ServerContext* context,
                                                   In<v1::GetAllocationRequest> request,
                                                   v1::GetAllocationResponse* response) {
  return RunRpc(context, Rpc("GetAllocation"), [&](const Call&) -> absl::Status {
    RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) {
      return FillAllocation(tx, request->allocation_id(), response->mutable_allocation(),
                            response->mutable_consistency_token());
    }));
    FillWaitingFor(response->mutable_allocation());
    return absl::OkStatus();
  });
}

grpc::Status SponsorshipServiceImpl::WatchAllocation(
    ServerContext* context, In<v1::WatchAllocationRequest> request,
    grpc::ServerWriter<v1::WatchAllocationResponse>* writer) {
  return RunRpc(context, Rpc("WatchAllocation"),
                [&](const Call& call) { return Watch(call, request->allocation_id(), writer); });
}

absl::Status SponsorshipServiceImpl::Watch(
    const Call& call, int64_t allocation_id,
    grpc::ServerWriter<v1::WatchAllocationResponse>* writer) {
  v1::WatchAllocationResponse shown;
  while (true) {
    const int64_t seen = context_.progress->Seen();
    v1::WatchAllocationResponse now;
    RETURN_IF_ERROR(context_.database->Read([&](Tx& tx) {
      return FillAllocation(tx, allocation_id, now.mutable_allocation(),
                            now.mutable_consistency_token());
    }));
    FillWaitingFor(now.mutable_allocation());
    if (!google::protobuf::util::MessageDifferencer::Equals(now, shown)) {
      if (!writer->Write(now)) return CallerGone();
      shown = std::move(now);
    }
    if (shown.allocation().state() != v1::ALLOCATION_STATE_RUNNING) return absl::OkStatus();
    RETURN_IF_ERROR(call.StillWanted());
    context_.progress->Wait(seen, kLook);
  }
}

absl::Status SponsorshipServiceImpl::FillReplacement(Tx& tx, int64_t replacement_id,
                                                     v1::ReplaceWorkersResponse* response) {
  ASSIGN_OR_RETURN(const ReplacementRow replacement, GetReplacement(tx, replacement_id));
  response->Clear();
  for (const ReplacementLineRow& line : ListReplacementLines(tx, replacement_id)) {
    *response->add_results() = ToProto(line);
  }
  response->set_consistency_token(replacement.token.empty() ? ToToken({}) : replacement.token);
  return absl::OkStatus();
}

grpc::Status SponsorshipServiceImpl::ReplaceWorkers(ServerContext* context,
                                                    In<v1::ReplaceWorkersRequest> request,
                                                    v1::ReplaceWorkersResponse* response) {
  return RunRpc(context, Rpc("ReplaceWorkers"),
                [&](const Call& call) { return Replace(call, *request, response); });
}

absl::Status SponsorshipServiceImpl::Replace(const Call& call,
                                             const v1::ReplaceWorkersRequest& request,
                                             v1::ReplaceWorkersResponse* response) {
  RETURN_IF_ERROR(CheckReplacements(request));
  ASSIGN_OR_RETURN(const sql::RequestKey key, RequestKeyOf(call, request));
  const absl::Time now = context_.Now();
  // The kept reply is the replacement's id: its results are read from its lines when it is
  // done, so that the same request_id finds them later even if nobody waited.
  ASSIGN_OR_RETURN(
      const std::string reply,
      sql::Once(*context_.database, key, now, [&](Tx& tx) -> absl::StatusOr<std::string> {
        ASSIGN_OR_RETURN(const PledgeRow pledge, LockPledge(tx, request.pledge_id()));
        if (pledge.cancelled) return PledgeCancelled(pledge.pledge_id);
        std::vector<ReplacementLineRow> lines;
        for (const v1::ReplacementLine& line : request.lines()) {
          lines.push_back({.worker_id = line.worker_id(),
                           .from_month = line.from_month(),
                           .reason = line.reason()});
        }
        ASSIGN_OR_RETURN(const int64_t id, replacements_->Start(tx, pledge, std::move(lines)));
        RecordEvent(tx, now, call.actor.name, call.method,
                    absl::StrCat("pledge/", pledge.pledge_id));
        return absl::StrCat(id);
      }));
  int64_t id = 0;
  if (!absl::SimpleAtoi(reply, &id)) return ReplyDamaged();
  RETURN_IF_ERROR(
      WaitUntilDone(call, ReplacementKey(request.pledge_id()), [&](Tx& tx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const ReplacementRow row, GetReplacement(tx, id));
        return row.done;
      }));
  return context_.database->Read([&](Tx& tx) { return FillReplacement(tx, id, response); });
}

}  // namespace lingkaran::sponsorship
