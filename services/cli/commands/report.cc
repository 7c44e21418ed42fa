// lingkaran report
#include "services/cli/commands/nouns.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"
#include "services/cli/render/pledge_text.h"

namespace lingkaran::cli {
namespace {

void PrintPledgeReport(std::ostream& out, const sponsorship::v1::PledgeReport& report) {
  out << "\nKomitmen " << report.pledge_id() << '\n';
  PrintFacts(out, {{"Kursi",
                    CountText(report.seats_filled()) + " terisi dari " + CountText(report.seats())},
                   {"  penyandang disabilitas", CountText(report.disabled_workers())},
                   {"  penggantian", CountText(report.replacements())}});
  out << "\nUang yang diterima\n";
  Table receipts({"Bukti bank", "Tanggal", ">Jumlah", ">Untuk komitmen", ">Simpanan"});
  for (const sponsorship::v1::ReportReceipt& receipt : report.receipts()) {
    receipts.Row({receipt.bank_reference(), DayText(receipt.value_day()),
                  MoneyText(receipt.amount_rupiah()), MoneyText(receipt.applied_rupiah()),
                  MoneyText(receipt.credit_rupiah())});
  }
  receipts.Print(out);
  out << "\nKe mana perginya\n";
  PrintFunds(out, report.funds());
  out << "\nIuran yang berlaku\n";
  Table months({"Program", "Bulan", ">Bulan-orang", ">Jumlah"});
  int64_t sum = 0;
  for (const sponsorship::v1::ReportMonth& month : report.months()) {
    months.Row({Label(month.programme()), MonthText(month.month()),
                CountText(month.person_months()), MoneyText(month.amount_rupiah())});
    sum += month.amount_rupiah();
  }
  months.Row({"Jumlah", "", CountText(report.person_months()), MoneyText(sum)});
  months.Print(out);
  out << (report.sums_close() ? "Semua jumlah cocok, dari penerimaan sampai iuran.\n"
                              : "JUMLAH TIDAK COCOK: laporan ini tidak boleh dikirim.\n");
}

void PrintSponsorReport(std::ostream& out, const sponsorship::v1::GetSponsorReportResponse& reply) {
  out << "Laporan untuk " << reply.sponsor().name() << ", " << TimeText(reply.report_time())
      << "\nSimpanan donatur " << MoneyText(reply.sponsor().credit_rupiah()) << '\n';
  for (const auto& report : reply.pledges()) PrintPledgeReport(out, report);
}

ExitCode CodeOf(const sponsorship::v1::GetSponsorReportResponse& reply) {
  for (const auto& report : reply.pledges()) {
    if (!report.sums_close()) return kUnknown;
  }
  return kYes;
}

}  // namespace

void AddReportCommands(Commands& commands) {
  commands.AddNoun("report", "Reports without personal data")
      .AddRpc("sponsor", "What a sponsor's money became: from receipt to person-month",
              "report sponsor 1 --pledge 1", &SponsorshipStub::GetSponsorReport, PrintSponsorReport)
      .Code(CodeOf)
      .Options({{"SPONSOR", "sponsor_id", "The sponsor's id", kRequired},
                {"--pledge", "pledge_id", "Only this pledge"}});
}

}  // namespace lingkaran::cli
