#include "services/coverage/api/check_call.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "services/coverage/api/convert.h"
#include "services/coverage/store/store.h"

namespace lingkaran::coverage {
namespace {

constexpr size_t kMaxCorrelationId = 64;

// What the two calls have in common is a list of checks.
struct Single {
  using Request = v1::CheckEligibilityRequest;
  using Response = v1::CheckEligibilityResponse;
  static const RpcMethod& Method() {
    static const RpcMethod& method =
        RpcMethod::Of("lingkaran.coverage.v1.CoverageService/CheckEligibility");
    return method;
  }
  static absl::Status CheckSize(const Request&) { return absl::OkStatus(); }
  static constexpr int kPrefetchBatch = 1;
  static int Size(const Request&) { return 1; }
  static absl::StatusOr<Question> Read(const Request& request, int,
                                       const PersonalDataVault& sealer) {
    return ReadQuestion(request.person(), request.programmes(), request.day(), sealer);
  }
  static void Prepare(const Request&, Response*) {}
  static Response* ResultOf(Response* response, int) { return response; }
  // What is wrong with the only check is wrong with the call.
  static absl::Status Refuse(absl::Status status, int, Response*) { return status; }
};

struct Batch {
  using Request = v1::BatchCheckEligibilityRequest;
  using Response = v1::BatchCheckEligibilityResponse;
  static const RpcMethod& Method() {
    static const RpcMethod& method =
        RpcMethod::Of("lingkaran.coverage.v1.CoverageService/BatchCheckEligibility");
    return method;
  }
  static absl::Status CheckSize(const Request& request) {
    return CheckBatchSize(request.items_size(), kMaxChecks, "items");
  }
  static constexpr int kPrefetchBatch = static_cast<int>(NearCache::kPrefetchBatch);
  static int Size(const Request& request) { return request.items_size(); }
  static bool IsCorrelationId(const std::string& id) {
    return id.size() <= kMaxCorrelationId && std::all_of(id.begin(), id.end(), absl::ascii_isprint);
  }
  static absl::StatusOr<Question> Read(const Request& request, int i,
                                       const PersonalDataVault& sealer) {
    const v1::BatchCheckItem& item = request.items(i);
    if (!IsCorrelationId(item.correlation_id())) {
      return InvalidField("correlation_id", "send at most 64 printable ASCII characters");
    }
    return ReadQuestion(item.person(), item.programmes(), item.day(), sealer);
  }
  static void Prepare(const Request& request, Response* response) {
    response->mutable_results()->Reserve(request.items_size());
    for (const v1::BatchCheckItem& item : request.items()) {
      v1::BatchCheckResult* const result = response->add_results();
      if (!item.correlation_id().empty() && IsCorrelationId(item.correlation_id())) {
        result->set_correlation_id(item.correlation_id());
      }
    }
  }
  static v1::BatchCheckResult* ResultOf(Response* response, int i) {
    return response->mutable_results(i);
  }
  static absl::Status Refuse(absl::Status status, int i, Response* response) {
    *response->mutable_results(i)->mutable_status() =
        ToProto(Within(absl::StrCat("items[", i, "]."), status));
    return absl::OkStatus();
  }
};

template <typename Shape>
class CheckCall {
 public:
  using Request = typename Shape::Request;
  using Response = typename Shape::Response;

  CheckCall(const ServiceParts& parts, grpc::ServerContextBase* context, const Request& request,
            Response* response)
      : parts_(parts),
        context_(context),
        run_(context, Shape::Method()),
        request_(request),
        response_(response) {}

  std::optional<grpc::Status> Start(AnswerLater later) {
    absl::Status status = run_.Begin();
    if (status.ok()) status = Guarded([this] { return Begin(); });
    if (status.ok() && Waits()) status = run_.StillWanted();
    if (!status.ok() || !Waits()) return End(std::move(status));
    later_ = std::move(later);
    Wait(std::make_shared<CheckCall>(std::move(*this)));
    return std::nullopt;
  }

 private:
  // A check that the near cache could not answer.
  struct Open {
    int place;
    Question question;
  };
  using Self = std::shared_ptr<CheckCall>;
  static constexpr int kPrefetchBatch = Shape::kPrefetchBatch;

  absl::Status Begin() {
    RETURN_IF_ERROR(Shape::CheckSize(request_));
    RETURN_IF_ERROR(ReadConsistency());
    may_know_ = MayKnow(run_.role());
    Shape::Prepare(request_, response_);
    return owed_.empty() ? AskNear() : absl::OkStatus();
  }

  absl::Status ReadConsistency() {
    const common::v1::Consistency& consistency = request_.consistency();
    switch (consistency.requirement_case()) {
      case common::v1::Consistency::kFullyConsistent:
        fresh_.from_store = consistency.fully_consistent();
        break;
      case common::v1::Consistency::kAtLeastAsFresh: {
        ASSIGN_OR_RETURN(Token token, FromToken(consistency.at_least_as_fresh()));
        fresh_.position = token.coverage_position;
        owed_ = std::move(token.owed_request_ids);
        break;
      }
      case common::v1::Consistency::kMinimizeLatency:
      case common::v1::Consistency::REQUIREMENT_NOT_SET:
        break;
    }
    demanded_ = fresh_.position;
    return absl::OkStatus();
  }

  // Answers what the near cache knows.
  absl::Status AskNear() {
    now_ = parts_.clock.Now();
    const absl::Time steady = parts_.steady.Now();
    const int size = Shape::Size(request_);
    for (int from = 0; from < size; from += kPrefetchBatch) {
      RETURN_IF_ERROR(AskNear(from, std::min(size, from + kPrefetchBatch), steady));
    }
    return absl::OkStatus();
  }

