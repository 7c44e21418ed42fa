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

void PrintReport(std::ostream& out, const ReconcileSummary& summary) {
  const ops::v1::BooksReport& report = summary.report;
  if (!report.agree()) {
    out << Wrapped("Pembukuan TIDAK cocok: " + DifferenceText(summary.difference) + ".", 0, 2)
        << "\nJangan catat uang lagi. Simpan ketiga basis data seperti adanya, lalu hubungi "
           "pengelola sistem.\n";
    return;
  }
  PrintFacts(out,
             {{"Uang masuk", absl::StrCat(MoneyText(report.received_rupiah()), " dari ",
                                          CountText(report.sources()), " komitmen dan setoran")},
              {"Menjadi iuran", absl::StrCat(MoneyText(report.spent_rupiah()), " = ",
                                             CountText(report.person_months()), " bulan-orang")},
              {"Disisihkan", MoneyText(report.reserved_rupiah())},
              {"Pekerja terlindungi", CountText(report.workers())},
              {"Peserta", CountText(report.members())},
              {"Dijumlahkan ulang",
               absl::StrCat(CountText(report.journal_entries()), " baris buku besar, ",
                            CountText(report.booked_person_months()), " bulan-orang, ",
                            CountText(report.list_rows()), " baris usulan")},
              {"Belum terkirim", CountText(report.owed())}});
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
  RETURN_IF_ERROR(
      session.Show(summary.report, [&](std::ostream& out) { PrintReport(out, summary); }));
  return status.ok() ? kYes : kNo;
}

// `name` is empty where the noun itself reconciles.
void AddReconcile(Noun noun, const std::string& name) {
  auto wait = std::make_shared<double>(60);
  noun.AddVerb(name, "", "reconcile --wait 60",
               [wait](Session& session) { return RunReconcile(session, *wait); })
      .Options({{"--wait", wait.get(), "Seconds to wait for what is still under way",
                 kWithinADay | kShowDefault}});
}

}  // namespace

void AddReconcileCommands(Commands& commands) {
  AddReconcile(commands.AddNoun("reconcile",
                                "Add up every service's ledger anew and compare money, "
                                "person-months and cover"),
               "");
  AddReconcile(commands.AddHiddenNoun("audit"), "books");
}

}  // namespace lingkaran::cli
