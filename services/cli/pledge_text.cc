#include "services/cli/pledge_text.h"

#include "absl/strings/str_cat.h"
#include "services/cli/labels.h"
#include "services/cli/output.h"

namespace lingkaran::cli {
namespace {

void PrintAdvice(std::ostream& out, const coverage::v1::TermAdvice& advice) {
  PrintFacts(out, {{"  Santunan meninggal biasa", MoneyText(advice.natural_death_rupiah())},
                   {"  Santunan meninggal karena kecelakaan kerja",
                    MoneyText(advice.accident_death_rupiah())},
                   {"  Bulan dengan santunan penuh",
                    absl::StrCat(advice.full_benefit_months(), " dari ", advice.months())}});
  if (!advice.text().empty()) out << Wrapped(advice.text(), 2);
}

std::string CriteriaText(const sponsorship::v1::Criteria& criteria) {
  std::string text = "wilayah " + criteria.region_code();
  if (criteria.disabled_only()) text += ", hanya penyandang disabilitas";
  if (criteria.disabled_first()) text += ", penyandang disabilitas didahulukan";
  if (criteria.sector() != 0) text += ", sektor " + Label(criteria.sector());
  if (criteria.min_age_years() != 0)
    absl::StrAppend(&text, ", umur sejak ", criteria.min_age_years());
  if (criteria.max_age_years() != 0) {
    absl::StrAppend(&text, ", umur sampai ", criteria.max_age_years());
  }
  if (criteria.max_income_rupiah() != 0) {
    text += ", penghasilan paling tinggi " + MoneyText(criteria.max_income_rupiah());
  }
  if (criteria.batch_id() != 0) absl::StrAppend(&text, ", hanya usulan ", criteria.batch_id());
  return text;
}

}  // namespace

void PrintQuote(std::ostream& out, const coverage::v1::QuoteContributionResponse& quote,
                int seats) {
  Table table({"Program", "Bulan", ">Orang", ">Tarif", ">Iuran", ">Jumlah", "Dasar"});
  for (const coverage::v1::QuoteLine& line : quote.lines()) {
    std::string months = MonthText(line.first_month());
    if (line.months() > 1) absl::StrAppend(&months, " (", line.months(), " bulan)");
    table.Row({Label(line.programme()), months, CountText(seats), MoneyText(line.tariff_rupiah()),
               MoneyText(line.unit_rupiah()), MoneyText(line.total_rupiah()),
               line.rule_source() +
                   (line.discount_source().empty() ? "" : "; potongan " + line.discount_source())});
  }
  table.Print(out);
  PrintFacts(out, {{"Jumlah", MoneyText(quote.total_rupiah())},
                   {"Per orang", MoneyText(quote.per_seat_rupiah())}});
  out << "Arti " << quote.advice().months() << " bulan bagi satu keluarga:\n";
  PrintAdvice(out, quote.advice());
  if (quote.has_better()) {
    out << "Pilihan yang lebih baik: " << quote.better().months() << " bulan, "
        << MoneyText(quote.better().total_rupiah()) << ":\n";
    PrintAdvice(out, quote.better());
  }
}

void PrintFunds(std::ostream& out, const sponsorship::v1::Funds& funds) {
  PrintFacts(out, {{"Diterima", MoneyText(funds.received_rupiah())},
                   {"  tersedia", MoneyText(funds.available_rupiah())},
                   {"  disisihkan", MoneyText(funds.reserved_rupiah())},
                   {"  menjadi iuran", MoneyText(funds.spent_rupiah())},
                   {"  dikembalikan", MoneyText(funds.refunded_rupiah())},
                   {"  ke simpanan donatur", MoneyText(funds.moved_to_credit_rupiah())}});
}

void PrintPledge(std::ostream& out, const sponsorship::v1::Pledge& pledge) {
  PrintFacts(
      out,
      {{"Komitmen", std::to_string(pledge.pledge_id())},
       {"Donatur", std::to_string(pledge.sponsor_id()) + " (" + Label(pledge.payer_class()) +
                       ", wadah " + pledge.group_code() + ")"},
       {"Isi", absl::StrCat(CountText(pledge.seats()), " orang x ", pledge.months(), " bulan, ",
                            ProgrammeList(pledge.programmes()), ", upah dasar ",
                            MoneyText(pledge.wage_base_rupiah()))},
       {"Mulai", DayText(pledge.first_day())},
       {"Untuk", CriteriaText(pledge.criteria())},
       {"Keadaan", Label(pledge.state())},
       {"Kursi terisi", CountText(pledge.seats_filled()) + " dari " + CountText(pledge.seats())},
       {"Kode bayar", pledge.invoice().payment_code()},
       {"Tagihan", MoneyText(pledge.invoice().amount_rupiah()) + ", jatuh tempo " +
                       DayText(pledge.invoice().due_day())},
       {"Terbayar", MoneyText(pledge.invoice().paid_rupiah())}});
  PrintFunds(out, pledge.funds());
}

}  // namespace lingkaran::cli
