#include "services/cli/reconcile/audit_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran {

AuditLineReader::~AuditLineReader() {
  if (stream_ == nullptr || finished_) return;
  context_.TryCancel();
  stream_->Finish();
}

absl::Status AuditLineReader::Begin() {
  Prepare(context_, options_);
  stream_ = stub_.AuditBook(&context_, ops::v1::AuditBookRequest());
  return Advance();
}

absl::Status AuditLineReader::Advance() {
  ahead_.Clear();
  if (!stream_->Read(&ahead_)) {
    finished_ = true;
    RETURN_IF_ERROR(FromGrpc(stream_->Finish()));
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
