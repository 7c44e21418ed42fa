// The paid month of workers at coverage: activations and revocations of many at once, checks of all
// of them, past the caches or by a token.
#include "tests/history/group.h"
#include "tests/history/models.h"

namespace lingkaran::history {
namespace {

int64_t PositionOf(const std::string& token) {
  const absl::StatusOr<Token> read = FromToken(token);
  return read.ok() ? read->coverage_position : 0;
}

class CoverGroup final : public Group {
 public:
  CoverGroup(const WorkloadOptions& options, uint64_t seed)
      : Group(options, seed), month_day_(options.today / 100 * 100 + 1) {}

  void Prepare(Client& client, People& people) override {
    workers_ = people.Take(options_.keys);
    price_ = AskPrice(client, month_day_);
    for (size_t key = 0; key < workers_.size(); ++key) key_of_[workers_[key]] = key;
  }

  void Step(Client& client) override {
    const int64_t dice = client.Below(100);
    if (dice < 4) {
      Resend(client);
    } else if (dice < 24) {
      ActivateSome(client);
    } else if (dice < 40) {
      RevokeSome(client);
    } else {
      CheckAll(client, dice < 70);
    }
  }

  std::unique_ptr<Model> ModelOf(size_t) const override { return std::make_unique<CoverModel>(); }
  std::string Name(size_t key) const override {
    return absl::StrCat("cover of worker ", workers_[key]);
  }

 private:
  // What a call was told, and which keys it was about: a later check may ask to see as much.
  struct Seen {
    std::string token;
    int64_t position = 0;
    int64_t called = 0;
    std::vector<bool> keys;
  };

  std::vector<int64_t> SomeWorkers(Client& client) const {
    std::vector<int64_t> some;
    for (const int64_t worker : workers_) {
      if (client.Chance(60)) some.push_back(worker);
    }
    if (some.empty()) some.push_back(workers_.front());
    return some;
  }

  template <typename Response>
  void Remember(const Response& response, int64_t called) {
    Seen seen{response.consistency_token(), PositionOf(response.consistency_token()), called, {}};
    seen.keys.resize(workers_.size());
    for (const auto& result : response.results()) {
      if (const auto key = key_of_.find(result.worker_id()); key != key_of_.end()) {
        seen.keys[key->second] = true;
      }
    }
    const std::lock_guard lock(mutex_);
    if (seen.position > seen_.position) seen_ = std::move(seen);
  }

  std::function<void(const absl::Status&, int64_t, int64_t)> NeverRefused(const char* what) {
    return [=, this](const absl::Status& status, int64_t, int64_t) { Unexpected(what, status); };
  }

  void ActivateSome(Client& client) {
    const std::vector<int64_t> some = SomeWorkers(client);
    std::vector<int64_t> programmes;
    for (size_t i = 0; i < some.size(); ++i) programmes.push_back(1 + client.Below(3));
    const int64_t source = 1 + client.Below(2);
    const auto done = [=, this](const cv1::ActivateCoverageResponse* response, int64_t called,
                                int64_t answered) {
      for (size_t i = 0; i < some.size(); ++i) {
        Operation operation{CoverModel::kActivate, called, answered, {source, programmes[i]}, {}};
        if (response != nullptr) {
          const google::rpc::Status& status = response->results(static_cast<int>(i)).status();
          const Reason reason = ReasonOf(FromProto(status));
          if (status.code() != 0 && reason != Reason::kMonthAlreadyPaid) {
            Unexpected("a line of ActivateCoverage", FromProto(status));
          }
          operation.got = {status.code() == 0 ? kOk : kRefused,
                           PositionOf(response->consistency_token())};
        }
        recorder_.Add(key_of_.at(some[i]), std::move(operation));
      }
      if (response != nullptr) Remember(*response, called);
    };
    activations_.Make(client, Activation(some, programmes, source, price_, month_day_),
                      {done, NeverRefused("ActivateCoverage")});
  }

