#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/coverage/api/coverage_service.h"
#include "services/coverage/domain/benefit.h"
#include "services/coverage/domain/errors.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

// Everything that was known of a person at an instant.
struct Known {
  Facts facts;
  std::vector<PersonMonth> months;  // that stood at the instant
  int64_t facts_version = 0;
};

Known KnownAt(sql::Tx& tx, int64_t worker_id, int64_t instant_ms) {
  Known out;
  out.facts.worker_id = worker_id;
  out.facts.position = store::Position(tx);
  if (worker_id == 0) return out;
  const std::optional<Member> member = store::MemberKnownAt(tx, worker_id, instant_ms);
  if (!member) return out;
  out.facts.known = true;
  out.facts.utc_offset_hours = member->utc_offset_hours;
  out.facts.death_day = member->death_day;
  out.facts.withdraw_day = member->withdraw_day;
  out.facts_version = member->position;
  for (PersonMonth& month : store::AllMonths(tx, worker_id)) {
    if (month.record_ms > instant_ms) continue;
    out.facts_version = std::max(out.facts_version, month.booked_position);
    if (!month.stands() && month.revoke_ms <= instant_ms) {
      out.facts_version = std::max(out.facts_version, month.revoked_position);
      continue;
    }
    month.revoked_position = 0;  // as it stood then
    out.months.push_back(std::move(month));
  }
  out.facts.runs = ToRuns(out.months);
  return out;
}

absl::StatusOr<Known> KnownAt(sql::Database& database, int64_t worker_id, int64_t instant_ms) {
  Known known;
  RETURN_IF_ERROR(database.Read([&](sql::Tx& tx) {
    known = KnownAt(tx, worker_id, instant_ms);
    return absl::OkStatus();
  }));
  return known;
}

absl::StatusOr<int64_t> InstantMs(const google::protobuf::Timestamp& time) {
  if (time.seconds() < 0 || time.seconds() > 253'402'300'799 || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return InvalidField("as_known_at", "send an instant between 1970 and 9999");
  }
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

}  // namespace

grpc::Status CoverageServiceImpl::ExplainEligibility(Context* context,
                                                     In<v1::ExplainEligibilityRequest> request,
                                                     v1::ExplainEligibilityResponse* response) {
  return RunRpc(context, Rpc("ExplainEligibility"), [&](const Call&) -> absl::Status {
    ASSIGN_OR_RETURN(const Question question, ReadQuestion(request->person(), request->programmes(),
                                                           request->day(), parts_.sealer));
    int64_t instant = std::numeric_limits<int64_t>::max();
    if (request->has_as_known_at()) {
      ASSIGN_OR_RETURN(instant, InstantMs(request->as_known_at()));
    }
    ASSIGN_OR_RETURN(const int64_t worker_id, Resolve(question.person));
    ASSIGN_OR_RETURN(const Known known, KnownAt(parts_.database, worker_id, instant));
    const Facts& facts = known.facts;
    const Rules& rules = parts_.rules.Current();
    const absl::Time now = parts_.clock.Now();
    const Day day = question.day.value_or(LocalDay(now, facts.utc_offset_hours));
    v1::CheckEligibilityResponse* answer = response->mutable_answer();
    for (Programme programme : question.programmes) {
      const Answer decided = Decide(facts, rules, programme, day);
      FillAnswer(decided, answer->add_answers());
      const Explanation why = Explain(facts, rules, decided, day);
      for (const std::string& step : why.steps) response->add_steps(step);
      for (const RuleText& rule : why.rules) FillRule(rule, response->add_rules());
    }
    answer->set_worker_id(facts.known ? worker_id : 0);
    answer->set_day(DayNumber(day));
    answer->mutable_checked_at()->set_seconds(absl::ToUnixSeconds(now));
    answer->set_rules_version(rules.version());
    answer->set_consistency_token(ToToken({facts.position, {}}));
    for (const CoverSpan& span : ToSpans(facts.runs)) {
      const auto& asked = question.programmes;
      if (std::find(asked.begin(), asked.end(), span.programme) != asked.end())
        FillSpan(span, response->add_spans());
    }
    if (facts.death_day) response->set_death_day(DayNumber(*facts.death_day));
    if (facts.withdraw_day) response->set_withdraw_day(DayNumber(*facts.withdraw_day));
    response->set_facts_version(known.facts_version);
    return absl::OkStatus();
  });
}

namespace {

// The declared income that the contribution for the day rests on: that of the last month begun.
Rupiah IncomeOn(const std::vector<PersonMonth>& months, Programme programme, Day day) {
  Rupiah income;
  for (const PersonMonth& month : months) {
    if (month.programme == programme && month.first_day <= day) income = month.wage_base;
  }
  return income;
}

}  // namespace

grpc::Status CoverageServiceImpl::EstimateBenefit(Context* context,
                                                  In<v1::EstimateBenefitRequest> request,
                                                  v1::EstimateBenefitResponse* response) {
  return RunRpc(context, Rpc("EstimateBenefit"), [&](const Call&) -> absl::Status {
    if (!v1::BenefitEvent_IsValid(request->event()) ||
        request->event() == v1::BENEFIT_EVENT_UNSPECIFIED) {
      return InvalidField("event", "name what happened, for example NATURAL_DEATH");
    }
    const auto event = static_cast<BenefitEvent>(request->event());
    ASSIGN_OR_RETURN(const Question question,
                     ReadQuestion(request->person(), {}, request->day(), parts_.sealer));
    ASSIGN_OR_RETURN(const int64_t worker_id, Resolve(question.person));
    ASSIGN_OR_RETURN(const Known known,
                     KnownAt(parts_.database, worker_id, std::numeric_limits<int64_t>::max()));
    if (!known.facts.known) return MemberNotFound();
    const Rules& rules = parts_.rules.Current();
    const Day day =
        question.day.value_or(LocalDay(parts_.clock.Now(), known.facts.utc_offset_hours));
    const Programme programme = ProgrammeOf(event);
    const Answer answer = Decide(known.facts, rules, programme, day);
    if (answer.verdict == Verdict::kUnknown) return NoRule("cover", day);
    if (answer.verdict != Verdict::kCovered) return NotCovered(programme, day);
    ASSIGN_OR_RETURN(
        const BenefitEstimate estimate,
        BenefitOf(rules, event, answer.level, IncomeOn(known.months, programme, day), day));
    for (const BenefitLine& line : estimate.lines) {
      v1::BenefitLine* out = response->add_lines();
      out->set_label(line.label);
      out->set_amount_rupiah(line.amount.amount());
      out->set_rule_source(line.source);
    }
    response->set_total_rupiah(estimate.total.amount());
    response->set_level(static_cast<v1::BenefitLevel>(answer.level));
    response->set_reason(static_cast<v1::AnswerReason>(answer.reason));
    response->set_day(DayNumber(day));
    response->set_rules_version(rules.version());
    for (const std::string& note : estimate.notes) response->add_notes(note);
    return absl::OkStatus();
  });
}

}  // namespace lingkaran::coverage
