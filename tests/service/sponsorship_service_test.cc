// Sponsorship's RPCs one by one, with real peers: what they refuse, how they page, and what money
// that is left over may do.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/story.h"

namespace lingkaran {
namespace {

namespace sv = sponsorship::v1;
using common::v1::PAYER_CLASS_APBD;
using common::v1::PAYER_CLASS_CSR;

class SponsorshipServiceTest : public testing::Test {
 protected:
  template <typename Response>
  static std::string Fields(const absl::StatusOr<Response>& answer) {
    EXPECT_EQ(ReasonOf(answer.status()), Reason::kInvalidField) << answer.status();
    std::string fields;
    for (const auto& [field, text] : FieldViolationsOf(answer.status())) {
      absl::StrAppend(&fields, fields.empty() ? "" : " ", field);
    }
    return fields;
  }

  absl::StatusOr<sv::RefundPledgeResponse> Refund(int64_t pledge_id, int64_t amount,
                                                  const std::string& bank_reference) {
    sv::RefundPledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(pledge_id);
    request.set_amount_rupiah(amount);
    request.set_bank_reference(bank_reference);
    request.set_reason("sisa dana");
    return Ask(suite_.sponsorship(), &Sponsorships::RefundPledge, request);
  }

  absl::StatusOr<sv::CancelPledgeResponse> Cancel(int64_t pledge_id) {
    sv::CancelPledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(pledge_id);
    request.set_reason("donatur mundur");
    return Ask(suite_.sponsorship(), &Sponsorships::CancelPledge, request);
  }

  sv::Sponsor GetSponsor(int64_t sponsor_id) {
    sv::GetSponsorRequest request;
    request.set_sponsor_id(sponsor_id);
    return Must(Ask(suite_.sponsorship(), &Sponsorships::GetSponsor, request)).sponsor();
  }

  Suite suite_{Suite::Options{}};
};

TEST_F(SponsorshipServiceTest, SponsorsAreKeptAndListedPageByPage) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(MakeSponsor(suite_, PAYER_CLASS_CSR));
  std::vector<int64_t> listed;
  sv::ListSponsorsRequest request;
  request.set_page_size(2);
  do {
    const sv::ListSponsorsResponse page =
        Must(Ask(suite_.sponsorship(), &Sponsorships::ListSponsors, request));
    EXPECT_LE(page.sponsors_size(), 2);
    for (const sv::Sponsor& sponsor : page.sponsors()) listed.push_back(sponsor.sponsor_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, ids);
  sv::GetSponsorRequest unknown;
  unknown.set_sponsor_id(99);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::GetSponsor, unknown).status()),
            Reason::kSponsorNotFound);
}

TEST_F(SponsorshipServiceTest, FaultyRequestsNameTheirFields) {
  sv::CreateSponsorRequest sponsor;
  sponsor.set_request_id("1");
  sponsor.set_name("x");
  sponsor.set_payer_class(common::v1::PAYER_CLASS_SELF);
  EXPECT_EQ(Fields(Ask(suite_.sponsorship(), &Sponsorships::CreateSponsor, sponsor)),
            "name payer_class");
  sv::CreatePledgeRequest pledge;
  pledge.set_request_id("1");
  pledge.set_first_day(20190230);
  EXPECT_EQ(Fields(Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, pledge)),
            "sponsor_id seats months programmes first_day criteria.region_code");
  sv::RecordPaymentRequest payment;
  payment.set_request_id("1");
  EXPECT_EQ(Fields(Ask(suite_.sponsorship(), &Sponsorships::RecordPayment, payment)),
            "payment_code bank_reference amount_rupiah");
  sv::ReplaceWorkersRequest replace;
  replace.set_request_id("1");
  EXPECT_EQ(Fields(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers, replace)), "lines");
  sv::PayContributionRequest contribution;
  contribution.set_request_id("1");
  contribution.set_payer_class(PAYER_CLASS_CSR);
  EXPECT_EQ(Fields(Ask(suite_.sponsorship(), &Sponsorships::PayContribution, contribution)),
            "payer_class sponsor_id worker_ids programmes months bank_reference amount_rupiah");
}

