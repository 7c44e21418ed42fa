// The standing of workers at the registry: withdrawals and deaths, reads, and what coverage, which
// is told of each change, answers to those who bring a token.
#include "tests/history/group.h"
#include "tests/history/models.h"

namespace lingkaran::history {
namespace {

class MemberGroup final : public Group {
 public:
  MemberGroup(const WorkloadOptions& options, uint64_t seed)
      : Group(options, seed), day_(options.today / 100 * 100 + 4), known_(options.keys) {}

  void Prepare(Client& client, People& people) override {
    workers_ = people.Take(options_.keys);
    const int32_t first_day = day_ / 100 * 100 + 1;
    const auto activated = Insist(client.coverage(), &Coverage::ActivateCoverage,
                                  Activation(workers_, std::vector<int64_t>(workers_.size(), 3), 1,
                                             AskPrice(client, first_day), first_day),
                                  kService);
    for (const cv1::ActivationResult& result : activated.results()) {
      if (result.status().code() != 0) throw std::runtime_error(result.ShortDebugString());
    }
    start_ = Now();
    for (const int64_t worker : workers_) {
      rv1::GetWorkerRequest request;
      request.set_worker_id(worker);
      versions_.push_back(
          Insist(client.registry(), &Registry::GetWorker, request).worker().version());
    }
    token_ = activated.consistency_token();
  }

  void Step(Client& client) override {
    const int64_t dice = client.Below(100);
    const size_t key = static_cast<size_t>(client.Below(std::ssize(workers_)));
    if (dice < 4) {
      withdrawals_.Resend(client);
    } else if (dice < 36) {
      WithdrawOne(client, key);
    } else if (dice < 37) {
      ReportDeathOf(client, key);
    } else if (dice < 70) {
      Get(client, key);
    } else {
      CheckAll(client);
    }
  }

  std::unique_ptr<Model> ModelOf(size_t key) const override {
    return std::make_unique<MemberModel>(versions_[key]);
  }
  std::string Name(size_t key) const override {
    return absl::StrCat("standing of worker ", workers_[key]);
  }

 private:
  // What coverage has been told of a worker, by the token of the change.
  struct Told {
    int64_t position = 0;
    int64_t version = 0;
  };

  static std::vector<int64_t> Facts(const rv1::Worker& worker) {
    return {kOk, worker.version(), worker.withdraw_day(), worker.death_day()};
  }

  void Remember(size_t key, const std::string& token, int64_t version) {
    const absl::StatusOr<Token> read = FromToken(token);
    if (!read.ok()) return Unexpected("reading a token", read.status());
    const std::lock_guard lock(mutex_);
    if (!read->owed_request_ids.empty()) {
      owed_ = {token, key, version};
      return;
    }
    known_[key].push_back({read->coverage_position, version});
    if (read->coverage_position > position_) {
      position_ = read->coverage_position;
      token_ = token;
    }
  }

  // What to record of a change of `key`.
  template <typename Response>
  Writer<Response> WriterOf(size_t key, int kind, int64_t day) {
    return {[=, this](const Response* response, int64_t called, int64_t answered) {
              Operation operation{kind, called, answered, {day}, {}};
              if (response != nullptr) {
                operation.got = Facts(response->worker());
                Remember(key, response->consistency_token(), response->worker().version());
              }
              recorder_.Add(key, std::move(operation));
            },
            [=, this](const absl::Status& status, int64_t called, int64_t answered) {
              if (ReasonOf(status) != Reason::kWorkerDeceased) {
                return Unexpected("a change of a worker", status);
              }
              recorder_.Add(key, {kind, called, answered, {day}, {kRefused}});
            }};
  }

  void WithdrawOne(Client& client, size_t key) {
    rv1::WithdrawWorkerRequest request;
    request.set_request_id(NewRequestId());
    request.set_worker_id(workers_[key]);
    request.set_effective_day(day_ - 1 + static_cast<int32_t>(client.Below(4)));
    request.set_reason("riwayat");
    withdrawals_.Make(client, request,
                      WriterOf<rv1::WithdrawWorkerResponse>(key, MemberModel::kWithdraw,
                                                            request.effective_day()));
  }

