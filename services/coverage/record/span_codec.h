// Short exact codes of what most people have, shared by the packed record and the near cache: a
// membership number in 54 bits, a span of months in 32. What has no short code is told so; a code
// that is given stands for exactly one thing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/coverage/domain/eligibility.h"

namespace lingkaran::coverage {

inline constexpr int kNumberCodeBits = 54;

// 1 and up for one to sixteen decimal digits, leading zeros and all; nullopt for anything else.
std::optional<uint64_t> NumberCode(std::string_view number);
bool IsNumberCode(uint64_t code);
// The number of a code; empty for 0 and what is no code.
std::string NumberOfCode(uint64_t code);

// Days since 1970-01-01, both ways.
int64_t DayIndex(Day day);
Day DayOfIndex(int64_t index);

// Runs, death and withdrawal of one person. Runs of several programmes with the same days are one
// span, so most people have one. A span is
//   bits 0-15  first day since 1970-01-01 (to 2149)
//   bits 16-24 months
//   bits 25-27 programmes JKK, JKM, JHT; none: the day of death or withdrawal
//   bit  28    months run day to day (a day without programmes: withdrawal), else calendar months
//   bits 29-30 days by which the last day lies behind the regular one: what is left of a run that
//              once began on a 31st
struct Spans {
  static constexpr int kMost = 4;
  int count = 0;
  std::array<uint32_t, kMost> codes{};
  friend bool operator==(const Spans& a, const Spans& b) = default;
};

// nullopt if there are more than kMost, if a day or a run has no code, or if the runs don't stand
// by programme and day: ReadSpans gives back exactly what was packed, or it is not packed.
std::optional<Spans> PackSpans(const Facts& facts);
// Fills runs, death_day and withdraw_day. Allocates only for more runs than Runs holds inline.
void ReadSpans(const Spans& spans, Facts& facts);

}  // namespace lingkaran::coverage
