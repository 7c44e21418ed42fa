#include "services/cli/commands/submit.h"

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/cli/render/error_texts.h"
#include "services/cli/session/files.h"

namespace lingkaran::cli {
namespace {

using registry::v1::CandidateRow;
using registry::v1::RowResult;
using registry::v1::SubmitCandidatesRequest;
using registry::v1::SubmitCandidatesResponse;

constexpr int kChunkRows = 1000;
constexpr int kStreamTries = 4;
constexpr absl::Duration kPerChunk = absl::Seconds(2);

CandidateRow ToProto(const List& list, const ListRow& row) {
  CandidateRow out;
  out.set_line_number(row.line_number);
  out.set_nik(list.Value(row, Column::kNik));
  out.set_full_name(list.Value(row, Column::kFullName));
  out.set_birth_place(list.Value(row, Column::kBirthPlace));
  out.set_birth_date(list.Value(row, Column::kBirthDate));
  out.set_sex(list.Value(row, Column::kSex));
  out.set_address(list.Value(row, Column::kAddress));
  out.set_village(list.Value(row, Column::kVillage));
  out.set_district(list.Value(row, Column::kDistrict));
  out.set_occupation(list.Value(row, Column::kOccupation));
  out.set_disability(list.Value(row, Column::kDisability));
  out.set_monthly_income(list.Value(row, Column::kMonthlyIncome));
  out.set_phone(list.Value(row, Column::kPhone));
  out.set_membership_number(list.Value(row, Column::kMembershipNumber));
  return out;
}

// Notes the results of one chunk, whose first row is `first` in the list.
void TakeResults(const SubmitCandidatesResponse& reply, size_t first, SubmitOutcome* outcome) {
  for (int i = 0; i < reply.results_size(); ++i) {
    const RowResult& result = reply.results(i);
    RejectedRow rejected{first + i, "", ""};
    for (const registry::v1::Finding& finding : result.findings()) {
      FindingCount& count = outcome->findings[finding.code()];
      ++count.rows;
      count.severity = finding.severity();
      if (finding.severity() != registry::v1::SEVERITY_ERROR) continue;
      absl::StrAppend(&rejected.reason, rejected.reason.empty() ? "" : " ", finding.message());
      absl::StrAppend(&rejected.mend, rejected.mend.empty() ? "" : " ", finding.hint());
    }
    if (result.status() != registry::v1::ROW_STATUS_ACCEPTED) {
      outcome->rejected.push_back(std::move(rejected));
    }
  }
  *outcome->batch.mutable_batch() = reply.batch();
}

// One stream from chunk `*next` on; moves it past each chunk that is acknowledged.
grpc::Status StreamChunks(Session& session, RegistryStub& stub,
                          const std::vector<SubmitCandidatesRequest>& chunks, size_t* next,
                          Progress& progress, SubmitOutcome* outcome) {
  grpc::ClientContext context;
  session.PrepareStream(context, absl::Seconds(session.globals().timeout_seconds) +
                                     kPerChunk * static_cast<int64_t>(chunks.size()));
  const auto stream = stub.SubmitCandidates(&context);
  std::thread writer([&, first = *next] {
    for (size_t i = first; i < chunks.size() && stream->Write(chunks[i]); ++i) {
    }
    stream->WritesDone();
  });
  SubmitCandidatesResponse reply;
  while (*next < chunks.size() && stream->Read(&reply)) {
    if (reply.chunk_number() != chunks[*next].chunk_number()) {
      context.TryCancel();
      break;
    }
    const size_t first = *next * kChunkRows;
    TakeResults(reply, first, outcome);
    progress.Update(static_cast<int64_t>(first) + chunks[*next].rows_size());
    ++*next;
  }
  writer.join();
  return stream->Finish();
}

// Makes the batch, or checks that a begun one is this list's.
absl::StatusOr<int64_t> OpenBatch(Session& session, SubmitOptions& options, int rows) {
  if (options.batch_id == 0) {
    options.batch.set_declared_rows(rows);
    registry::v1::CreateBatchResponse reply;
    RETURN_IF_ERROR(session.Call(&RegistryStub::CreateBatch, options.batch, &reply));
    return reply.batch().batch_id();
  }
  registry::v1::GetBatchRequest request;
  registry::v1::GetBatchResponse reply;
  request.set_batch_id(options.batch_id);
  RETURN_IF_ERROR(session.Call(&RegistryStub::GetBatch, request, &reply));
  if (reply.batch().declared_rows() != rows) {
    return absl::InvalidArgumentError(absl::StrCat(
        "usulan ", options.batch_id, " menyatakan ", reply.batch().declared_rows(),
        " baris, berkas ini berisi ", rows, ". Kirim berkas yang sama seperti semula."));
  }
  return options.batch_id;
}

// The rows as they go over the wire.
std::vector<SubmitCandidatesRequest> ToChunks(const List& list, int64_t batch_id) {
  std::vector<SubmitCandidatesRequest> chunks;
  for (size_t i = 0; i < list.rows.size(); ++i) {
    if (i % kChunkRows == 0) {
      chunks.emplace_back();
      chunks.back().set_batch_id(batch_id);
      chunks.back().set_chunk_number(static_cast<int>(chunks.size()));
    }
    *chunks.back().add_rows() = ToProto(list, list.rows[i]);
  }
  if (!chunks.empty()) chunks.back().set_complete(true);
  return chunks;
}

// Streams the whole list into the batch and gathers every row's result. A broken stream is taken
// up again after the last acknowledged chunk; sending a chunk twice does no harm.
absl::Status SubmitList(Session& session, const List& list, int64_t batch_id,
                        SubmitOutcome* outcome) {
  const std::vector<SubmitCandidatesRequest> chunks = ToChunks(list, batch_id);
  ASSIGN_OR_RETURN(const auto stub, session.Connect<RegistryStub>());
  Progress progress(session.err(), "Mengirim", static_cast<int64_t>(list.rows.size()),
                    session.progress_style());
  size_t next = 0;
  absl::Status status;
  for (int tries = 0; tries < kStreamTries; ++tries) {
    status = session.StreamStatus("registry",
                                  StreamChunks(session, *stub, chunks, &next, progress, outcome));
    if (next == chunks.size()) return absl::OkStatus();
    if (status.ok()) status = absl::UnavailableError("registry menutup aliran sebelum selesai.");
    if (!absl::IsUnavailable(status)) break;
    absl::SleepFor(absl::Milliseconds(200) * (1 << tries));
  }
  return absl::Status(
      status.code(),
      absl::StrCat(ErrorText(status), " ", next * kChunkRows, " dari ", list.rows.size(),
                   " baris sudah tercatat; lanjutkan dengan berkas yang sama dan --batch ",
                   batch_id, "."));
}

}  // namespace

absl::StatusOr<SubmitOutcome> SubmitFile(Session& session, SubmitOptions& options) {
  std::error_code error;
  if (!options.rejects.empty() &&
      std::filesystem::equivalent(options.rejects, options.file, error)) {
    return absl::InvalidArgumentError(
        "--rejects menunjuk ke berkas daftar itu sendiri. Pilih nama lain.");
  }
  ASSIGN_OR_RETURN(const std::string bytes, ReadFileBytes(options.file, ListLimits().bytes));
  ASSIGN_OR_RETURN(const List list, ReadList(bytes));
  const int rows = static_cast<int>(list.rows.size());
  if (const int declared = options.batch.declared_rows(); declared != 0 && declared != rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("surat menyatakan ", declared, " orang, berkas ini berisi ", rows,
                     " baris. Tidak ada yang dikirim; cocokkan dahulu daftar dengan suratnya."));
  }
  SubmitOutcome outcome;
  ASSIGN_OR_RETURN(const int64_t batch_id, OpenBatch(session, options, rows));
  RETURN_IF_ERROR(SubmitList(session, list, batch_id, &outcome));
  if (options.rejects.empty()) return outcome;
  const absl::Status written =
      WritePrivateFile(options.rejects, RejectsFile(list, outcome.rejected), /*replace=*/true);
  if (written.ok()) return outcome;
  return absl::InvalidArgumentError(absl::StrCat(
      written.message(), " Daftarnya sudah terkirim; beri nama lain dan ulangi dengan ",
      "--batch untuk mendapat baris yang ditolak."));
}

}  // namespace lingkaran::cli
