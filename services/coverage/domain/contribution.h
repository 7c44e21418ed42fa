// What one person-month costs.
#pragma once

#include "absl/status/statusor.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// The price of one worker, programme and month, and the rules that gave it.
struct Contribution {
  Rupiah tariff;  // before discount
  Rupiah amount;  // to be paid
  Rupiah base;    // nominal wage of the band
  const Tariff* rule = nullptr;
  const Discount* discount = nullptr;  // nullptr if none
};

// The contribution for `month`: tariff and discount in force on the month's first day (PP 50/2025
// names whole months). `income` 0 is the lowest band. A discount is rounded so that the payer never
// pays less than the exact share: the discount is rounded down to whole rupiah.
// FAILED_PRECONDITION/NO_RULE_IN_FORCE.
absl::StatusOr<Contribution> ContributionOf(const Rules& rules, Programme programme, Month month,
                                            Rupiah income, Sector sector, PayerClass payer);

}  // namespace lingkaran::coverage
