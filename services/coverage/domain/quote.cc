#include "services/coverage/domain/quote.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/coverage/domain/benefit.h"
#include "services/coverage/domain/cover.h"
#include "services/coverage/domain/eligibility.h"
#include "services/coverage/domain/errors.h"

namespace lingkaran::coverage {
namespace {

bool Has(const QuoteRequest& request, Programme programme) {
  return std::find(request.programmes.begin(), request.programmes.end(), programme) !=
         request.programmes.end();
}

absl::StatusOr<std::vector<QuoteLine>> Lines(const Rules& rules, const QuoteRequest& request,
                                             int months) {
  std::vector<QuoteLine> lines;
  std::vector<Programme> programmes = request.programmes;
  std::sort(programmes.begin(), programmes.end());
  for (Programme programme : programmes) {
    const size_t begin = lines.size();
    for (int i = 0; i < months; ++i) {
      const Month month = Month(request.first_day) + i;
      ASSIGN_OR_RETURN(const Contribution due,
                       ContributionOf(rules, programme, month, request.wage_base, request.sector,
                                      request.payer));
      QuoteLine line{programme,
                     month,
                     1,
                     due.tariff,
                     due.amount,
                     Rupiah(),
                     due.rule->validity.source,
                     due.discount == nullptr ? "" : due.discount->validity.source};
      if (lines.size() > begin && lines.back().unit == line.unit &&
          lines.back().tariff == line.tariff && lines.back().rule_source == line.rule_source &&
          lines.back().discount_source == line.discount_source) {
        ++lines.back().months;
      } else {
        lines.push_back(std::move(line));
      }
    }
  }
  for (QuoteLine& line : lines) line.total = line.unit * line.months * request.seats;
  return lines;
}

Rupiah TotalOf(const std::vector<QuoteLine>& lines) {
  Rupiah total;
  for (const QuoteLine& line : lines) total += line.total;
  return total;
}

// Somebody who had no cover before and is paid for `months` months.
absl::StatusOr<Facts> NewcomerFacts(const QuoteRequest& request, BoundaryKind boundary,
                                    int months) {
  std::vector<PersonMonth> paid;
  for (Programme programme : request.programmes) {
    for (int i = 0; i < months; ++i) {
      PersonMonth month;
      month.programme = programme;
      month.month = Month(request.first_day) + i;
      ASSIGN_OR_RETURN(const DaySpan days, CoveredDays(boundary, request.first_day, month.month));
      month.first_day = days.first;
      month.last_day = days.last;
      paid.push_back(month);
    }
  }
  Facts facts;
  facts.known = true;
  facts.runs = ToRuns(paid);
  return facts;
}

// What the family gets for the event on a day of the term; 0 if its programme is not paid.
absl::StatusOr<Rupiah> DueOn(const Rules& rules, const QuoteRequest& request, const Facts& facts,
                             BenefitEvent event, Day day) {
  const Programme programme = ProgrammeOf(event);
  if (!Has(request, programme)) return Rupiah();
  const Answer answer = Decide(facts, rules, programme, day);
  if (answer.verdict != Verdict::kCovered) {
    return NoRule(absl::StrCat("waiting ", ProgrammeName(programme)), day);
  }
  ASSIGN_OR_RETURN(const BenefitEstimate estimate,
                   BenefitOf(rules, event, answer.level, request.wage_base, day));
  return estimate.total;
}

int FullMonths(const Rules& rules, const QuoteRequest& request, const Facts& facts) {
  if (!Has(request, Programme::kJkm)) return 0;
  int full = 0;
  for (const Run& run : facts.runs) {
    if (run.programme != Programme::kJkm) continue;
    for (int i = 0; i < run.months; ++i) {
      const Day last = i + 1 < run.months ? run.StartOf(i + 1) - 1 : run.last_day;
      if (Decide(facts, rules, Programme::kJkm, last).level == Level::kFull) ++full;
    }
  }
  return full;
}

// "Meninggal biasa: Rp24.000.000 pada hari pertama, Rp42.000.000 pada hari terakhir."
std::string DueText(std::string_view what, Rupiah first, Rupiah last) {
  const std::string event(what);
  if (first == last) {
    return absl::StrCat(" ", event, ": ", FormatRupiah(last),
                        " pada hari pertama maupun terakhir.");
  }
  return absl::StrCat(" ", event, ": ", FormatRupiah(first), " pada hari pertama, ",
                      FormatRupiah(last),
                      " pada hari terakhir (ketentuan atau masa tunggu berganti "
                      "di tengah masa perlindungan).");
}

absl::StatusOr<TermAdvice> Advise(const Rules& rules, const QuoteRequest& request,
                                  BoundaryKind boundary, int months) {
  TermAdvice advice;
  advice.months = months;
  ASSIGN_OR_RETURN(const std::vector<QuoteLine> lines, Lines(rules, request, months));
  advice.total = TotalOf(lines);
  ASSIGN_OR_RETURN(const Facts facts, NewcomerFacts(request, boundary, months));
  const Day first = request.first_day;
  const Day last = facts.runs.front().last_day;
  ASSIGN_OR_RETURN(advice.natural_death_first_day,
                   DueOn(rules, request, facts, BenefitEvent::kNaturalDeath, first));
  ASSIGN_OR_RETURN(advice.natural_death,
                   DueOn(rules, request, facts, BenefitEvent::kNaturalDeath, last));
  ASSIGN_OR_RETURN(advice.accident_death_first_day,
                   DueOn(rules, request, facts, BenefitEvent::kAccidentDeath, first));
  ASSIGN_OR_RETURN(advice.accident_death,
                   DueOn(rules, request, facts, BenefitEvent::kAccidentDeath, last));
  advice.full_benefit_months = FullMonths(rules, request, facts);
  advice.text = absl::StrCat(months, " bulan: terlindungi ", FormatDay(first), " sampai dengan ",
                             FormatDay(last), ".");
  if (Has(request, Programme::kJkm)) {
    advice.text += DueText("Meninggal bukan karena kecelakaan kerja",
                           advice.natural_death_first_day, advice.natural_death);
  }
  if (Has(request, Programme::kJkk)) {
    advice.text += DueText("Meninggal karena kecelakaan kerja", advice.accident_death_first_day,
                           advice.accident_death);
  }
  if (const Arrears* arrears = rules.ArrearsOn(last + 1)) {
    absl::StrAppend(&advice.text, " Sesudah itu perlindungan berhenti; dilanjutkan paling lambat ",
                    FormatDay(GraceUntil(last, *arrears)), " agar tidak perlu mendaftar baru.");
  }
  return advice;
}

// Finds out whether another permitted length serves clearly better, and says so.
absl::StatusOr<std::optional<TermAdvice>> Improve(const Rules& rules, const QuoteRequest& request,
                                                  BoundaryKind boundary,
                                                  const PermittedMonths& permitted,
                                                  TermAdvice& advice) {
  if (!Has(request, Programme::kJkm) || advice.full_benefit_months > 0) return std::nullopt;
  for (int months : permitted.months) {
    if (months <= request.months) continue;
    ASSIGN_OR_RETURN(TermAdvice longer, Advise(rules, request, boundary, months));
    if (longer.full_benefit_months == 0) continue;
    const Waiting* waiting = rules.WaitingOn(Programme::kJkm, request.first_day);
    const int wait = waiting == nullptr ? 0 : waiting->months;
    advice.weak = true;
    absl::StrAppend(
        &advice.text, " PERHATIAN: ",
        wait == request.months
            ? absl::StrCat("ini jangka terlemah: masa tunggu JKM ", wait,
                           " bulan baru selesai tepat ketika perlindungan berakhir")
            : absl::StrCat("masa tunggu JKM ", wait, " bulan lebih panjang daripada masa ini"),
        ", jadi santunan kematian penuh tidak pernah diterima; ahli waris hanya mendapat ",
        FormatRupiah(advice.natural_death), ". Dengan ", months, " bulan, santunan penuh ",
        FormatRupiah(longer.natural_death), " berlaku dalam ", longer.full_benefit_months,
        " bulan terakhir; biayanya ", FormatRupiah(longer.total), ".");
    return longer;
  }
  return std::nullopt;
}

absl::Status CheckPermitted(const PermittedMonths& permitted, const QuoteRequest& request) {
  if (std::find(permitted.months.begin(), permitted.months.end(), request.months) !=
      permitted.months.end()) {
    return absl::OkStatus();
  }
  return MonthsNotPermitted(request.months, permitted);
}

std::vector<std::string> Settings(const Rules& rules, const QuoteRequest& request,
                                  BoundaryKind boundary) {
  std::vector<std::string> out;
  out.push_back(absl::StrCat("cover_boundary=", boundary == BoundaryKind::kCalendarMonth
                                                    ? "CALENDAR_MONTH"
                                                    : "DAY_TO_DAY"));
  if (const Waiting* waiting = rules.WaitingOn(Programme::kJkm, request.first_day)) {
    out.push_back(absl::StrCat("waiting_jkm_months=", waiting->months));
    out.push_back("waiting_count=CONTRIBUTION_MONTHS");
  }
  if (const Arrears* arrears = rules.ArrearsOn(request.first_day)) {
    out.push_back(absl::StrCat("lapse_after_months=", arrears->lapse_after_months));
    out.push_back(absl::StrCat("arrears_covered=", arrears->covered_meanwhile ? "true" : "false"));
  }
  return out;
}

}  // namespace

absl::StatusOr<Contribution> ContributionOf(const Rules& rules, Programme programme, Month month,
                                            Rupiah income, Sector sector, PayerClass payer) {
  const Day first(month);
  const Tariff* tariff = rules.TariffOn(programme, first);
  if (tariff == nullptr) {
    return NoRule(absl::StrCat("tariff ", ProgrammeName(programme)), first);
  }
  const Band& band = tariff->BandOf(income);
  Contribution out{band.contribution, band.contribution, band.base, tariff, nullptr};
  out.discount = rules.DiscountOn(programme, sector, payer, first);
  if (out.discount != nullptr) out.amount -= MulDiv(out.tariff, out.discount->percent, 100);
  return out;
}

absl::StatusOr<Quote> MakeQuote(const Rules& rules, const QuoteRequest& request) {
  const Day day = request.first_day;
  ASSIGN_OR_RETURN(const PermittedMonths* permitted,
                   InForce(rules.PermittedMonthsOn(day), "permitted months", day));
  RETURN_IF_ERROR(CheckPermitted(*permitted, request));
  ASSIGN_OR_RETURN(const Boundary* boundary,
                   InForce(rules.BoundaryOn(day), "the cover boundary", day));
  Quote quote;
  ASSIGN_OR_RETURN(quote.lines, Lines(rules, request, request.months));
  quote.total = TotalOf(quote.lines);
  for (const QuoteLine& line : quote.lines) quote.per_seat += line.unit * line.months;
  ASSIGN_OR_RETURN(quote.advice, Advise(rules, request, boundary->kind, request.months));
  ASSIGN_OR_RETURN(quote.better, Improve(rules, request, boundary->kind, *permitted, quote.advice));
  quote.settings = Settings(rules, request, boundary->kind);
  return quote;
}

}  // namespace lingkaran::coverage
