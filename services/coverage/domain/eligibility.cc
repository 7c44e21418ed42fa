#include "services/coverage/domain/eligibility.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

namespace lingkaran::coverage {
namespace {

constexpr std::chrono::days kOneDay{1};

// Days without a hole between.
struct Span {
  sys_days first;
  sys_days last;
  Day first_day;  // the same as civil days
  Day last_day;
  // Looked up when it is first asked for: the rule of the first day after the span.
  const Arrears* arrears = nullptr;
  sys_days grace = {};  // last day on which paying on keeps the membership

  DaySpan days() const { return {first_day, last_day}; }
  // False if the rule is missing.
  bool FindGrace(const Rules& rules) {
    if (arrears != nullptr) return true;
    arrears = rules.ArrearsOn(last + kOneDay);
    if (arrears != nullptr) grace = SysGraceUntil(last_day, *arrears);
    return arrears != nullptr;
  }
};
using Spans = absl::InlinedVector<Span, 4>;

// A person's facts for one programme, as days to compute with.
struct Case {
  const Facts& facts;
  Programme programme;
  sys_days death = kLastSysDay;      // last day that can be covered
  sys_days withdrawn = kLastSysDay;  // first day that can't
  Spans spans = {};                  // cut where the person takes no part any more
};

Case CaseOf(const Facts& facts, Programme programme) {
  Case out{facts, programme};
  if (facts.death_day) out.death = ToSysDays(*facts.death_day);
  if (facts.withdraw_day) out.withdrawn = ToSysDays(*facts.withdraw_day);
  const sys_days until = std::min(out.death, out.withdrawn - kOneDay);
  for (const Run& run : facts.runs) {
    if (run.programme != programme) continue;
    Span span{ToSysDays(run.first_day), ToSysDays(run.last_day), run.first_day, run.last_day};
    if (span.first > until) continue;
    if (span.last > until) {
      span.last = until;
      span.last_day = CivilOf(until);
    }
    if (out.spans.empty() || span.first > out.spans.back().last + kOneDay) {
      out.spans.push_back(span);
    } else if (span.last > out.spans.back().last) {
      out.spans.back().last = span.last;
      out.spans.back().last_day = span.last_day;
    }
  }
  return out;
}

// The span that a day lies in, and the nearest on both sides of the day; null where there is none.
struct Neighbours {
  Span* around = nullptr;
  Span* before = nullptr;
  Span* after = nullptr;

