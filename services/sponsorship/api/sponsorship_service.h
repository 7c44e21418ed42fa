// The RPCs of sponsorship (proto/lingkaran/sponsorship/v1/sponsorship.proto says what each does and
// which errors it gives). A handler validates, asks its peers before the transaction, and does its
// work in one transaction with the stored reply. Long work goes on in the processes, as rows that
// we owe; ReplaceWorkers and PayContribution wait for it.
//   service.cc                 transport, sponsors, pledges, what several handlers share
//   service_money.cc           payments, refunds, cancellation
//   service_allocation.cc      allocations and replacements
//   service_named.cc           allocations to named workers, in groups
//   service_contribution.cc    contributions of single members
//   service_report.cc          statement, report, continuation
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "common/rpc/run_rpc.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "services/sponsorship/api/named_allocation_batcher.h"
#include "services/sponsorship/workflow/allocation_workflow.h"
#include "services/sponsorship/workflow/contribution_workflow.h"
#include "services/sponsorship/workflow/replacement_workflow.h"
#include "services/sponsorship/workflow/workflow_context.h"

// All unary RPCs.
#define LINGKARAN_SPONSORSHIP_RPCS(X) \
  X(CreateSponsor)                    \
  X(GetSponsor)                       \
  X(ListSponsors)                     \
  X(CreatePledge)                     \
  X(GetPledge)                        \
  X(ListPledges)                      \
  X(CancelPledge)                     \
  X(RecordPayment)                    \
  X(AllocatePledge)                   \
  X(GetAllocation)                    \
  X(ReplaceWorkers)                   \
  X(RefundPledge)                     \
  X(PayContribution)                  \
  X(PlanContinuation)                 \
  X(GetStatement)                     \
  X(GetSponsorReport)

namespace lingkaran::sponsorship {

class SponsorshipServiceImpl final : public v1::SponsorshipService::Service {
 public:
  // The processes outlive the service.
  SponsorshipServiceImpl(const Context& context, AllocationWorkflow* allocations,
                         ReplacementWorkflow* replacements, ContributionWorkflow* contributions)
      : context_(context),
        allocations_(allocations),
        replacements_(replacements),
        contributions_(contributions),
        named_(context, allocations) {}

#define LINGKARAN_X(name)                                                           \
  grpc::Status name(grpc::ServerContext* context, const v1::name##Request* request, \
                    v1::name##Response* response) override;
  LINGKARAN_SPONSORSHIP_RPCS(LINGKARAN_X)
#undef LINGKARAN_X
  grpc::Status WatchAllocation(grpc::ServerContext* context,
                               const v1::WatchAllocationRequest* request,
                               grpc::ServerWriter<v1::WatchAllocationResponse>* writer) override;

 private:
#define LINGKARAN_X(name)                                                   \
  absl::Status Do##name(const Call& call, const v1::name##Request& request, \
                        v1::name##Response* response);
  LINGKARAN_SPONSORSHIP_RPCS(LINGKARAN_X)
#undef LINGKARAN_X
  absl::Status DoWatchAllocation(const Call& call, const v1::WatchAllocationRequest& request,
                                 grpc::ServerWriter<v1::WatchAllocationResponse>* writer);

  // True, with the first answer in `response`, if this request was answered before. For handlers
  // that ask a peer first: a repeat then needs no peer.
  absl::StatusOr<bool> Answered(const Call& call, const google::protobuf::Message& request,
                                google::protobuf::Message* response);
  // Waits until `done` says true. UNAVAILABLE/PEER_UNAVAILABLE if the row of `key` can't be
  // delivered now, or the caller's time is nearly over: the work goes on, and the same request_id
  // gives the result later.
  absl::Status WaitUntilDone(const Call& call, const std::string& key,
                             absl::FunctionRef<absl::StatusOr<bool>(sql::Tx&)> done);

  // One allocation as the contract shows it, with the token of all that it has done.
  absl::Status FillAllocation(sql::Tx& tx, int64_t allocation_id, v1::Allocation* allocation,
                              std::string* token);
  // What a running allocation waits for, for people.
  void FillWaitingFor(v1::Allocation* allocation);
  absl::Status FillReplacement(sql::Tx& tx, int64_t replacement_id,
                               v1::ReplaceWorkersResponse* response);

  // Runs the transaction of RecordPayment.
  absl::Status PayInvoice(sql::Tx& tx, const Call& call, const v1::RecordPaymentRequest& request,
                          v1::RecordPaymentResponse* response);
  // Lines of a contribution with their months and prices.
  absl::StatusOr<std::vector<ContributionLineRow>> PriceContribution(
      const v1::PayContributionRequest& request);
  absl::Status AnswerContribution(const Call& call, int64_t contribution_id, bool repeated,
                                  v1::PayContributionResponse* response);
  absl::StatusOr<v1::PledgeReport> ReportOn(sql::Tx& tx, const PledgeRow& pledge);

  const Context context_;
  AllocationWorkflow* const allocations_;
  ReplacementWorkflow* const replacements_;
  ContributionWorkflow* const contributions_;
  NamedAllocationBatcher named_;
};

}  // namespace lingkaran::sponsorship
