#include "tests/support/story.h"

#include <algorithm>

#include "tests/support/requests.h"

namespace lingkaran {

namespace sv = sponsorship::v1;
namespace cv = coverage::v1;

int64_t MakeSponsor(Suite& suite, common::v1::PayerClass payer_class) {
  sv::CreateSponsorRequest request = NewSponsor();
  request.set_payer_class(payer_class);
  return Must(Ask(suite.sponsorship(), &Sponsorships::CreateSponsor, request))
      .sponsor()
      .sponsor_id();
}

sv::CreatePledgeRequest PledgeRequest(int64_t sponsor_id, int seats, int months) {
  sv::CreatePledgeRequest request = NewPledge(sponsor_id, seats, months);
  request.mutable_criteria()->set_disabled_first(true);
  return request;
}

sv::Pledge MakePledge(Suite& suite, int64_t sponsor_id, int seats, int months) {
  return Must(Ask(suite.sponsorship(), &Sponsorships::CreatePledge,
                  PledgeRequest(sponsor_id, seats, months)))
      .pledge();
}

sv::RecordPaymentRequest PaymentRequest(const sv::Pledge& pledge, const std::string& bank_reference,
                                        int64_t amount) {
  sv::RecordPaymentRequest request = PaymentFor(pledge);
  request.set_bank_reference(bank_reference);
  request.set_amount_rupiah(amount);
  return request;
}

sv::RecordPaymentResponse Pay(Suite& suite, const sv::Pledge& pledge,
                              const std::string& bank_reference, int64_t amount) {
  return Must(Ask(suite.sponsorship(), &Sponsorships::RecordPayment,
                  PaymentRequest(pledge, bank_reference, amount)));
}

int64_t Allocate(Suite& suite, int64_t pledge_id, const std::string& seed) {
  sv::AllocatePledgeRequest request = AllocationOf(pledge_id);
  request.set_seed(seed);
  return Must(Ask(suite.sponsorship(), &Sponsorships::AllocatePledge, request))
      .allocation()
      .allocation_id();
}

sv::Pledge GetPledge(Suite& suite, int64_t pledge_id) {
  sv::GetPledgeRequest request;
  request.set_pledge_id(pledge_id);
  return Must(Ask(suite.sponsorship(), &Sponsorships::GetPledge, request)).pledge();
}

sv::PledgeReport Report(Suite& suite, const sv::Pledge& pledge) {
  sv::GetSponsorReportRequest request;
  request.set_sponsor_id(pledge.sponsor_id());
  request.set_pledge_id(pledge.pledge_id());
  return Must(Ask(suite.sponsorship(), &Sponsorships::GetSponsorReport, request)).pledges(0);
}

cv::GetCoverageStatisticsResponse Statistics(Suite& suite, int64_t pledge_id, int day) {
  cv::GetCoverageStatisticsRequest request;
  request.set_pledge_id(pledge_id);
  request.set_day(day);
  return Must(Ask(suite.coverage(), &Coverages::GetCoverageStatistics, request));
}

cv::ProgrammeAnswer Check(Suite& suite, int64_t worker_id, common::v1::Programme programme,
                          int day) {
  cv::CheckEligibilityRequest request;
  request.mutable_person()->set_worker_id(worker_id);
  request.add_programmes(programme);
  request.set_day(day);
  request.mutable_consistency()->set_fully_consistent(true);
  return Must(Ask(suite.coverage(), &Coverages::CheckEligibility, request)).answers(0);
}

std::vector<int64_t> CoveredOf(Suite& suite, const std::vector<int64_t>& workers, int day) {
  std::vector<int64_t> covered;
  for (size_t begin = 0; begin < workers.size(); begin += 1'000) {
    cv::BatchCheckEligibilityRequest request;
    request.mutable_consistency()->set_fully_consistent(true);
    for (size_t i = begin; i < std::min(workers.size(), begin + 1'000); ++i) {
      cv::BatchCheckItem* item = request.add_items();
      item->mutable_person()->set_worker_id(workers[i]);
      item->add_programmes(common::v1::PROGRAMME_JKM);
      item->set_day(day);
    }
    const cv::BatchCheckEligibilityResponse response =
        Must(Ask(suite.coverage(), &Coverages::BatchCheckEligibility, request));
    for (int i = 0; i < response.results_size(); ++i) {
      if (response.results(i).answers(0).verdict() == cv::VERDICT_COVERED) {
        covered.push_back(workers[begin + i]);
      }
    }
  }
  return covered;
}

void ExpectBooksAgree(Suite& suite, const sv::Pledge& pledge) {
  EXPECT_TRUE(suite.Audit().ok()) << suite.Audit();
  const sv::PledgeReport report = Report(suite, pledge);
  EXPECT_TRUE(report.sums_close()) << report.DebugString();
  const cv::GetCoverageStatisticsResponse statistics =
      Statistics(suite, pledge.pledge_id(), pledge.first_day());
  EXPECT_EQ(statistics.person_months(), report.person_months());
  EXPECT_EQ(statistics.amount_rupiah(), report.funds().spent_rupiah());
  EXPECT_EQ(report.funds().reserved_rupiah(), 0);
}

}  // namespace lingkaran
