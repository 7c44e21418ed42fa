// Random inputs for the tests of sponsorship's rules.
#pragma once

#include <vector>

#include <rapidcheck.h>

#include "services/sponsorship/domain/pledge.h"

namespace lingkaran::sponsorship::cases {

// 1 to 12 months from November 2019 of 1 to 3 programmes; prices differ from month to month.
inline PriceSchedule AnySchedule() {
  const int months = *rc::gen::inRange(1, 13);
  const int programmes = *rc::gen::inRange(1, 4);
  std::vector<SeatMonth> list;
  for (int m = 0; m < months; ++m) {
    for (int p = 1; p <= programmes; ++p) {
      list.push_back({static_cast<Programme>(p), MonthNumber(Month(2019, 11) + m),
                      Rupiah(*rc::gen::inRange<int64_t>(1, 50'000))});
    }
  }
  return *PriceSchedule::Make(std::move(list));
}

}  // namespace lingkaran::sponsorship::cases
