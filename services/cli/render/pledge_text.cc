#include "services/cli/render/pledge_text.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/cli/render/labels.h"
#include "services/cli/render/output.h"

namespace lingkaran::cli {
namespace {

// The rows of one benefit: one if the first and the last day pay the same.
void AddBenefit(const std::string& label, int64_t first_day, int64_t last_day,
                std::vector<std::pair<std::string, std::string>>* facts) {
  if (last_day == 0) {
    facts->emplace_back(label, "tidak dibayar dalam program ini");
  } else if (first_day == last_day) {
    facts->emplace_back(label, MoneyText(last_day));
  } else {
    facts->emplace_back(label + ", hari pertama", MoneyText(first_day));
    facts->emplace_back(label + ", hari terakhir", MoneyText(last_day));
  }
}

void PrintAdvice(std::ostream& out, const coverage::v1::TermAdvice& advice) {
  std::vector<std::pair<std::string, std::string>> facts;
  AddBenefit("  Santunan meninggal biasa", advice.natural_death_first_day_rupiah(),
             advice.natural_death_rupiah(), &facts);
  AddBenefit("  Santunan meninggal karena kecelakaan kerja",
             advice.accident_death_first_day_rupiah(), advice.accident_death_rupiah(), &facts);
  facts.emplace_back("  Bulan dengan santunan penuh",
                     absl::StrCat(advice.full_benefit_months(), " dari ", advice.months()));
  PrintFacts(out, facts);
  if (!advice.text().empty()) out << Wrapped(advice.text(), 2);
}

// A setting of a quote, e.g. "waiting_jkm_months=3", in words; as it is if it is new.
std::string SettingText(const std::string& setting) {
  const std::vector<std::string> parts = absl::StrSplit(setting, absl::MaxSplits('=', 1));
  if (parts.size() != 2) return setting;
  const std::string& value = parts[1];
  if (setting == "cover_boundary=CALENDAR_MONTH") return "perlindungan menurut bulan kalender";
  if (setting == "cover_boundary=DAY_TO_DAY") return "perlindungan dari tanggal ke tanggal";
  if (setting == "waiting_jkm_months=0") return "tanpa masa tunggu JKM";
  if (parts[0] == "waiting_jkm_months") return "masa tunggu JKM " + value + " bulan";
  if (setting == "waiting_count=CONTRIBUTION_MONTHS") return "dihitung menurut bulan iuran";
  if (parts[0] == "lapse_after_months") {
    return "kepesertaan berakhir sesudah menunggak " + value + " bulan";
  }
  if (setting == "arrears_covered=true") return "selama menunggak tetap terlindungi";
  if (setting == "arrears_covered=false") return "selama menunggak tidak terlindungi";
  return setting;
}

void PrintSettings(std::ostream& out, const coverage::v1::QuoteContributionResponse& quote) {
  if (quote.settings().empty()) return;
  std::vector<std::string> words;
  for (const std::string& setting : quote.settings()) words.push_back(SettingText(setting));
  out << Wrapped("Ketentuan yang dipilih: " + absl::StrJoin(words, "; ") + ".", 0, 2);
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
  PrintSettings(out, quote);
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