  // Checks [from, to), kPrefetchBatch at most.
  absl::Status AskNear(int from, int to, absl::Time steady) {
    std::array<std::optional<Question>, kPrefetchBatch> questions;
    std::array<const PersonKey*, kPrefetchBatch> keys;
    size_t read = 0;
    for (int i = from; i < to; ++i) {
      absl::StatusOr<Question> question = Shape::Read(request_, i, parts_.sealer);
      if (question.ok()) {
        keys[read++] = &questions[i - from].emplace(*std::move(question)).person;
      } else {
        RETURN_IF_ERROR(Shape::Refuse(question.status(), i, response_));
      }
    }
    if (kPrefetchBatch > 1) parts_.near.Prefetch({keys.data(), read});
    for (int i = from; i < to; ++i) {
      if (questions[i - from]) AskNear(i, *questions[i - from], steady);
    }
    return absl::OkStatus();
  }

  void AskNear(int place, Question& question, absl::Time steady) {
    Facts facts;
    if (parts_.near.Find(question.person, fresh_, steady, facts) ==
        NearCache::LookupResult::kFound) {
      Answer(place, question, facts);
    } else {
      open_.push_back({place, std::move(question)});
    }
  }

  void Answer(int place, const Question& question, const Facts& facts) {
    FillResult(question, facts, rules_, now_, may_know_, Shape::ResultOf(response_, place));
    // To those who may not know, the token tells no more than they sent.
    position_ =
        std::min(position_, may_know_ ? std::max(facts.position, fresh_.position) : demanded_);
  }

  bool Waits() const { return !owed_.empty() || !open_.empty(); }

  static void Wait(Self self) {
    CheckCall& call = *self;
    if (call.owed_.empty()) return call.LookUp(std::move(self));
    call.parts_.lookups.Run(
        [self](absl::Status status) { self->AskOwed(self, std::move(status)); });
  }

  // Effects that others owe coverage: at which position they were applied is not written down, but
  // it lies before the one that is seen after them.
  void AskOwed(const Self& self, absl::Status status) {
    const DeadlineScope deadline(run_.deadline());
    if (status.ok()) status = run_.StillWanted();
    if (status.ok()) {
      status = Guarded([this] {
        return parts_.database.Read([this](sql::Tx& tx) {
          RETURN_IF_ERROR(store::CheckApplied(tx, demanded_, owed_, demanded_));
          fresh_.position = std::max(demanded_, store::Position(tx));
          return absl::OkStatus();
        });
      });
    }
    owed_.clear();
    if (status.ok()) status = Guarded([this] { return AskNear(); });
    if (!status.ok() || !Waits()) return later_(End(std::move(status)));
    LookUp(self);
  }

  void LookUp(Self self) {
    std::vector<PersonKey> keys;
    keys.reserve(open_.size());
    for (const Open& open : open_) keys.push_back(open.question.person);
    parts_.lookups.Find(std::move(keys), fresh_,
                        {run_.deadline(), [context = context_] { return context->IsCancelled(); }},
                        [self](absl::StatusOr<std::vector<Facts>> facts) {
                          self->later_(self->AnswerOpen(std::move(facts)));
                        });
  }

  grpc::Status AnswerOpen(absl::StatusOr<std::vector<Facts>> facts) {
    absl::Status status = facts.ok() ? run_.StillWanted() : facts.status();
    if (!status.ok()) return End(std::move(status));
    now_ = parts_.clock.Now();
    for (size_t i = 0; i < open_.size(); ++i) {
      Answer(open_[i].place, open_[i].question, (*facts)[i]);
    }
    return End(absl::OkStatus());
  }

  grpc::Status End(absl::Status status) {
    if (status.ok()) {
      const int64_t nanos = absl::ToUnixNanos(now_);
      response_->mutable_checked_at()->set_seconds(nanos / 1'000'000'000);
      response_->mutable_checked_at()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
      response_->set_rules_version(rules_.version());
      SetToken(position_ == kNowhere ? demanded_ : position_,
               response_->mutable_consistency_token());
    }
    return run_.Finish(std::move(status));
  }

  static constexpr int64_t kNowhere = std::numeric_limits<int64_t>::max();

  const ServiceParts& parts_;
  grpc::ServerContextBase* const context_;
  RpcRun run_;
  const Request& request_;
  Response* const response_;
  const Rules& rules_ = parts_.rules.Current();
  AnswerLater later_;
  Freshness fresh_;
  int64_t demanded_ = 0;  // position of the caller's token
  std::vector<std::string> owed_;
  bool may_know_ = false;
  absl::Time now_;               // of the latest answer
  int64_t position_ = kNowhere;  // what is answered so far is at least as fresh
  std::vector<Open> open_;
};

}  // namespace

std::optional<grpc::Status> StartCheck(const ServiceParts& parts, grpc::ServerContextBase* context,
                                       const v1::CheckEligibilityRequest& request,
                                       v1::CheckEligibilityResponse* response, AnswerLater later) {
  return CheckCall<Single>(parts, context, request, response).Start(std::move(later));
}

std::optional<grpc::Status> StartCheck(const ServiceParts& parts, grpc::ServerContextBase* context,
                                       const v1::BatchCheckEligibilityRequest& request,
                                       v1::BatchCheckEligibilityResponse* response,
                                       AnswerLater later) {
  return CheckCall<Batch>(parts, context, request, response).Start(std::move(later));
}

}  // namespace lingkaran::coverage
