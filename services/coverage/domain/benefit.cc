#include "services/coverage/domain/benefit.h"

#include "absl/strings/str_cat.h"
#include "services/coverage/domain/errors.h"

namespace lingkaran::coverage {
namespace {

BenefitCause CauseOf(BenefitEvent event, Level level) {
  switch (event) {
    case BenefitEvent::kNaturalDeath:
      return level == Level::kReduced ? BenefitCause::kNaturalDeathReduced
                                      : BenefitCause::kNaturalDeath;
    case BenefitEvent::kAccidentDeath:
      return BenefitCause::kAccidentDeath;
    case BenefitEvent::kTotalDisability:
      return BenefitCause::kTotalDisability;
    case BenefitEvent::kNone:
      break;
  }
  return BenefitCause::kNone;
}

}  // namespace

Programme ProgrammeOf(BenefitEvent event) {
  return event == BenefitEvent::kNaturalDeath ? Programme::kJkm : Programme::kJkk;
}

absl::StatusOr<BenefitEstimate> BenefitOf(const Rules& rules, BenefitEvent event, Level level,
                                          Rupiah income, Day day) {
  ASSIGN_OR_RETURN(const Benefit* benefit,
                   InForce(rules.BenefitOn(CauseOf(event, level), day), "the benefit", day));
  BenefitEstimate out;
  for (const BenefitPart& part : benefit->parts) {
    Rupiah amount = part.amount;
    if (part.wage_multiple != 0) {
      const Day month{Month(day)};
      ASSIGN_OR_RETURN(const Tariff* tariff,
                       InForce(rules.TariffOn(Programme::kJkk, month), "tariff JKK", month));
      amount += tariff->BandOf(income).base * part.wage_multiple;
    }
    out.lines.push_back({part.label, amount, benefit->validity.source});
    out.total += amount;
  }
  out.notes = benefit->notes;
  if (benefit->claim_within_years != 0) {
    out.notes.push_back(absl::StrCat("Hak klaim gugur ", benefit->claim_within_years,
                                     " tahun sesudah kejadian: ", "ajukan paling lambat ",
                                     FormatDay(AddMonths(day, 12 * benefit->claim_within_years)),
                                     "."));
  }
  return out;
}

}  // namespace lingkaran::coverage
