// A registry as its callers see it: the real app behind a real gRPC server, on a fresh database,
// with a clock that the test sets and a coverage service that records what it gets.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"
#include "common/server/server.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "services/registry/app.h"
#include "tests/support/test_database.h"

namespace lingkaran::registry {

// Takes members as coverage does: once per request_id, with a token for each answer.
class CoverageRecorder : public coverage::v1::CoverageService::Service {
 public:
  grpc::Status UpsertMembers(grpc::ServerContext* context,
                             const coverage::v1::UpsertMembersRequest* request,
                             coverage::v1::UpsertMembersResponse* response) override;

  // From now on every call fails so, or is taken again (OK).
  void Answer(absl::Status status);
  // What was taken, in order; waits until there are `count`, at most 20 s.
  std::vector<coverage::v1::UpsertMembersRequest> Taken(size_t count);
  // Actor of the last call.
  std::string actor() const;
  // Calls refused so far.
  int refused() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  absl::Status answer_;
  std::string actor_;
  int refused_ = 0;
  std::vector<coverage::v1::UpsertMembersRequest> taken_;
};

// What an RPC answered.
template <typename Response>
struct Answered {
  absl::Status status;
  Response response;
  Reason reason() const { return ReasonOf(status); }
};

class RegistryTest : public DatabaseTest {
 protected:
  RegistryTest();
  ~RegistryTest() override;

  // Calls `method` of the stub as `actor`.
  template <typename Request, typename Response>
  Answered<Response> Call(grpc::Status (v1::RegistryService::StubInterface::*method)(
                              grpc::ClientContext*, const Request&, Response*),
                          const Request& request, const std::string& actor = "budi;role=officer") {
    grpc::ClientContext context;
    context.AddMetadata(kActorMetadata, actor);
    Answered<Response> answered;
    v1::RegistryService::StubInterface& stub = *stub_;
    answered.status = FromGrpc((stub.*method)(&context, request, &answered.response));
    return answered;
  }

  // A new request_id each time.
  std::string NewId();

  // Requests that nothing is wrong with, each with a new request_id.
  v1::CreateAgencyRequest AgencyIn(const std::string& region);
  v1::CreateBatchRequest BatchOf(int64_t agency_id, int declared,
                                 v1::BatchKind kind = v1::BATCH_KIND_CANDIDATES);

  // -- short forms; a failure ends the test --
  int64_t MakeAgency(const std::string& region = "33.72");
  int64_t MakeBatch(int64_t agency_id, int declared,
                    v1::BatchKind kind = v1::BATCH_KIND_CANDIDATES);
  // Siti of the agency that the batch belongs to; of agency 1 if MakeBatch did not make it.
  std::string SenderOf(int64_t batch_id) const;
  // Sends chunks of a list; the status of the stream and its answers. Empty actor: SenderOf.
  struct Sent {
    absl::Status status;
    std::vector<v1::SubmitCandidatesResponse> responses;
    Reason reason() const { return ReasonOf(status); }
    // Results of all chunks.
    std::vector<v1::RowResult> results() const;
  };
  Sent Send(int64_t batch_id, const std::vector<v1::CandidateRow>& rows, bool complete = true,
            int chunk_rows = 2'000, const std::string& actor = "");
  Answered<v1::ReviewBatchResponse> Review(int64_t batch_id, v1::ReviewDecision decision,
                                           const std::string& actor = "budi;role=officer");
  // An agency, an approved list of `count` good rows; their worker ids.
  std::vector<int64_t> MakeVerified(int count, int first_serial = 1);
  // As sponsorship does; an empty request_id is a new one.
  Answered<v1::EnrolWorkersResponse> EnrolAll(const std::vector<int64_t>& ids,
                                              int64_t pledge_id = 7,
                                              const std::string& request_id = "");
  v1::Worker Get(int64_t worker_id);
  v1::Batch GetBatch(int64_t batch_id);

  // One value of a query on the service's database.
  int64_t QueryInt(const std::string& query);

  // Stops and starts the service on the same database.
  void Restart();

  ManualClock& clock() { return clock_; }
  CoverageRecorder& coverage() { return recorder_; }
  v1::RegistryService::Stub& stub() { return *stub_; }

 private:
  void StartApp();

  ManualClock clock_;
  std::string keys_;
  CoverageRecorder recorder_;
  std::unique_ptr<Server> recorder_server_;
  std::unique_ptr<RegistryApp> app_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::RegistryService::Stub> stub_;
  std::map<int64_t, int64_t> agency_of_batch_;
  int ids_ = 0;
};

// A row that nothing is wrong with; the serial makes it another person.
v1::CandidateRow GoodRow(int line, int serial);
std::vector<v1::CandidateRow> GoodRows(int count, int first_serial = 1);
// Code of the first finding.
v1::FindingCode FirstCode(const v1::RowResult& row);

}  // namespace lingkaran::registry