  void ReportDeathOf(Client& client, size_t key) {
    rv1::ReportDeathRequest request;
    request.set_request_id(NewRequestId());
    request.set_worker_id(workers_[key]);
    request.set_death_day(day_ - 1 + static_cast<int32_t>(client.Below(3)));
    request.set_source("riwayat");
    deaths_.Make(
        client, request,
        WriterOf<rv1::ReportDeathResponse>(key, MemberModel::kReportDeath, request.death_day()));
  }

  void Get(Client& client, size_t key) {
    rv1::GetWorkerRequest request;
    request.set_worker_id(workers_[key]);
    rv1::GetWorkerResponse response;
    const auto sent = Read(client.registry(), &Registry::GetWorker, request, &response);
    if (!sent) return;
    recorder_.Add(key,
                  {MemberModel::kGet, sent->called, sent->answered, {}, Facts(response.worker())});
  }

  // Without a bound in time: coverage may not have heard of what the token does not name.
  void CheckAll(Client& client) {
    std::vector<int64_t> needed = versions_;
    cv1::BatchCheckEligibilityRequest request = ChecksOf(workers_, day_);
    {
      const std::lock_guard lock(mutex_);
      std::string token = token_;
      int64_t position = position_;
      if (!owed_.token.empty() && client.Chance(50)) {
        token = owed_.token;
        position = 0;
        needed[owed_.key] = owed_.version;
      }
      for (size_t key = 0; key < known_.size(); ++key) {
        for (const Told& told : known_[key]) {
          if (told.position <= position) needed[key] = std::max(needed[key], told.version);
        }
      }
      request.mutable_consistency()->set_at_least_as_fresh(token);
    }
    cv1::BatchCheckEligibilityResponse response;
    const auto sent = Read(client.coverage(), &Coverage::BatchCheckEligibility, request, &response);
    if (!sent) return;
    for (size_t key = 0; key < workers_.size(); ++key) {
      const cv1::BatchCheckResult& result = response.results(static_cast<int>(key));
      recorder_.Add(
          key,
          {MemberModel::kCheck, start_, sent->answered, {needed[key], day_}, {StandingOf(result)}});
    }
  }

  // Both programmes are paid, so both answer the same.
  int64_t StandingOf(const cv1::BatchCheckResult& result) {
    std::set<int64_t> standings;
    for (const cv1::ProgrammeAnswer& answer : result.answers()) {
      if (answer.verdict() == cv1::VERDICT_COVERED) {
        standings.insert(MemberModel::kCovered);
      } else if (answer.reason() == cv1::ANSWER_REASON_WITHDRAWN) {
        standings.insert(MemberModel::kWithdrawn);
      } else if (answer.reason() == cv1::ANSWER_REASON_DECEASED) {
        standings.insert(MemberModel::kDeceased);
      } else {
        standings.insert(-1);
      }
    }
    if (standings.size() == 1) return *standings.begin();
    Unexpected("BatchCheckEligibility", absl::UnknownError(result.ShortDebugString()));
    return -1;
  }

  const int32_t day_;
  std::vector<int64_t> workers_;
  std::vector<int64_t> versions_;  // at the start
  int64_t start_ = 0;
  Changes<Registry, rv1::WithdrawWorkerRequest, rv1::WithdrawWorkerResponse> withdrawals_{
      recorder_, &Client::registry, &Registry::WithdrawWorker, kOfficer};
  Changes<Registry, rv1::ReportDeathRequest, rv1::ReportDeathResponse> deaths_{
      recorder_, &Client::registry, &Registry::ReportDeath, kOfficer};
  std::mutex mutex_;
  std::vector<std::vector<Told>> known_;  // by key
  std::string token_;                     // of the highest position so far
  int64_t position_ = 0;
  struct {
    std::string token;
    size_t key = 0;
    int64_t version = 0;
  } owed_;  // the last change that coverage was not told of at once
};

}  // namespace

std::unique_ptr<Group> MakeMemberGroup(const WorkloadOptions& options, uint64_t seed) {
  return std::make_unique<MemberGroup>(options, seed);
}

}  // namespace lingkaran::history
