// A small book with everything in it, and a look past the services at their tables.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "services/cli/reconcile/reconciler.h"
#include "tests/system/steps.h"

namespace lingkaran {

// Seats in full and in part, a replacement that leaves the one before some months, a refund, a
// contribution, a death.
class AuditFixture {
 public:
  explicit AuditFixture(sql::Dialect dialect) : suite_({.dialect = dialect}) {}

  Suite& suite() { return suite_; }

  // Plays the story: pledge 1 has 12 full seats and one of a month, seat of worker `left` was given
  // on in January.
  void Play() {
    workers_ = AddWorkers(suite_, 30);
    pledge_ = MakePledge(suite_, MakeSponsor(suite_, common::v1::PAYER_CLASS_CSR), 20, 3);
    Pay(suite_, pledge_, "BRI-1", 12 * 50'400 + 16'800 + 700);
    Pay(suite_, pledge_, "BRI-2", 300);
    WaitForEnd(suite_, Allocate(suite_, pledge_.pledge_id(), "solo"));
    const std::vector<int64_t> held = CoveredOf(suite_, workers_, 20200101);
    EXPECT_EQ(held.size(), 12u);
    left_ = held[3];
    dead_ = held[5];
    payer_ = held[7];
    Must(
        Ask(suite_.sponsorship(), &Sponsorships::PayContribution, Contribution({payer_}, "BRI-3")));
    suite_.GoTo(2020, 1, 2);
    ReportDeath(suite_, dead_, 20191230);
    Must(Ask(suite_.sponsorship(), &Sponsorships::ReplaceWorkers,
             Replacing(pledge_, {left_, dead_}, 202001)));
    Refund();
  }

  // Both legs of money and cover must have come to rest for that.
  absl::Status Compare(absl::Duration wait) {
    summary_ = ReconcileSummary();
    return Reconcile(suite_.registry_ops(), suite_.sponsorship_ops(), suite_.coverage_ops(), kBudi,
                     {.wait = wait, .pause = absl::Milliseconds(5)}, &summary_);
  }
  const ReconcileSummary& summary() const { return summary_; }
  const sponsorship::v1::Pledge& pledge() const { return pledge_; }
  // Who left in January, and who pays a month as a self-payer; both had a seat of pledge 1.
  int64_t left() const { return left_; }
  int64_t payer() const { return payer_; }
  const std::vector<int64_t>& workers() const { return workers_; }

  // A seat of pledge 1 that is paid in full and had one holder only.
  int64_t full_seat() {
    int64_t seat = 0;
    const auto database =
        Must(sql::Database::Open({.url = suite_.sponsorship_database(), .connections = 1}));
    EXPECT_TRUE(database
                    ->Read([&](sql::Tx& tx) {
                      tx.db() << "SELECT MIN(seat_number) FROM seats WHERE pledge_id = 1 "
                                 "AND is_open = 0 AND from_index = 0",
                          soci::into(seat);
                      return absl::OkStatus();
                    })
                    .ok());
    return seat;
  }

  // Runs SQL on the database of "registry", "coverage" or "sponsorship" behind the service's back.
  void Sql(const std::string& service, const std::vector<std::string>& statements) {
    const std::string& url = service == "registry"   ? suite_.registry_database()
                             : service == "coverage" ? suite_.coverage_database()
                                                     : suite_.sponsorship_database();
    const auto database = Must(sql::Database::Open({.url = url, .connections = 1}));
    const absl::Status status = database->Write([&](sql::Tx& tx) {
      for (const std::string& statement : statements) tx.db() << statement;
      return absl::OkStatus();
    });
    ASSERT_TRUE(status.ok()) << status;
  }

 private:
  void Refund() {
    sponsorship::v1::RefundPledgeRequest request;
    request.set_request_id(NewRequestId());
    request.set_pledge_id(pledge_.pledge_id());
    request.set_amount_rupiah(1'000);
    request.set_bank_reference("BRI-4");
    request.set_reason("sisa");
    const auto refunded = Ask(suite_.sponsorship(), &Sponsorships::RefundPledge, request);
    EXPECT_TRUE(refunded.ok()) << refunded.status();
  }

  Suite suite_;
  std::vector<int64_t> workers_;
  sponsorship::v1::Pledge pledge_;
  int64_t left_ = 0;
  int64_t dead_ = 0;
  int64_t payer_ = 0;
  ReconcileSummary summary_;
};

}  // namespace lingkaran
