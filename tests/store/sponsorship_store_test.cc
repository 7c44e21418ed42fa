// The contract of services/sponsorship/store*.h, on both databases.
#include <thread>

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/contributions.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/seats.h"
#include "services/sponsorship/store/store.h"
#include "sponsorship_schema.h"
#include "tests/support/test_database.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;

const absl::Time kNow = absl::FromUnixSeconds(1'573'092'000);  // 7 November 2019, 09:00 WIB

class SponsorshipStoreTest : public DatabaseTest {
 protected:
  SponsorshipStoreTest() : DatabaseTest(Schema()) {
    Write([&](Tx& tx) {
      SponsorRow sponsor;
      sponsor.name = "Batavia Prosperindo Aset Manajemen";
      sponsor.payer_class = PayerClass::kCsr;
      sponsor.create_time = 5;
      sponsor_ = InsertSponsor(tx, sponsor);
      pledge_ = NewPledge(tx, 10);
      return absl::OkStatus();
    });
  }

  void Write(absl::FunctionRef<absl::Status(Tx&)> body) {
    const absl::Status status = db().Write(body);
    EXPECT_TRUE(status.ok()) << status;
  }

  PledgeRow Row(int seats) {
    PledgeRow pledge;
    pledge.sponsor_id = sponsor_;
    pledge.payer_class = PayerClass::kCsr;
    pledge.group_code = "SC";
    pledge.seats = seats;
    pledge.months = 1;
    pledge.programmes = {Programme::kJkk, Programme::kJkm};
    pledge.wage_base = Rupiah(1'000'000);
    pledge.first_day = 20191107;
    pledge.criteria.region_code = "33.72";
    pledge.criteria.disabled_first = true;
    pledge.criteria.max_income = Rupiah(2'000'000);
    pledge.schedule = *PriceSchedule::Make(
        {{Programme::kJkk, 201911, Rupiah(10'000)}, {Programme::kJkm, 201911, Rupiah(6'800)}});
    pledge.invoice = pledge.schedule.PerSeat() * seats;
    pledge.due_day = 20191121;
    pledge.create_time = 7;
    return pledge;
  }

  int64_t NewPledge(Tx& tx, int seats) {
    PledgeRow pledge = Row(seats);
    pledge.pledge_id = NextPledgeId(tx);
    pledge.payment_code = PaymentCode(pledge.pledge_id, Day(2019, 11, 7));
    InsertPledge(tx, pledge);
    return pledge.pledge_id;
  }

  PledgeRow Read(int64_t pledge_id) {
    absl::StatusOr<PledgeRow> pledge = absl::UnknownError("");
    Write([&](Tx& tx) {
      pledge = GetPledge(tx, pledge_id);
      return pledge.status();
    });
    return *std::move(pledge);
  }

  int64_t sponsor_ = 0;
  int64_t pledge_ = 0;
};
LINGKARAN_ON_BOTH_DATABASES(SponsorshipStoreTest);

TEST_P(SponsorshipStoreTest, KeepsSponsorsAndPledges) {
  const PledgeRow pledge = Read(pledge_);
  const PledgeRow expected = Row(10);
  EXPECT_EQ(pledge.sponsor_id, sponsor_);
  EXPECT_EQ(pledge.group_code, "SC");
  EXPECT_EQ(pledge.programmes, expected.programmes);
  EXPECT_EQ(pledge.wage_base, expected.wage_base);
  EXPECT_EQ(pledge.criteria.region_code, "33.72");
  EXPECT_TRUE(pledge.criteria.disabled_first);
  EXPECT_FALSE(pledge.criteria.disabled_only);
  EXPECT_EQ(pledge.criteria.max_income, Rupiah(2'000'000));
  EXPECT_EQ(pledge.schedule.months(), expected.schedule.months());
  EXPECT_EQ(pledge.invoice, Rupiah(168'000));
  EXPECT_EQ(pledge.funds, Funds{});
  Write([&](Tx& tx) -> absl::Status {
    EXPECT_EQ(FindPaymentCode(tx, pledge.payment_code), pledge_);
    EXPECT_EQ(FindPaymentCode(tx, "1"), std::nullopt);
    EXPECT_EQ(ReasonOf(GetPledge(tx, 99).status()), Reason::kPledgeNotFound);
    EXPECT_EQ(ReasonOf(GetSponsor(tx, 99).status()), Reason::kSponsorNotFound);
    EXPECT_EQ(GetSponsor(tx, sponsor_)->name, "Batavia Prosperindo Aset Manajemen");
    const int64_t second = NewPledge(tx, 3);
    EXPECT_EQ(ListPledges(tx, sponsor_, 0, 10)->size(), 2u);
    EXPECT_EQ(ListPledges(tx, 0, pledge_, 10)->front().pledge_id, second);
    EXPECT_TRUE(ListPledges(tx, sponsor_ + 1, 0, 10)->empty());
    EXPECT_EQ(ListSponsors(tx, 0, 10).size(), 1u);
    EXPECT_TRUE(ListSponsors(tx, sponsor_, 10).empty());
    return absl::OkStatus();
  });
}

TEST_P(SponsorshipStoreTest, BalancesAreTheSumOfTheirEntries) {
  Ledger ledger;
  Write([&](Tx& tx) -> absl::Status {
    for (const LedgerTransaction& transaction :
         {Payment(pledge_, sponsor_, Rupiah(100'000), Rupiah(500), "BRI-1"),
          Reserve(pledge_, Rupiah(50'400), "allocation/1"),
          Spend(pledge_, Rupiah(33'600), "allocation/1"),
          Release(pledge_, Rupiah(16'800), "allocation/1"),
          Refund(pledge_, sponsor_, Rupiah(10'000), Rupiah(500), "BRI-2"),
          Cancel(pledge_, sponsor_, Rupiah(56'400))}) {
      RETURN_IF_ERROR(Post(tx, transaction, kNow));
      RETURN_IF_ERROR(ledger.Post(transaction));
    }
    return absl::OkStatus();
  });
  Write([&](Tx& tx) {
    for (const auto& [account, balance] : ledger.balances()) {
      EXPECT_EQ(Balance(tx, account), balance) << account;
    }
    const Funds funds = FundsFromEntries(pledge_, SumEntries(tx, pledge_));
    EXPECT_TRUE(funds.Closes());
    EXPECT_EQ(funds.received, Rupiah(100'000));
    EXPECT_EQ(funds.spent, Rupiah(33'600));
    EXPECT_EQ(funds.moved_to_credit, Rupiah(56'400));
    const std::vector<EntryRow> first = ListEntries(tx, pledge_, 0, 0, 5);
    EXPECT_EQ(first.size(), 5u);
    const std::vector<EntryRow> rest =
        ListEntries(tx, pledge_, first.back().transaction_id, first.back().line, 100);
    EXPECT_EQ(first.size() + rest.size(), 3u + 2 + 2 + 2 + 4 + 2);
    EXPECT_TRUE(ListEntries(tx, pledge_ + 1, 0, 0, 10).empty());
    return AuditLedger(tx);
  });
}

TEST_P(SponsorshipStoreTest, NoAccountFallsBelowZeroButTheBank) {
  const absl::Status overdrawn = db().Write(
      [&](Tx& tx) { return Post(tx, Reserve(pledge_, Rupiah(1), "allocation/1"), kNow); });
  EXPECT_EQ(overdrawn.code(), absl::StatusCode::kFailedPrecondition) << overdrawn;
  Write([&](Tx& tx) {
    EXPECT_EQ(Balance(tx, PledgeAccount(pledge_, "available")), Rupiah(0));
    EXPECT_TRUE(ListEntries(tx, pledge_, 0, 0, 10).empty());
    return absl::OkStatus();
  });
}

TEST_P(SponsorshipStoreTest, UnbalancedOrUnknownIsNeverWritten) {
  for (const LedgerTransaction& bad :
       {LedgerTransaction{"payment",
                          "x",
                          pledge_,
                          {{"bank", Rupiah(-1)}, {PledgeAccount(pledge_, "available"), Rupiah(2)}}},
        Payment(4'711, 4'711, Rupiah(1), Rupiah(0), "x")}) {
    EXPECT_EQ(db().Write([&](Tx& tx) { return Post(tx, bad, kNow); }).code(),
              absl::StatusCode::kInternal);
  }
  Write([&](Tx& tx) {
    EXPECT_EQ(Balance(tx, kBankAccount), Rupiah(0));
    return AuditLedger(tx);
  });
}

TEST_P(SponsorshipStoreTest, AuditFindsATamperedLedger) {
  Write([&](Tx& tx) {
    return Post(tx, Payment(pledge_, sponsor_, Rupiah(100), Rupiah(0), "BRI-1"), kNow);
  });
  Write([&](Tx& tx) {
    tx.db() << "UPDATE accounts SET balance = balance + 1 WHERE account = 'bank'";
    return absl::OkStatus();
  });
  EXPECT_FALSE(db().Read([](Tx& tx) { return AuditLedger(tx); }).ok());
  Write([&](Tx& tx) {
    tx.db() << "UPDATE ledger_entries SET amount = amount + 1 WHERE account = 'bank'";
    return absl::OkStatus();
  });
  EXPECT_FALSE(db().Read([](Tx& tx) { return AuditLedger(tx); }).ok());
}

TEST_P(SponsorshipStoreTest, ABankReferenceCountsOnce) {
  ReceiptRow receipt{0,          "BRI-1",    "payment", pledge_, 0,
                     Rupiah(10), Rupiah(10), Rupiah(0), 20191107};
  Write([&](Tx& tx) {
    InsertReceipt(tx, receipt, kNow);
    return absl::OkStatus();
  });
  const absl::Status again = db().Write([&](Tx& tx) {
    receipt.pledge_id = pledge_ + 1;
    InsertReceipt(tx, receipt, kNow);
    return absl::OkStatus();
  });
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists) << again;
  Write([&](Tx& tx) {
    EXPECT_EQ(FindReceipt(tx, "BRI-1")->pledge_id, pledge_);
    EXPECT_EQ(FindReceipt(tx, "BRI-2"), std::nullopt);
    EXPECT_EQ(ListReceipts(tx, pledge_).size(), 1u);
    return absl::OkStatus();
  });
}

TEST_P(SponsorshipStoreTest, InvoiceAndSeatsAreNeverExceeded) {
  Write([&](Tx& tx) {
    AddReceived(tx, pledge_, Rupiah(168'000));
    AddSeatsFilled(tx, pledge_, 10);
    return absl::OkStatus();
  });
  auto fails = [&](absl::FunctionRef<void(Tx&)> change) {
    return db().Write([&](Tx& tx) {
      change(tx);
      return absl::OkStatus();
    });
  };
  EXPECT_EQ(fails([&](Tx& tx) { AddReceived(tx, pledge_, Rupiah(1)); }).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(fails([&](Tx& tx) { AddSeatsFilled(tx, pledge_, 1); }).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(fails([&](Tx& tx) { AddSeatsFilled(tx, pledge_, -11); }).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Read(pledge_).seats_filled, 10);
}

TEST_P(SponsorshipStoreTest, SeatsOpenCloseAndChangeHands) {
  Write([&](Tx& tx) {
    EXPECT_EQ(NextSeat(tx, pledge_), 1);
    FillSeats(tx, pledge_,
              {{1, 101, true, 0, 2, 20191107, 20191130, false},
               {2, 102, false, 0, 1, 20191107, 20191130, true}});
    FreeSeat(tx, pledge_, 3);
    EXPECT_EQ(NextSeat(tx, pledge_), 4);
    std::vector<OpenSeat> open = OpenSeats(tx, pledge_, 1);
    EXPECT_EQ(open.size(), 2u);
    EXPECT_EQ(OpenSeats(tx, pledge_, 0).size(), 2u);
    EXPECT_EQ(open[0].worker_id, 102);
    EXPECT_EQ(open[1].worker_id, 0);
    SkipSeat(tx, pledge_, 2, 1);
    EXPECT_EQ(OpenSeats(tx, pledge_, 1).size(), 1u);
    EXPECT_EQ(OpenSeats(tx, pledge_, 2).size(), 2u);
    ExtendSeat(tx, pledge_, {.seat_number = 2, .paid_to = 2, .last_day = 20191130});
    EXPECT_EQ(OpenSeats(tx, pledge_, 2).size(), 1u);
    EXPECT_EQ(CountDisabled(tx, pledge_), 1);
    VacateSeat(tx, pledge_, {1, 101, 0}, {ClaimedBy::Kind::kReplacement, 5});
    EXPECT_EQ(OpenSeats(tx, pledge_, 2).size(), 1u);
    FreeSeat(tx, pledge_, 1);
    EXPECT_EQ(OpenSeats(tx, pledge_, 2).size(), 2u);
    EXPECT_EQ(FindSeat(tx, pledge_, 101).has_value(), false);
    FillSeats(tx, pledge_, {{1, 103, false, 0, 2, 20191108, 20191130, false}});
    EXPECT_EQ(FindSeat(tx, pledge_, 103)->seat_number, 1);
    EXPECT_EQ(FindSeat(tx, pledge_, 103)->paid_to, 2);
    EXPECT_EQ(FindSeat(tx, pledge_, 103)->claimed_by, ClaimedBy());
    for (const auto kind : {ClaimedBy::Kind::kAllocation, ClaimedBy::Kind::kReplacement}) {
      ClaimSeat(tx, pledge_, 1, {kind, 6});
      EXPECT_EQ(FindSeat(tx, pledge_, 103)->claimed_by, (ClaimedBy{kind, 6}));
    }
    FreeSeat(tx, pledge_, 1);
    EXPECT_EQ(ListHolders(tx, pledge_),
              (std::vector<std::pair<int64_t, int32_t>>{{102, 20191130}, {103, 20191130}}));
    EXPECT_EQ(CountByPaidTo(tx, pledge_), (std::vector<std::pair<int, int64_t>>{{0, 1}, {2, 2}}));
    return absl::OkStatus();
  });
  const absl::Status twice = db().Write([&](Tx& tx) {
    FillSeats(tx, pledge_, {{7, 103, false, 0, 2, 20191107, 20191130, false}});
    return absl::OkStatus();
  });
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists) << twice;
}

TEST_P(SponsorshipStoreTest, OneRunningAllocationOfAPledge) {
  AllocationRow allocation;
  allocation.pledge_id = pledge_;
  allocation.seed = "solo";
  allocation.reserve_until = 20191114;
  Write([&](Tx& tx) {
    EXPECT_FALSE(HasRunningAllocation(tx, pledge_));
    allocation.allocation_id = InsertAllocation(tx, allocation);
    EXPECT_TRUE(HasRunningAllocation(tx, pledge_));
    EXPECT_EQ(LatestDraw(tx, pledge_), std::nullopt);
    return absl::OkStatus();
  });
  const absl::Status second = db().Write([&](Tx& tx) {
    InsertAllocation(tx, allocation);
    return absl::OkStatus();
  });
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists) << second;
  Write([&](Tx& tx) -> absl::Status {
    InsertDraw(tx, allocation.allocation_id, {{11, true}, {12, false}, {13, false}});
    const std::vector<Ranked> rest = ListDraw(tx, allocation.allocation_id, 1, 10);
    EXPECT_EQ(rest, (std::vector<Ranked>{{12, false}, {13, false}}));
    EXPECT_EQ(ListDraw(tx, allocation.allocation_id, 0, 1).front().disabled, true);
    InsertRefusals(tx, allocation.allocation_id, 0,
                   {{11, 9, "WORKER_DECEASED", "x"}, {12, 6, "MONTH_ALREADY_PAID", "y"}});
    InsertRefusals(tx, allocation.allocation_id, 2, {{13, 9, "WORKER_DECEASED", "x"}});
    EXPECT_EQ(CountRefusals(tx, allocation.allocation_id),
              (std::vector<std::pair<std::string, int>>{{"MONTH_ALREADY_PAID", 1},
                                                        {"WORKER_DECEASED", 2}}));
    EXPECT_EQ(ListRefusals(tx, allocation.allocation_id, 2).size(), 2u);
    allocation.ranked = true;
    allocation.state = AllocationState::kShort;
    allocation.candidates = allocation.drawn = 3;
    allocation.spent = Rupiah(16'800);
    allocation.token = "t";
    allocation.steps_under_way = 1;
    allocation.slots_under_way = 2;
    allocation.next_seat = 4;
    allocation.end_time = 9;
    UpdateAllocation(tx, allocation);
    ASSIGN_OR_RETURN(const AllocationRow read, GetAllocation(tx, allocation.allocation_id));
    EXPECT_EQ(read.state, AllocationState::kShort);
    EXPECT_EQ(read.drawn, 3);
    EXPECT_EQ(read.spent, Rupiah(16'800));
    EXPECT_EQ(read.token, "t");
    EXPECT_EQ(read.steps_under_way, 1);
    EXPECT_EQ(read.slots_under_way, 2);
    EXPECT_EQ(read.next_seat, 4);
    EXPECT_EQ(read.reserve_until, 20191114);
    EXPECT_EQ(read.stop_reason, StopReason::kNone);
    EXPECT_EQ(LatestDraw(tx, pledge_)->allocation_id, allocation.allocation_id);
    EXPECT_FALSE(HasRunningAllocation(tx, pledge_));
    EXPECT_EQ(ReasonOf(GetAllocation(tx, 99).status()), Reason::kAllocationNotFound);
    return absl::OkStatus();
  });
}

TEST_P(SponsorshipStoreTest, KeepsReplacements) {
  Write([&](Tx& tx) -> absl::Status {
    ReplacementRow row;
    row.pledge_id = pledge_;
    std::vector<ReplacementLineRow> lines(2);
    lines[0].worker_id = 101;
    lines[0].reason = "meninggal";
    lines[1].line = 1;
    lines[1].worker_id = 102;
    lines[1].state = ReplacementState::kDone;
    lines[1].code = 9;
    lines[1].error_reason = "SEAT_NOT_HELD";
    row.replacement_id = InsertReplacement(tx, row, lines);
    EXPECT_TRUE(HasRunningReplacement(tx, pledge_));
    lines[0].state = ReplacementState::kDone;
    lines[0].new_worker_id = 103;
    lines[0].moved = Rupiah(16'800);
    UpdateReplacementLine(tx, row.replacement_id, lines[0]);
    row.done = true;
    row.rounds = 2;
    UpdateReplacement(tx, row);
    EXPECT_FALSE(HasRunningReplacement(tx, pledge_));
    EXPECT_EQ(CountReplacements(tx, pledge_), 1);
    const std::vector<ReplacementLineRow> read = ListReplacementLines(tx, row.replacement_id);
    EXPECT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].new_worker_id, 103);
    EXPECT_EQ(read[0].moved, Rupiah(16'800));
    EXPECT_EQ(read[1].error_reason, "SEAT_NOT_HELD");
    EXPECT_EQ(GetReplacement(tx, row.replacement_id)->rounds, 2);
    return absl::OkStatus();
  });
}

TEST_P(SponsorshipStoreTest, KeepsContributions) {
  ContributionRow row;
  row.payer_class = PayerClass::kSelf;
  row.bank_reference = "BRI-9";
  row.fingerprint = "f";
  row.amount = Rupiah(16'800);
  ContributionLineRow line;
  line.worker_id = 101;
  line.first_day = 20200201;
  line.schedule = Row(1).schedule;
  Write([&](Tx& tx) -> absl::Status {
    row.contribution_id = InsertContribution(tx, row, {line});
    RETURN_IF_ERROR(Post(tx, ContributionPaid(row.contribution_id, row.amount, "BRI-9"), kNow));
    RETURN_IF_ERROR(Post(tx, ContributionSpent(row.contribution_id, Rupiah(10'000)), kNow));
    RETURN_IF_ERROR(Post(tx, ContributionUnused(row.contribution_id, Rupiah(6'800)), kNow));
    row.unused = Rupiah(6'800);
    row.token = "t";
    line.cover_last_day = 20200229;
    FinishContribution(tx, row, {line});
    ASSIGN_OR_RETURN(const ContributionRow read, GetContribution(tx, row.contribution_id));
    EXPECT_TRUE(read.done);
    EXPECT_EQ(read.unused, Rupiah(6'800));
    EXPECT_EQ(read.fingerprint, "f");
    EXPECT_EQ(ListContributionLines(tx, row.contribution_id)->front().cover_last_day, 20200229);
    return AuditLedger(tx);
  });
  const absl::Status twice = db().Write([&](Tx& tx) {
    InsertContribution(tx, row, {line});
    return absl::OkStatus();
  });
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists) << twice;
}

// Two threads move the money of one pledge: the lock lets one after the other see what is left.
TEST_P(SponsorshipStoreTest, RivalsNeverSpendTheSameRupiah) {
  Write([&](Tx& tx) {
    return Post(tx, Payment(pledge_, sponsor_, Rupiah(50'000), Rupiah(0), "BRI-1"), kNow);
  });
  auto reserve_all = [&] {
    for (int i = 0; i < 40; ++i) {
      const absl::Status status = db().Write([&](Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(const PledgeRow pledge, LockPledge(tx, pledge_));
        if (pledge.funds.available < Rupiah(1'000)) return absl::OkStatus();
        return Post(tx, Reserve(pledge_, Rupiah(1'000), "allocation/1"), kNow);
      });
      EXPECT_TRUE(status.ok()) << status;
    }
  };
  std::thread rival(reserve_all);
  reserve_all();
  rival.join();
  const PledgeRow pledge = Read(pledge_);
  EXPECT_EQ(pledge.funds.available, Rupiah(0));
  EXPECT_EQ(pledge.funds.reserved, Rupiah(50'000));
  Write([](Tx& tx) { return AuditLedger(tx); });
}

}  // namespace
}  // namespace lingkaran::sponsorship
