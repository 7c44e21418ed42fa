// Words that sponsorship's rules share. Numbers are those of the protos (service_translate.cc
// checks that).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/money.h"

namespace lingkaran::sponsorship {

// What a worker can be covered for, in the order in which money pays within a month.
enum class Programme : int { kJkk = 1, kJkm = 2, kJht = 3 };

// Whose money pays.
enum class PayerClass : int {
  kUnspecified = 0,
  kCsr = 1,
  kBank = 2,
  kInstitution = 3,
  kIndividual = 4,
  kSelf = 5,
  kApbn = 6,
  kApbd = 7,
  kVillage = 8,
};

// Line of work, as far as tariffs tell it apart.
enum class Sector : int { kUnspecified = 0, kOther = 1, kTransport = 2 };

// Whom a sponsor wants to pay for, and who comes first.
struct Criteria {
  std::string region_code = "";          // domicile; the registry filters by it
  int64_t batch_id = 0;                  // 0: all; the registry filters by it
  bool disabled_first = false;           // disabled workers are drawn before the others
  bool disabled_only = false;            //
  Sector sector = Sector::kUnspecified;  // kUnspecified: all
  int min_age_years = 0;                 // 0: none
  int max_age_years = 0;                 // 0: none
  Rupiah max_income = Rupiah();          // 0: none; unknown incomes pass
};

}  // namespace lingkaran::sponsorship
