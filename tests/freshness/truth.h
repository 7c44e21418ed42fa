// What is true of a person, and what a check must answer then. Written down once more, apart from
// the services, so that the judge does not learn from those whom it judges.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace lingkaran::freshness {

// Days are yyyymmdd, both ends inclusive; 0: none.
struct Span {
  int32_t first_day = 0;
  int32_t last_day = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

// JKK and JKM, in this order.
inline constexpr int kProgrammes = 2;

// One person: of each programme the one span of whole calendar months that is paid, which may begin
// within its first month.
struct State {
  std::array<Span, kProgrammes> paid;
  int32_t death_day = 0;
  int32_t withdraw_day = 0;
  friend bool operator==(const State&, const State&) = default;
};

// What an answer says of one programme; verdict and reason as in coverage.proto.
struct Said {
  int verdict = 0;
  int reason = 0;
  Span span;
  friend bool operator==(const Said&, const Said&) = default;
};

// What an answer says.
struct Answer {
  int64_t worker_id = 0;  // 0: nobody
  std::array<Said, kProgrammes> said;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// What must be answered about this person on a day (before any waiting period of the rules, which
// changes the level of a benefit only).
Answer AnswerFor(int64_t worker_id, const State& state, int32_t day);
// What must be answered about a key that nobody has.
Answer AnswerForNobody();

// For people who look into a violation.
std::string ToText(const State& state);
std::string ToText(const Answer& answer);

}  // namespace lingkaran::freshness
