#include "services/sponsorship/domain/rules.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace lingkaran::sponsorship {

absl::StatusOr<PayerRule> PayerRules::Find(PayerClass payer_class, Day day) const {
  for (const PayerRule& rule : rules_) {
    if (rule.payer_class == payer_class && rule.from <= day && day <= rule.to) return rule;
  }
  return Error(absl::StatusCode::kFailedPrecondition, Reason::kNoRuleInForce,
               absl::StrCat("no funding rule is in force for this payer class on ", DayNumber(day)),
               {{"payer_class", absl::StrCat(static_cast<int>(payer_class))},
                {"day", absl::StrCat(DayNumber(day))}});
}

}  // namespace lingkaran::sponsorship
