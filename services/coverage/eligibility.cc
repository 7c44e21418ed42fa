#include "services/coverage/eligibility.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

namespace lingkaran::coverage {
namespace {

using Spans = absl::InlinedVector<DaySpan, 4>;

// Days of the programme without a hole between, cut where the person takes no part any more.
Spans SpansOf(const Facts& facts, Programme programme) {
  const Day until = facts.UntilDay();
  Spans spans;
  for (const Run& run : facts.runs) {
    if (run.programme != programme || run.first_day > until) continue;
    const Day last = std::min(run.last_day, until);
    if (!spans.empty() && run.first_day <= spans.back().last + 1) {
      spans.back().last = std::max(spans.back().last, last);
    } else {
      spans.push_back({run.first_day, last});
    }
  }
  return spans;
}

// The spans on both sides of a day that lies in none.
struct Neighbours {
  const DaySpan* around = nullptr;
  const DaySpan* before = nullptr;
  const DaySpan* after = nullptr;

  const DaySpan* nearest(Day day) const {
    if (before == nullptr || after == nullptr) return before != nullptr ? before : after;
    return day - before->last <= after->first - day ? before : after;
  }
};

Neighbours NeighboursOf(const Spans& spans, Day day) {
  Neighbours out;
  for (const DaySpan& span : spans) {
    if (span.last < day) {
      out.before = &span;
    } else if (span.first <= day) {
      out.around = &span;
    } else {
      out.after = &span;
      break;
    }
  }
  return out;
}

void SetCovered(const Facts& facts, const Rules& rules, Day day, AnswerReason reason,
                Answer& answer) {
  int waiting_months = 0;
  if (rules.Waits(answer.programme)) {
    const Waiting* waiting = rules.WaitingOn(answer.programme, day);
    if (waiting == nullptr) return;
    waiting_months = waiting->months;
  }
  answer.level = Level::kFull;
  answer.reason = reason;
  if (waiting_months > 0) {
    const std::optional<int> counted = MonthsCounted(facts, rules, answer.programme, day);
    if (!counted) {
      answer.level = Level::kNone;
      answer.reason = AnswerReason::kFactsUnavailable;
      return;
    }
    if (*counted <= waiting_months) {
      answer.level = Level::kReduced;
      answer.reason = AnswerReason::kWaitingPeriod;
    }
  }
  answer.verdict = Verdict::kCovered;
}

void SetNotCovered(AnswerReason reason, Answer& answer) {
  answer.verdict = Verdict::kNotCovered;
  answer.reason = reason;
}

// The answer without valid_until. Starts as UNKNOWN, so that a forgotten case can't become "no".
Answer AnswerOn(const Facts& facts, const Rules& rules, const Spans& spans, Programme programme,
                Day day) {
  Answer answer;
  answer.programme = programme;
  if (!facts.known) {
    SetNotCovered(AnswerReason::kPersonUnknown, answer);
    return answer;
  }
  const Neighbours near = NeighboursOf(spans, day);
  if (near.around != nullptr) {
    answer.span = *near.around;
    SetCovered(facts, rules, day, AnswerReason::kPaid, answer);
    return answer;
  }
  if (const DaySpan* nearest = near.nearest(day)) answer.span = *nearest;
  if (facts.death_day && day > *facts.death_day) {
    SetNotCovered(AnswerReason::kDeceased, answer);
  } else if (facts.withdraw_day && day >= *facts.withdraw_day) {
    SetNotCovered(AnswerReason::kWithdrawn, answer);
  } else if (spans.empty()) {
    SetNotCovered(AnswerReason::kNeverPaid, answer);
  } else if (near.before == nullptr) {
    SetNotCovered(AnswerReason::kNotStarted, answer);
  } else {
    const Arrears* arrears = rules.ArrearsOn(near.before->last + 1);
    if (arrears == nullptr) return answer;
    const bool in_time = day <= GraceUntil(near.before->last, *arrears);
    if (in_time && arrears->covered_meanwhile) {
      answer.span = *near.before;
      SetCovered(facts, rules, day, AnswerReason::kArrears, answer);
    } else if (near.after != nullptr) {
      SetNotCovered(AnswerReason::kGap, answer);
    } else {
      SetNotCovered(in_time ? AnswerReason::kEnded : AnswerReason::kLapsed, answer);
    }
  }
  return answer;
}

// First day after `day` on which the answer could be another one.
std::optional<Day> NextChange(const Facts& facts, const Rules& rules, const Spans& spans,
                              const Answer& answer, Day day) {
  std::optional<Day> next;
  const auto consider = [&](Day change) {
    if (change > day && (!next || change < *next)) next = change;
  };
  if (facts.death_day) consider(*facts.death_day + 1);
  if (facts.withdraw_day) consider(*facts.withdraw_day);
  for (size_t i = 0; i < spans.size(); ++i) {
    const Day last = spans[i].last;
    consider(spans[i].first);
    consider(last + 1);
    if (const Arrears* arrears = rules.ArrearsOn(last + 1))
      consider(GraceUntil(last, *arrears) + 1);
    if (i + 1 < spans.size()) consider(last + (spans[i + 1].first - last) / 2 + 1);
  }
  if (answer.verdict == Verdict::kCovered && rules.Waits(answer.programme)) {
    if (const auto change = rules.NextWaitingChange(answer.programme, day)) consider(*change);
  }
  if (answer.level == Level::kReduced) {
    for (const Run& run : facts.runs) {
      if (run.programme != answer.programme) continue;
      for (int i = 0; i < run.months; ++i) consider(run.StartOf(i));
    }
  }
  return next;
}

}  // namespace

Day Facts::UntilDay() const {
  Day until = (Day::max)();
  if (death_day) until = std::min(until, *death_day);
  if (withdraw_day) until = std::min(until, *withdraw_day - 1);
  return until;
}

std::optional<int> MonthsCounted(const Facts& facts, const Rules& rules, Programme programme,
                                 Day day) {
  int counted = 0;
  const Run* before = nullptr;
  for (const Run& run : facts.runs) {
    if (run.programme != programme) continue;
    if (run.first_day > day) break;
    if (before != nullptr && run.first_month > before->last_month() + 1) {
      const Arrears* arrears = rules.ArrearsOn(before->last_day + 1);
      if (arrears == nullptr) return std::nullopt;
      const int unpaid = MonthsBetween(before->last_month(), run.first_month) - 1;
      if (unpaid > arrears->lapse_after_months) counted = 0;
    }
    counted += run.MonthsBegunBy(day);
    before = &run;
  }
  return counted;
}

Answer Decide(const Facts& facts, const Rules& rules, Programme programme, Day day) {
  const Spans spans = SpansOf(facts, programme);
  Answer answer = AnswerOn(facts, rules, spans, programme, day);
  if (answer.verdict == Verdict::kUnknown) {
    answer.valid_until = day;
    return answer;
  }
  std::optional<Day> change = NextChange(facts, rules, spans, answer, day);
  while (change && AnswerOn(facts, rules, spans, programme, *change) == answer) {
    change = NextChange(facts, rules, spans, answer, *change);
  }
  if (change) answer.valid_until = *change - 1;
  return answer;
}

namespace {

std::string SpanText(const DaySpan& span) {
  return absl::StrCat(FormatDay(span.first), " sampai dengan ", FormatDay(span.last));
}

std::string ReasonText(const Answer& answer, Day day) {
  const std::string on = FormatDay(day);
  switch (answer.reason) {
    case AnswerReason::kPaid:
      return absl::StrCat(on, " terlindungi: iuran untuk hari itu sudah dibayar; manfaat penuh.");
    case AnswerReason::kWaitingPeriod:
      return absl::StrCat(on, " terlindungi, tetapi masih dalam masa tunggu: manfaat terbatas.");
    case AnswerReason::kArrears:
      return absl::StrCat(on, " terlindungi: iuran menunggak, tetapi masih dalam tenggang.");
    case AnswerReason::kNeverPaid:
      return absl::StrCat(on, " tidak terlindungi: belum pernah ada iuran program ini.");
    case AnswerReason::kNotStarted:
      return absl::StrCat(on, " tidak terlindungi: perlindungan belum mulai.");
    case AnswerReason::kEnded:
      return absl::StrCat(on,
                          " tidak terlindungi: iuran berhenti; masih dapat dilanjutkan tanpa "
                          "pendaftaran baru.");
    case AnswerReason::kLapsed:
      return absl::StrCat(on,
                          " tidak terlindungi: iuran berhenti terlalu lama; perlu pendaftaran "
                          "baru.");
    case AnswerReason::kGap:
      return absl::StrCat(on, " tidak terlindungi: di antara dua masa iuran.");
    case AnswerReason::kDeceased:
      return absl::StrCat(on, " sesudah hari meninggal; hari meninggal itu sendiri terlindungi.");
    case AnswerReason::kWithdrawn:
      return absl::StrCat(on, " sesudah pekerja keluar dari kepesertaan.");
    case AnswerReason::kPersonUnknown:
      return "Orang ini tidak dikenal.";
    case AnswerReason::kNotDisclosed:
      return absl::StrCat(on, " tidak terlindungi.");
    case AnswerReason::kFactsUnavailable:
    case AnswerReason::kNone:
      break;
  }
  return absl::StrCat("Belum dapat dipastikan untuk ", on,
                      ": ketentuan yang diperlukan tidak tersedia. Jangan dibaca sebagai 'tidak'.");
}

}  // namespace

Explanation Explain(const Facts& facts, const Rules& rules, const Answer& answer, Day day) {
  Explanation out;
  const std::string programme(ProgrammeName(answer.programme));
  const Spans spans = SpansOf(facts, answer.programme);
  std::string paid = "tidak ada";
  for (size_t i = 0; i < spans.size(); ++i) {
    paid = absl::StrCat(i == 0 ? "" : absl::StrCat(paid, "; "), SpanText(spans[i]));
  }
  out.steps.push_back(absl::StrCat(programme, ": masa yang dibayar: ", paid, "."));
  const std::optional<int> counted = MonthsCounted(facts, rules, answer.programme, day);
  const Waiting* waiting = rules.WaitingOn(answer.programme, day);
  if (answer.verdict == Verdict::kCovered && waiting != nullptr && counted) {
    out.steps.push_back(absl::StrCat(programme, ": ", *counted,
                                     " bulan iuran terhitung; masa tunggu ", waiting->months,
                                     " bulan (", waiting->validity.source, ")."));
    out.rules.push_back(Describe(*waiting));
  }
  const Neighbours near = NeighboursOf(spans, day);
  if (near.around == nullptr && near.before != nullptr) {
    if (const Arrears* arrears = rules.ArrearsOn(near.before->last + 1)) {
      out.steps.push_back(absl::StrCat(programme, ": tenggang sampai dengan ",
                                       FormatDay(GraceUntil(near.before->last, *arrears)), " (",
                                       arrears->validity.source, ")."));
      out.rules.push_back(Describe(*arrears));
    }
  }
  out.steps.push_back(absl::StrCat(programme, ": ", ReasonText(answer, day)));
  return out;
}

}  // namespace lingkaran::coverage
