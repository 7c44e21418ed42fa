#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/coverage/service.h"

namespace lingkaran::coverage {
namespace {

// Who may tell apart unknown people, other regions and people who are not covered.
bool MayKnow(Role role) {
  return role == Role::kOfficer || role == Role::kAdmin || role == Role::kService;
}

void FillTime(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t nanos = absl::ToUnixNanos(time);
  out->set_seconds(nanos / 1'000'000'000);
  out->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

// Makes every "no" look the same. `undisclosed_day` stands for a day that was not given: the zone
// of somebody's home would tell that he is known.
template <typename Reply>
void Disclose(const Call& call, const Freshness& fresh, std::optional<Day> asked,
              Day undisclosed_day, Reply& reply) {
  if (MayKnow(call.actor.role)) return;
  bool positive = false;
  for (Answer& answer : reply.answers) {
    if (answer.verdict != Verdict::kNotCovered) {
      positive = true;
      continue;
    }
    answer.reason = AnswerReason::kNotDisclosed;
    answer.span.reset();
    answer.valid_until.reset();
  }
  reply.worker_id = 0;
  reply.position = fresh.position;
  if (!positive && !asked) reply.day = undisclosed_day;
}

template <typename Reply, typename Result>
void FillReply(const Reply& reply, Result* out) {
  for (const Answer& answer : reply.answers) FillAnswer(answer, out->add_answers());
  out->set_worker_id(reply.worker_id);
  out->set_day(DayNumber(reply.day));
}

}  // namespace

absl::StatusOr<CoverageServiceImpl::Question> CoverageServiceImpl::ReadQuestion(
    const v1::PersonRef& person, const google::protobuf::RepeatedField<int>& programmes,
    int32_t day, const std::string& field) const {
  Question question;
  ASSIGN_OR_RETURN(question.person, ReadPerson(person, parts_.sealer, field + "person"));
  ASSIGN_OR_RETURN(question.programmes, ReadProgrammes(programmes, field + "programmes"));
  ASSIGN_OR_RETURN(question.day, ReadOptionalDay(day, field + "day"));
  return question;
}

absl::StatusOr<Freshness> CoverageServiceImpl::ReadConsistency(
    const common::v1::Consistency& consistency) {
  switch (consistency.requirement_case()) {
    case common::v1::Consistency::kFullyConsistent:
      return Freshness{0, consistency.fully_consistent()};
    case common::v1::Consistency::kAtLeastAsFresh: {
      ASSIGN_OR_RETURN(const Token token, FromToken(consistency.at_least_as_fresh()));
      return FreshnessOf(token);
    }
    case common::v1::Consistency::kMinimizeLatency:
    case common::v1::Consistency::REQUIREMENT_NOT_SET:
      break;
  }
  return Freshness{};
}

absl::StatusOr<Freshness> CoverageServiceImpl::FreshnessOf(const Token& token) {
  if (token.owed_request_ids.empty()) return Freshness{token.coverage_position, false};
  // At which position they were applied is not written down: past the caches it is.
  RETURN_IF_ERROR(parts_.database.Read(
      [&](sql::Tx& tx) { return CheckApplied(tx, token, token.coverage_position); }));
  return Freshness{token.coverage_position, true};
}

absl::StatusOr<std::vector<CoverageServiceImpl::Reply>> CoverageServiceImpl::AnswerAll(
    const std::vector<const Question*>& questions, const Freshness& fresh, const Rules& rules) {
  std::vector<std::string> keys;
  for (const Question* question : questions) {
    if (!question->person.key.empty()) keys.push_back(question->person.key);
  }
  std::vector<Identity> identities;
  if (!keys.empty()) {
    ASSIGN_OR_RETURN(identities, parts_.reader.FindIdentities(keys, fresh));
  }
  std::vector<int64_t> ids;  // to read facts of
  std::vector<Reply> replies;
  size_t next_identity = 0;
  for (const Question* question : questions) {
    Reply reply;
    reply.worker_id = question->person.worker_id;
    reply.position = std::numeric_limits<int64_t>::max();
    if (!question->person.key.empty()) {
      const Identity& identity = identities[next_identity++];
      reply.worker_id = identity.worker_id;
      reply.position = identity.position;
    }
    if (reply.worker_id != 0) ids.push_back(reply.worker_id);
    replies.push_back(std::move(reply));
  }
  std::vector<FactsPtr> facts;
  if (!ids.empty()) {
    ASSIGN_OR_RETURN(facts, parts_.reader.FindFacts(ids, fresh));
  }
  static const Facts& nobody = *new Facts();
  size_t next_facts = 0;
  const absl::Time now = parts_.clock.Now();
  for (size_t i = 0; i < replies.size(); ++i) {
    Reply& reply = replies[i];
    const Facts* known = &nobody;
    if (reply.worker_id != 0) {
      known = facts[next_facts++].get();
      reply.position = std::min(reply.position, known->position);
    }
    if (!known->known) reply.worker_id = 0;
    reply.day = questions[i]->day.value_or(LocalDay(now, known->utc_offset_hours));
    for (Programme programme : questions[i]->programmes) {
      reply.answers.push_back(Decide(*known, rules, programme, reply.day));
    }
  }
  return replies;
}

absl::Status CoverageServiceImpl::Check(const Call& call,
                                        const v1::CheckEligibilityRequest& request,
                                        v1::CheckEligibilityResponse* response) {
  ASSIGN_OR_RETURN(const Question question,
                   ReadQuestion(request.person(), request.programmes(), request.day(), ""));
  ASSIGN_OR_RETURN(const Freshness fresh, ReadConsistency(request.consistency()));
  const std::shared_ptr<const Rules> rules = parts_.rules.Current();
  ASSIGN_OR_RETURN(std::vector<Reply> replies, AnswerAll({&question}, fresh, *rules));
  Disclose(call, fresh, question.day, TodayWib(), replies[0]);
  FillReply(replies[0], response);
  FillTime(parts_.clock.Now(), response->mutable_checked_at());
  response->set_rules_version(rules->version());
  response->set_consistency_token(ToToken({replies[0].position, {}}));
  return absl::OkStatus();
}

absl::Status CoverageServiceImpl::BatchCheck(const Call& call,
                                             const v1::BatchCheckEligibilityRequest& request,
                                             v1::BatchCheckEligibilityResponse* response) {
  RETURN_IF_ERROR(CheckBatchSize(request.items_size(), kMaxChecks, "items"));
  ASSIGN_OR_RETURN(const Freshness fresh, ReadConsistency(request.consistency()));
  std::vector<absl::StatusOr<Question>> questions;
  std::vector<const Question*> good;
  questions.reserve(request.items_size());
  for (int i = 0; i < request.items_size(); ++i) {
    const v1::BatchCheckItem& item = request.items(i);
    questions.push_back(ReadQuestion(item.person(), item.programmes(), item.day(),
                                     absl::StrCat("items[", i, "].")));
    if (questions.back().ok()) good.push_back(&*questions.back());
  }
  const std::shared_ptr<const Rules> rules = parts_.rules.Current();
  ASSIGN_OR_RETURN(std::vector<Reply> replies, AnswerAll(good, fresh, *rules));
  int64_t position = replies.empty() ? fresh.position : std::numeric_limits<int64_t>::max();
  size_t next = 0;
  for (int i = 0; i < request.items_size(); ++i) {
    v1::BatchCheckResult* result = response->add_results();
    result->set_correlation_id(request.items(i).correlation_id());
    if (!questions[i].ok()) {
      *result->mutable_status() = ToProto(questions[i].status());
      continue;
    }
    Reply& reply = replies[next++];
    Disclose(call, fresh, questions[i]->day, TodayWib(), reply);
    FillReply(reply, result);
    position = std::min(position, reply.position);
  }
  FillTime(parts_.clock.Now(), response->mutable_checked_at());
  response->set_rules_version(rules->version());
  response->set_consistency_token(ToToken({position, {}}));
  return absl::OkStatus();
}

}  // namespace lingkaran::coverage
