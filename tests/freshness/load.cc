#include "tests/freshness/load.h"

#include <algorithm>
#include <cmath>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/rpc/run_rpc.h"

namespace lingkaran::freshness {
namespace {

constexpr char kService[] = "registry;role=service";
constexpr absl::Duration kWriteTry = absl::Seconds(3);
// A change that is not taken in by then never will be.
constexpr absl::Duration kWritePatience = absl::Seconds(40);
constexpr absl::Duration kRetryAfter = absl::Milliseconds(20);
constexpr size_t kRecent = 5;
constexpr size_t kReplyTokens = 200;
constexpr double kItemsWithToken = 0.6;

// What a write is sent again after: it is for its request_id to see that it is done once.
bool IsWorthAnotherTry(const absl::Status& status) {
  return IsAllowed(status) || status.code() == absl::StatusCode::kAborted ||
         status.code() == absl::StatusCode::kCancelled;
}

// Exponential, so that nothing keeps step with anything.
absl::Duration Gap(Random& random, double per_second) {
  const double even = (static_cast<double>(random() >> 11) + 1) / 9007199254740992.0;
  return absl::Seconds(-std::log(even) / per_second);
}

using Stub = cv1::CoverageService::Stub;

constexpr auto StubMethod(const cv1::UpsertMembersRequest&) { return &Stub::UpsertMembers; }
constexpr auto StubMethod(const cv1::ActivateCoverageRequest&) { return &Stub::ActivateCoverage; }
constexpr auto StubMethod(const cv1::RevokeCoverageRequest&) { return &Stub::RevokeCoverage; }

// `refused`: the first refusal of a line that came with the answer, if it has lines.
template <typename Request, typename Response>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                  grpc::ClientContext* context, const Request& request, std::string& token,
                  absl::Status& refused) {
  Response response;
  const grpc::Status status = (stub.*rpc)(context, request, &response);
  token = response.consistency_token();
  if constexpr (requires { response.results(); }) {
    for (const auto& result : response.results()) refused.Update(FromProto(result.status()));
  }
  return status;
}

}  // namespace

struct Load::Own {
  std::vector<Write> writes;
  std::vector<Check> checks;
  std::map<std::string, int64_t> errors, calm_errors;
};

Load::Load(World& world, const Weather& weather, const Options& options)
    : world_(world), weather_(weather), options_(options) {
  // Checkers may ask about everybody from the first moment on.
  const uint64_t slot = options_.seed % 10'000'000'000;
  for (int i = 0; i < options_.writers; ++i) {
    const Roster::Options people = {.first_id = static_cast<int64_t>(
                                        1'000'000 + (slot * 32 + static_cast<uint64_t>(i)) * 1'000),
                                    .people = options_.people,
                                    .nik_prefix = absl::StrFormat("%010d%02d", slot, i + 10),
                                    .seed = options_.seed * 64 + 16 + static_cast<uint64_t>(i)};
    rosters_.push_back(std::make_unique<Roster>(people, world.sealer(), keys_));
  }
  for (int i = 0; i < options_.writers; ++i) threads_.emplace_back([this, i] { RunWriter(i); });
  for (int i = 0; i < options_.checkers; ++i) threads_.emplace_back([this, i] { RunChecker(i); });
}

Load::~Load() { Stop(); }

Load::Result Load::Stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return std::move(result_);
}

bool Load::failed() const {
  const std::lock_guard lock(mutex_);
  return !result_.failure.empty();
}

void Load::Fail(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (result_.failure.empty()) result_.failure = text;
}

void Load::Keep(Own own) {
  const std::lock_guard lock(mutex_);
  std::move(own.writes.begin(), own.writes.end(), std::back_inserter(result_.writes));
  std::move(own.checks.begin(), own.checks.end(), std::back_inserter(result_.checks));
  for (const auto& [name, count] : own.errors) result_.errors[name] += count;
  for (const auto& [name, count] : own.calm_errors) result_.calm_errors[name] += count;
}

bool Load::WaitUntil(absl::Time time) {
  std::unique_lock lock(mutex_);
  return !ending_.wait_until(lock, absl::ToChronoTime(time), [this] { return ended_; });
}

int Load::AnyReplica(Random& random) const {
  return options_.replicas.empty() ? static_cast<int>(Below(random, world_.replicas()))
                                   : Any(random, options_.replicas);
}

void Load::RunWriter(int number) {
  Random random(options_.seed * 64 + static_cast<uint64_t>(number));
  Roster& roster = *rosters_[number];
  Own own;
  absl::Time next = absl::Now();
  while (WaitUntil(next)) {
    next = std::max(next + Gap(random, options_.writes_per_second / options_.writers),
                    absl::Now() - absl::Milliseconds(100));
    const Change change = roster.Next();
    Write write = change.left;
    Posted posted;
    if (!Send(change, random, posted, write)) break;
    for (const auto& [worker, state] : write.states) posted.workers.push_back(worker);
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(posted);
    }
    // Each writer asks at once, at any replica.
    if (Below(random, 2) == 0) {
      Question question{{}, Asked::kToken, posted.token, posted.position};
      for (const int64_t worker : posted.workers) {
        question.keys.push_back(keys_.KeyOf(worker, random));
      }
      for (const auto& [key, owner] : write.owners) question.keys.push_back(key);
      AskAndKeep(question, random, own);
    }
    own.writes.push_back(std::move(write));
  }
  Keep(std::move(own));
}

