// OperationsService, the same in all three services: its release, what it owes to others, and
// whether its book adds up. Contract: proto/lingkaran/ops/v1/ops.proto.
#pragma once

#include <functional>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "common/audit/audit_lines.h"
#include "common/base/clock.h"
#include "common/outbox/outbox.h"
#include "common/rpc/run_rpc.h"
#include "common/sql/database.h"
#include "lingkaran/ops/v1/ops.grpc.pb.h"

namespace lingkaran {

class OperationsServiceImpl final : public ops::v1::OperationsService::Service {
 public:
  // Adds the service's whole book anew, in the transaction of one snapshot, and puts its lines into
  // `lines`; single workers and members only if not `totals_only`. An exception of SQL is the
  // caller's.
  using Audit =
      std::function<absl::StatusOr<AuditCounts>(sql::Tx& tx, bool totals_only, AuditLines& lines)>;
  // Writes down, in the transaction of a mutation, who did what and why.
  using Record = std::function<void(sql::Tx& tx, const Call& call, const std::string& subject,
                                    const std::string& reason)>;

  // Everything that is pointed to outlives the service.
  struct Parts {
    sql::Database* database;
    const Clock* clock;  // of the service
    Outbox* outbox;      // null: it owes nothing to anybody
    Audit audit;
    Record record;  // empty: the service keeps no such record
  };
  explicit OperationsServiceImpl(Parts parts) : parts_(std::move(parts)) {}

  grpc::Status GetBuildInfo(grpc::ServerContext* context,
                            const ops::v1::GetBuildInfoRequest* request,
                            ops::v1::GetBuildInfoResponse* response) override;
  grpc::Status ListOwed(grpc::ServerContext* context, const ops::v1::ListOwedRequest* request,
                        ops::v1::ListOwedResponse* response) override;
  grpc::Status RetryOwed(grpc::ServerContext* context, const ops::v1::RetryOwedRequest* request,
                         ops::v1::RetryOwedResponse* response) override;
  grpc::Status AuditBook(grpc::ServerContext* context, const ops::v1::AuditBookRequest* request,
                         grpc::ServerWriter<ops::v1::AuditBookResponse>* writer) override;

 private:
  const Parts parts_;
};

}  // namespace lingkaran
