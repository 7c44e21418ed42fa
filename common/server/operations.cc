#include "common/server/operations.h"

#include <utility>

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "common/base/build_info.h"
#include "common/base/error.h"

namespace lingkaran {
namespace {

constexpr int kMostSeqs = 1'000;
constexpr int64_t kMostFindings = 100;
// What is said once must be readable later.
constexpr size_t kLongestReason = 300;

void FillRow(const Outbox::Owed& owed, ops::v1::OwedRow* row) {
  row->set_seq(owed.seq);
  row->set_request_id(owed.request_id);
  row->set_key(owed.key);
  row->set_kind(owed.kind);
  row->set_attempts(owed.attempts);
  *row->mutable_due_time() =
      google::protobuf::util::TimeUtil::MillisecondsToTimestamp(absl::ToUnixMillis(owed.due));
  row->set_last_error(owed.last_error);
  row->set_parked(owed.dead_lettered);
}

absl::Status CheckRetry(const ops::v1::RetryOwedRequest& request) {
  FieldErrors errors;
  errors.Require(!request.reason().empty() && request.reason().size() <= kLongestReason, "reason",
                 "say why, in 1 to 300 characters");
  bool valid = request.seqs_size() <= kMostSeqs;
  for (const int64_t seq : request.seqs()) valid = valid && seq > 0;
  errors.Require(valid, "seqs", absl::StrCat("name up to ", kMostSeqs, " rows by their numbers"));
  return errors.ToStatus();
}

absl::Status NothingOwed(int64_t seq) {
  return Error(absl::StatusCode::kNotFound, Reason::kOwedNotFound,
               "this service owes nothing to another one", {{"seq", absl::StrCat(seq)}});
}

// Sends the lines of an audit and counts them.
class Sender final : public AuditLines {
 public:
  Sender(const Call& call, grpc::ServerWriter<ops::v1::AuditBookResponse>* writer)
      : call_(call), writer_(writer) {}

  absl::Status Finding(const std::string& text) override {
    if (++findings_ > kMostFindings) return absl::OkStatus();
    message_.mutable_finding()->set_text(text);
    return Send();
  }

  absl::Status Total(const AuditTotal& total) override {
    ++sources_;
    ops::v1::SourceTotal* line = message_.mutable_total();
    line->set_pledge_id(total.pledge_id);
    line->set_contribution_id(total.contribution_id);
    line->set_received_rupiah(total.received);
    line->set_available_rupiah(total.available);
    line->set_reserved_rupiah(total.reserved);
    line->set_refunded_rupiah(total.refunded);
    line->set_moved_to_credit_rupiah(total.moved_to_credit);
    line->set_spent_rupiah(total.spent);
    line->set_person_months(total.person_months);
    line->set_under_way(total.under_way);
    line->set_last_transaction(total.last_transaction);
    return Send();
  }

  absl::Status Worker(const AuditWorker& worker) override {
    ++workers_;
    ops::v1::WorkerMonths* line = message_.mutable_worker();
    line->set_worker_id(worker.worker_id);
    line->set_pledge_id(worker.pledge_id);
    line->set_contribution_id(worker.contribution_id);
    for (const AuditMonth& month : worker.months) {
      ops::v1::PaidMonth* paid = line->add_months();
      paid->set_programme(static_cast<common::v1::Programme>(month.programme));
      paid->set_month(month.month);
      paid->set_amount_rupiah(month.amount);
    }
    return Send();
  }

  absl::Status Member(const AuditMember& member) override {
    ++members_;
    ops::v1::MemberLine* line = message_.mutable_member();
    line->set_worker_id(member.worker_id);
    line->set_version(member.version);
    line->set_membership_number(member.membership_number);
    line->set_owed(member.owed);
    line->set_registering(member.registering);
    return Send();
  }

  absl::Status Summary(const AuditCounts& counts) {
    ops::v1::AuditSummary* line = message_.mutable_summary();
    line->set_findings(findings_);
    line->set_sources(sources_);
    line->set_workers(workers_);
    line->set_members(members_);
    line->set_owed(counts.owed);
    line->set_entries(counts.entries);
    return Send();
  }

 private:
  absl::Status Send() {
    // The transport gathers lines; each alone would be a packet. It would hold the first one back
    // together with the stream's headers, and us until it sends something else: the next ping.
    grpc::WriteOptions options;
    if (begun_) options.set_buffer_hint();
    begun_ = true;
    const bool written = writer_->Write(message_, options);
    message_.Clear();
    if (written) return absl::OkStatus();
    RETURN_IF_ERROR(call_.StillWanted());
    return CallerGone();
  }