  void RevokeSome(Client& client) {
    const std::vector<int64_t> some = SomeWorkers(client);
    const int64_t source = 1 + client.Below(2);
    cv1::RevokeCoverageRequest request;
    request.set_request_id(NewRequestId());
    request.mutable_source()->set_payer_class(common::v1::PAYER_CLASS_CSR);
    request.mutable_source()->set_pledge_id(source);
    request.set_reason("riwayat");
    for (const int64_t worker : some) request.add_lines()->set_worker_id(worker);
    const auto done = [=, this](const cv1::RevokeCoverageResponse* response, int64_t called,
                                int64_t answered) {
      for (size_t i = 0; i < some.size(); ++i) {
        Operation operation{CoverModel::kRevoke, called, answered, {source}, {}};
        if (response != nullptr) {
          int64_t taken = 0;
          for (const cv1::PaidMonth& month : response->results(static_cast<int>(i)).revoked()) {
            taken |= month.programme() == common::v1::PROGRAMME_JKK ? 1 : 2;
          }
          operation.got = {taken, PositionOf(response->consistency_token())};
        }
        recorder_.Add(key_of_.at(some[i]), std::move(operation));
      }
      if (response != nullptr) Remember(*response, called);
    };
    revocations_.Make(client, std::move(request), {done, NeverRefused("RevokeCoverage")});
  }

  void Resend(Client& client) {
    if (client.Chance(50)) {
      activations_.Resend(client);
    } else {
      revocations_.Resend(client);
    }
  }

  void CheckAll(Client& client, bool with_token) {
    Seen seen;
    {
      const std::lock_guard lock(mutex_);
      if (with_token) seen = seen_;
    }
    cv1::BatchCheckEligibilityRequest request = ChecksOf(workers_, month_day_ + 4);
    if (seen.token.empty()) {
      request.mutable_consistency()->set_fully_consistent(true);
    } else {
      request.mutable_consistency()->set_at_least_as_fresh(seen.token);
    }
    cv1::BatchCheckEligibilityResponse response;
    const auto sent = Read(client.coverage(), &Coverage::BatchCheckEligibility, request, &response);
    if (!sent) return;
    const int64_t position = PositionOf(response.consistency_token());
    for (size_t key = 0; key < workers_.size(); ++key) {
      int64_t covered = 0;
      for (const cv1::ProgrammeAnswer& answer : response.results(static_cast<int>(key)).answers()) {
        if (answer.verdict() == cv1::VERDICT_UNKNOWN) {
          Unexpected("an answer of BatchCheckEligibility", absl::UnknownError("verdict unknown"));
        }
        if (answer.verdict() != cv1::VERDICT_COVERED) continue;
        covered |= answer.programme() == common::v1::PROGRAMME_JKK ? 1 : 2;
      }
      // By a token it may be as old as the call that the token is from, and no older.
      const bool own = !seen.keys.empty() && seen.keys[key];
      recorder_.Add(key, {CoverModel::kCheck,
                          seen.token.empty() ? sent->called : seen.called,
                          sent->answered,
                          {own ? seen.position : 0},
                          {covered, position}});
    }
    if (!seen.token.empty()) return;
    // What an answer has seen, a later one can be asked to have seen, too.
    Seen own{response.consistency_token(), position, sent->called,
             std::vector<bool>(workers_.size(), false)};
    const std::lock_guard lock(mutex_);
    if (own.position > seen_.position) seen_ = std::move(own);
  }

  const int32_t month_day_;  // first of the month
  std::vector<int64_t> workers_;
  std::map<int64_t, size_t> key_of_;
  MonthPrice price_;
  Changes<Coverage, cv1::ActivateCoverageRequest, cv1::ActivateCoverageResponse> activations_{
      recorder_, &Client::coverage, &Coverage::ActivateCoverage, kService};
  Changes<Coverage, cv1::RevokeCoverageRequest, cv1::RevokeCoverageResponse> revocations_{
      recorder_, &Client::coverage, &Coverage::RevokeCoverage, kService};
  std::mutex mutex_;
  Seen seen_;  // with the highest position so far
};

}  // namespace

std::unique_ptr<Group> MakeCoverGroup(const WorkloadOptions& options, uint64_t seed) {
  return std::make_unique<CoverGroup>(options, seed);
}

}  // namespace lingkaran::history
