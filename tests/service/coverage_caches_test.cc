// A cached answer is the answer: whatever happened in whatever order on whichever replica, every
// way to ask gives what the database alone gives.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_replace.h"
#include "tests/support/coverage_fixture.h"

namespace lingkaran {
namespace {

int32_t AnyDay() { return DayNumber(Day(2019, 6, 1) + *rc::gen::inRange(0, 2'500)); }

// Two replicas, one that follows the log and one that asks when it has to, and a third without any
// cache.
class Replicas {
 public:
  explicit Replicas(CoverageWorld& world) : world_(world) {
    ServiceConfig bare = world.setting;
    bare.redis = "";
    bare.near_members = 0;
    bare_ = std::make_unique<CoverageHost>(bare, world.clock, world.steady, false);
    lazy_ = world.OpenThatDoesNotFollow();
    hosts_ = {world.host.get(), lazy_.get()};
    std::ifstream in(world.rules_file());
    rules_.assign(std::istreambuf_iterator<char>(in), {});
  }

  // People of this round: the world grows, so that a round is small.
  void Begin() {
    first_ += kPeople;
    versions_.assign(kPeople, 0);
    moved_.assign(kPeople, 0);
  }

  // One event, on one of the replicas.
  void Happen() {
    const int n = *rc::gen::inRange(0, kPeople);
    CoverageHost& host = *hosts_[*rc::gen::inRange<size_t>(0, hosts_.size())];
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        return Reload();
      case 1:
        return Revoke(host, n);
      case 2:
      case 3:
        return Upsert(host, n);
      default:
        return Activate(host, n);
    }
  }

  // Asks for one person in every way and compares.
  void Compare() {
    const int n = *rc::gen::inRange(0, kPeople + 1);  // the last is nobody
    cv1::CheckEligibilityRequest request = world_.Ask(first_ + n, AnyDay());
    request.add_programmes(common::v1::PROGRAMME_JKM);
    request.add_programmes(common::v1::PROGRAMME_JKK);
    const std::string role = *rc::gen::element(std::string("officer"), std::string("clinic"));
    world_.steady.Advance(absl::Milliseconds(2'001));
    for (const int key : {0, 1, 2}) {
      if (key == 1) request.mutable_person()->set_nik(NikOf(n));
      if (key == 2) request.mutable_person()->set_membership_number(world_.Number(first_ + n));
      request.mutable_consistency()->set_fully_consistent(true);
      const std::string truth = AnswerOf(*bare_, role, request);
      for (CoverageHost* host : hosts_) {
        // In any order: each way to ask leaves other things in the caches.
        const int first = *rc::gen::inRange(0, 4);
        for (int way = first; way < first + 4; ++way) {
          request.clear_consistency();
          if (way % 4 == 0) request.mutable_consistency()->set_fully_consistent(true);
          if (way % 4 == 1) request.mutable_consistency()->set_at_least_as_fresh(token_);
          RC_ASSERT((way % 4 == 2 ? InABatch(*host, role, request)
                                  : AnswerOf(*host, role, request)) == truth);
        }
      }
    }
  }

 private:
  static constexpr int kPeople = 3;

  std::string NikOf(int n) const {
    return world_.Nik(first_ + n + (n < kPeople ? moved_[n] * 1'000'000 : 0));
  }

  void Upsert(CoverageHost& host, int n) {
    if (*rc::gen::inRange(0, 4) == 0) ++moved_[n];  // the NIK was corrected
    cv1::UpsertMembersRequest request;
    request.set_request_id(NewRequestId());
    cv1::Member& member = *request.add_members();
    member = world_.MemberOf(first_ + n, ++versions_[n]);
    member.set_nik_hash(world_.HashOf(NikOf(n)));
    member.set_region_code(*rc::gen::element(std::string("33.72"), std::string("91.71")));
    if (*rc::gen::inRange(0, 3) == 0) member.set_death_day(AnyDay());
    if (*rc::gen::inRange(0, 3) == 0) member.set_withdraw_day(AnyDay());
    const auto response = host.As("service", &Stub::UpsertMembers, request);
    RC_ASSERT(response.ok());
    token_ = response->consistency_token();
  }
  // Refused lines are events too: nothing changes.
  void Activate(CoverageHost& host, int n) {
    if (versions_[n] == 0) Upsert(host, n);
    const auto response = host.As(
        "service", &Stub::ActivateCoverage,
        world_.ActivationOf({world_.LineOf(first_ + n, AnyDay(), *rc::gen::inRange(1, 13))}));
    if (response.ok()) token_ = response->consistency_token();
  }
  void Revoke(CoverageHost& host, int n) {
    if (versions_[n] == 0) Upsert(host, n);
    cv1::RevokeCoverageRequest request;
    request.set_request_id(NewRequestId());
    request.mutable_source()->set_pledge_id(5);
    request.set_reason("test");
    request.add_lines()->set_worker_id(world_.Id(first_ + n));
    request.mutable_lines(0)->set_from_month(AnyDay() / 100);
    const auto response = host.As("service", &Stub::RevokeCoverage, request);
    RC_ASSERT(response.ok());
    token_ = response->consistency_token();
  }
  void Reload() {
    std::ofstream(world_.rules_file()) << absl::StrReplaceAll(
        rules_,
        {{"lapse_after_months: 3", absl::StrCat("lapse_after_months: ", *rc::gen::inRange(1, 6))},
         {"programme: PROGRAMME_JKM\n  months: 3",
          absl::StrCat("programme: PROGRAMME_JKM\n  months: ", *rc::gen::inRange(1, 6))}});
    for (CoverageHost* host : {hosts_[0], hosts_[1], bare_.get()}) {
      RC_ASSERT(host->As("admin", &Stub::ReloadRules, cv1::ReloadRulesRequest()).ok());
    }
  }

  // Everything of an answer but the token and when it was given.
  template <typename Result>
  static std::string Plain(const Result& result) {
    cv1::BatchCheckResult plain;
    *plain.mutable_answers() = result.answers();
    plain.set_worker_id(result.worker_id());
    plain.set_day(result.day());
    return plain.SerializeAsString();
  }
  std::string AnswerOf(CoverageHost& host, const std::string& role,
                       const cv1::CheckEligibilityRequest& request) {
    const auto response = host.As(role, &Stub::CheckEligibility, request);
    return response.ok() ? Plain(*response) : std::string(response.status().ToString());
  }
  std::string InABatch(CoverageHost& host, const std::string& role,
                       const cv1::CheckEligibilityRequest& request) {
    cv1::BatchCheckEligibilityRequest many;
    for (int i = 0; i < 2; ++i) {
      cv1::BatchCheckItem& item = *many.add_items();
      *item.mutable_person() = request.person();
      *item.mutable_programmes() = request.programmes();
      item.set_day(request.day());
    }
    const auto response = host.As(role, &Stub::BatchCheckEligibility, many);
    RC_ASSERT(response.ok());
    RC_ASSERT(Plain(response->results(0)) == Plain(response->results(1)));
    return Plain(response->results(0));
  }

  CoverageWorld& world_;
  std::unique_ptr<CoverageHost> bare_;
  std::unique_ptr<CoverageHost> lazy_;
  std::vector<CoverageHost*> hosts_;
  std::string rules_;
  int first_ = 0;
  std::vector<int64_t> versions_;
  std::vector<int> moved_;
  std::string token_ = ToToken({});
};

TEST_P(CoverageServiceTest, CachedAndUncachedAnswersAreEqual) {
  Replicas replicas(world_);
  EXPECT_TRUE(rc::check("whatever happened, all say the same", [&] {
    replicas.Begin();
    for (int left = *rc::gen::inRange(1, 10); left > 0; --left) {
      replicas.Happen();
      replicas.Compare();
    }
  }));
}

}  // namespace
}  // namespace lingkaran
