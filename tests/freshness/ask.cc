#include "tests/freshness/ask.h"

#include <algorithm>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran::freshness {
namespace {

constexpr char kOfficer[] = "sari;role=officer";

std::string ErrorName(const absl::Status& status) {
  std::string name(absl::StatusCodeToString(status.code()));
  const Reason reason = ReasonOf(status);
  if (reason != Reason::kUnspecified) absl::StrAppend(&name, "/", std::string(ReasonName(reason)));
  return name;
}

template <typename Result>
bool ReadAnswer(const Result& result, Answer& answer) {
  if (result.answers_size() != kProgrammes) return false;
  answer.worker_id = result.worker_id();
  for (int i = 0; i < kProgrammes; ++i) {
    const cv1::ProgrammeAnswer& said = result.answers(i);
    if (said.programme() != i + 1) return false;
    answer.said[i] = {said.verdict(), said.reason(), {said.first_day(), said.last_day()}};
  }
  return true;
}

bool IsUndetermined(const Answer& answer) {
  return std::any_of(answer.said.begin(), answer.said.end(),
                     [](const Said& said) { return said.verdict == cv1::VERDICT_UNKNOWN; });
}

// Notes an error; false if there is none.
bool NoteError(const absl::Status& status, Reply& reply) {
  if (status.ok()) return false;
  ++reply.errors[ErrorName(status)];
  if (!IsAllowed(status)) reply.failure = "a check failed as none may: " + status.ToString();
  return true;
}

template <typename Result>
void NoteAnswer(const Result& result, Check check, Reply& reply) {
  if (!ReadAnswer(result, check.answer)) {
    reply.failure = "no answer: " + result.ShortDebugString();
  } else if (IsUndetermined(check.answer)) {
    ++reply.errors["undetermined"];
  } else {
    reply.checks.push_back(std::move(check));
  }
}

template <typename Request>
void SetConsistency(const Question& question, Random& random, Request& request) {
  common::v1::Consistency* consistency = request.mutable_consistency();
  if (question.asked == Asked::kToken) {
    consistency->set_at_least_as_fresh(question.token);
  } else if (question.asked == Asked::kFull) {
    consistency->set_fully_consistent(true);
  } else if (Below(random, 2) == 0) {
    consistency->set_minimize_latency(true);
  }
}

// Sends; true if there is something to be read in the response.
template <typename Request, typename Response>
bool Send(cv1::CoverageService::Stub& stub,
          grpc::Status (cv1::CoverageService::Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                          Response*),
          const Request& request, absl::Duration timeout, Response& response, Reply& reply) {
  grpc::ClientContext context;
  context.AddMetadata(kActorMetadata, kOfficer);
  reply.sent = absl::Now();
  context.set_deadline(absl::ToChronoTime(reply.sent + timeout));
  const absl::Status status = FromGrpc((stub.*rpc)(&context, request, &response));
  reply.answered = absl::Now();
  if (NoteError(status, reply)) return false;
  reply.token = response.consistency_token();
  reply.position = PositionOf(reply.token);
  if (reply.position < 0) reply.failure = "no token: " + response.ShortDebugString();
  return reply.failure.empty();
}

Check CheckOf(const Question& question, const Reply& reply, const std::string& where) {
  Check check;
  check.asked = question.asked;
  check.token = question.position;
  check.reply_token = reply.position;
  check.sent = reply.sent;
  check.answered = reply.answered;
  check.where = where;
  return check;
}

void AskOne(cv1::CoverageService::Stub& stub, const Question& question, Random& random,
            const std::string& where, absl::Duration timeout, Reply& reply) {
  cv1::CheckEligibilityRequest request;
  *request.mutable_person() = ToPerson(question.keys[0]);
  request.set_day(AnyDay(random));
  SetConsistency(question, random, request);
  cv1::CheckEligibilityResponse response;
  if (!Send(stub, &cv1::CoverageService::Stub::CheckEligibility, request, timeout, response,
            reply)) {
    return;
  }
  Check check = CheckOf(question, reply, where);
  check.key = question.keys[0];
  check.day = request.day();
  NoteAnswer(response, std::move(check), reply);
}

void AskMany(cv1::CoverageService::Stub& stub, const Question& question, Random& random,
             const std::string& where, absl::Duration timeout, Reply& reply) {
  cv1::BatchCheckEligibilityRequest request;
  for (const std::string& key : question.keys) {
    cv1::BatchCheckItem* item = request.add_items();
    *item->mutable_person() = ToPerson(key);
    item->set_day(AnyDay(random));
    item->set_correlation_id(key);
  }
  SetConsistency(question, random, request);
  cv1::BatchCheckEligibilityResponse response;
  if (!Send(stub, &cv1::CoverageService::Stub::BatchCheckEligibility, request, timeout, response,
            reply)) {
    return;
  }
  if (response.results_size() != request.items_size()) {
    reply.failure =
        absl::StrCat(request.items_size(), " items, ", response.results_size(), " results");
    return;
  }
  for (int i = 0; i < request.items_size(); ++i) {
    const cv1::BatchCheckResult& result = response.results(i);
    if (result.correlation_id() != question.keys[i]) {
      reply.failure = "the order was not kept: " + result.ShortDebugString();
    }
    if (NoteError(FromProto(result.status()), reply)) continue;
    Check check = CheckOf(question, reply, where);
    check.key = question.keys[i];
    check.day = request.items(i).day();
    absl::StrAppend(&check.where, ", batch of ", request.items_size());
    NoteAnswer(result, std::move(check), reply);
  }
}

}  // namespace

int64_t PositionOf(const std::string& token) {
  const absl::StatusOr<Token> read = FromToken(token);
  return read.ok() && read->owed_request_ids.empty() ? read->coverage_position : -1;
}

bool IsAllowed(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

Reply Ask(cv1::CoverageService::Stub& stub, const Question& question, Random& random,
          const std::string& where, absl::Duration timeout) {
  Reply reply;
  const bool one = question.keys.size() == 1 && Below(random, 4) > 0;
  (one ? AskOne : AskMany)(stub, question, random, where, timeout, reply);
  return reply;
}

}  // namespace lingkaran::freshness
