#include "tests/freshness/ask.h"

#include <algorithm>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran::freshness {
namespace {

using Stub = cv1::CoverageService::Stub;

constexpr char kOfficer[] = "sari;role=officer";
constexpr absl::Duration kTimeout = absl::Seconds(3);

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

// One question on its way to one replica.
class Asker {
 public:
  Asker(Stub& stub, const Question& question, Random& random, const std::string& where)
      : stub_(stub), question_(question), random_(random), where_(where) {}

  Reply One() {
    cv1::CheckEligibilityRequest request;
    *request.mutable_person() = ToPerson(question_.keys[0]);
    request.set_day(AnyDay(random_));
    SetConsistency(question_, random_, request);
    cv1::CheckEligibilityResponse response;
    if (Send(&Stub::CheckEligibility, request, response)) {
      NoteAnswer(response, CheckOf(question_.keys[0], request.day(), where_), reply_);
    }
    return std::move(reply_);
  }

  Reply Many() {
    cv1::BatchCheckEligibilityRequest request;
    for (const std::string& key : question_.keys) {
      cv1::BatchCheckItem* item = request.add_items();
      *item->mutable_person() = ToPerson(key);
      item->set_day(AnyDay(random_));
      item->set_correlation_id(key);
    }
    SetConsistency(question_, random_, request);
    cv1::BatchCheckEligibilityResponse response;
    if (!Send(&Stub::BatchCheckEligibility, request, response)) return std::move(reply_);
    if (response.results_size() != request.items_size()) {
      reply_.failure =
          absl::StrCat(request.items_size(), " items, ", response.results_size(), " results");
      return std::move(reply_);
    }
    const std::string where = absl::StrCat(where_, ", batch of ", request.items_size());
    for (int i = 0; i < request.items_size(); ++i) {
      const cv1::BatchCheckResult& result = response.results(i);
      if (result.correlation_id() != question_.keys[i]) {
        reply_.failure = "the order was not kept: " + result.ShortDebugString();
      }
      if (NoteError(FromProto(result.status()), reply_)) continue;
      NoteAnswer(result, CheckOf(question_.keys[i], request.items(i).day(), where), reply_);
    }
    return std::move(reply_);
  }

 private:
  // Sends; true if there is something to be read in the response.
  template <typename Request, typename Response>
  bool Send(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
            const Request& request, Response& response) {
    grpc::ClientContext context;
    context.AddMetadata(kActorMetadata, kOfficer);
    reply_.sent = absl::Now();
    context.set_deadline(absl::ToChronoTime(reply_.sent + kTimeout));
    const absl::Status status = FromGrpc((stub_.*rpc)(&context, request, &response));
    reply_.answered = absl::Now();
    if (NoteError(status, reply_)) return false;
    reply_.token = response.consistency_token();
    reply_.position = PositionOf(reply_.token);
    if (reply_.position < 0) reply_.failure = "no token: " + response.ShortDebugString();
    return reply_.failure.empty();
  }

  Check CheckOf(const std::string& key, int32_t day, const std::string& where) const {
    Check check;
    check.key = key;
    check.day = day;
    check.asked = question_.asked;
    check.token = question_.position;
    check.reply_token = reply_.position;
    check.sent = reply_.sent;
    check.answered = reply_.answered;
    check.where = where;
    return check;
  }

  Stub& stub_;
  const Question& question_;
  Random& random_;
  const std::string& where_;
  Reply reply_;
};

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

Reply Ask(Stub& stub, const Question& question, Random& random, const std::string& where) {
  Asker asker(stub, question, random, where);
  const bool one = question.keys.size() == 1 && Below(random, 4) > 0;
  return one ? asker.One() : asker.Many();
}

}  // namespace lingkaran::freshness
