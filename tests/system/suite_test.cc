// The Solo story with all three services, on both databases, with and without Redis.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/redis.h"
#include "lingkaran/cache/v1/records.pb.h"
#include "services/sponsorship/allocator.h"
#include "tests/support/story.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;
namespace cv = coverage::v1;
using common::v1::PAYER_CLASS_APBD;
using common::v1::PAYER_CLASS_CSR;
using common::v1::PAYER_CLASS_SELF;
using common::v1::PROGRAMME_JHT;
using common::v1::PROGRAMME_JKK;
using common::v1::PROGRAMME_JKM;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

struct Ground {
  sql::Dialect dialect;
  bool redis;
};

class SuiteTest : public testing::TestWithParam<Ground> {
 protected:
  SuiteTest() : suite_({.dialect = GetParam().dialect, .redis = GetParam().redis}) {}

  // The draw as anybody can repeat it from the published seed.
  static std::vector<int64_t> Draw(const std::vector<int64_t>& workers, int disabled_every,
                                   const std::string& seed) {
    std::vector<sponsorship::Candidate> candidates;
    for (size_t i = 0; i < workers.size(); ++i) {
      sponsorship::Candidate& candidate = candidates.emplace_back();
      candidate.worker_id = workers[i];
      candidate.disabled = i % disabled_every == 0;
    }
    std::vector<int64_t> order;
    for (const sponsorship::Ranked& one :
         sponsorship::Rank({.disabled_first = true}, seed, candidates)) {
      order.push_back(one.worker_id);
    }
    return order;
  }

  Suite suite_;
};

INSTANTIATE_TEST_SUITE_P(
    Ground, SuiteTest,
    testing::Values(Ground{sql::Dialect::kSqlite, false}, Ground{sql::Dialect::kSqlite, true},
                    Ground{sql::Dialect::kPostgres, false}, Ground{sql::Dialect::kPostgres, true}),
    [](const testing::TestParamInfo<Ground>& ground) {
      return std::string(ground.param.dialect == sql::Dialect::kSqlite ? "Sqlite" : "Postgres") +
             (ground.param.redis ? "WithRedis" : "");
    });

TEST_P(SuiteTest, MoneyPaysExactlyThePersonMonthsItCovers) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 60);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 40, 3);
  EXPECT_EQ(pledge.invoice().amount_rupiah(), 40 * 3 * 16'800);
  EXPECT_EQ(pledge.group_code(), "SC");
  EXPECT_EQ(pledge.first_day(), 20191107);
  EXPECT_EQ(pledge.state(), sv::PLEDGE_STATE_AWAITING_PAYMENT);

  // 16 seats, one JKK month of the next, and Rp3,000 that pay nothing.
  const sv::RecordPaymentResponse part = Pay(suite_, pledge, "BRI-1", 16 * 50'400 + 13'000);
  EXPECT_EQ(part.paid_full_seats(), 16);
  EXPECT_EQ(part.paid_person_months(), 97);
  EXPECT_EQ(part.pledge().state(), sv::PLEDGE_STATE_PART_PAID);
  const sv::RecordPaymentResponse again = Pay(suite_, pledge, "BRI-1", 16 * 50'400 + 13'000);
  EXPECT_TRUE(again.already_recorded());
  EXPECT_EQ(again.payment_id(), part.payment_id());
  EXPECT_EQ(again.pledge().funds().received_rupiah(), 16 * 50'400 + 13'000);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::RecordPayment,
                         PaymentRequest(pledge, "BRI-1", 5))
                         .status()),
            Reason::kPaymentConflict);

  const sv::Allocation first = WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  EXPECT_EQ(first.state(), sv::ALLOCATION_STATE_COMPLETE) << first.DebugString();
  EXPECT_EQ(first.candidates(), 60);
  EXPECT_EQ(first.seats_wanted(), 17);
  EXPECT_EQ(first.seats_filled(), 17);
  EXPECT_EQ(first.person_months(), 97);
  EXPECT_EQ(first.reserve(), 43);
  EXPECT_EQ(GetPledge(suite_, pledge.pledge_id()).funds().available_rupiah(), 3'000);
  ExpectBooksAgree(suite_, pledge);
  // The draw is the published one: disabled workers first.
  const std::vector<int64_t> order = Draw(workers, 10, "solo");
  std::vector<int64_t> expected(order.begin(), order.begin() + 17);
  std::sort(expected.begin(), expected.end());
  const int64_t part_paid = order[16];
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKK, 20191130).verdict(), cv::VERDICT_COVERED);
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKM, 20191130).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKK, 20191201).verdict(), cv::VERDICT_NOT_COVERED);
  expected.erase(std::remove(expected.begin(), expected.end(), part_paid), expected.end());
  EXPECT_EQ(CoveredOf(suite_, workers, 20200131), expected);

  // The rest and Rp5,000 too much: the part-paid seat is completed first.
  const sv::RecordPaymentResponse rest =
      Pay(suite_, pledge, "BRI-2", 40 * 50'400 - (16 * 50'400 + 13'000) + 5'000);
  EXPECT_EQ(rest.credit_rupiah(), 5'000);
  EXPECT_EQ(rest.pledge().state(), sv::PLEDGE_STATE_PAID);
  const sv::Allocation second = WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo 2"));
  EXPECT_EQ(second.state(), sv::ALLOCATION_STATE_COMPLETE) << second.DebugString();
  EXPECT_EQ(second.seats_filled(), 24);  // 1 completed, 23 new
  EXPECT_EQ(second.person_months(), 240 - 97);
  EXPECT_EQ(Check(suite_, part_paid, PROGRAMME_JKM, 20200131).verdict(), cv::VERDICT_COVERED);
  EXPECT_EQ(CoveredOf(suite_, workers, 20200131).size(), 40u);
  const sv::Pledge spent = GetPledge(suite_, pledge.pledge_id());
  EXPECT_EQ(spent.state(), sv::PLEDGE_STATE_SPENT);
  EXPECT_EQ(spent.funds().spent_rupiah(), 40 * 50'400);
  EXPECT_EQ(spent.seats_filled(), 40);
  EXPECT_EQ(Report(suite_, pledge).disabled_workers(), 6);
  ExpectBooksAgree(suite_, pledge);

  sv::AllocatePledgeRequest more;
  more.set_request_id(NewRequestId());
  more.set_pledge_id(pledge.pledge_id());
  more.set_seed("x");
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::AllocatePledge, more).status()),
            Reason::kSeatsExhausted);
}

