// lingkaran batch
#include "services/cli/commands/nouns.h"
#include "services/cli/commands/submit.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

using registry::v1::Batch;

std::string EvidenceText(const registry::v1::Evidence& evidence) {
  if (evidence.attested_by().empty()) return "";
  return evidence.document() + ", " + DayText(evidence.attested_day()) + ", oleh " +
         evidence.attested_by();
}

// `verified` is said after a review.
void PrintBatch(std::ostream& out, const Batch& batch, const std::string& verified = "") {
  std::string decree = batch.decree_number();
  if (batch.decree_day() != 0) decree += " tanggal " + DayText(batch.decree_day());
  std::string accepted = CountText(batch.accepted_rows());
  if (batch.warned_rows() != 0)
    accepted += ", " + CountText(batch.warned_rows()) + " dengan catatan";
  PrintFacts(out, {{"Usulan", std::to_string(batch.batch_id())},
                   {"Instansi", std::to_string(batch.agency_id())},
                   {"Jenis", Label(batch.kind())},
                   {"Surat", decree},
                   {"Keadaan", Label(batch.state())},
                   {"Baris dinyatakan", CountText(batch.declared_rows())},
                   {"  diterima", accepted},
                   {"  ditolak", CountText(batch.rejected_rows())},
                   {"  ganda", CountText(batch.duplicate_rows())},
                   {"Dikirim oleh", batch.submitted_by()},
                   {"Diperiksa oleh", batch.reviewed_by()},
                   {"Alasan", batch.review_reason()},
                   {"Bukti", EvidenceText(batch.evidence())},
                   {"Orang disahkan", verified}});
}

void PrintFindings(std::ostream& out, const SubmitOutcome& outcome) {
  if (outcome.findings.empty()) return;
  Table table({"Temuan", ">Baris", "Akibat"});
  for (const bool errors : {true, false}) {
    for (const auto& [code, count] : outcome.findings) {
      if ((count.severity == registry::v1::SEVERITY_ERROR) != errors) continue;
      table.Row({Label(code), CountText(count.rows), errors ? "tidak diterima" : "catatan saja"});
    }
  }
  out << '\n';
  table.Print(out);
}

void PrintOutcome(std::ostream& out, const SubmitOptions& options, const SubmitOutcome& outcome) {
  PrintBatch(out, outcome.batch.batch());
  PrintFindings(out, outcome);
  if (outcome.rejected.empty()) return;
  out << '\n'
      << CountText(static_cast<int64_t>(outcome.rejected.size())) << " baris tidak diterima";
  if (options.rejects.empty()) {
    out << "; dengan --rejects BERKAS.csv --batch " << outcome.batch.batch().batch_id()
        << " baris itu ditulis beserta alasannya.\n";
  } else {
    out << ", ditulis ke " << options.rejects << " untuk diperbaiki dan dikirim lagi.\n";
  }
}

void AddSubmit(Noun& noun) {
  auto options = std::make_shared<SubmitOptions>();
  options->batch.set_kind(registry::v1::BATCH_KIND_CANDIDATES);
  const auto submit = [options](Session& session) -> absl::StatusOr<ExitCode> {
    if (options->batch.agency_id() == 0 && options->batch_id == 0) {
      return absl::InvalidArgumentError("sebutkan instansi pengirim dengan --agency.");
    }
    ASSIGN_OR_RETURN(const SubmitOutcome outcome, SubmitFile(session, *options));
    RETURN_IF_ERROR(session.Show(outcome.batch,
                                 [&](std::ostream& out) { PrintOutcome(out, *options, outcome); }));
    return outcome.batch.batch().accepted_rows() > 0 ? kYes : kNo;
  };
  noun.AddVerb(
          "submit", "Send a list; every row is answered",
          "batch submit daftar.csv --agency 1 --decree \"463/1234/2019\" \\\n"
          "      --decree-date \"1 November 2019\" --rejects ditolak.csv\n\n"
          "The list: CSV with comma, semicolon or tab; UTF-8 or Windows-1252; a header with at "
          "least NIK\n"
          "and Nama. Rows that were not taken go into the --rejects file with the reason and "
          "how to mend\n"
          "it; correct that file and submit it as a new list.",
          submit, &options->batch)
      .Options(
          {{"FILE", &options->file, "The list", kRequired},
           {"--agency", "agency_id", "Who sends it", kPositive},
           {"--kind", "kind", "What the rows are, candidates unless given"},
           {"--decree", "decree_number", "Number of the decree (SK)"},
           {"--decree-date", "decree_day", "Date of the decree"},
           {"--declared", "declared_rows",
            "People that the decree names; the file must have as many rows", kPositive},
           {"--rejects", &options->rejects, "Write the rows that were not taken into this file"},
           {"--batch", &options->batch_id, "Go on with this batch; send the same file again",
            kPositive}});
}