TEST_F(SponsorshipServiceTest, PledgesAreCheckedQuotedAndAnsweredOnce) {
  const int64_t sponsor = MakeSponsor(suite_, PAYER_CLASS_CSR);
  auto create = [&](const std::function<void(sv::CreatePledgeRequest&)>& change) {
    sv::CreatePledgeRequest request = PledgeRequest(sponsor, 1'000, 3);
    change(request);
    return Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, request);
  };
  // Nobody is insured for days gone by, unless a budget agreed on the day.
  auto yesterday = [](sv::CreatePledgeRequest& r) { r.set_first_day(20191106); };
  EXPECT_EQ(Fields(create(yesterday)), "first_day");
  sv::CreatePledgeRequest agreed = PledgeRequest(MakeSponsor(suite_, PAYER_CLASS_APBD), 10, 3);
  yesterday(agreed);
  EXPECT_TRUE(Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, agreed).ok());
  EXPECT_EQ(ReasonOf(create([](auto& r) { r.set_sponsor_id(99); }).status()),
            Reason::kSponsorNotFound);
  EXPECT_EQ(
      ReasonOf(create([](auto& r) { r.mutable_criteria()->set_region_code("99.99"); }).status()),
      Reason::kRegionUnknown);
  EXPECT_EQ(ReasonOf(create([](auto& r) { r.set_months(5); }).status()),
            Reason::kMonthsNotPermitted);

  sv::CreatePledgeRequest request = PledgeRequest(sponsor, 1'000, 3);
  const sv::CreatePledgeResponse made =
      Must(Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, request));
  EXPECT_EQ(made.pledge().invoice().amount_rupiah(), 50'400'000);
  EXPECT_EQ(made.pledge().per_seat_rupiah(), 50'400);
  EXPECT_EQ(made.pledge().invoice().due_day(), 20191121);
  EXPECT_EQ(made.pledge().invoice().payment_code().size(), 12u);
  EXPECT_EQ(made.quote().total_rupiah(), 50'400'000);
  EXPECT_FALSE(made.quote().advice().text().empty());
  // A repeat needs no peer.
  suite_.StopCoverage();
  EXPECT_EQ(
      Must(Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, request)).SerializeAsString(),
      made.SerializeAsString());
  request.set_seats(1'001);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, request).status()),
            Reason::kRequestIdReused);
  request.set_request_id(NewRequestId());
  const absl::Status away =
      Ask(suite_.sponsorship(), &Sponsorships::CreatePledge, request).status();
  EXPECT_EQ(ReasonOf(away), Reason::kPeerUnavailable) << away;
  suite_.StartCoverage();
}

TEST_F(SponsorshipServiceTest, PaymentsFindTheirInvoice) {
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 2, 1);
  const sv::Pledge other = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 2, 1);
  sv::RecordPaymentRequest unknown = PaymentRequest(pledge, "BRI-1", 100);
  unknown.set_payment_code("190000000990");
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::RecordPayment, unknown).status()),
            Reason::kInvoiceNotFound);
  Pay(suite_, pledge, "BRI-1", 100);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::RecordPayment,
                         PaymentRequest(other, "BRI-1", 100))
                         .status()),
            Reason::kPaymentConflict);
  ASSERT_TRUE(Cancel(pledge.pledge_id()).ok());
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::RecordPayment,
                         PaymentRequest(pledge, "BRI-2", 100))
                         .status()),
            Reason::kPledgeState);
  EXPECT_TRUE(Pay(suite_, pledge, "BRI-1", 100).already_recorded());
}

TEST_F(SponsorshipServiceTest, NothingPaidNothingAllocated) {
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 2, 1);
  sv::AllocatePledgeRequest request;
  request.set_request_id(NewRequestId());
  request.set_pledge_id(pledge.pledge_id());
  request.set_seed("x");
  auto reason = [&] {
    return ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::AllocatePledge, request).status());
  };
  EXPECT_EQ(reason(), Reason::kFundsExhausted);
  Pay(suite_, pledge, "BRI-1", 9'999);  // not one person-month
  EXPECT_EQ(reason(), Reason::kFundsExhausted);
  ASSERT_TRUE(Cancel(pledge.pledge_id()).ok());
  EXPECT_EQ(reason(), Reason::kPledgeState);
  request.set_pledge_id(99);
  EXPECT_EQ(reason(), Reason::kPledgeNotFound);
  sv::GetAllocationRequest get;
  get.set_allocation_id(99);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::GetAllocation, get).status()),
            Reason::kAllocationNotFound);
}

