#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/sql/bulk.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/domain/text.h"

namespace lingkaran::registry {
namespace {

absl::Status CheckBatch(const v1::CreateBatchRequest& request) {
  FieldErrors errors;
  errors.Require(request.agency_id() > 0, "agency_id", "say whose list it is");
  errors.Require(request.kind() == v1::BATCH_KIND_CANDIDATES ||
                     request.kind() == v1::BATCH_KIND_EXISTING_MEMBERS,
                 "kind", "say what the rows are");
  const bool decree_needed = request.kind() == v1::BATCH_KIND_CANDIDATES;
  errors.Require(IsPlainText(request.decree_number(), decree_needed ? 1 : 0, 100), "decree_number",
                 "give the number of the decree, at most 100 characters");
  errors.Require(request.decree_day() == 0 || DayFromNumber(request.decree_day()).ok(),
                 "decree_day", kWriteDay);
  errors.Require(request.declared_rows() >= 1 && request.declared_rows() <= kMaxDeclaredRows,
                 "declared_rows", "declare 1 to 1,000,000 rows");
  return errors.ToStatus();
}

absl::Status CheckReview(const v1::ReviewBatchRequest& request) {
  const v1::Evidence& evidence = request.evidence();
  FieldErrors errors;
  errors.Require(request.batch_id() > 0, "batch_id", "say which list");
  errors.Require(request.decision() == v1::REVIEW_DECISION_APPROVE ||
                     request.decision() == v1::REVIEW_DECISION_REJECT,
                 "decision", "approve or reject");
  errors.Require(IsPlainText(request.reason(), 0, 500), "reason", kWriteLongText);
  errors.Require(IsPlainText(evidence.attested_by(), 0, 200), "evidence.attested_by",
                 "name and office, at most 200 characters, without a NIK");
  errors.Require(IsPlainText(evidence.document(), 0, 500), "evidence.document", kWriteLongText);
  return errors.ToStatus();
}

}  // namespace

grpc::Status RegistryServiceImpl::CreateBatch(Context* context, In<v1::CreateBatchRequest> request,
                                              v1::CreateBatchResponse* response) {
  return RunRpc(context, Rpc("CreateBatch"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckBatch(*request));
    // Before Mutate, which would repeat a stored answer to another agency.
    RETURN_IF_ERROR(
        CheckOwner(call.actor, request->agency_id(), AgencyNotFound(request->agency_id())));
    return Mutate(
        call, parts_.database, Now(), *request, response, [&](sql::Tx& tx) -> absl::Status {
          const std::optional<Agency> agency = store::FindAgency(tx, request->agency_id());
          if (!agency) return AgencyNotFound(request->agency_id());
          const Day today = TodayIn(agency->region_code);
          RETURN_IF_ERROR(RulesOn(today).status());
          Batch batch;
          batch.batch_id = sql::NextIds(tx, "batch", 1);
          batch.agency_id = agency->agency_id;
          batch.kind = static_cast<BatchKind>(request->kind());
          batch.decree_number = OneLine(request->decree_number());
          batch.decree_day = request->decree_day();
          batch.declared_rows = request->declared_rows();
          batch.list_day = DayNumber(today);
          batch.senders = {call.actor.name};
          batch.create_time = Now();
          store::InsertBatch(tx, batch);
          Record(tx, call, absl::StrCat("batch/", batch.batch_id));
          FillBatch(batch, response->mutable_batch());
          response->set_consistency_token(ToToken({}));
          return absl::OkStatus();
        });
  });
}

grpc::Status RegistryServiceImpl::GetBatch(Context* context, In<v1::GetBatchRequest> request,
                                           v1::GetBatchResponse* response) {
  return RunRpc(context, Rpc("GetBatch"), [&](const Call& call) -> absl::Status {
    return parts_.database.Read([&](sql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const Batch batch, FindOwnBatch(tx, call.actor, request->batch_id()));
      FillBatch(batch, response->mutable_batch());
      return absl::OkStatus();
    });
  });
}

grpc::Status RegistryServiceImpl::ListBatchRows(Context* context,
                                                In<v1::ListBatchRowsRequest> request,
                                                v1::ListBatchRowsResponse* response) {
  return RunRpc(context, Rpc("ListBatchRows"), [&](const Call& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size(), 500, 2'000));
    ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request->page_token()));
    std::optional<RowStatus> status;
    if (request->status() != v1::ROW_STATUS_UNSPECIFIED) {
      status = static_cast<RowStatus>(request->status());
    }
    return parts_.database.Read([&](sql::Tx& tx) -> absl::Status {
      response->Clear();
      ASSIGN_OR_RETURN(const Batch batch, FindOwnBatch(tx, call.actor, request->batch_id()));
      // The ages of the list's day for texts; null if no rule is in force.
      const absl::StatusOr<Day> day = DayFromNumber(batch.list_day);
      const EntryTest* test = day.ok() ? parts_.rules.TestOn(*day) : nullptr;
      for (const RowAnswer& row :
           store::ListRows(tx, batch.batch_id, status, static_cast<int32_t>(after), size + 1)) {
        if (response->rows_size() == size) {
          response->set_next_page_token(ToPageToken(response->rows(size - 1).line_number()));
          break;
        }
        FillRow(row, test, response->add_rows());
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status RegistryServiceImpl::ReviewBatch(Context* context, In<v1::ReviewBatchRequest> request,
                                              v1::ReviewBatchResponse* response) {
  return RunRpc(context, Rpc("ReviewBatch"), [&](const Call& call) -> absl::Status {
    RETURN_IF_ERROR(CheckReview(*request));
    return Mutate(call, parts_.database, Now(), *request, response,
                  [&](sql::Tx& tx) { return DoReview(call, tx, *request, response); });
  });
}

absl::Status RegistryServiceImpl::DoReview(const Call& call, sql::Tx& tx,
                                           const v1::ReviewBatchRequest& request,
                                           v1::ReviewBatchResponse* response) {
  std::optional<Batch> found = store::LockBatch(tx, request.batch_id());
  if (!found) return BatchNotFound(request.batch_id());
  const std::optional<Agency> agency = store::FindAgency(tx, found->agency_id);
  if (!agency) return AgencyNotFound(found->agency_id);

  Review review;
  review.approve = request.decision() == v1::REVIEW_DECISION_APPROVE;
  review.reason = OneLine(request.reason());
  review.evidence = EvidenceOf(request.evidence());
  review.actor = call.actor.name;
  review.time = Now();
  review.today = TodayIn(agency->region_code);
  ASSIGN_OR_RETURN(const EntryTest* test, RulesOn(review.today));
  review.evidence_max_age_days = test->evidence_max_age_days;

  ASSIGN_OR_RETURN(const Batch batch, DecideReview(*std::move(found), review));
  store::UpdateBatch(tx, batch);
  WorkerState to = WorkerState::kRefused;
  if (review.approve) {
    to = batch.kind == BatchKind::kExistingMembers ? WorkerState::kMemberElsewhere
                                                   : WorkerState::kVerified;
  }
  const int64_t moved = store::MoveProposed(tx, batch.batch_id, to);
  if (review.approve) response->set_verified_workers(static_cast<int32_t>(moved));
  Record(tx, call, absl::StrCat("batch/", batch.batch_id));
  FillBatch(batch, response->mutable_batch());
  response->set_consistency_token(ToToken({}));
  return absl::OkStatus();
}

}  // namespace lingkaran::registry
