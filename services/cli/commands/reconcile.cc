// lingkaran reconcile
#include "absl/strings/str_cat.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/reconcile/reconciler.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

using Kind = ReconcileDifference::Kind;

std::string SourceText(const ReconcileDifference& d) {
  if (d.pledge_id != 0) return absl::StrCat("komitmen ", d.pledge_id);
  return absl::StrCat("setoran ", d.contribution_id);
}

std::string MonthOf(const ReconcileDifference& d) {
  return absl::StrCat(SourceText(d), ", pekerja ", d.worker_id, ", ",
                      Label(static_cast<common::v1::Programme>(d.programme)), " ",
                      MonthText(d.month));
}

// What differs, in one sentence.
std::string DifferenceText(const ReconcileDifference& d) {
  const std::string worker = absl::StrCat("pekerja ", d.worker_id);
  switch (d.kind) {
    case Kind::kNone:
      return "";
    case Kind::kFinding:
      return absl::StrCat("pembukuan ", d.service, " sendiri tidak cocok: ", d.text);
    case Kind::kSource:
      return SourceText(d) + ": ada perlindungan, tetapi sponsorship tidak mengenalnya";
    case Kind::kMoney:
      return absl::StrCat(SourceText(d), ": menjadi iuran ", MoneyText(d.left),
                          ", perlindungannya bernilai ", MoneyText(d.right));
    case Kind::kPersonMonths:
      return absl::StrCat(SourceText(d), ": dibayar ", CountText(d.left),
                          " bulan-orang, terlindungi ", CountText(d.right));
    case Kind::kPaidNotCovered:
      return absl::StrCat(MonthOf(d), ": dibayar ", MoneyText(d.left),
                          ", tetapi tidak terlindungi");
    case Kind::kCoveredNotPaid:
      return absl::StrCat(MonthOf(d), ": terlindungi seharga ", MoneyText(d.right),
                          ", tetapi tidak dibayar");
    case Kind::kAmount:
      return absl::StrCat(MonthOf(d), ": dibayar ", MoneyText(d.left), ", terlindungi seharga ",
                          MoneyText(d.right));
    case Kind::kTwice:
      return MonthOf(d) + ": bulan yang sama juga dibayar sumber lain";
    case Kind::kNoMember:
      return worker + ": dikenal coverage, tetapi tidak pernah didaftarkan registry";
    case Kind::kMemberMissing:
      return worker + ": peserta menurut registry, tetapi tidak dikenal coverage";
    case Kind::kMemberAhead:
    case Kind::kMemberBehind:
      return absl::StrCat(worker, ": versi ", d.left, " di registry, ", d.right, " di coverage");
    case Kind::kMembershipNumber:
      return worker + ": nomor pesertanya berbeda di registry dan coverage";
  }
  return "";
}

ops::v1::BooksReport ReportOf(const ReconcileSummary& summary, bool agree) {
  ops::v1::BooksReport report;
  report.set_agree(agree);
  if (!agree) report.set_difference(summary.difference.ToString());
  report.set_sources(summary.sources);
  report.set_received_rupiah(summary.received);
  report.set_spent_rupiah(summary.spent);
  report.set_reserved_rupiah(summary.reserved);
  report.set_person_months(summary.person_months);
  report.set_workers(summary.workers);
  report.set_members(summary.members);
  report.set_journal_entries(summary.journal);
  report.set_booked_person_months(summary.booked_months);
  report.set_list_rows(summary.list_rows);
  report.set_owed(summary.owed);
  report.set_sources_under_way(summary.sources_active);
  report.set_rounds(summary.rounds);
  return report;
}

void PrintReport(std::ostream& out, const ReconcileSummary& summary, bool agree) {
  if (!agree) {
    out << Wrapped("Pembukuan TIDAK cocok: " + DifferenceText(summary.difference) + ".", 0, 2)
        << "\nJangan catat uang lagi. Simpan ketiga basis data seperti adanya, lalu hubungi "
           "pengelola sistem.\n";
    return;
  }
  PrintFacts(out,
             {{"Uang masuk", absl::StrCat(MoneyText(summary.received), " dari ",
                                          CountText(summary.sources), " komitmen dan setoran")},
              {"Menjadi iuran", absl::StrCat(MoneyText(summary.spent), " = ",
                                             CountText(summary.person_months), " bulan-orang")},
              {"Disisihkan", MoneyText(summary.reserved)},
              {"Pekerja terlindungi", CountText(summary.workers)},
              {"Peserta", CountText(summary.members)},
              {"Dijumlahkan ulang", absl::StrCat(CountText(summary.journal), " baris buku besar, ",
                                                 CountText(summary.booked_months), " bulan-orang, ",
                                                 CountText(summary.list_rows), " baris usulan")},
              {"Belum terkirim", CountText(summary.owed)}});
  out << "Pembukuan cocok: uang, bulan-orang, dan perlindungan sama di ketiga layanan.\n";
}

absl::StatusOr<ExitCode> RunReconcile(Session& session, double wait_seconds) {
  ASSIGN_OR_RETURN(const auto registry, session.Connect<OperationsStub>("registry"));
  ASSIGN_OR_RETURN(const auto sponsorship, session.Connect<OperationsStub>("sponsorship"));
  ASSIGN_OR_RETURN(const auto coverage, session.Connect<OperationsStub>("coverage"));
  ReconcileOptions options;
  options.wait = absl::Seconds(wait_seconds);
  ReconcileSummary summary;
  const absl::Status status =
      Reconcile(*registry, *sponsorship, *coverage, session.globals().actor, options, &summary);
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(absl::StrCat(
        "pembukuan belum dapat dibandingkan: ada pekerjaan yang belum selesai, atau layanan yang "
        "tidak menjawab. Lihat dengan: outbox list, lalu ulangi. [",
        status.message(), "]"));
  }
  if (!status.ok() && !absl::IsDataLoss(status)) return status;
  RETURN_IF_ERROR(session.Show(ReportOf(summary, status.ok()),
                               [&](std::ostream& out) { PrintReport(out, summary, status.ok()); }));
  return status.ok() ? kYes : kNo;
}

// `name` is empty where the noun itself reconciles.
void AddReconcile(Commands& commands, CLI::App* noun, const std::string& name) {
  auto wait = std::make_shared<double>(60);
  CLI::App* verb = commands.Verb(noun, name, "", "reconcile --wait 60",
                                 [wait](Session& session) { return RunReconcile(session, *wait); });
  verb->add_option("--wait", *wait, "Seconds to wait for what is still under way")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
}

}  // namespace

void AddReconcileCommands(Commands& commands) {
  CLI::App* noun = commands.Noun(
      "reconcile", "Add up every service's ledger anew and compare money, person-months and cover");
  AddReconcile(commands, noun, "");
  AddReconcile(commands, commands.HiddenNoun("audit"), "books");
}

}  // namespace lingkaran::cli
