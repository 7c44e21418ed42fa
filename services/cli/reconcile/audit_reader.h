// The lines of an audit, sorted out by kind.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "common/rpc/client.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"

namespace lingkaran {

using OperationsStub = ops::v1::OperationsService::StubInterface;

// A source of money: (pledge_id, contribution_id).
using SourceKey = std::pair<int64_t, int64_t>;

// Reads one audit and holds back the line that is of the next kind. Findings end it: `finding` then
// holds the first. INTERNAL if lines are out of order or the stream is not whole.
class AuditLineReader {
  using Line = ops::v1::AuditBookResponse;

 public:
  AuditLineReader(std::string service, OperationsStub& stub, const CallOptions& options)
      : service_(std::move(service)), stub_(stub), options_(options) {}
  ~AuditLineReader();

  // Begins the audit and reads its first line; the service's snapshot stands from then on.
  absl::Status Begin();

  // The next line of the kind; nullptr when none is left. Valid until the next call.
  absl::StatusOr<const ops::v1::SourceTotal*> NextTotal() {
    return Next(Line::kTotal, &Line::total);
  }
  absl::StatusOr<const ops::v1::WorkerMonths*> NextWorker() {
    return Next(Line::kWorker, &Line::worker);
  }
  absl::StatusOr<const ops::v1::MemberLine*> NextMember() {
    return Next(Line::kMember, &Line::member);
  }
  // After all lines.
  absl::StatusOr<ops::v1::AuditSummary> End();

  const std::string& service() const { return service_; }
  // Set when a call failed because the service found a fault in its own book.
  const std::optional<std::string>& finding() const { return finding_; }

 private:
  template <typename Part>
  absl::StatusOr<const Part*> Next(Line::LineCase kind, const Part& (Line::*part)() const) {
    if (ahead_.line_case() != kind) return nullptr;
    current_.Swap(&ahead_);
    ++given_[kind];
    RETURN_IF_ERROR(Advance());
    return &(current_.*part)();
  }
  absl::Status Advance();
  // True if the line that was read may follow those before it.
  bool IsInOrder();

  const std::string service_;
  OperationsStub& stub_;
  const CallOptions& options_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<Line>> stream_;
  bool finished_ = false;
  Line ahead_;    // read, not given out
  Line current_;  // given out
  bool whole_ = false;
  std::optional<std::string> finding_;
  int last_kind_ = 0;  // number of its field: they come in this order
  std::tuple<int64_t, int64_t, int64_t> last_key_;
  std::map<int, int64_t> given_;  // lines of each kind
};

}  // namespace lingkaran
