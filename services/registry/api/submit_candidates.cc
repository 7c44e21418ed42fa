// SubmitCandidates, the hot path: parse, validate and hash a chunk outside of the transaction, then
// decide and write it in one.
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/sql/bulk.h"
#include "services/registry/api/registry_service.h"
#include "services/registry/store/codec.h"

namespace lingkaran::registry {
namespace {

constexpr int32_t kLastLine = 10'000'000;
// How often a chunk is decided anew because another stream took one of its NIKs in between.
constexpr int kRaces = 5;

absl::Status CheckChunk(const v1::SubmitCandidatesRequest& chunk, int64_t batch_id) {
  FieldErrors errors;
  errors.Require(chunk.batch_id() > 0, "batch_id", "say which list");
  errors.Require(batch_id == 0 || chunk.batch_id() == batch_id, "batch_id",
                 "must be the same in every chunk of a stream");
  errors.Require(chunk.rows_size() <= kMaxChunkRows, "rows", "send at most 2,000 rows in a chunk");
  errors.Require(chunk.rows_size() > 0 || chunk.complete(), "rows",
                 "a chunk without rows can only complete the list");
  RETURN_IF_ERROR(errors.ToStatus());
  absl::flat_hash_set<int32_t> lines;
  lines.reserve(chunk.rows_size());
  for (const v1::CandidateRow& row : chunk.rows()) {
    if (row.line_number() < 1 || row.line_number() > kLastLine) {
      return InvalidField("rows.line_number", "lines are counted from 1 to 10,000,000");
    }
    if (!lines.insert(row.line_number()).second) {
      return InvalidField("rows.line_number",
                          absl::StrCat("line ", row.line_number(), " stands in the chunk twice"));
    }
  }
  return absl::OkStatus();
}

KnownFacts FindFacts(sql::Tx& tx, int64_t batch_id, BatchKind kind,
                     const std::vector<PreparedRow>& rows) {
  std::vector<int64_t> lines;
  lines.reserve(rows.size());
  for (const PreparedRow& row : rows) lines.push_back(row.line);
  KnownFacts known;
  known.rows = store::FindRows(tx, batch_id, lines);

  // Rows sent before have their answer; people are looked up for the others.
  std::vector<NikHash> hashes;
  std::vector<std::string> numbers;
  hashes.reserve(rows.size() - known.rows.size());
  for (const PreparedRow& row : rows) {
    if (known.rows.contains(row.line)) continue;
    if (row.nik_hash) hashes.push_back(*row.nik_hash);
    if (!row.candidate.membership_number.empty()) {
      numbers.push_back(row.candidate.membership_number);
    }
  }
  known.workers = store::LockByNikHashes(tx, hashes);
  if (kind == BatchKind::kExistingMembers) known.taken_numbers = store::TakenNumbers(tx, numbers);
  return known;
}

}  // namespace

grpc::Status RegistryServiceImpl::SubmitCandidates(Context* context, SubmitStream* stream) {
  return SubmitCandidatesOver(context, stream);
}

grpc::Status RegistryServiceImpl::SubmitCandidatesOver(Context* context, AnyStream* stream) {
  return RunRpc(context, Rpc("SubmitCandidates"),
                [&](const Call& call) { return Submit(call, stream); });
}

absl::Status RegistryServiceImpl::Submit(const Call& call, AnyStream* stream) {
  // Both messages are used again for each chunk, so that their strings keep their memory.
  v1::SubmitCandidatesRequest chunk;
  v1::SubmitCandidatesResponse response;
  Submission submission;
  while (stream->Read(&chunk)) {
    RETURN_IF_ERROR(call.StillWanted());
    RETURN_IF_ERROR(CheckChunk(chunk, submission.batch_id));
    if (submission.batch_id == 0) {
      ASSIGN_OR_RETURN(submission, BeginSubmission(call, chunk.batch_id()));
    }
    const std::vector<PreparedRow> rows = Prepare(submission, chunk);
    ASSIGN_OR_RETURN(const ChunkDecision decision,
                     Commit(call, submission, rows, chunk.complete()));
    response.Clear();
    response.set_chunk_number(chunk.chunk_number());
    response.mutable_results()->Reserve(static_cast<int>(decision.rows.size()));
    for (const RowAnswer& row : decision.rows) {
      FillRow(row, submission.reading.test, response.add_results());
    }
    FillBatch(decision.batch, response.mutable_batch());
    response.set_consistency_token(ToToken({}));
    if (!stream->Write(response)) return CallerGone();
  }
  return absl::OkStatus();
}

absl::StatusOr<RegistryServiceImpl::Submission> RegistryServiceImpl::BeginSubmission(
    const Call& call, int64_t batch_id) {
  Batch batch;
  std::optional<Agency> agency;
  RETURN_IF_ERROR(parts_.database.Read([&](sql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(batch, FindOwnBatch(tx, call.actor, batch_id));
    agency = store::FindAgency(tx, batch.agency_id);
    return agency ? absl::OkStatus() : AgencyNotFound(batch.agency_id);
  }));
  Submission submission;
  submission.batch_id = batch_id;
  ReadingRules& reading = submission.reading;
  ASSIGN_OR_RETURN(reading.list_day, DayFromNumber(batch.list_day));
  ASSIGN_OR_RETURN(reading.test, RulesOn(reading.list_day));
  reading.rules = &parts_.rules;
  reading.regions = &parts_.regions;
  reading.agency_region = agency->region_code;
  reading.kind = batch.kind;
  reading.entry_tests = batch.kind == BatchKind::kCandidates;
  return submission;
}

std::vector<PreparedRow> RegistryServiceImpl::Prepare(
    const Submission& submission, const v1::SubmitCandidatesRequest& chunk) const {
  std::vector<PreparedRow> rows(chunk.rows_size());
  for (int i = 0; i < chunk.rows_size(); ++i) {
    const RawRow raw = RowOf(chunk.rows(i));
    PreparedRow& row = rows[i];
    row.line = raw.line;
    row.content = HashText(parts_.vault.HashContent("batch_rows.content", ContentOf(raw)));
    row.candidate = ReadCandidate(raw, submission.reading);
    Person& person = row.candidate.person;
    if (!person.nik.empty()) row.nik_hash = parts_.vault.HashNik(person.nik);
    if (!HasErrors(row.candidate.findings)) row.personal = EncodePerson(person);
    person = {};
  }
  return rows;
}

absl::StatusOr<ChunkDecision> RegistryServiceImpl::Commit(const Call& call,
                                                          const Submission& submission,
                                                          const std::vector<PreparedRow>& rows,
                                                          bool complete) {
  for (int race = 1;; ++race) {
    ChunkDecision decision;
    const absl::Status status = parts_.database.Write([&](sql::Tx& tx) -> absl::Status {
      const std::optional<Batch> batch = store::LockBatch(tx, submission.batch_id);
      if (!batch) return BatchNotFound(submission.batch_id);
      FailPoint("rpc", call.method, "claimed");
      tx.AfterCommit([&call] { FailPoint("rpc", call.method, "committed"); });
      const KnownFacts known = FindFacts(tx, batch->batch_id, batch->kind, rows);
      ASSIGN_OR_RETURN(decision, DecideChunk(*batch, rows, known, complete, call.actor.name));
      if (!decision.changed) return absl::OkStatus();
      WriteChunk(tx, rows, decision);
      Record(tx, call, absl::StrCat("batch/", batch->batch_id));
      FailPoint("rpc", call.method, "booked");
      return absl::OkStatus();
    });
    if (status.ok()) return decision;
    // Another stream registered one of these people after our look-up: the next one finds them.
    if (!absl::IsAlreadyExists(status) || race == kRaces) return status;
  }
}

void RegistryServiceImpl::WriteChunk(sql::Tx& tx, const std::vector<PreparedRow>& rows,
                                     ChunkDecision& decision) const {
  const int64_t count = static_cast<int64_t>(decision.new_workers);
  AssignIds(decision, count > 0 ? sql::NextIds(tx, "worker", count) : 0);
  std::vector<Worker> fresh;
  std::vector<Worker> returning;
  fresh.reserve(decision.new_workers);
  for (const Proposal& proposal : decision.proposals) {
    const PreparedRow& row = rows[proposal.index];
    Worker worker = ProposedWorker(proposal, decision.rows[proposal.index].worker_id, row,
                                   decision.batch, Now());
    worker.personal = SealPerson(parts_.vault, worker.worker_id, row.personal);
    (proposal.known == nullptr ? fresh : returning).push_back(std::move(worker));
  }
  store::InsertWorkers(tx, fresh);
  store::UpdateWorkers(tx, returning);
  store::InsertRows(tx, decision.batch.batch_id, decision.rows, decision.fresh);
  store::UpdateBatch(tx, decision.batch);
}

}  // namespace lingkaran::registry
