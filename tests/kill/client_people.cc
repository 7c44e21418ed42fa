// Steps at the registry.
#include <algorithm>

#include "tests/bench/nation.h"
#include "tests/kill/client.h"
#include "tests/support/requests.h"

namespace lingkaran::kill {
namespace {

namespace rv = registry::v1;

constexpr int kRows = 14;             // of a list
constexpr int kChunk = 7;             // rows sent at once
constexpr size_t kMostOpen = 3;       // lists under way
constexpr size_t kManyWorkers = 220;  // from then on lists come seldom, so that books stay small
constexpr int kToday = 20191107;
constexpr char kReviewer[] = "budi;role=officer";
constexpr char kSubmitter[] = "dinsos;role=officer";

}  // namespace

void Client::CreateAgency() {
  if (const auto done = Do(*stubs_.registry, &Registries::CreateAgency, NewAgency())) {
    world_.AddAgency(done->agency().agency_id());
  }
}

void Client::CreateBatch() {
  const int64_t agency_id = world_.PickAgency(random_);
  if (agency_id == 0) return CreateAgency();
  const rv::CreateBatchRequest request = NewBatch(agency_id, kRows);
  if (const auto done = Do(*stubs_.registry, &Registries::CreateBatch, request, kSubmitter)) {
    BatchFacts batch;
    batch.batch_id = done->batch().batch_id();
    batch.first = world_.NextCandidates(kRows);
    batch.rows = kRows;
    world_.AddBatch(batch);
  }
}

void Client::GoOnWithBatch() {
  const bool want_more =
      world_.open_batches() < kMostOpen && (world_.approved_workers() < kManyWorkers || Chance(10));
  std::optional<BatchFacts> batch = world_.TakeBatch();
  if (!batch.has_value()) {
    if (want_more) CreateBatch();
    return;
  }
  if (!batch->submitted) {
    batch->submitted = Submit(*batch);
  } else {
    Review(*batch);
  }
  world_.PutBatch(*batch);
}

// All chunks on one stream. If it breaks they are all sent anew: what was acknowledged must come
// out the same.
bool Client::Submit(BatchFacts& batch) {
  std::vector<rv::SubmitCandidatesRequest> chunks((batch.rows + kChunk - 1) / kChunk);
  for (int i = 0; i < batch.rows; ++i) {
    rv::SubmitCandidatesRequest& chunk = chunks[i / kChunk];
    chunk.set_batch_id(batch.batch_id);
    chunk.set_chunk_number(i / kChunk);
    rv::CandidateRow* row = chunk.add_rows();
    bench::FillCandidate(batch.first + i, row);
    row->set_line_number(i + 2);
  }
  chunks.back().set_complete(true);
  const CallOptions options = OptionsFor(kSubmitter, "");
  std::vector<rv::SubmitCandidatesResponse> known;
  std::string difference;
  const auto send = [&stub = *stubs_.registry, chunks](
                        grpc::ClientContext* context,
                        std::vector<rv::SubmitCandidatesResponse>* seen,
                        std::string* differs) -> grpc::Status {
    auto stream = stub.SubmitCandidates(context);
    for (size_t i = 0; i < chunks.size(); ++i) {
      rv::SubmitCandidatesResponse answer;
      if (!stream->Write(chunks[i]) || !stream->Read(&answer)) {
        const grpc::Status status = stream->Finish();
        return status.ok() ? grpc::Status(grpc::StatusCode::INTERNAL, "a chunk was not answered")
                           : status;
      }
      answer.clear_batch();  // its totals go on counting
      if (i == seen->size()) {
        seen->push_back(answer);
      } else if (differs->empty()) {
        *differs = Difference((*seen)[i], answer);
      }
    }
    stream->WritesDone();
    return stream->Finish();
  };
  const absl::Status status = Call(
      options, [&](grpc::ClientContext* context) { return send(context, &known, &difference); });
  if (!Note("SubmitCandidates", status)) return false;
  if (!difference.empty()) world_.Fail("SubmitCandidates answered differently: " + difference);
  for (const rv::SubmitCandidatesResponse& answer : known) {
    for (const rv::RowResult& row : answer.results()) {
      if (row.status() == rv::ROW_STATUS_ACCEPTED) batch.workers.push_back(row.worker_id());
    }
  }
  if (batch.workers.size() != static_cast<size_t>(batch.rows)) {
    world_.Fail(absl::StrCat("batch ", batch.batch_id, ": ", batch.workers.size(), " of ",
                             batch.rows, " rows were accepted"));
  }
  world_.Journal({"SubmitCandidates", [known, options, send]() -> std::string {
                    std::vector<rv::SubmitCandidatesResponse> seen = known;
                    std::string differs;
                    const absl::Status again = AskUntilKnown(
                        options, absl::Seconds(30), nullptr, [&](grpc::ClientContext* context) {
                          return send(context, &seen, &differs);
                        });
                    // Once it is reviewed nothing may be sent any more.
                    if (ReasonOf(again) == Reason::kBatchState) return "";
                    return again.ok() ? differs : again.ToString();
                  }});
  return true;
}

void Client::Review(BatchFacts& batch) {
  const rv::ReviewBatchRequest request = ApprovalOf(batch.batch_id);
  const auto done = Do(*stubs_.registry, &Registries::ReviewBatch, request, kReviewer);
  if (!done.has_value()) {
    world_.Fail(absl::StrCat("batch ", batch.batch_id, " was submitted and can't be reviewed"));
    return;
  }
  batch.reviewed = true;
  if (done->verified_workers() != static_cast<int>(batch.workers.size())) {
    world_.Fail(absl::StrCat("batch ", batch.batch_id, ": ", done->verified_workers(), " of ",
                             batch.workers.size(), " workers were verified"));
  }
}

void Client::CorrectWorker() {
  const int64_t worker_id = world_.PickWorker(random_);
  if (worker_id == 0) return GoOnWithBatch();
  rv::CorrectWorkerRequest request;
  request.set_worker_id(worker_id);
  request.mutable_correction()->set_address(absl::StrCat("Jl. Veteran No. ", 1 + Roll(200)));
  request.set_reason("alamat salah tulis");
  Do(*stubs_.registry, &Registries::CorrectWorker, request);
}

void Client::ReportDeath() {
  const int64_t worker_id = world_.PickWorker(random_);
  if (worker_id == 0) return GoOnWithBatch();
  rv::ReportDeathRequest request;
  request.set_worker_id(worker_id);
  request.set_death_day(kToday - Roll(3));
  request.set_source("surat keterangan kematian");
  if (const auto done = Do(*stubs_.registry, &Registries::ReportDeath, request)) {
    world_.AddDeath(worker_id, request.death_day());
  }
}

void Client::WithdrawWorker() {
  const int64_t worker_id = world_.PickWorker(random_);
  if (worker_id == 0) return GoOnWithBatch();
  rv::WithdrawWorkerRequest request;
  request.set_worker_id(worker_id);
  request.set_effective_day(20191201);
  request.set_reason("peserta melalui pemberi kerja");
  Do(*stubs_.registry, &Registries::WithdrawWorker, request);
}

void Client::EnrolWorkers() {
  rv::EnrolWorkersRequest request;
  request.set_pledge_id(1);
  for (int i = 0; i < 3; ++i) {
    const int64_t worker_id = world_.PickWorker(random_);
    if (worker_id == 0) return GoOnWithBatch();
    const auto& ids = request.worker_ids();
    if (std::find(ids.begin(), ids.end(), worker_id) == ids.end()) {
      request.add_worker_ids(worker_id);
    }
  }
  Do(*stubs_.registry, &Registries::EnrolWorkers, request);
}

void Client::IssueCards() {
  const int64_t worker_id = world_.PickWorker(random_);
  if (worker_id == 0) return GoOnWithBatch();
  rv::IssueCardsRequest request;
  request.add_worker_ids(worker_id);
  const auto done = Do(*stubs_.registry, &Registries::IssueCards, request);
  if (done.has_value() && done->results(0).status().code() == 0) {
    world_.AddCard(worker_id, done->results(0).card().card_number());
  }
}

}  // namespace lingkaran::kill
