// lingkaran reconcile
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "services/cli/commands/nouns.h"
#include "services/cli/reconcile/reconciler.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

// What differs, by ReconcileDifference::Kind: $0 is the source, $1 the month of a worker, $2 the
// worker, $3 and $4 are left and right (in rupiah $5 and $6), $7 the service and $8 its finding.
constexpr const char* kDifferences[] = {
    "",
    "pembukuan $7 sendiri tidak cocok: $8",
    "$0: ada perlindungan, tetapi sponsorship tidak mengenalnya",
    "$0: menjadi iuran $5, perlindungannya bernilai $6",
    "$0: dibayar $3 bulan-orang, terlindungi $4",
    "$1: dibayar $5, tetapi tidak terlindungi",
    "$1: terlindungi seharga $6, tetapi tidak dibayar",
    "$1: dibayar $5, terlindungi seharga $6",
    "$1: bulan yang sama juga dibayar sumber lain",
    "pekerja $2: dikenal coverage, tetapi tidak pernah didaftarkan registry",
    "pekerja $2: peserta menurut registry, tetapi tidak dikenal coverage",
    "pekerja $2: versi $3 di registry, $4 di coverage",
    "pekerja $2: versi $3 di registry, $4 di coverage",
    "pekerja $2: nomor pesertanya berbeda di registry dan coverage",
};
static_assert(std::size(kDifferences) ==
              static_cast<int>(ReconcileDifference::Kind::kMembershipNumber) + 1);

// What differs, in one sentence.
std::string DifferenceText(const ReconcileDifference& d) {
  const std::string source = d.pledge_id != 0 ? absl::StrCat("komitmen ", d.pledge_id)
                                              : absl::StrCat("setoran ", d.contribution_id);
  const std::string month_of =
      absl::StrCat(source, ", pekerja ", d.worker_id, ", ",
                   Label(static_cast<common::v1::Programme>(d.programme)), " ", MonthText(d.month));
  using Kind = ReconcileDifference::Kind;
  const bool versions = d.kind == Kind::kMemberAhead || d.kind == Kind::kMemberBehind;
  const auto count = [&](int64_t number) {
    return versions ? absl::StrCat(number) : CountText(number);
  };
  return absl::Substitute(kDifferences[static_cast<int>(d.kind)], source, month_of, d.worker_id,
                          count(d.left), count(d.right), MoneyText(d.left), MoneyText(d.right),
                          d.service, d.text);
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
  AddReconcile(commands.AddNoun(
                   "reconcile",
                   "Add up every service's ledger anew and compare money, person-months and cover"),
               "");
  AddReconcile(commands.AddHiddenNoun("audit"), "books");
}

}  // namespace lingkaran::cli
