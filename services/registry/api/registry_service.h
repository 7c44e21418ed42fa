// RegistryService: transport and use cases. Each RPC validates, translates, calls the domain and
// the store, and translates back. Contract: proto/lingkaran/registry/v1/registry.proto.
//
// A handler is defined in the file of its resource: agencies.cc, batches.cc, submit_candidates.cc,
// workers.cc, corrections.cc (what happens to one worker), enrolment.cc (and cards);
// registry_service.cc has what they share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/region.h"
#include "common/crypto/personal_data_vault.h"
#include "common/rpc/run_rpc.h"
#include "common/sql/database.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "services/registry/api/convert.h"
#include "services/registry/domain/errors.h"
#include "services/registry/store/store.h"
#include "services/registry/workflow/member_sync.h"

namespace lingkaran::registry {

// What the service uses; everything outlives it.
struct ServiceParts {
  sql::Database& database;
  const PersonalDataVault& vault;
  const Regions& regions;
  const EntryRules& rules;
  const Clock& clock;
  MemberSync& members;
};

class RegistryServiceImpl final : public v1::RegistryService::Service {
 public:
  explicit RegistryServiceImpl(const ServiceParts& parts) : parts_(parts) {}

  template <typename Message>
  using In = const Message*;
  using Context = grpc::ServerContext;
  using SubmitStream =
      grpc::ServerReaderWriter<v1::SubmitCandidatesResponse, v1::SubmitCandidatesRequest>;

  grpc::Status CreateAgency(Context*, In<v1::CreateAgencyRequest>,
                            v1::CreateAgencyResponse*) override;
  grpc::Status ListAgencies(Context*, In<v1::ListAgenciesRequest>,
                            v1::ListAgenciesResponse*) override;
  grpc::Status CreateBatch(Context*, In<v1::CreateBatchRequest>, v1::CreateBatchResponse*) override;
  grpc::Status SubmitCandidates(Context*, SubmitStream*) override;
  // The same over any stream.
  using AnyStream =
      grpc::ServerReaderWriterInterface<v1::SubmitCandidatesResponse, v1::SubmitCandidatesRequest>;
  grpc::Status SubmitCandidatesOver(Context*, AnyStream*);
  grpc::Status GetBatch(Context*, In<v1::GetBatchRequest>, v1::GetBatchResponse*) override;
  grpc::Status ListBatchRows(Context*, In<v1::ListBatchRowsRequest>,
                             v1::ListBatchRowsResponse*) override;
  grpc::Status ReviewBatch(Context*, In<v1::ReviewBatchRequest>, v1::ReviewBatchResponse*) override;
  grpc::Status GetWorker(Context*, In<v1::GetWorkerRequest>, v1::GetWorkerResponse*) override;
  grpc::Status FindWorker(Context*, In<v1::FindWorkerRequest>, v1::FindWorkerResponse*) override;
  grpc::Status ListWorkers(Context*, In<v1::ListWorkersRequest>, v1::ListWorkersResponse*) override;
  grpc::Status CorrectWorker(Context*, In<v1::CorrectWorkerRequest>,
                             v1::CorrectWorkerResponse*) override;
  grpc::Status ReportDeath(Context*, In<v1::ReportDeathRequest>, v1::ReportDeathResponse*) override;
  grpc::Status WithdrawWorker(Context*, In<v1::WithdrawWorkerRequest>,
                              v1::WithdrawWorkerResponse*) override;
  grpc::Status EnrolWorkers(Context*, In<v1::EnrolWorkersRequest>,
                            v1::EnrolWorkersResponse*) override;
  grpc::Status ResolveRequest(Context*, In<v1::ResolveRequestRequest>,
                              v1::ResolveRequestResponse*) override;
  grpc::Status IssueCards(Context*, In<v1::IssueCardsRequest>, v1::IssueCardsResponse*) override;
  grpc::Status GetCard(Context*, In<v1::GetCardRequest>, v1::GetCardResponse*) override;

  // Writes the event of a mutation. `note` is free text and is sealed. Call it last in a
  // transaction.
  void Record(sql::Tx& tx, const Call& call, const std::string& subject,
              const std::string& note = "") const;

 private:
  // A list under way in one stream.
  struct Submission {
    int64_t batch_id = 0;
    ReadingRules reading;
  };

