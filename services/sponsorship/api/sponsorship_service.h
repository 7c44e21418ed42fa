// The RPCs of sponsorship (proto/lingkaran/sponsorship/v1/sponsorship.proto says what each does and
// which errors it gives). A handler validates, asks its peers before the transaction, and does its
// work in one transaction with the stored reply. Long work goes on in the workflows, as rows that
// we owe; ReplaceWorkers and PayContribution wait for it.
//
// Each resource has a file of this folder: sponsors, pledges, payments, allocations (with
// replacements), contributions, reports. sponsorship_service.cc has what they share.
#pragma once

#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/functional/function_ref.h"
#include "common/rpc/run_rpc.h"
#include "lingkaran/sponsorship/v1/sponsorship.grpc.pb.h"
#include "services/sponsorship/api/named_allocation_batcher.h"
#include "services/sponsorship/workflow/allocation_workflow.h"
#include "services/sponsorship/workflow/contribution_workflow.h"
#include "services/sponsorship/workflow/replacement_workflow.h"
#include "services/sponsorship/workflow/workflow_context.h"

namespace lingkaran::sponsorship {

// The RPC of this service with this name in the contract.
inline const RpcMethod& Rpc(std::string_view name) { return RpcOf<v1::SponsorshipService>(name); }

class SponsorshipServiceImpl final : public v1::SponsorshipService::Service {
 public:
  // The workflows outlive the service.
  SponsorshipServiceImpl(const Context& context, AllocationWorkflow* allocations,
                         ReplacementWorkflow* replacements, ContributionWorkflow* contributions)
      : context_(context),
        allocations_(allocations),
        replacements_(replacements),
        contributions_(contributions),
        named_(context, allocations) {}

  template <typename Message>
  using In = const Message*;
  using ServerContext = grpc::ServerContext;

  grpc::Status CreateSponsor(ServerContext*, In<v1::CreateSponsorRequest>,
                             v1::CreateSponsorResponse*) override;
  grpc::Status GetSponsor(ServerContext*, In<v1::GetSponsorRequest>,
                          v1::GetSponsorResponse*) override;
  grpc::Status ListSponsors(ServerContext*, In<v1::ListSponsorsRequest>,
                            v1::ListSponsorsResponse*) override;
  grpc::Status CreatePledge(ServerContext*, In<v1::CreatePledgeRequest>,
                            v1::CreatePledgeResponse*) override;
  grpc::Status GetPledge(ServerContext*, In<v1::GetPledgeRequest>, v1::GetPledgeResponse*) override;
  grpc::Status ListPledges(ServerContext*, In<v1::ListPledgesRequest>,
                           v1::ListPledgesResponse*) override;
  grpc::Status CancelPledge(ServerContext*, In<v1::CancelPledgeRequest>,
                            v1::CancelPledgeResponse*) override;
  grpc::Status RecordPayment(ServerContext*, In<v1::RecordPaymentRequest>,
                             v1::RecordPaymentResponse*) override;
  grpc::Status AllocatePledge(ServerContext*, In<v1::AllocatePledgeRequest>,
                              v1::AllocatePledgeResponse*) override;
  grpc::Status GetAllocation(ServerContext*, In<v1::GetAllocationRequest>,
                             v1::GetAllocationResponse*) override;
  grpc::Status WatchAllocation(ServerContext*, In<v1::WatchAllocationRequest>,
                               grpc::ServerWriter<v1::WatchAllocationResponse>*) override;
  grpc::Status ReplaceWorkers(ServerContext*, In<v1::ReplaceWorkersRequest>,
                              v1::ReplaceWorkersResponse*) override;
  grpc::Status RefundPledge(ServerContext*, In<v1::RefundPledgeRequest>,
                            v1::RefundPledgeResponse*) override;
  grpc::Status PayContribution(ServerContext*, In<v1::PayContributionRequest>,
                               v1::PayContributionResponse*) override;
  grpc::Status PlanContinuation(ServerContext*, In<v1::PlanContinuationRequest>,
                                v1::PlanContinuationResponse*) override;
  grpc::Status GetStatement(ServerContext*, In<v1::GetStatementRequest>,
                            v1::GetStatementResponse*) override;
  grpc::Status GetSponsorReport(ServerContext*, In<v1::GetSponsorReportRequest>,
                                v1::GetSponsorReportResponse*) override;

 private:
  // -- sponsorship_service.cc --
  // True, with the first answer in `response`, if this request was answered before. For handlers
  // that ask a peer first: a repeat then needs no peer.
  absl::StatusOr<bool> Answered(const Call& call, const google::protobuf::Message& request,
                                google::protobuf::Message* response);
  // Waits until `done` says true. UNAVAILABLE/PEER_UNAVAILABLE if the row of `key` can't be
  // delivered now, or the caller's time is nearly over: the work goes on, and the same request_id
  // gives the result later.
  absl::Status WaitUntilDone(const Call& call, const std::string& key,
                             absl::FunctionRef<absl::StatusOr<bool>(sql::Tx&)> done);

  // -- pledges.cc --
  absl::Status OpenPledge(const Call& call, const v1::CreatePledgeRequest& request,
                          v1::CreatePledgeResponse* response);

  // -- payments.cc --
  // Runs the transaction of RecordPayment.
  absl::Status PayInvoice(sql::Tx& tx, const Call& call, const v1::RecordPaymentRequest& request,
                          v1::RecordPaymentResponse* response);
  absl::Status RefundMoney(const Call& call, const v1::RefundPledgeRequest& request,
                           v1::RefundPledgeResponse* response);

  // -- allocations.cc --
  // One allocation as the contract shows it, with the token of all that it has done.
  absl::Status FillAllocation(sql::Tx& tx, int64_t allocation_id, v1::Allocation* allocation,
                              std::string* token);
  // What a running allocation waits for, for people.
  void FillWaitingFor(v1::Allocation* allocation);
  absl::Status Watch(const Call& call, int64_t allocation_id,
                     grpc::ServerWriter<v1::WatchAllocationResponse>* writer);
  absl::Status Replace(const Call& call, const v1::ReplaceWorkersRequest& request,
                       v1::ReplaceWorkersResponse* response);
  absl::Status FillReplacement(sql::Tx& tx, int64_t replacement_id,
                               v1::ReplaceWorkersResponse* response);

  // -- contributions.cc --
  absl::Status Contribute(const Call& call, const v1::PayContributionRequest& request,
                          v1::PayContributionResponse* response);
  // Lines of a contribution with their months and prices.
  absl::StatusOr<std::vector<ContributionLineRow>> PriceContribution(
      const v1::PayContributionRequest& request);
  absl::Status AnswerContribution(const Call& call, int64_t contribution_id, bool repeated,
                                  v1::PayContributionResponse* response);

  // -- reports.cc --
  absl::StatusOr<v1::PledgeReport> ReportOn(sql::Tx& tx, const PledgeRow& pledge);
  absl::Status PlanFor(const v1::PlanContinuationRequest& request,
                       v1::PlanContinuationResponse* response);

  const Context context_;
  AllocationWorkflow* const allocations_;
  ReplacementWorkflow* const replacements_;
  ContributionWorkflow* const contributions_;
  NamedAllocationBatcher named_;
};

}  // namespace lingkaran::sponsorship
