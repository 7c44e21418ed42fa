// The rule book of coverage: tariffs, discounts, lengths, waiting, arrears, boundaries, benefits.
// Every rule is data with a first and a last day in force; a rule that changes in the middle of a
// sponsorship is an ordinary day. Nothing here reads a file or a clock: rules_file fills the book,
// and every look-up is told the day.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/date.h"
#include "common/base/enums.h"
#include "common/base/error.h"
#include "common/base/money.h"

namespace lingkaran::coverage {

// Numbers of the enums are those of the contracts (lingkaran/common/v1/types.proto and
// lingkaran/coverage/v1/*.proto); api/convert.cc asserts it.

// How far an entry is to be trusted.
enum class Confidence { kNone = 0, kUnverified = 1, kLow = 2, kMedium = 3, kHigh = 4 };
// Which days a contribution month covers.
enum class BoundaryKind { kNone = 0, kCalendarMonth = 1, kDayToDay = 2 };
// Why a benefit is due.
enum class BenefitCause {
  kNone = 0,
  kNaturalDeath = 1,
  kNaturalDeathReduced = 2,
  kAccidentDeath = 3,
  kTotalDisability = 4
};

// "JKK", "JKM", "JHT".
const char* ProgrammeName(Programme programme);
// "CSR", "SELF", ...
const char* PayerClassName(PayerClass payer);

// When an entry is in force, and who says so.
struct Validity {
  Day from;
  Day to = (Day::max)();  // inclusive; max() if open
  std::string source;     // regulation or report
  Confidence confidence = Confidence::kNone;
  std::string approver;  // empty while nobody approved it
  std::string note;

  bool Holds(Day day) const { return from <= day && day <= to; }
  bool open() const { return to == (Day::max)(); }
};

// One income band of a tariff.
struct Band {
  Rupiah up_to;         // highest income of the band; 0 in the last
  Rupiah base;          // nominal wage that benefits rest on
  Rupiah contribution;  // a month
};

struct Tariff {
  Validity validity;
  Programme programme = Programme::kUnspecified;
  std::vector<Band> bands;  // rising, the last without upper bound

  // The band of a declared monthly income; 0 means the lowest.
  const Band& BandOf(Rupiah income) const;
};

// Taken off contributions of months whose first day lies within its validity.
struct Discount {
  Validity validity;
  std::vector<Programme> programmes;
  Sector sector = Sector::kUnspecified;
  std::vector<PayerClass> excluded;
  int percent = 0;  // 1 to 100
};

// Numbers of months that may be paid at once, rising.
struct PermittedMonths {
  Validity validity;
  std::vector<int> months;
};

// The full benefit is due once more than `months` contribution months were paid.
struct Waiting {
  Validity validity;
  Programme programme = Programme::kUnspecified;
  int months = 0;  // 0: full from the first day
};

// Membership ends after `lapse_after_months` unpaid months.
struct Arrears {
  Validity validity;
  int lapse_after_months = 0;
  bool covered_meanwhile = false;  // unpaid days within that time count as covered
};

struct Boundary {
  Validity validity;
  BoundaryKind kind = BoundaryKind::kNone;
};

// One part of a benefit: a fixed amount plus a multiple of the nominal wage.
struct BenefitPart {
  std::string label;  // Indonesian
  Rupiah amount;
  int wage_multiple = 0;
};

struct Benefit {
  Validity validity;
  BenefitCause cause = BenefitCause::kNone;
  std::vector<BenefitPart> parts;
  std::vector<std::string> notes;  // what else may be due, Indonesian
  int claim_within_years = 0;      // 0 if not known
};

// The entries as they stand in the file.
struct RuleBook {
  std::vector<Tariff> tariffs;
  std::vector<Discount> discounts;
  std::vector<PermittedMonths> permitted_months;
  std::vector<Waiting> waitings;
  std::vector<Arrears> arrears;
  std::vector<Boundary> boundaries;
  std::vector<Benefit> benefits;
};

// One entry as text, for ListRules and ExplainEligibility.
struct RuleText {
  std::string name;  // "tariff JKK"
  Day from;
  std::optional<Day> to;
  std::string source;
  Confidence confidence = Confidence::kNone;
  std::string text;  // Indonesian
};

// The book with its look-ups. Immutable, so that a reload swaps whole books and a call that began
// with one ends with it. Pointers live as long as the Rules. Look-ups give nullptr if no entry is
// in force.
class Rules {
 public:
  // `version` is the digest of the file. Entries must not overlap (rules_file checks it).
  Rules(RuleBook book, std::string version);
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;

  const Tariff* TariffOn(Programme programme, Day day) const;
  // The discount that this payer gets in this sector; nullptr if none.
  const Discount* DiscountOn(Programme programme, Sector sector, PayerClass payer, Day day) const;
  const PermittedMonths* PermittedMonthsOn(Day day) const;
  const Waiting* WaitingOn(Programme programme, Day day) const {
    return WaitingOn(programme, ToSysDays(day));
  }
  const Waiting* WaitingOn(Programme programme, sys_days day) const;
  const Arrears* ArrearsOn(Day day) const { return ArrearsOn(ToSysDays(day)); }
  const Arrears* ArrearsOn(sys_days day) const;
  const Boundary* BoundaryOn(Day day) const;
  const Benefit* BenefitOn(BenefitCause cause, Day day) const;

  // True if the book has any waiting entry for the programme. JKK has none: it never waits.
  bool Waits(Programme programme) const;
  // First day after `day` on which another waiting entry of the programme begins or ends.
  std::optional<sys_days> NextWaitingChange(Programme programme, sys_days day) const;

  // Entries in force on `day` as text, all entries without it; by kind and first day.
  std::vector<RuleText> Describe(std::optional<Day> day) const;

  const std::string& version() const { return version_; }

 private:
  // An entry that checks look up, with its days as they compare them.
  template <typename T>
  struct Term {
    sys_days from;
    sys_days to;
    const T* rule;
  };

  RuleBook book_;
  std::string version_;
  std::vector<Term<Waiting>> waiting_terms_;
  std::vector<Term<Arrears>> arrears_terms_;
};

RuleText Describe(const Tariff& rule);
RuleText Describe(const Discount& rule);
RuleText Describe(const PermittedMonths& rule);
RuleText Describe(const Waiting& rule);
RuleText Describe(const Arrears& rule);
RuleText Describe(const Boundary& rule);
RuleText Describe(const Benefit& rule);

}  // namespace lingkaran::coverage
