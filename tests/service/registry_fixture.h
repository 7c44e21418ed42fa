// A registry as its callers see it: the real app behind a real gRPC server, on a fresh database,
// with a clock that the test sets and a coverage service that records what it gets.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/crypto/personal_data_vault.h"
#include "lingkaran/coverage/v1/coverage.grpc.pb.h"
#include "lingkaran/registry/v1/registry.grpc.pb.h"
#include "services/registry/app.h"
#include "tests/support/candidate.h"
#include "tests/support/in_process.h"
#include "tests/support/process.h"
#include "tests/support/requests.h"
#include "tests/support/test_database.h"

namespace lingkaran {

template <typename Response>
Reason ReasonOf(const absl::StatusOr<Response>& answer) {
  return ReasonOf(answer.status());
}

namespace registry {

using Stub = v1::RegistryService::Stub;

inline constexpr char kSiti[] = "siti;role=officer";
inline constexpr char kSponsorship[] = "sponsorship;role=service";

// Takes members as coverage does: once per request_id, with a token for each answer.
class CoverageRecorder : public coverage::v1::CoverageService::Service {
 public:
  using Requests = std::vector<coverage::v1::UpsertMembersRequest>;

  grpc::Status UpsertMembers(grpc::ServerContext* context,
                             const coverage::v1::UpsertMembersRequest* request,
                             coverage::v1::UpsertMembersResponse* response) override {
    MutexLock lock(mutex_);
    const auto actor = context->client_metadata().find(kActorMetadata);
    if (actor != context->client_metadata().end()) {
      actor_ = std::string(actor->second.data(), actor->second.size());
    }
    if (!answer_.ok()) {
      ++refused_;
      return ToGrpc(answer_);
    }
    const auto same = std::find_if(taken_.begin(), taken_.end(), [&](const auto& taken) {
      return taken.request_id() == request->request_id();
    });
    response->set_changed(request->members_size());
    response->set_consistency_token(ToToken({same - taken_.begin() + 1, {}}));
    if (same == taken_.end()) taken_.push_back(*request);
    changed_.NotifyAll();
    return grpc::Status::OK;
  }

  // From now on every call fails so, or is taken again (OK).
  void Answer(absl::Status status) {
    MutexLock lock(mutex_);
    answer_ = std::move(status);
  }
  // What was taken, in order; waits until there are `count`, at most 20 s.
  Requests Taken(size_t count) {
    MutexLock lock(mutex_);
    changed_.WaitFor(lock, absl::Seconds(20), [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return taken_.size() >= count;
    });
    return taken_;
  }
  // Actor of the last call.
  std::string actor() {
    MutexLock lock(mutex_);
    return actor_;
  }
  // Calls refused so far.
  int refused() {
    MutexLock lock(mutex_);
    return refused_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  absl::Status answer_ ABSL_GUARDED_BY(mutex_);
  std::string actor_ ABSL_GUARDED_BY(mutex_);
  int refused_ ABSL_GUARDED_BY(mutex_) = 0;
  Requests taken_ ABSL_GUARDED_BY(mutex_);
};

// A row that nothing is wrong with; the serial makes it another person, every tenth with a
// disability.
inline v1::CandidateRow GoodRow(int line, int serial) {
  return Candidate(line, serial, serial % 10 == 0);
}

inline std::vector<v1::CandidateRow> GoodRows(int count, int first_serial = 1) {
  std::vector<v1::CandidateRow> rows;
  for (int i = 0; i < count; ++i) rows.push_back(GoodRow(i + 2, first_serial + i));
  return rows;
}

// Code of the first finding.
inline v1::FindingCode FirstCode(const v1::RowResult& row) {
  return row.findings().empty() ? v1::FINDING_CODE_UNSPECIFIED : row.findings(0).code();
}

class RegistryTest : public DatabaseTest {
 protected:
  RegistryTest() {
    config_.database = url();
    config_.keys = directory_.path() + "/keys.json";
    std::ofstream(config_.keys) << PersonalDataVault::NewKeyFile();
    std::filesystem::permissions(config_.keys, std::filesystem::perms::owner_read);
    Server::Options options;
    options.listen = "127.0.0.1:0";
    recorder_server_ = Server::Start(options, {&recorder_}).value();
    config_.coverage = recorder_server_->address();
    registry_ = std::make_unique<decltype(registry_)::element_type>(config_, clock_);
  }
  ~RegistryTest() override {
    registry_.reset();
    recorder_server_->Shutdown();
  }

  // Calls `method` of the stub as `actor`.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(StubMethod<Stub, Request, Response> method, const Request& request,
                                const std::string& actor = kBudi) {
    return Ask(registry_->stub(), method, request, actor);
  }

