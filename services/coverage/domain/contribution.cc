#include "services/coverage/domain/contribution.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace lingkaran::coverage {

absl::StatusOr<Contribution> ContributionOf(const Rules& rules, Programme programme, Month month,
                                            Rupiah income, Sector sector, PayerClass payer) {
  const Day first(month);
  const Tariff* tariff = rules.TariffOn(programme, first);
  if (tariff == nullptr) {
    return NoRule(absl::StrCat("tariff ", std::string(ProgrammeName(programme))), first);
  }
  const Band& band = tariff->BandOf(income);
  Contribution out{band.contribution, band.contribution, band.base, tariff, nullptr};
  out.discount = rules.DiscountOn(programme, sector, payer, first);
  if (out.discount != nullptr) out.amount -= MulDiv(out.tariff, out.discount->percent, 100);
  return out;
}

}  // namespace lingkaran::coverage
