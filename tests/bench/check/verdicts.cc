#include "tests/bench/check/verdicts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "services/coverage/domain/eligibility.h"
#include "services/coverage/store/rules_file.h"
#include "tests/bench/check/measure.h"
#include "tests/bench/check/people.h"

namespace lingkaran::bench {
namespace {

[[noreturn]] void Wrong(int64_t worker_id, const std::string& reply, const std::string& why) {
  Fail(absl::StrCat("wrong answer about worker ", worker_id, " (", why, "):\n", reply));
}

// Empty if `got` says what was decided.
std::string Differs(const coverage::Answer& want, const coverage::v1::ProgrammeAnswer& got) {
  const auto day = [](const std::optional<Day>& d) { return d ? DayNumber(*d) : 0; };
  const int first = want.span ? DayNumber(want.span->first) : 0;
  const int last = want.span ? DayNumber(want.span->last) : 0;
  if (static_cast<int>(got.programme()) != static_cast<int>(want.programme)) return "programme";
  if (static_cast<int>(got.verdict()) != static_cast<int>(want.verdict)) return "verdict";
  if (static_cast<int>(got.level()) != static_cast<int>(want.level)) return "level";
  if (static_cast<int>(got.reason()) != static_cast<int>(want.reason)) return "reason";
  if (got.first_day() != first || got.last_day() != last) return "span";
  if (got.valid_until() != day(want.valid_until)) return "valid_until";
  return "";
}

}  // namespace

Verdicts::Verdicts() {
  auto rules = coverage::LoadRules(LINGKARAN_SOURCE_DIR "/deploy/rules/coverage.textproto");
  if (!rules.ok()) Fail(rules.status().ToString());
  rules_ = *std::move(rules);
}

template <typename Reply>
void Verdicts::JudgeAnswers(int64_t worker_id, const Reply& reply,
                            const google::protobuf::Timestamp& checked_at) const {
  const coverage::Facts facts = FactsOf(MakeCitizen(worker_id));
  const auto wrong = [&](const std::string& why) { Wrong(worker_id, reply.DebugString(), why); };
  if (reply.worker_id() != worker_id) wrong("worker_id");
  // Midnight may pass between the answer and its time.
  const absl::Time at = absl::FromUnixSeconds(checked_at.seconds());
  Day today = LocalDay(at, facts.utc_offset_hours);
  if (reply.day() != DayNumber(today))
    today = LocalDay(at - absl::Seconds(1), facts.utc_offset_hours);
  if (reply.day() != DayNumber(today)) wrong("day");
  if (reply.answers_size() != 2) wrong("programmes");
  for (int i = 0; i < 2; ++i) {
    const Programme programme = i == 0 ? Programme::kJkk : Programme::kJkm;
    const std::string why =
        Differs(coverage::Decide(facts, *rules_, programme, today), reply.answers(i));
    if (!why.empty()) wrong(why);
  }
}

void Verdicts::Judge(int64_t worker_id,
                     const coverage::v1::CheckEligibilityResponse& response) const {
  JudgeAnswers(worker_id, response, response.checked_at());
}

void Verdicts::Judge(int64_t worker_id, const coverage::v1::BatchCheckResult& result,
                     const google::protobuf::Timestamp& checked_at) const {
  if (result.status().code() != 0) Wrong(worker_id, result.DebugString(), "status");
  JudgeAnswers(worker_id, result, checked_at);
}

}  // namespace lingkaran::bench