TEST_F(SponsorshipServiceTest, LeftOverMoneyBecomesCreditOrGoesBack) {
  const int64_t sponsor = MakeSponsor(suite_, PAYER_CLASS_CSR);
  const sv::Pledge pledge = MakePledge(suite_, sponsor, 2, 1);
  Pay(suite_, pledge, "BRI-1", 2 * 16'800 + 700);
  EXPECT_EQ(GetSponsor(sponsor).credit_rupiah(), 700);
  EXPECT_EQ(ReasonOf(Refund(pledge.pledge_id(), 2 * 16'800 + 701, "OUT-1").status()),
            Reason::kFundsExhausted);
  EXPECT_EQ(Must(Refund(pledge.pledge_id(), 10'000, "OUT-1")).pledge().funds().refunded_rupiah(),
            10'000);
  EXPECT_EQ(ReasonOf(Refund(pledge.pledge_id(), 10'000, "OUT-1").status()),
            Reason::kPaymentConflict);
  const sv::Pledge cancelled = Must(Cancel(pledge.pledge_id())).pledge();
  EXPECT_EQ(cancelled.state(), sv::PLEDGE_STATE_CANCELLED);
  EXPECT_EQ(cancelled.funds().moved_to_credit_rupiah(), 23'600);
  EXPECT_EQ(GetSponsor(sponsor).credit_rupiah(), 24'300);
  EXPECT_EQ(Must(Refund(pledge.pledge_id(), 0, "OUT-2")).refunded_rupiah(), 24'300);
  EXPECT_EQ(GetSponsor(sponsor).credit_rupiah(), 0);
  EXPECT_EQ(ReasonOf(Refund(pledge.pledge_id(), 0, "OUT-3").status()), Reason::kFundsExhausted);
  ExpectBooksAgree(suite_, pledge);

  const sv::Pledge city = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_APBD), 2, 1);
  Pay(suite_, city, "BRI-2", 16'800);
  EXPECT_EQ(ReasonOf(Refund(city.pledge_id(), 0, "OUT-4").status()), Reason::kRefundNotAllowed);
}

TEST_F(SponsorshipServiceTest, AStatementShowsWholeTransactionsPageByPage) {
  AddWorkers(suite_, 5);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 3, 1);
  Pay(suite_, pledge, "BRI-1", 16'800);
  Pay(suite_, pledge, "BRI-2", 2 * 16'800 + 100);
  WaitForEnd(suite_, Allocate(suite_, pledge.pledge_id(), "solo"));
  sv::GetStatementRequest request;
  request.set_pledge_id(pledge.pledge_id());
  request.set_page_size(3);
  std::map<int64_t, int64_t> sums;
  std::map<std::string, int64_t> accounts;
  int entries = 0;
  do {
    const sv::GetStatementResponse page =
        Must(Ask(suite_.sponsorship(), &Sponsorships::GetStatement, request));
    EXPECT_LE(page.entries_size(), 3);
    for (const sv::LedgerEntry& entry : page.entries()) {
      sums[entry.transaction_id()] += entry.amount_rupiah();
      accounts[entry.account()] += entry.amount_rupiah();
      ++entries;
    }
    EXPECT_EQ(page.funds().spent_rupiah(), 3 * 16'800);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(entries, 2 + 3 + 2 + 2);  // two payments, a reservation, a spending
  for (const auto& [transaction, sum] : sums) EXPECT_EQ(sum, 0) << transaction;
  EXPECT_EQ(accounts["bank"], -(3 * 16'800 + 100));
  EXPECT_EQ(accounts[absl::StrCat("pledge/", pledge.pledge_id(), "/spent")], 3 * 16'800);
  EXPECT_EQ(accounts[absl::StrCat("pledge/", pledge.pledge_id(), "/available")], 0);
}

// Who takes money back or ends a pledge says why, and it is kept.
TEST_F(SponsorshipServiceTest, ReasonsAreKept) {
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 2, 1);
  Pay(suite_, pledge, "BRI-1", 16'800);
  ASSERT_TRUE(Refund(pledge.pledge_id(), 10'000, "OUT-1").ok());
  ASSERT_TRUE(Cancel(pledge.pledge_id()).ok());
  const auto database = Must(sql::Database::Open({.url = suite_.sponsorship_database()}));
  std::string kept, method, reason;
  ASSERT_TRUE(database
                  ->Read([&](sql::Tx& tx) {
                    sql::ForEach(
                        tx, "SELECT method, reason FROM events WHERE reason <> '' ORDER BY seq",
                        [&] { absl::StrAppend(&kept, method, ": ", reason, "; "); },
                        soci::into(method), soci::into(reason));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(kept, "RefundPledge: sisa dana; CancelPledge: donatur mundur; ");
}

// A slip of the pen in the list does not use up the bank reference.
TEST_F(SponsorshipServiceTest, APaymentForNobodyIsNotRecorded) {
  sv::PayContributionRequest request;
  request.set_request_id(NewRequestId());
  request.set_payer_class(common::v1::PAYER_CLASS_SELF);
  request.add_worker_ids(999'999);
  request.add_programmes(common::v1::PROGRAMME_JKM);
  request.set_months(1);
  request.set_bank_reference("BRI-9");
  request.set_amount_rupiah(6'800);
  EXPECT_EQ(ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::PayContribution, request).status()),
            Reason::kMemberNotFound);
  const sv::Pledge pledge = MakePledge(suite_, MakeSponsor(suite_, PAYER_CLASS_CSR), 2, 1);
  EXPECT_FALSE(Pay(suite_, pledge, "BRI-9", 100).already_recorded());
  EXPECT_TRUE(suite_.Audit().ok());
}

TEST_F(SponsorshipServiceTest, RightsAreKept) {
  sv::ListPledgesRequest request;
  EXPECT_TRUE(
      Ask(suite_.sponsorship(), &Sponsorships::ListPledges, request, "pt;role=sponsor").ok());
  sv::CreateSponsorRequest create;
  create.set_request_id(NewRequestId());
  create.set_name("PT Contoh");
  create.set_payer_class(PAYER_CLASS_CSR);
  EXPECT_EQ(
      ReasonOf(Ask(suite_.sponsorship(), &Sponsorships::CreateSponsor, create, "pt;role=sponsor")
                   .status()),
      Reason::kNotAllowed);
}

}  // namespace
}  // namespace lingkaran
