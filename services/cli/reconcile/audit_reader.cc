#include "services/cli/reconcile/audit_reader.h"

#include <utility>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/client.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {
namespace {

class RpcStream final : public AuditStream {
 public:
  RpcStream(ops::v1::OperationsService::StubInterface& stub, const CallOptions& options) {
    Prepare(context_, options);
    reader_ = stub.AuditBook(&context_, ops::v1::AuditBookRequest());
  }
  ~RpcStream() override {
    if (finished_) return;
    context_.TryCancel();
    reader_->Finish();
  }

  absl::StatusOr<bool> Next(ops::v1::AuditBookResponse* line) override {
    if (finished_) return false;
    if (reader_->Read(line)) return true;
    finished_ = true;
    RETURN_IF_ERROR(FromGrpc(reader_->Finish()));
    return false;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<ops::v1::AuditBookResponse>> reader_;
  bool finished_ = false;
};

class RpcReader final : public AuditReader {
 public:
  RpcReader(ops::v1::OperationsService::StubInterface& stub, std::string actor,
            absl::Duration timeout)
      : stub_(stub) {
    options_.actor = std::move(actor);
    options_.timeout = timeout;
  }

  std::unique_ptr<AuditStream> Read() override {
    return std::make_unique<RpcStream>(stub_, options_);
  }

  absl::StatusOr<int64_t> Owed() override {
    grpc::ClientContext context;
    Prepare(context, options_);
    ops::v1::ListOwedRequest request;
    request.set_page_size(1);
    ops::v1::ListOwedResponse response;
    RETURN_IF_ERROR(FromGrpc(stub_.ListOwed(&context, request, &response)));
    return response.waiting();
  }

 private:
  ops::v1::OperationsService::StubInterface& stub_;
  CallOptions options_;
};

}  // namespace

std::unique_ptr<AuditReader> ReadAuditOf(ops::v1::OperationsService::StubInterface& stub,
                                         std::string actor, absl::Duration timeout) {
  return std::make_unique<RpcReader>(stub, std::move(actor), timeout);
}

absl::Status AuditLineReader::Advance() {
  ahead_.Clear();
  ASSIGN_OR_RETURN(const bool more, stream_->Next(&ahead_));
  if (!more) {
    if (!whole_) {
      return absl::InternalError(absl::StrCat("the audit of ", service_, " broke off"));
    }
    return absl::OkStatus();
  }
  if (ahead_.has_finding()) {
    finding_ = ahead_.finding().text();
    return absl::DataLossError(absl::StrCat(service_, ": ", *finding_));
  }
  if (!IsInOrder()) {
    return absl::InternalError(absl::StrCat("the audit of ", service_, " has lines out of order"));
  }
  return absl::OkStatus();
}

bool AuditLineReader::IsInOrder() {
  const int kind = ahead_.line_case();
  if (kind == Line::LINE_NOT_SET || kind < last_kind_ || whole_) return false;
  std::tuple<int64_t, int64_t, int64_t> key;
  if (ahead_.has_total()) {
    key = {ahead_.total().pledge_id(), ahead_.total().contribution_id(), 0};
  } else if (ahead_.has_worker()) {
    const ops::v1::WorkerMonths& line = ahead_.worker();
    key = {line.pledge_id(), line.contribution_id(), line.worker_id()};
  } else if (ahead_.has_member()) {
    key = {ahead_.member().worker_id(), 0, 0};
  }
  const bool after = kind != std::exchange(last_kind_, kind) || last_key_ < key;
  last_key_ = key;
  whole_ = ahead_.has_summary();
  return after;
}

absl::StatusOr<ops::v1::AuditSummary> AuditLineReader::End() {
  const ops::v1::AuditSummary summary = ahead_.summary();
  RETURN_IF_ERROR(Advance());
  if (summary.findings() != 0 || summary.sources() != given_[Line::kTotal] ||
      summary.workers() != given_[Line::kWorker] || summary.members() != given_[Line::kMember]) {
    return absl::InternalError(absl::StrCat("the audit of ", service_, " is not whole"));
  }
  return summary;
}

}  // namespace lingkaran
