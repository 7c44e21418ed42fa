// "Is this person covered for this programme on this day?" answered from facts and rules alone.
//
// Pure: no clock, no store. Nothing anywhere stores "expired"; cover is decided here, anew each
// time it is asked for. Only the counts of a report are decided elsewhere: store::CountCovered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/coverage/domain/cover.h"
#include "services/coverage/domain/rules.h"

namespace lingkaran::coverage {

// What a check needs to know of a person. Facts, never verdicts: this is what caches hold.
struct Facts {
  int64_t worker_id = 0;
  bool known = false;            // false: no such member (at `position`)
  int64_t position = 0;          // of the change log when they were read; guards caches and tokens
  int utc_offset_hours = 7;      // where the person lives: WIB 7, WITA 8, WIT 9
  std::optional<Day> death_day;  // the day itself is covered
  std::optional<Day> withdraw_day;  // first day without part
  Runs runs;                        // by programme and day

  // Last day on which the person takes part; max() if open.
  Day UntilDay() const;
};

// Same numbers as in coverage.proto.
enum class Verdict { kNone = 0, kCovered = 1, kNotCovered = 2, kUnknown = 3 };
enum class Level { kNone = 0, kFull = 1, kReduced = 2 };
enum class AnswerReason {
  kNone = 0,
  kPaid = 1,
  kWaitingPeriod = 2,
  kNeverPaid = 3,
  kNotStarted = 4,
  kEnded = 5,
  kLapsed = 6,
  kGap = 7,
  kDeceased = 8,
  kWithdrawn = 9,
  kPersonUnknown = 10,
  kNotDisclosed = 11,
  kFactsUnavailable = 12,
  kArrears = 13
};

// The answer for one programme.
struct Answer {
  Programme programme = Programme::kUnspecified;
  Verdict verdict = Verdict::kUnknown;
  Level level = Level::kNone;
  AnswerReason reason = AnswerReason::kFactsUnavailable;
  // Span of cover around the day or, if not covered, the nearest one; cut at death and withdrawal.
  std::optional<DaySpan> span;
  // Last day on which all of the above stays the same by itself; none if for ever.
  std::optional<Day> valid_until;

  friend bool operator==(const Answer& a, const Answer& b) = default;
};

// Decides. Verdicts:
//   COVERED  on a paid day, first and last day included, up to the day of death and the day before
//            withdrawal. REDUCED/WAITING_PERIOD while not more than the waiting rule's months were
//            paid, counted up to and with the month of the day and anew after a lapse; the rule in
//            force on the day asked decides. Unpaid days within the arrears time are
//            COVERED/ARREARS if the arrears rule says so.
//   NOT_COVERED  with the reason.
//   UNKNOWN  if a rule that the answer rests on is missing for that day: never "no".
// The arrears rule is the one in force on the first unpaid day.
Answer Decide(const Facts& facts, const Rules& rules, Programme programme, Day day);

// Contribution months of the programme paid up to and with the month of `day`, counted anew after a
// lapse; nullopt if an arrears rule that this needs is missing.
std::optional<int> MonthsCounted(const Facts& facts, const Rules& rules, Programme programme,
                                 Day day);

// How the answer came about, in Indonesian and without personal data, and the rules it used.
struct Explanation {
  std::vector<std::string> steps;
  std::vector<RuleText> rules;
};
Explanation Explain(const Facts& facts, const Rules& rules, const Answer& answer, Day day);

}  // namespace lingkaran::coverage