  // -- registry_service.cc --
  absl::Time Now() const { return parts_.clock.Now(); }
  // Today where the region is.
  Day TodayIn(std::string_view region_code) const;
  // FAILED_PRECONDITION/NO_RULE_IN_FORCE.
  absl::StatusOr<const EntryTest*> RulesOn(Day day) const;
  absl::StatusOr<Person> Open(const Worker& worker) const;
  // Masked.
  void View(sql::Tx& tx, const Worker& worker, const Person& person, v1::Worker* out) const;

  // -- submit_candidates.cc --
  absl::Status Submit(const Call& call, AnyStream* stream);
  absl::StatusOr<Submission> BeginSubmission(const Call& call, int64_t batch_id);
  std::vector<PreparedRow> Prepare(const Submission& submission,
                                   const v1::SubmitCandidatesRequest& chunk) const;
  absl::StatusOr<ChunkDecision> Commit(const Call& call, const Submission& submission,
                                       const std::vector<PreparedRow>& rows, bool complete);
  void WriteChunk(sql::Tx& tx, const std::vector<PreparedRow>& rows, ChunkDecision& decision) const;

  // -- batches.cc --
  absl::Status DoReview(const Call& call, sql::Tx& tx, const v1::ReviewBatchRequest& request,
                        v1::ReviewBatchResponse* response);

  // -- workers.cc --
  // Answers with the worker that `find` finds; with a purpose in the clear, and that is recorded.
  absl::Status Show(const Call& call, const std::string& purpose,
                    absl::FunctionRef<std::optional<Worker>(sql::Tx&)> find, v1::Worker* out);
  // `as_of_day` 0: today where each worker is.
  absl::Status FillSummaries(const std::vector<store::ListedWorker>& workers, int32_t as_of_day,
                             v1::ListWorkersResponse* response) const;

  // -- corrections.cc --
  // Runs `change` on a locked worker once per request_id, writes the worker if it says so, tells
  // coverage, and fills worker and token of the response.
  struct Changed {
    bool worker = false;  // write the worker and tell coverage
    std::string note;     // of the event
  };
  template <typename Request, typename Response>
  absl::Status ChangeWorker(
      const Call& call, const Request& request, Response* response,
      absl::FunctionRef<absl::StatusOr<Changed>(sql::Tx&, Worker&, Person&)> change);
  absl::StatusOr<Changed> Correct(sql::Tx& tx, const v1::CorrectWorkerRequest& request,
                                  Worker& worker, Person& person,
                                  v1::CorrectWorkerResponse* response) const;

  // -- enrolment.cc --
  // The row that tells coverage; none if nobody is a member afterwards.
  absl::StatusOr<std::optional<OutboxMessage>> DoEnrol(const Call& call, sql::Tx& tx,
                                                       const v1::EnrolWorkersRequest& request,
                                                       v1::EnrolWorkersResponse* response) const;
  // Membership numbers that nobody has.
  absl::StatusOr<std::vector<std::string>> NewNumbers(sql::Tx& tx, size_t count) const;
  absl::Status DoIssueCards(const Call& call, sql::Tx& tx, const v1::IssueCardsRequest& request,
                            v1::IssueCardsResponse* response) const;

  const ServiceParts parts_;
};

// The RPC of this service with this name in the contract.
inline const RpcMethod& Rpc(std::string_view name) { return RpcOf<v1::RegistryService>(name); }

// Whether the actor may touch what belongs to the agency `owner`. An actor of role agency may touch
// what belongs to the own agency only, and learns no more of the rest than of what does not exist:
// `not_found`. An actor of role agency without one: PERMISSION_DENIED/NOT_ALLOWED, whatever is
// asked about.
absl::Status CheckOwner(const Actor& actor, int64_t owner, const absl::Status& not_found);
// A list that the actor may touch; NOT_FOUND/BATCH_NOT_FOUND.
absl::StatusOr<Batch> FindOwnBatch(sql::Tx& tx, const Actor& actor, int64_t batch_id);

// 1 to 2,000 positive ids, each once.
absl::Status CheckWorkerIds(const google::protobuf::RepeatedField<int64_t>& worker_ids);

}  // namespace lingkaran::registry