  const Call& call_;
  grpc::ServerWriter<ops::v1::AuditBookResponse>* writer_;
  ops::v1::AuditBookResponse message_;  // used again for each line
  bool begun_ = false;
  int64_t findings_ = 0;
  int64_t sources_ = 0;
  int64_t workers_ = 0;
  int64_t members_ = 0;
};

}  // namespace

grpc::Status OperationsServiceImpl::GetBuildInfo(grpc::ServerContext* context,
                                                 const ops::v1::GetBuildInfoRequest*,
                                                 ops::v1::GetBuildInfoResponse* response) {
  return RunRpc(context, "lingkaran.ops.v1.OperationsService/GetBuildInfo",
                [&](const Call&) -> absl::Status {
                  const BuildInfo& build = Build();
                  response->set_version(build.version);
                  response->set_compiler(build.compiler);
                  response->set_build_type(build.build_type);
                  return absl::OkStatus();
                });
}

grpc::Status OperationsServiceImpl::ListOwed(grpc::ServerContext* context,
                                             const ops::v1::ListOwedRequest* request,
                                             ops::v1::ListOwedResponse* response) {
  return RunRpc(
      context, "lingkaran.ops.v1.OperationsService/ListOwed", [&](const Call&) -> absl::Status {
        ASSIGN_OR_RETURN(const int size, PageSize(request->page_size(), 100, 1'000));
        ASSIGN_OR_RETURN(const int64_t after, FromPageToken(request->page_token()));
        if (parts_.outbox == nullptr) return absl::OkStatus();
        ASSIGN_OR_RETURN(const Outbox::OwedCount count, parts_.outbox->Count());
        ASSIGN_OR_RETURN(
            const std::vector<Outbox::Owed> rows,
            parts_.outbox->List(request->key_prefix(), request->parked_only(), after, size + 1));
        for (const Outbox::Owed& row : rows) {
          if (response->rows_size() == size) {
            response->set_next_page_token(ToPageToken(response->rows(size - 1).seq()));
            break;
          }
          FillRow(row, response->add_rows());
        }
        response->set_waiting(count.waiting);
        response->set_parked(count.dead_lettered);
        return absl::OkStatus();
      });
}

grpc::Status OperationsServiceImpl::RetryOwed(grpc::ServerContext* context,
                                              const ops::v1::RetryOwedRequest* request,
                                              ops::v1::RetryOwedResponse* response) {
  return RunRpc(
      context, "lingkaran.ops.v1.OperationsService/RetryOwed",
      [&](const Call& call) -> absl::Status {
        RETURN_IF_ERROR(CheckRetry(*request));
        return Mutate(
            call, *parts_.database, parts_.clock->Now(), *request, response,
            [&](sql::Tx& tx) -> absl::Status {
              response->set_consistency_token(ToToken({}));
              if (parts_.outbox == nullptr) {
                return request->seqs().empty() ? absl::OkStatus() : NothingOwed(request->seqs(0));
              }
              ASSIGN_OR_RETURN(
                  const int retried,
                  parts_.outbox->Retry(tx, {request->seqs().begin(), request->seqs().end()}));
              response->set_retried(retried);
              if (parts_.record) parts_.record(tx, call, "outbox", request->reason());
              return absl::OkStatus();
            });
      });
}

grpc::Status OperationsServiceImpl::AuditBook(
    grpc::ServerContext* context, const ops::v1::AuditBookRequest* request,
    grpc::ServerWriter<ops::v1::AuditBookResponse>* writer) {
  return RunRpc(context, "lingkaran.ops.v1.OperationsService/AuditBook",
                [&](const Call& call) -> absl::Status {
                  bool begun = false;
                  return parts_.database->Read([&](sql::Tx& tx) -> absl::Status {
                    // Lines that were sent can't be taken back, so there is no second try.
                    if (std::exchange(begun, true)) {
                      return Error(absl::StatusCode::kUnavailable, Reason::kStoreUnavailable,
                                   "the database broke off the audit; ask again");
                    }
                    tx.LiftLimits();  // a whole book takes longer than any statement may
                    Sender sender(call, writer);
                    ASSIGN_OR_RETURN(const AuditCounts counts,
                                     parts_.audit(tx, request->totals_only(), sender));
                    return sender.Summary(counts);
                  });
                });
}

}  // namespace lingkaran
