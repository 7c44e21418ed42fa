// What a contribution costs and what that length of cover means for a family.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

struct QuoteRequest {
  int64_t seats = 0;
  int months = 0;
  std::vector<Programme> programmes;  // each once
  Rupiah wage_base;                   // declared monthly income; 0: lowest band
  PayerClass payer = PayerClass::kUnspecified;
  Sector sector = Sector::kOther;
  Day first_day;
};

// The same unit price for some consecutive months of one programme.
struct QuoteLine {
  Programme programme = Programme::kUnspecified;
  Month first_month;
  int months = 0;
  Rupiah tariff;  // a person-month before discount
  Rupiah unit;    // a person-month
  Rupiah total;   // seats x months x unit
  std::string rule_source;
  std::string discount_source;  // empty if none
};

// What a length means for a family whose breadwinner had no cover before.
struct TermAdvice {
  int months = 0;
  Rupiah natural_death;             // on the last covered day; 0 without JKM
  Rupiah accident_death;            // on the last covered day; 0 without JKK
  Rupiah natural_death_first_day;   // on the first covered day; 0 without JKM
  Rupiah accident_death_first_day;  // on the first covered day; 0 without JKK
  int full_benefit_months = 0;
  bool weak = false;  // a natural death never pays the full benefit, and another length mends that
  std::string text;   // Indonesian
  Rupiah total;       // price for the same seats
};

struct Quote {
  std::vector<QuoteLine> lines;
  Rupiah total;
  Rupiah per_seat;
  TermAdvice advice;
  std::optional<TermAdvice> better;   // only if the advice is weak
  std::vector<std::string> settings;  // of open questions, "cover_boundary=CALENDAR_MONTH"
};

// FAILED_PRECONDITION/MONTHS_NOT_PERMITTED with the permitted ones, NO_RULE_IN_FORCE.
absl::StatusOr<Quote> MakeQuote(const Rules& rules, const QuoteRequest& request);

}  // namespace lingkaran::coverage
