#include "tests/freshness/truth.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/date.h"
#include "lingkaran/coverage/v1/coverage.pb.h"

namespace lingkaran::freshness {
namespace {

namespace cv1 = coverage::v1;

constexpr int kGraceMonths = 3;  // after the last paid one

Day ToDay(int32_t number) { return DayFromNumber(number).value(); }

// What is left of a span when its person dies or withdraws.
Span Cut(Span span, const State& state) {
  int32_t last = span.last_day;
  if (state.death_day != 0) last = std::min(last, state.death_day);
  if (state.withdraw_day != 0) last = std::min(last, DayNumber(ToDay(state.withdraw_day) - 1));
  return last < span.first_day ? Span() : Span{span.first_day, last};
}

int ReasonOfNo(const State& state, const Span& span, int32_t day) {
  if (state.death_day != 0 && day > state.death_day) return cv1::ANSWER_REASON_DECEASED;
  if (state.withdraw_day != 0 && day >= state.withdraw_day) return cv1::ANSWER_REASON_WITHDRAWN;
  if (span.first_day == 0) return cv1::ANSWER_REASON_NEVER_PAID;
  if (day < span.first_day) return cv1::ANSWER_REASON_NOT_STARTED;
  const Day grace_until = LastDayOf(Month(ToDay(span.last_day)) + kGraceMonths);
  return ToDay(day) <= grace_until ? cv1::ANSWER_REASON_ENDED : cv1::ANSWER_REASON_LAPSED;
}

std::string ToText(const Span& span) {
  return span.first_day == 0 ? "-" : absl::StrCat(span.first_day, "-", span.last_day);
}

}  // namespace

Answer AnswerFor(int64_t worker_id, const State& state, int32_t day) {
  Answer answer;
  answer.worker_id = worker_id;
  for (int i = 0; i < kProgrammes; ++i) {
    Said& said = answer.said[i];
    said.span = state.paid[i].first_day == 0 ? Span() : Cut(state.paid[i], state);
    const bool covered =
        said.span.first_day != 0 && said.span.first_day <= day && day <= said.span.last_day;
    said.verdict = covered ? cv1::VERDICT_COVERED : cv1::VERDICT_NOT_COVERED;
    said.reason = covered ? cv1::ANSWER_REASON_PAID : ReasonOfNo(state, said.span, day);
  }
  return answer;
}

Answer AnswerForNobody() {
  Answer answer;
  for (Said& said : answer.said) {
    said.verdict = cv1::VERDICT_NOT_COVERED;
    said.reason = cv1::ANSWER_REASON_PERSON_UNKNOWN;
  }
  return answer;
}

std::string ToText(const State& state) {
  return absl::StrCat("JKK ", ToText(state.paid[0]), ", JKM ", ToText(state.paid[1]), ", death ",
                      state.death_day, ", withdrawal ", state.withdraw_day);
}

std::string ToText(const Answer& answer) {
  return absl::StrCat("worker ", answer.worker_id, ": ",
                      absl::StrJoin(answer.said, "; ", [](std::string* out, const Said& said) {
                        absl::StrAppend(out, cv1::Verdict_Name(said.verdict).substr(8), " ",
                                        cv1::AnswerReason_Name(said.reason).substr(14), " ",
                                        ToText(said.span));
                      }));
}

}  // namespace lingkaran::freshness