// Goes on until the change is acknowledged, at one replica after the other.
bool Load::Send(const Change& change, Random& random, Posted& posted, Write& write) {
  write.called = absl::Now();
  const absl::Time patience_ends = write.called + kWritePatience;
  while (true) {
    grpc::ClientContext context;
    context.AddMetadata(kActorMetadata, kService);
    context.set_deadline(absl::ToChronoTime(absl::Now() + kWriteTry));
    absl::Status refused;
    const absl::Status status = FromGrpc(std::visit(
        [&](const auto& request) {
          return Call(world_.stub(AnyReplica(random)), StubMethod(request), &context, request,
                      posted.token, refused);
        },
        change.request));
    write.acknowledged = absl::Now();
    posted.position = write.position = PositionOf(posted.token);
    if (status.ok() && refused.ok() && write.position > 0) return true;
    if (status.ok() || !IsWorthAnotherTry(status) || absl::Now() > patience_ends) {
      Fail(absl::StrCat(
          "a change was not taken: ", write.what, ": ",
          status.ok() ? refused.ToString() : status.ToString(), "\n",
          std::visit([](const auto& r) { return r.ShortDebugString(); }, change.request)));
      return false;
    }
    std::unique_lock lock(mutex_);  // even at the end a change is brought home
    ending_.wait_until(lock, absl::ToChronoTime(absl::Now() + kRetryAfter), [&] { return false; });
  }
}

Question Load::MakeQuestion(Random& random) const {
  Question question;
  std::vector<int64_t> workers;
  const int64_t dice = Below(random, 100);
  {
    const std::lock_guard lock(mutex_);
    const bool any = !posted_.empty();
    if (any && dice < 100 * kItemsWithToken) {
      question.asked = Asked::kToken;
      // Mostly one of the newest.
      const size_t back = Below(random, 3) > 0 ? random() % std::min(kRecent, posted_.size())
                                               : random() % posted_.size();
      const Posted& posted = posted_[posted_.size() - 1 - back];
      workers = posted.workers;
      question.token = posted.token;
      question.position = posted.position;
      if (Below(random, 4) == 0 && !reply_tokens_.empty()) {
        std::tie(question.position, question.token) = Any(random, reply_tokens_);
      }
    } else {
      if (dice >= 92) question.asked = Asked::kFull;
      if (any)
        workers =
            posted_[posted_.size() - 1 - random() % std::min(kRecent, posted_.size())].workers;
    }
  }
  const int64_t size = dice % 10 < 3   ? 1
                       : dice % 10 < 8 ? 1 + Below(random, 40)
                                       : 41 + Below(random, 160);
  while (std::ssize(question.keys) < size) {
    question.keys.push_back(!workers.empty() && Below(random, 2) == 0
                                ? keys_.KeyOf(Any(random, workers), random)
                                : keys_.Any(random));
  }
  return question;
}

void Load::RunChecker(int number) {
  Random random(options_.seed * 64 + 32 + static_cast<uint64_t>(number));
  Own own;
  const double items = options_.token_checks_per_second / kItemsWithToken / options_.checkers;
  absl::Time next = absl::Now();
  while (WaitUntil(next)) {
    if (failed()) break;
    const Question question = MakeQuestion(random);
    // After a question that took long, those that it held up are not all made at once.
    next = std::max(next + Gap(random, items / static_cast<double>(question.keys.size())),
                    absl::Now() - absl::Milliseconds(200));
    AskAndKeep(question, random, own);
  }
  Keep(std::move(own));
}

void Load::AskAndKeep(const Question& question, Random& random, Own& own) {
  const int replica = AnyReplica(random);
  Reply reply = Ask(world_.stub(replica), question, random, absl::StrCat("replica ", replica));
  const bool calm = weather_.Calm(reply.sent - kStaleAfter, reply.answered);
  for (const auto& [error, count] : reply.errors) {
    own.errors[error] += count;
    if (calm) own.calm_errors[error] += count;
  }
  if (question.asked == Asked::kToken) token_checks_ += std::ssize(reply.checks);
  for (Check& check : reply.checks) {
    check.calm = calm;
    own.checks.push_back(std::move(check));
  }
  const std::lock_guard lock(mutex_);
  if (!reply.failure.empty() && result_.failure.empty()) result_.failure = reply.failure;
  if (reply.position < 0) return;
  if (reply_tokens_.size() >= kReplyTokens) reply_tokens_.erase(reply_tokens_.begin());
  reply_tokens_.emplace_back(reply.position, reply.token);
}

}  // namespace lingkaran::freshness
