#include "services/sponsorship/domain/rules.h"

#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {

absl::StatusOr<PayerRule> PayerRules::Find(PayerClass payer_class, Day day) const {
  for (const PayerRule& rule : rules_) {
    if (rule.payer_class == payer_class && rule.from <= day && day <= rule.to) return rule;
  }
  return NoRuleInForce(static_cast<int>(payer_class), DayNumber(day));
}

}  // namespace lingkaran::sponsorship
