// lingkaran batch
#include "services/cli/commands/submit.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/session/command.h"

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

void AddSubmit(Commands& commands, CLI::App* noun) {
  auto options = std::make_shared<SubmitOptions>();
  auto kind = std::make_shared<registry::v1::BatchKind>(registry::v1::BATCH_KIND_CANDIDATES);
  auto decree_day = std::make_shared<int32_t>(0);
  auto declared = std::make_shared<int32_t>(0);
  auto agency = std::make_shared<int64_t>(0);
  CLI::App* verb = commands.Verb(
      noun, "submit", "Send a list; every row is answered",
      "batch submit daftar.csv --agency 1 --decree \"463/1234/2019\" \\\n"
      "      --decree-date \"1 November 2019\" --rejects ditolak.csv\n\n"
      "The list: CSV with comma, semicolon or tab; UTF-8 or Windows-1252; a header with at least "
      "NIK\n"
      "and Nama. Rows that were not taken go into the --rejects file with the reason and how to "
      "mend\n"
      "it; correct that file and submit it as a new list.",
      [=](Session& session) -> absl::StatusOr<ExitCode> {
        if (*agency == 0 && options->batch_id == 0) {
          return absl::InvalidArgumentError("sebutkan instansi pengirim dengan --agency.");
        }
        options->batch.set_kind(*kind);
        options->batch.set_agency_id(*agency);
        options->batch.set_decree_day(*decree_day);
        options->batch.set_declared_rows(*declared);
        ASSIGN_OR_RETURN(const SubmitOutcome outcome, SubmitFile(session, *options));
        RETURN_IF_ERROR(session.Show(outcome.batch, [&](std::ostream& out) {
          PrintBatch(out, outcome.batch.batch());
          PrintFindings(out, outcome);
          if (outcome.rejected.empty()) return;
          out << '\n'
              << CountText(static_cast<int64_t>(outcome.rejected.size()))
              << " baris tidak diterima";
          if (options->rejects.empty()) {
            out << "; dengan --rejects BERKAS.csv --batch " << outcome.batch.batch().batch_id()
                << " baris itu ditulis beserta alasannya.\n";
          } else {
            out << ", ditulis ke " << options->rejects << " untuk diperbaiki dan dikirim lagi.\n";
          }
        }));
        return outcome.batch.batch().accepted_rows() > 0 ? kYes : kNo;
      });
  verb->add_option("FILE", options->file, "The list")->required()->type_name("");
  verb->add_option("--agency", *agency, "Who sends it")->check(Positive())->type_name("");
  AddEnum(verb, "--kind", kind.get(), "What the rows are, candidates unless given");
  verb->add_option("--decree", *options->batch.mutable_decree_number(), "Number of the decree (SK)")
      ->type_name("");
  AddDay(verb, "--decree-date", decree_day.get(), "Date of the decree");
  verb->add_option("--declared", *declared,
                   "People that the decree names; the file must have as many rows")
      ->check(Positive())
      ->type_name("");
  verb->add_option("--rejects", options->rejects,
                   "Write the rows that were not taken into this file")
      ->type_name("");
  verb->add_option("--batch", options->batch_id, "Go on with this batch; send the same file again")
      ->check(Positive())
      ->type_name("");
}

