// How days stand in coverage's tables. Private to the store: numbers there were days when they went
// in.
#pragma once

#include <cstdint>
#include <optional>

#include "services/coverage/domain/cover.h"

namespace lingkaran::coverage::store {

inline Day ToDay(int32_t number) { return Day(number / 10000, number / 100 % 100, number % 100); }
inline Month ToMonth(int32_t number) { return Month(number / 100, number % 100); }
inline std::optional<Day> ToOptionalDay(int32_t number) {
  if (number == 0) return std::nullopt;
  return ToDay(number);
}

}  // namespace lingkaran::coverage::store