  Span* nearest(sys_days day) const {
    if (before == nullptr || after == nullptr) return before != nullptr ? before : after;
    return day - before->last <= after->first - day ? before : after;
  }
};

Neighbours NeighboursOf(Spans& spans, sys_days day) {
  Neighbours out;
  for (Span& span : spans) {
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

std::optional<int> CountMonths(const Facts& facts, const Rules& rules, Programme programme,
                               sys_days day) {
  int counted = 0;
  const Run* before = nullptr;
  for (const Run& run : facts.runs) {
    if (run.programme != programme) continue;
    if (ToSysDays(run.first_day) > day) break;
    if (before != nullptr) {
      const int unpaid = MonthsBetween(before->first_month, run.first_month) - before->months;
      if (unpaid > 0) {
        const Arrears* arrears = rules.ArrearsOn(ToSysDays(before->last_day) + kOneDay);
        if (arrears == nullptr) return std::nullopt;
        if (unpaid > arrears->lapse_after_months) counted = 0;
      }
    }
    counted += run.MonthsBegunBy(day);
    before = &run;
  }
  return counted;
}

void SetCovered(const Case& of, const Rules& rules, sys_days day, AnswerReason reason,
                Answer& answer) {
  int waiting_months = 0;
  if (rules.Waits(of.programme)) {
    const Waiting* waiting = rules.WaitingOn(of.programme, day);
    if (waiting == nullptr) return;
    waiting_months = waiting->months;
  }
  answer.level = Level::kFull;
  answer.reason = reason;
  if (waiting_months > 0) {
    const std::optional<int> counted = CountMonths(of.facts, rules, of.programme, day);
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
Answer AnswerOn(Case& of, const Rules& rules, sys_days day) {
  Answer answer;
  answer.programme = of.programme;
  if (!of.facts.known) {
    SetNotCovered(AnswerReason::kPersonUnknown, answer);
    return answer;
  }
  const Neighbours near = NeighboursOf(of.spans, day);
  if (near.around != nullptr) {
    answer.span = near.around->days();
    SetCovered(of, rules, day, AnswerReason::kPaid, answer);
    return answer;
  }
  if (const Span* nearest = near.nearest(day)) answer.span = nearest->days();
  if (day > of.death) {
    SetNotCovered(AnswerReason::kDeceased, answer);
  } else if (day >= of.withdrawn) {
    SetNotCovered(AnswerReason::kWithdrawn, answer);
  } else if (of.spans.empty()) {
    SetNotCovered(AnswerReason::kNeverPaid, answer);
  } else if (near.before == nullptr) {
    SetNotCovered(AnswerReason::kNotStarted, answer);
  } else {
    if (!near.before->FindGrace(rules)) return answer;
    const bool in_time = day <= near.before->grace;
    if (in_time && near.before->arrears->covered_meanwhile) {
      answer.span = near.before->days();
      SetCovered(of, rules, day, AnswerReason::kArrears, answer);
    } else if (near.after != nullptr) {
      SetNotCovered(AnswerReason::kGap, answer);
    } else {
      SetNotCovered(in_time ? AnswerReason::kEnded : AnswerReason::kLapsed, answer);
    }
  }
  return answer;
}

// First day after `day` on which the answer could be another one; kLastSysDay if none.
sys_days NextChange(Case& of, const Rules& rules, const Answer& answer, sys_days day) {
  sys_days next = kLastSysDay;
  const auto consider = [&](sys_days change) {
    if (change > day && change < next) next = change;
  };
  if (of.death != kLastSysDay) consider(of.death + kOneDay);
  consider(of.withdrawn);
  for (size_t i = 0; i < of.spans.size(); ++i) {
    const sys_days last = of.spans[i].last;
    consider(of.spans[i].first);
    consider(last + kOneDay);
    if (next <= last + kOneDay) break;  // nothing that follows is earlier
    if (of.spans[i].FindGrace(rules)) consider(of.spans[i].grace + kOneDay);
    if (i + 1 < of.spans.size()) consider(last + (of.spans[i + 1].first - last) / 2 + kOneDay);
  }
  if (answer.verdict == Verdict::kCovered && rules.Waits(of.programme)) {
    if (const auto change = rules.NextWaitingChange(of.programme, day)) consider(*change);
  }
  if (answer.level == Level::kReduced) {
    for (const Run& run : of.facts.runs) {
      if (run.programme != of.programme) continue;
      const int begun = run.MonthsBegunBy(day);
      if (begun < run.months) consider(run.SysStartOf(begun));
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
  return CountMonths(facts, rules, programme, ToSysDays(day));
}

Answer Decide(const Facts& facts, const Rules& rules, Programme programme, Day day) {
  Case of = CaseOf(facts, programme);
  const sys_days on = ToSysDays(day);
  Answer answer = AnswerOn(of, rules, on);
  if (answer.verdict == Verdict::kUnknown) {
    answer.valid_until = day;
    return answer;
  }
  sys_days change = NextChange(of, rules, answer, on);
  if (answer.reason == AnswerReason::kPaid && change == ToSysDays(answer.span->last) + kOneDay) {
    answer.valid_until = answer.span->last;  // the next day may be anything but paid
    return answer;
  }
  while (change != kLastSysDay && AnswerOn(of, rules, change) == answer) {
    change = NextChange(of, rules, answer, change);
  }
  if (change != kLastSysDay) answer.valid_until = CivilOf(change - kOneDay);
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
  Spans spans = CaseOf(facts, answer.programme).spans;
  std::string paid = "tidak ada";
  for (size_t i = 0; i < spans.size(); ++i) {
    paid = absl::StrCat(i == 0 ? "" : absl::StrCat(paid, "; "), SpanText(spans[i].days()));
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
  const Neighbours near = NeighboursOf(spans, ToSysDays(day));
  if (near.around == nullptr && near.before != nullptr) {
    if (const Arrears* arrears = rules.ArrearsOn(near.before->last + kOneDay)) {
      out.steps.push_back(absl::StrCat(programme, ": tenggang sampai dengan ",
                                       FormatDay(GraceUntil(near.before->last_day, *arrears)), " (",
                                       arrears->validity.source, ")."));
      out.rules.push_back(Describe(*arrears));
    }
  }
  out.steps.push_back(absl::StrCat(programme, ": ", ReasonText(answer, day)));
  return out;
}

}  // namespace lingkaran::coverage