void AddReview(Commands& commands, CLI::App* noun) {
  struct Options {
    registry::v1::ReviewBatchRequest request;
    int64_t batch_id = 0;
    bool approve = false, reject = false, working = false, healthy = false;
    int32_t attested_day = 0;
    std::string attested_by, document, reason;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = commands.Verb(
      noun, "review", "Approve or reject a list; never by the one who sent it",
      "batch review 1 --approve --working --healthy --attested-by \"Lurah Manahan\" \\\n"
      "      --attested-on \"4 November 2019\" --document \"463/1234/2019\"\n"
      "  lingkaran batch review 1 --reject --reason \"surat keputusan belum ditandatangani\"",
      [options](Session& session) -> absl::StatusOr<ExitCode> {
        if (options->approve == options->reject) {
          return absl::InvalidArgumentError("pilih salah satu: --approve atau --reject.");
        }
        registry::v1::ReviewBatchRequest& request = options->request;
        request.set_batch_id(options->batch_id);
        request.set_decision(options->approve ? registry::v1::REVIEW_DECISION_APPROVE
                                              : registry::v1::REVIEW_DECISION_REJECT);
        request.set_reason(options->reason);
        if (options->approve) {
          request.mutable_evidence()->set_working_attested(options->working);
          request.mutable_evidence()->set_healthy_attested(options->healthy);
          request.mutable_evidence()->set_attested_by(options->attested_by);
          request.mutable_evidence()->set_attested_day(options->attested_day);
          request.mutable_evidence()->set_document(options->document);
        }
        registry::v1::ReviewBatchResponse reply;
        RETURN_IF_ERROR(
            session.Mutate(session.registry(), &RegistryStub::ReviewBatch, request, &reply));
        RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) {
          PrintBatch(out, reply.batch(), CountText(reply.verified_workers()));
        }));
        return kYes;
      });
  verb->add_option("BATCH", options->batch_id, "The batch")->required()->type_name("");
  verb->add_flag("--approve", options->approve, "Its accepted rows become verified workers");
  verb->add_flag("--reject", options->reject, "None of them do");
  verb->add_option("--reason", options->reason, "Why, when rejecting; a remark when approving")
      ->type_name("");
  verb->add_flag("--working", options->working, "Evidence: they work");
  verb->add_flag("--healthy", options->healthy, "Evidence: they are not ill");
  verb->add_option("--attested-by", options->attested_by,
                   "Evidence: name and office of who says so")
      ->type_name("");
  AddDay(verb, "--attested-on", &options->attested_day, "Evidence: on which day");
  verb->add_option("--document", options->document, "Evidence: number of the signed paper")
      ->type_name("");
}

void AddShow(Commands& commands, CLI::App* noun) {
  auto request = std::make_shared<registry::v1::GetBatchRequest>();
  auto id = std::make_shared<int64_t>(0);
  CLI::App* verb =
      commands.Verb(noun, "show", "One list with its totals", "batch show 1",
                    [request, id](Session& session) -> absl::StatusOr<ExitCode> {
                      request->set_batch_id(*id);
                      registry::v1::GetBatchResponse reply;
                      RETURN_IF_ERROR(session.Call(session.registry(), &RegistryStub::GetBatch,
                                                   *request, &reply));
                      RETURN_IF_ERROR(session.Show(
                          reply, [&](std::ostream& out) { PrintBatch(out, reply.batch()); }));
                      return kYes;
                    });
  verb->add_option("BATCH", *id, "The batch")->required()->type_name("");
}

void PrintRows(std::ostream& out, const registry::v1::ListBatchRowsResponse& reply) {
  Table table({">Baris", "Hasil", ">Pekerja", "Temuan"});
  for (const registry::v1::RowResult& row : reply.rows()) {
    std::string findings;
    for (const registry::v1::Finding& finding : row.findings()) {
      findings += (findings.empty() ? "" : "; ") + Label(finding.code());
      if (finding.other_line() != 0) findings += " (baris " + CountText(finding.other_line()) + ")";
    }
    table.Row({CountText(row.line_number()), Label(row.status()),
               row.worker_id() == 0 ? "" : std::to_string(row.worker_id()), findings});
  }
  table.Print(out);
}

void AddRows(Commands& commands, CLI::App* noun) {
  auto id = std::make_shared<int64_t>(0);
  auto status = std::make_shared<registry::v1::RowStatus>();
  CLI::App* verb = commands.Verb(
      noun, "rows", "The results of a list's rows", "batch rows 1 --status rejected",
      [id, status](Session& session) -> absl::StatusOr<ExitCode> {
        registry::v1::ListBatchRowsRequest request;
        request.set_batch_id(*id);
        request.set_status(*status);
        request.set_page_size(2000);
        registry::v1::ListBatchRowsResponse reply;
        do {
          RETURN_IF_ERROR(
              session.Call(session.registry(), &RegistryStub::ListBatchRows, request, &reply));
          RETURN_IF_ERROR(session.Show(reply, [&](std::ostream& out) { PrintRows(out, reply); }));
          request.set_page_token(reply.next_page_token());
        } while (!reply.next_page_token().empty());
        return kYes;
      });
  verb->add_option("BATCH", *id, "The batch")->required()->type_name("");
  AddEnum(verb, "--status", status.get(), "Only these rows");
}

}  // namespace

void AddBatchCommands(Commands& commands) {
  CLI::App* noun = commands.Noun("batch", "Lists of candidates");
  AddSubmit(commands, noun);
  AddReview(commands, noun);
  AddShow(commands, noun);
  AddRows(commands, noun);
}

}  // namespace lingkaran::cli