  // -- short forms; where they give no status, a failure ends the test --
  int64_t MakeAgency(const std::string& region = "33.72") {
    v1::CreateAgencyRequest request = NewAgency();
    request.set_region_code(region);
    return Call(&Stub::CreateAgency, request).value().agency().agency_id();
  }
  int64_t MakeBatch(int64_t agency_id, int declared,
                    v1::BatchKind kind = v1::BATCH_KIND_CANDIDATES) {
    v1::CreateBatchRequest request = NewBatch(agency_id, declared);
    request.set_kind(kind);
    return Call(&Stub::CreateBatch, request, kSiti).value().batch().batch_id();
  }
  // How a stream of chunks ended, and what was answered until then.
  struct Sent {
    absl::Status status;
    std::vector<v1::SubmitCandidatesResponse> responses;
    bool ok() const { return status.ok(); }
    friend Reason ReasonOf(const Sent& sent) { return lingkaran::ReasonOf(sent.status); }
    // Of all chunks; a stream that failed ends the test.
    std::vector<v1::RowResult> results() const {
      if (!status.ok()) throw absl::BadStatusOrAccess(status);
      std::vector<v1::RowResult> all;
      for (const v1::SubmitCandidatesResponse& response : responses) {
        all.insert(all.end(), response.results().begin(), response.results().end());
      }
      return all;
    }
  };
  Sent Send(int64_t batch_id, const std::vector<v1::CandidateRow>& rows, bool complete = true,
            int chunk_rows = 2'000, const std::string& actor = kSiti) {
    grpc::ClientContext context;
    context.AddMetadata(kActorMetadata, actor);
    const auto stream = registry_->stub().SubmitCandidates(&context);
    Sent sent;
    size_t next = 0;
    do {
      v1::SubmitCandidatesRequest chunk;
      chunk.set_batch_id(batch_id);
      for (int i = 0; i < chunk_rows && next < rows.size(); ++i) *chunk.add_rows() = rows[next++];
      chunk.set_complete(complete && next == rows.size());
      v1::SubmitCandidatesResponse response;
      if (!stream->Write(chunk) || !stream->Read(&response)) break;
      sent.responses.push_back(std::move(response));
    } while (next < rows.size());
    stream->WritesDone();
    sent.status = FromGrpc(stream->Finish());
    return sent;
  }
  absl::StatusOr<v1::ReviewBatchResponse> Review(
      int64_t batch_id, v1::ReviewDecision decision = v1::REVIEW_DECISION_APPROVE,
      const std::string& actor = kBudi) {
    v1::ReviewBatchRequest request = ApprovalOf(batch_id);
    request.set_decision(decision);
    if (decision == v1::REVIEW_DECISION_REJECT) request.set_reason("daftar keliru");
    return Call(&Stub::ReviewBatch, request, actor);
  }
  // An agency, an approved list of `count` good rows; their worker ids.
  std::vector<int64_t> MakeVerified(int count, int first_serial = 1) {
    const int64_t batch_id = MakeBatch(MakeAgency(), count);
    std::vector<int64_t> ids;
    for (const v1::RowResult& row : Send(batch_id, GoodRows(count, first_serial)).results()) {
      ids.push_back(row.worker_id());
    }
    EXPECT_EQ(Review(batch_id).value().verified_workers(), count);
    return ids;
  }
  // As sponsorship does; an empty request_id is a new one.
  absl::StatusOr<v1::EnrolWorkersResponse> EnrolAll(const std::vector<int64_t>& ids,
                                                    int64_t pledge_id = 7,
                                                    const std::string& request_id = "") {
    v1::EnrolWorkersRequest request;
    request.set_request_id(request_id.empty() ? NewRequestId() : request_id);
    request.set_pledge_id(pledge_id);
    request.mutable_worker_ids()->Add(ids.begin(), ids.end());
    return Call(&Stub::EnrolWorkers, request, kSponsorship);
  }
  v1::Worker Get(int64_t worker_id) {
    v1::GetWorkerRequest request;
    request.set_worker_id(worker_id);
    return Call(&Stub::GetWorker, request).value().worker();
  }
  v1::Batch GetBatch(int64_t batch_id) {
    v1::GetBatchRequest request;
    request.set_batch_id(batch_id);
    return Call(&Stub::GetBatch, request).value().batch();
  }
  // Rows in the service's database.
  int64_t Count(const std::string& from) { return lingkaran::Count(db(), from); }

  // Stops and starts the service on the same database.
  void Restart() {
    registry_->Stop();
    registry_->Start();
  }

  ManualClock& clock() { return clock_; }
  CoverageRecorder& coverage() { return recorder_; }

 private:
  const TempDirectory directory_;
  // The day of the event: 7 November 2019, 9 o'clock in Solo.
  ManualClock clock_{absl::FromUnixSeconds(1'573'092'000)};
  ServiceConfig config_ = ShippedConfig();
  CoverageRecorder recorder_;
  std::unique_ptr<Server> recorder_server_;
  std::unique_ptr<InProcess<RegistryApp, v1::RegistryService>> registry_;
};

}  // namespace registry
}  // namespace lingkaran
