#include "services/coverage/domain/rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lingkaran::coverage {
namespace {

template <typename T>
void SortByFirstDay(std::vector<T>& rules) {
  std::stable_sort(rules.begin(), rules.end(),
                   [](const T& a, const T& b) { return a.validity.from < b.validity.from; });
}

template <typename T, typename Match>
const T* Find(const std::vector<T>& rules, Day day, Match match) {
  for (const T& rule : rules) {
    if (rule.validity.Holds(day) && match(rule)) return &rule;
  }
  return nullptr;
}

constexpr auto kAny = [](const auto&) { return true; };

template <typename T>
bool Contains(const std::vector<T>& values, T value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

RuleText TextOf(const Validity& validity, std::string name, std::string text) {
  RuleText out;
  out.name = std::move(name);
  out.from = validity.from;
  if (!validity.open()) out.to = validity.to;
  out.source = validity.source;
  out.confidence = validity.confidence;
  out.text = std::move(text);
  if (!validity.note.empty()) absl::StrAppend(&out.text, " (", validity.note, ")");
  return out;
}

const char* SectorName(Sector sector) {
  return sector == Sector::kTransport ? "transportasi" : "di luar transportasi";
}

const char* CauseName(BenefitCause cause) {
  static constexpr const char* kNames[] = {"NONE", "NATURAL_DEATH", "NATURAL_DEATH_REDUCED",
                                           "ACCIDENT_DEATH", "TOTAL_DISABILITY"};
  return kNames[static_cast<int>(cause)];
}

template <typename T>
void Append(const std::vector<T>& rules, std::optional<Day> day, std::vector<RuleText>& out) {
  for (const T& rule : rules) {
    if (!day || rule.validity.Holds(*day)) out.push_back(Describe(rule));
  }
}

}  // namespace

const char* ProgrammeName(Programme programme) {
  static constexpr const char* kNames[] = {"NONE", "JKK", "JKM", "JHT"};
  return kNames[static_cast<int>(programme)];
}

const char* PayerClassName(PayerClass payer) {
  static constexpr const char* kNames[] = {"NONE", "CSR",  "BANK", "INSTITUTION", "INDIVIDUAL",
                                           "SELF", "APBN", "APBD", "VILLAGE"};
  return kNames[static_cast<int>(payer)];
}

const Band& Tariff::BandOf(Rupiah income) const {
  for (const Band& band : bands) {
    if (band.up_to == Rupiah() || income <= band.up_to) return band;
  }
  return bands.back();
}

Rules::Rules(RuleBook book, std::string version)
    : book_(std::move(book)), version_(std::move(version)) {
  SortByFirstDay(book_.tariffs);
  SortByFirstDay(book_.discounts);
  SortByFirstDay(book_.permitted_months);
  SortByFirstDay(book_.waitings);
  SortByFirstDay(book_.arrears);
  SortByFirstDay(book_.boundaries);
  SortByFirstDay(book_.benefits);
  const auto add_terms = [](const auto& rules, auto& terms) {
    for (const auto& rule : rules) {
      terms.push_back({ToSysDays(rule.validity.from), ToSysDays(rule.validity.to), &rule});
    }
  };
  add_terms(book_.waitings, waiting_terms_);
  add_terms(book_.arrears, arrears_terms_);
}

const Tariff* Rules::TariffOn(Programme programme, Day day) const {
  return Find(book_.tariffs, day, [&](const Tariff& t) { return t.programme == programme; });
}

const Discount* Rules::DiscountOn(Programme programme, Sector sector, PayerClass payer,
                                  Day day) const {
  return Find(book_.discounts, day, [&](const Discount& d) {
    return d.sector == sector && Contains(d.programmes, programme) && !Contains(d.excluded, payer);
  });
}

const PermittedMonths* Rules::PermittedMonthsOn(Day day) const {
  return Find(book_.permitted_months, day, kAny);
}

const Waiting* Rules::WaitingOn(Programme programme, sys_days day) const {
  for (const Term<Waiting>& term : waiting_terms_) {
    if (term.from <= day && day <= term.to && term.rule->programme == programme) return term.rule;
  }
  return nullptr;
}

const Arrears* Rules::ArrearsOn(sys_days day) const {
  for (const Term<Arrears>& term : arrears_terms_) {
    if (term.from <= day && day <= term.to) return term.rule;
  }
  return nullptr;
}

const Boundary* Rules::BoundaryOn(Day day) const { return Find(book_.boundaries, day, kAny); }

const Benefit* Rules::BenefitOn(BenefitCause cause, Day day) const {
  return Find(book_.benefits, day, [&](const Benefit& b) { return b.cause == cause; });
}

bool Rules::Waits(Programme programme) const {
  return std::any_of(book_.waitings.begin(), book_.waitings.end(),
                     [&](const Waiting& w) { return w.programme == programme; });
}

std::optional<sys_days> Rules::NextWaitingChange(Programme programme, sys_days day) const {
  std::optional<sys_days> next;
  const auto consider = [&](sys_days change) {
    if (change > day && (!next || change < *next)) next = change;
  };
  for (const Term<Waiting>& term : waiting_terms_) {
    if (term.rule->programme != programme) continue;
    consider(term.from);
    if (term.to != kLastSysDay) consider(term.to + std::chrono::days(1));
  }
  return next;
}

std::vector<RuleText> Rules::Describe(std::optional<Day> day) const {
  std::vector<RuleText> out;
  Append(book_.arrears, day, out);
  Append(book_.benefits, day, out);
  Append(book_.boundaries, day, out);
  Append(book_.discounts, day, out);
  Append(book_.permitted_months, day, out);
  Append(book_.tariffs, day, out);
  Append(book_.waitings, day, out);
  std::stable_sort(out.begin(), out.end(), [](const RuleText& a, const RuleText& b) {
    return std::pair(a.name, a.from) < std::pair(b.name, b.from);
  });
  return out;
}

RuleText Describe(const Tariff& rule) {
  std::vector<std::string> bands;
  for (const Band& band : rule.bands) {
    const std::string limit =
        band.up_to == Rupiah() ? "selebihnya" : absl::StrCat("s.d. ", FormatRupiah(band.up_to));
    bands.push_back(absl::StrCat(limit, ": dasar ", FormatRupiah(band.base), ", iuran ",
                                 FormatRupiah(band.contribution)));
  }
  return TextOf(rule.validity, absl::StrCat("tariff ", ProgrammeName(rule.programme)),
                absl::StrJoin(bands, "; "));
}

RuleText Describe(const Discount& rule) {
  std::vector<std::string> programmes;
  for (Programme programme : rule.programmes) programmes.emplace_back(ProgrammeName(programme));
  std::vector<std::string> excluded;
  for (PayerClass payer : rule.excluded) excluded.emplace_back(PayerClassName(payer));
  const std::string sector(SectorName(rule.sector));
  std::string text = absl::StrCat("potongan ", rule.percent, "% ", absl::StrJoin(programmes, ", "),
                                  ", sektor ", sector);
  if (!excluded.empty()) absl::StrAppend(&text, ", tidak untuk ", absl::StrJoin(excluded, ", "));
  return TextOf(rule.validity, absl::StrCat("discount ", sector), std::move(text));
}

RuleText Describe(const PermittedMonths& rule) {
  return TextOf(
      rule.validity, "permitted months",
      absl::StrCat("boleh dibayar sekaligus: ", absl::StrJoin(rule.months, ", "), " bulan"));
}

RuleText Describe(const Waiting& rule) {
  const std::string name(ProgrammeName(rule.programme));
  return TextOf(rule.validity, absl::StrCat("waiting ", name),
                rule.months == 0
                    ? "manfaat penuh sejak hari pertama"
                    : absl::StrCat("manfaat penuh setelah ", rule.months, " bulan iuran"));
}

RuleText Describe(const Arrears& rule) {
  return TextOf(rule.validity, "arrears",
                absl::StrCat("kepesertaan berakhir setelah ", rule.lapse_after_months,
                             " bulan tanpa iuran; selama menunggak ",
                             rule.covered_meanwhile ? "tetap" : "tidak", " dilindungi"));
}

RuleText Describe(const Boundary& rule) {
  return TextOf(rule.validity, "cover boundary",
                rule.kind == BoundaryKind::kCalendarMonth
                    ? "bulan kalender: sejak hari mulai sampai akhir bulan"
                    : "dari tanggal mulai sampai sehari sebelum tanggal itu di bulan berikutnya");
}

RuleText Describe(const Benefit& rule) {
  std::vector<std::string> parts;
  for (const BenefitPart& part : rule.parts) {
    std::string text = absl::StrCat(part.label, " ");
    if (part.wage_multiple != 0) absl::StrAppend(&text, part.wage_multiple, " x upah");
    if (part.wage_multiple != 0 && part.amount != Rupiah()) absl::StrAppend(&text, " + ");
    if (part.amount != Rupiah()) absl::StrAppend(&text, FormatRupiah(part.amount));
    parts.push_back(std::move(text));
  }
  return TextOf(rule.validity, absl::StrCat("benefit ", CauseName(rule.cause)),
                absl::StrJoin(parts, " + "));
}

}  // namespace lingkaran::coverage