void AddReview(Noun& noun) {
  struct Decision {
    bool approve = false, reject = false;
  };
  auto decision = std::make_shared<Decision>();
  noun.AddRpc(
          "review", "Approve or reject a list; never by the one who sent it",
          "batch review 1 --approve --working --healthy --attested-by \"Lurah Manahan\" \\\n"
          "      --attested-on \"4 November 2019\" --document \"463/1234/2019\"\n"
          "  lingkaran batch review 1 --reject --reason \"surat keputusan belum ditandatangani\"",
          &RegistryStub::ReviewBatch,
          [](std::ostream& out, const auto& reply) {
            PrintBatch(out, reply.batch(), CountText(reply.verified_workers()));
          })
      .Prepare([decision](registry::v1::ReviewBatchRequest& request) -> absl::Status {
        if (decision->approve == decision->reject) {
          return absl::InvalidArgumentError("pilih salah satu: --approve atau --reject.");
        }
        request.set_decision(decision->approve ? registry::v1::REVIEW_DECISION_APPROVE
                                               : registry::v1::REVIEW_DECISION_REJECT);
        request.mutable_evidence();  // also without any: the registry says what is missing
        if (decision->reject) request.clear_evidence();
        return absl::OkStatus();
      })
      .Options(
          {{"BATCH", "batch_id", "The batch", kRequired},
           {"--approve", &decision->approve, "Its accepted rows become verified workers"},
           {"--reject", &decision->reject, "None of them do"},
           {"--reason", "reason", "Why, when rejecting; a remark when approving"},
           {"--working", "evidence.working_attested", "Evidence: they work"},
           {"--healthy", "evidence.healthy_attested", "Evidence: they are not ill"},
           {"--attested-by", "evidence.attested_by", "Evidence: name and office of who says so"},
           {"--attested-on", "evidence.attested_day", "Evidence: on which day"},
           {"--document", "evidence.document", "Evidence: number of the signed paper"}});
}

void PrintRows(std::ostream& out, const registry::v1::ListBatchRowsResponse& reply) {
  Table table({">Baris", "Hasil", ">Pekerja", "Temuan"});
  for (const registry::v1::RowResult& row : reply.rows()) {
    std::string findings;
    for (const registry::v1::Finding& finding : row.findings()) {
      findings += (findings.empty() ? "" : "; ") + Label(finding.code());
      if (finding.other_line() != 0) findings += " (baris " + CountText(finding.other_line()) + ")";
    }
    table.Row(
        {CountText(row.line_number()), Label(row.status()), IdText(row.worker_id()), findings});
  }
  table.Print(out);
}

}  // namespace

void AddBatchCommands(Commands& commands) {
  Noun noun = commands.AddNoun("batch", "Lists of candidates");
  AddSubmit(noun);
  AddReview(noun);
  noun.AddRpc("show", "One list with its totals", "batch show 1", &RegistryStub::GetBatch,
              [](std::ostream& out, const auto& reply) { PrintBatch(out, reply.batch()); })
      .Options({{"BATCH", "batch_id", "The batch", kRequired}});
  noun.AddRpc("rows", "The results of a list's rows", "batch rows 1 --status rejected",
              &RegistryStub::ListBatchRows, PrintRows)
      .Options({{"BATCH", "batch_id", "The batch", kRequired},
                {"--status", "status", "Only these rows"}});
}

}  // namespace lingkaran::cli
