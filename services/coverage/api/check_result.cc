#include "services/coverage/api/check_result.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/string_views.h"

namespace lingkaran::coverage {
namespace {

// A "no" that says nothing else.
void Blank(Answer& answer) {
  answer.reason = AnswerReason::kNotDisclosed;
  answer.span.reset();
  answer.valid_until.reset();
}

template <typename Result>
void Fill(const Question& question, const Facts& facts, const Rules& rules, absl::Time now,
          bool may_know, Result* out) {
  Day day = question.day ? *question.day : LocalDay(now, facts.utc_offset_hours);
  bool disclosed = may_know;
  for (const Programme programme : question.programmes) {
    Answer answer = Decide(facts, rules, programme, day);
    if (!may_know && answer.verdict == Verdict::kNotCovered) {
      Blank(answer);
    } else {
      disclosed = true;
    }
    FillAnswer(answer, out->add_answers());
  }
  if (may_know && facts.known) out->set_worker_id(facts.worker_id);
  if (!disclosed && !question.day) day = LocalDay(now, 7);
  out->set_day(DayNumber(day));
}

}  // namespace

absl::StatusOr<Question> ReadQuestion(const v1::PersonRef& person,
                                      const google::protobuf::RepeatedField<int>& programmes,
                                      int32_t day, const PersonalDataVault& sealer) {
  Question question;
  ASSIGN_OR_RETURN(question.person, ReadPerson(person, sealer));
  ASSIGN_OR_RETURN(question.programmes, ReadProgrammes(programmes));
  if (day != 0) {
    ASSIGN_OR_RETURN(question.day, ReadDay(day, "day"));
  }
  return question;
}

absl::Status Within(std::string_view path, const absl::Status& status) {
  FieldErrors errors;
  for (const auto& [field, text] : FieldViolationsOf(status)) {
    errors.Require(false, absl::StrCat(AbslView(path), field), text);
  }
  absl::Status moved = errors.ToStatus();
  return moved.ok() ? status : moved;
}

bool MayKnow(Role role) {
  return role == Role::kOfficer || role == Role::kAdmin || role == Role::kService;
}

void FillResult(const Question& question, const Facts& facts, const Rules& rules, absl::Time now,
                bool may_know, v1::CheckEligibilityResponse* out) {
  Fill(question, facts, rules, now, may_know, out);
}

void FillResult(const Question& question, const Facts& facts, const Rules& rules, absl::Time now,
                bool may_know, v1::BatchCheckResult* out) {
  Fill(question, facts, rules, now, may_know, out);
}

}  // namespace lingkaran::coverage