TEST_P(SuiteTest, CoverReplacementAndContinuation) {
  const std::vector<int64_t> workers = AddWorkers(suite_, 50);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 40, 3);
  Pay(suite_, pledge, "BRI-1", 40 * 50'400);
  const int64_t allocation = Allocate(suite_, pledge.pledge_id(), "solo");
  EXPECT_EQ(WaitForEnd(suite_, allocation).seats_filled(), 40);
  const std::vector<int64_t> order = Draw(workers, 10, "solo");

  // First and last day are covered, their neighbours are not.
  for (const common::v1::Programme programme : {PROGRAMME_JKK, PROGRAMME_JKM}) {
    EXPECT_EQ(Check(suite_, order[0], programme, 20191106).verdict(), cv::VERDICT_NOT_COVERED);
    EXPECT_EQ(Check(suite_, order[0], programme, 20191107).verdict(), cv::VERDICT_COVERED);
    EXPECT_EQ(Check(suite_, order[0], programme, 20200131).verdict(), cv::VERDICT_COVERED);
    EXPECT_EQ(Check(suite_, order[0], programme, 20200201).verdict(), cv::VERDICT_NOT_COVERED);
  }
  EXPECT_EQ(Check(suite_, order[0], PROGRAMME_JHT, 20191107).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Check(suite_, order[45], PROGRAMME_JKM, 20191107).verdict(), cv::VERDICT_NOT_COVERED);

  // The next day two turn out not to take part at all, and one never held a seat.
  suite_.GoTo(2019, 11, 8);
  sv::ReplaceWorkersRequest replace;
  replace.set_request_id(NewRequestId());
  replace.set_pledge_id(pledge.pledge_id());
  for (const auto& [worker, reason] :
       {std::pair(order[3], "meninggal sebelum perlindungan mulai"),
        std::pair(order[49], "bukan penerima"), std::pair(order[7], "sudah peserta")}) {
    sv::ReplacementLine* line = replace.add_lines();
    line->set_worker_id(worker);
    line->set_reason(reason);
  }
  const sv::ReplaceWorkersResponse replaced =
      Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace));
  ASSERT_EQ(replaced.results_size(), 3);
  EXPECT_EQ(replaced.results(0).new_worker_id(), order[40]);
  EXPECT_EQ(replaced.results(2).new_worker_id(), order[41]);
  for (int i : {0, 2}) {
    EXPECT_EQ(replaced.results(i).status().code(), 0) << replaced.DebugString();
    EXPECT_EQ(replaced.results(i).revoked_person_months(), 6);
    EXPECT_EQ(replaced.results(i).activated_person_months(), 6);
    EXPECT_EQ(replaced.results(i).moved_rupiah(), 50'400);
    EXPECT_EQ(replaced.results(i).membership_number().size(), 11u);
  }
  EXPECT_EQ(replaced.results(1).status().code(),
            static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Check(suite_, order[3], PROGRAMME_JKM, 20191201).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Check(suite_, order[40], PROGRAMME_JKM, 20191108).verdict(), cv::VERDICT_COVERED);
  EXPECT_EQ(Check(suite_, order[40], PROGRAMME_JKM, 20191107).verdict(), cv::VERDICT_NOT_COVERED);
  ExpectBooksAgree(suite_, pledge);
  // The same request gives the same answer and moves nothing.
  const sv::ReplaceWorkersResponse repeated =
      Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace));
  EXPECT_EQ(repeated.SerializeAsString(), replaced.SerializeAsString());
  EXPECT_EQ(Report(suite_, pledge).replacements(), 2);

  // The rule changes in the middle of the sponsorship.
  for (const auto& [day, total] : {std::pair(20191201, 24'000'000), {20191202, 42'000'000}}) {
    cv::EstimateBenefitRequest death;
    death.mutable_person()->set_worker_id(order[0]);
    death.set_event(cv::BENEFIT_EVENT_NATURAL_DEATH);
    death.set_day(day);
    EXPECT_EQ(Must(Ask(suite_.coverage(), &Coverages::EstimateBenefit, death)).total_rupiah(),
              total);
  }

  // Money of a death in the middle of the term: only the months from then on move.
  suite_.GoTo(2019, 12, 10);
  sv::ReplaceWorkersRequest later;
  later.set_request_id(NewRequestId());
  later.set_pledge_id(pledge.pledge_id());
  later.add_lines()->set_worker_id(order[0]);
  later.mutable_lines(0)->set_from_month(202001);
  later.mutable_lines(0)->set_reason("meninggal 5 Desember 2019");
  const sv::ReplacementResult moved =
      Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, later)).results(0);
  EXPECT_EQ(moved.moved_rupiah(), 16'800);
  EXPECT_EQ(moved.new_worker_id(), order[42]);
  EXPECT_EQ(Check(suite_, order[0], PROGRAMME_JKM, 20191231).verdict(), cv::VERDICT_COVERED);
  EXPECT_EQ(Check(suite_, order[0], PROGRAMME_JKM, 20200101).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Check(suite_, order[42], PROGRAMME_JKM, 20191231).verdict(), cv::VERDICT_NOT_COVERED);
  EXPECT_EQ(Check(suite_, order[42], PROGRAMME_JKM, 20200101).verdict(), cv::VERDICT_COVERED);
  ExpectBooksAgree(suite_, pledge);

  // After the last paid day some go on.
  suite_.GoTo(2020, 2, 10);
  sv::PayContributionRequest self;
  self.set_request_id(NewRequestId());
  self.set_payer_class(PAYER_CLASS_SELF);
  self.add_worker_ids(order[1]);
  self.add_programmes(PROGRAMME_JKK);
  self.add_programmes(PROGRAMME_JKM);
  self.set_months(1);
  self.set_bank_reference("BRI-SELF-1");
  self.set_amount_rupiah(16'800);
  const sv::PayContributionResponse paid =
      Must(Ask(suite_.sponsorship(), &Sponsorships::PayContribution, self));
  EXPECT_EQ(paid.results(0).status().code(), 0) << paid.DebugString();
  EXPECT_EQ(paid.results(0).first_day(), 20200201);
  EXPECT_EQ(paid.results(0).last_day(), 20200229);
  self.set_request_id(NewRequestId());
  EXPECT_TRUE(
      Must(Ask(suite_.sponsorship(), &Sponsorships::PayContribution, self)).already_recorded());

  sv::PayContributionRequest budget = self;
  budget.set_request_id(NewRequestId());
  budget.set_payer_class(PAYER_CLASS_APBD);
  budget.set_sponsor_id(MakeSponsor(suite_, PAYER_CLASS_APBD));
  budget.set_first_month(202002);
  budget.set_bank_reference("BRI-CITY-1");
  for (int i : {2, 4, 5}) budget.add_worker_ids(order[i]);
  budget.set_amount_rupiah(4 * 16'800);
  const sv::PayContributionResponse taken =
      Must(Ask(suite_.sponsorship(), &Sponsorships::PayContribution, budget));
  // The first of them has paid February himself: his share comes back.
  EXPECT_EQ(taken.results(0).status().code(), static_cast<int>(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(taken.unused_rupiah(), 16'800);
  EXPECT_EQ(taken.results(3).last_day(), 20200229);
  budget.set_request_id(NewRequestId());
  budget.set_bank_reference("BRI-CITY-2");
  budget.set_amount_rupiah(4 * 16'800 - 1);
  budget.set_first_month(202003);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::PayContribution, budget).status()),
            Reason::kAmountMismatch);

  sv::PlanContinuationRequest plan;
  plan.set_pledge_id(pledge.pledge_id());
  const sv::PlanContinuationResponse planned =
      Must(Ask(suite_.sponsorship(), &Sponsorships::PlanContinuation, plan));
  EXPECT_EQ(planned.workers(), 40);
  EXPECT_EQ(planned.self_paying(), 1);
  EXPECT_EQ(planned.taken_over_by_budget(), 3);
  EXPECT_EQ(planned.in_grace(), 36);
  EXPECT_EQ(planned.conversion_basis_points(), 1'000);
  EXPECT_EQ(planned.monthly_price_rupiah(), 16'800);
  EXPECT_EQ(planned.open_worker_ids_size(), 36);
  ASSERT_EQ(planned.groups_size(), 1);
  EXPECT_EQ(planned.groups(0).last_day(), 20200131);
  plan.set_day(20200601);
  EXPECT_EQ(Must(Ask(suite_.sponsorship(), &Sponsorships::PlanContinuation, plan)).lapsed(), 36);
  ExpectBooksAgree(suite_, pledge);
}

TEST_P(SuiteTest, ReportHoldsNobodysNumberOrName) {
  AddWorkers(suite_, 20);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 10, 3);
  Pay(suite_, pledge, "BRI-1", 10 * 50'400);
  WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  const sv::PledgeReport report = Report(suite_, pledge);
  EXPECT_TRUE(report.sums_close());
  EXPECT_EQ(report.months_size(), 6);
  EXPECT_EQ(report.months(0).person_months(), 10);
  EXPECT_EQ(report.months(0).amount_rupiah(), 100'000);
  EXPECT_EQ(report.person_months(), 60);
  EXPECT_EQ(report.receipts(0).bank_reference(), "BRI-1");
  const std::string text = report.DebugString();
  EXPECT_THAT(text, Not(HasSubstr("3372")));
  EXPECT_THAT(text, Not(HasSubstr("Warga")));
  EXPECT_THAT(text, Not(HasSubstr("worker_id")));
}

TEST_P(SuiteTest, SeatsStandInTheCache) {
  if (!GetParam().redis) {
    EXPECT_EQ(suite_.redis(), "");
    return;
  }
  const std::vector<int64_t> workers = AddWorkers(suite_, 12);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 10, 3);
  Pay(suite_, pledge, "BRI-1", 10 * 50'400);
  WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  const std::vector<int64_t> order = Draw(workers, 10, "solo");
  const std::unique_ptr<Redis> redis = Redis::Make({.address = suite_.redis()});
  auto seat_of = [&](int64_t worker) {
    const std::vector<std::optional<CacheValue>> found =
        redis->Get({absl::StrCat("l1:s:", worker)});
    cache::v1::SeatRecord record;
    if (!found[0].has_value() || !record.ParseFromString(found[0]->bytes)) record.set_version(-1);
    EXPECT_TRUE(!found[0].has_value() || record.key() == found[0]->key);
    return record;
  };
  EXPECT_EQ(seat_of(order[0]).seat_number(), 1);
  EXPECT_EQ(seat_of(order[0]).pledge_id(), pledge.pledge_id());
  EXPECT_EQ(seat_of(order[10]).version(), -1);
  sv::ReplaceWorkersRequest replace;
  replace.set_request_id(NewRequestId());
  replace.set_pledge_id(pledge.pledge_id());
  replace.add_lines()->set_worker_id(order[0]);
  replace.mutable_lines(0)->set_reason("sudah peserta");
  Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace));
  EXPECT_EQ(seat_of(order[0]).pledge_id(), 0);
  EXPECT_EQ(seat_of(order[10]).seat_number(), 1);
}

}  // namespace
}  // namespace lingkaran
