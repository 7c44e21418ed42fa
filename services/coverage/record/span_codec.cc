#include "services/coverage/record/span_codec.h"

#include <algorithm>

namespace lingkaran::coverage {
namespace {

constexpr size_t kMostDigits = 16;
constexpr int64_t kDays = 1 << 16;
constexpr int kMostMonths = (1 << 9) - 1;
constexpr int64_t kMostExtra = 3;
constexpr std::array kProgrammes = {Programme::kJkk, Programme::kJkm, Programme::kJht};

constexpr uint32_t kMask = 7u << 25;
constexpr uint32_t kDayToDay = 1u << 28;
constexpr uint32_t kWithdrawal = 1u << 28;

constexpr uint32_t MaskOf(Programme programme) {
  return 1u << (25 + static_cast<int>(programme) - static_cast<int>(Programme::kJkk));
}

// Codes of shorter numbers come first: 1 + 10 + ... + 10^(digits - 1) of them.
uint64_t FirstCode(size_t digits) {
  uint64_t first = 0;
  for (size_t i = 0; i < digits; ++i) first = first * 10 + 1;
  return first;
}

int64_t FirstDay(uint32_t code) { return code & 0xffff; }
int MonthsOf(uint32_t code) { return static_cast<int>(code >> 16 & 0x1ff); }

// The last day that a run regularly has: LastDayOf(the last month) or AddMonths(first_day, months)
// - 1, at a fraction of their cost; every find computes it.
Day RegularEnd(Day first_day, int months, bool day_to_day) {
  const auto next = YearMonthOf(first_day) + std::chrono::months(months);
  const bool within = day_to_day && first_day.day() > 1;
  return CivilOf((within ? DayOfMonth(next, first_day.day()) : sys_days(next / 1)) -
                 std::chrono::days(1));
}

Run ReadRun(uint32_t code) {
  Run run;
  run.first_day = DayOfIndex(FirstDay(code));
  run.first_month = Month(run.first_day);
  run.months = MonthsOf(code);
  run.last_day = RegularEnd(run.first_day, run.months, code & kDayToDay);
  if (const uint32_t extra = code >> 29 & 3) run.last_day += extra;
  return run;
}

// The code of a run, without its programme.
std::optional<uint32_t> RunCode(const Run& run) {
  const int64_t day = DayIndex(run.first_day);
  if (day < 0 || day >= kDays || run.months < 1 || run.months > kMostMonths) return std::nullopt;
  const uint32_t code = static_cast<uint32_t>(day) | static_cast<uint32_t>(run.months) << 16;
  if (run.last_day == RegularEnd(run.first_day, run.months, false)) return code;
  const int64_t extra = run.last_day - RegularEnd(run.first_day, run.months, true);
  if (extra < 0 || extra > kMostExtra) return std::nullopt;
  return code | kDayToDay | static_cast<uint32_t>(extra) << 29;
}

// By day, behind those of the same day.
bool Add(uint32_t code, Spans& spans) {
  if (spans.count == Spans::kMost) return false;
  int at = spans.count++;
  for (; at > 0 && FirstDay(spans.codes[at - 1]) > FirstDay(code); --at) {
    spans.codes[at] = spans.codes[at - 1];
  }
  spans.codes[at] = code;
  return true;
}

bool AddRun(const Run& run, Spans& spans) {
  if (run.programme < Programme::kJkk || run.programme > Programme::kJht) return false;
  const std::optional<uint32_t> code = RunCode(run);
  if (!code) return false;
  for (int i = 0; i < spans.count; ++i) {
    uint32_t& other = spans.codes[i];
    if ((other & ~kMask) == *code && (other & MaskOf(run.programme)) == 0) {
      other |= MaskOf(run.programme);
      return true;
    }
  }
  return Add(*code | MaskOf(run.programme), spans);
}

bool AddDay(const std::optional<Day>& day, uint32_t kind, Spans& spans) {
  if (!day) return true;
  const int64_t index = DayIndex(*day);
  return index >= 0 && index < kDays && Add(static_cast<uint32_t>(index) | kind, spans);
}

}  // namespace

std::optional<uint64_t> NumberCode(std::string_view number) {
  if (number.empty() || number.size() > kMostDigits) return std::nullopt;
  uint64_t value = 0;
  for (char c : number) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return FirstCode(number.size()) + value;
}

bool IsNumberCode(uint64_t code) {
  static const uint64_t end = FirstCode(kMostDigits + 1);
  return code != 0 && code < end;
}

std::string NumberOfCode(uint64_t code) {
  if (!IsNumberCode(code)) return {};
  size_t digits = 1;
  while (code >= FirstCode(digits + 1)) ++digits;
  std::string number(digits, '0');
  uint64_t value = code - FirstCode(digits);
  for (size_t i = digits; i-- > 0; value /= 10) number[i] = static_cast<char>('0' + value % 10);
  return number;
}

int64_t DayIndex(Day day) { return ToSysDays(day).time_since_epoch().count(); }
Day DayOfIndex(int64_t index) { return CivilOf(sys_days(std::chrono::days(index))); }

std::optional<Spans> PackSpans(const Facts& facts) {
  Spans spans;
  for (const Run& run : facts.runs) {
    if (!AddRun(run, spans)) return std::nullopt;
  }
  if (!AddDay(facts.death_day, 0, spans) || !AddDay(facts.withdraw_day, kWithdrawal, spans)) {
    return std::nullopt;
  }
  Facts back;
  ReadSpans(spans, back);
  if (back.runs != facts.runs) return std::nullopt;
  return spans;
}

void ReadSpans(const Spans& spans, Facts& facts) {
  facts.death_day.reset();
  facts.withdraw_day.reset();
  std::array<Run, Spans::kMost> read;
  for (int i = 0; i < spans.count; ++i) {
    const uint32_t code = spans.codes[i];
    if ((code & kMask) != 0) {
      read[i] = ReadRun(code);
    } else {
      (code & kWithdrawal ? facts.withdraw_day : facts.death_day) = DayOfIndex(FirstDay(code));
    }
  }
  facts.runs.clear();
  for (Programme programme : kProgrammes) {
    for (int i = 0; i < spans.count; ++i) {
      if ((spans.codes[i] & MaskOf(programme)) == 0) continue;
      read[i].programme = programme;
      facts.runs.push_back(read[i]);
    }
  }
}

}  // namespace lingkaran::coverage
