// What a family gets for an event under the rules in force on its day.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/coverage/domain/eligibility.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// Same numbers as in coverage.proto.
enum class BenefitEvent {
  kNone = 0,
  kNaturalDeath = 1,     // JKM
  kAccidentDeath = 2,    // JKK
  kTotalDisability = 3,  // JKK
};

// Which programme pays for the event.
Programme ProgrammeOf(BenefitEvent event);

// One part of a benefit.
struct BenefitLine {
  std::string label;  // Indonesian
  Rupiah amount;
  std::string source;
};

struct BenefitEstimate {
  std::vector<BenefitLine> lines;
  Rupiah total;
  std::vector<std::string> notes;  // what else may be due and until when to claim; Indonesian
};

// The benefit for an event on `day`. `level` is that of the answer for the event's programme: a
// reduced one pays the reduced benefit. `income` is the declared monthly income; multiples rest on
// the nominal wage of its JKK band in the month of the event.
// FAILED_PRECONDITION/NO_RULE_IN_FORCE.
absl::StatusOr<BenefitEstimate> BenefitOf(const Rules& rules, BenefitEvent event, Level level,
                                          Rupiah income, Day day);

}  // namespace lingkaran::coverage
