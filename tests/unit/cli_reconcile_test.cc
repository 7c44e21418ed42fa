// When two books differ and when they only seem to.
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/cli/reconcile/reconciler.h"

namespace lingkaran {
namespace {

using Kind = ReconcileDifference::Kind;
using Line = ops::v1::AuditBookResponse;
using testing::HasSubstr;

// A book to be read: what an audit of it would send.
struct Book {
  std::vector<Line> lines;
  int64_t owed = 0;
  int64_t findings = 0;
  absl::Status broken;  // the stream ends with it in place of its summary
  bool summary = true;  // its last line is sent

  Book& Finding(const std::string& text) {
    lines.emplace_back().mutable_finding()->set_text(text);
    return *this;
  }
  Book& Pledge(int64_t id, int64_t spent, int64_t months, int64_t last = 1,
               bool under_way = false) {
    ops::v1::SourceTotal* total = lines.emplace_back().mutable_total();
    total->set_pledge_id(id);
    total->set_spent_rupiah(spent);
    total->set_person_months(months);
    total->set_last_transaction(last);
    total->set_under_way(under_way);
    return *this;
  }
  Book& Worker(int64_t pledge, int64_t worker, const std::map<int, int64_t>& months) {
    ops::v1::WorkerMonths* line = lines.emplace_back().mutable_worker();
    line->set_pledge_id(pledge);
    line->set_worker_id(worker);
    for (const auto& [month, amount] : months) {
      ops::v1::PaidMonth* paid = line->add_months();
      paid->set_programme(common::v1::PROGRAMME_JKM);
      paid->set_month(month);
      paid->set_amount_rupiah(amount);
    }
    return *this;
  }
  Book& Member(int64_t worker, int64_t version, bool owed_to_coverage = false,
               bool registering = false, const std::string& number = "17") {
    ops::v1::MemberLine* member = lines.emplace_back().mutable_member();
    member->set_worker_id(worker);
    member->set_version(version);
    member->set_membership_number(number);
    member->set_owed(owed_to_coverage);
    member->set_registering(registering);
    return *this;
  }
};

class Stream final : public AuditStream {
 public:
  explicit Stream(Book book) : book_(std::move(book)) {
    if (!book_.broken.ok() || !book_.summary) return;
    ops::v1::AuditSummary summary;
    summary.set_owed(book_.owed);
    for (const Line& line : book_.lines) {
      summary.set_sources(summary.sources() + line.has_total());
      summary.set_workers(summary.workers() + line.has_worker());
      summary.set_members(summary.members() + line.has_member());
      summary.set_findings(summary.findings() + line.has_finding());
    }
    *book_.lines.emplace_back().mutable_summary() = summary;
  }
  absl::StatusOr<bool> Next(Line* line) override {
    if (at_ < book_.lines.size()) {
      *line = book_.lines[at_++];
      return true;
    }
    if (!book_.broken.ok()) return book_.broken;
    return false;
  }

 private:
  Book book_;
  size_t at_ = 0;
};

// A service whose book looks like each of these in turn, and like the last one from then on.
class Service final : public AuditReader {
 public:
  void Show(std::vector<Book> looks) { looks_ = {looks.begin(), looks.end()}; }
  std::unique_ptr<AuditStream> Read() override {
    Book book = looks_.front();
    if (looks_.size() > 1) looks_.pop_front();
    return std::make_unique<Stream>(std::move(book));
  }
  absl::StatusOr<int64_t> Owed() override { return looks_.front().owed; }

 private:
  std::deque<Book> looks_;
};

class BooksTest : public testing::Test {
 protected:
  // One pledge that pays two months of worker 7, who is a member: everything agrees.
  BooksTest() {
    registry_.Show({Members()});
    sponsorship_.Show({Paid()});
    coverage_.Show({Cover()});
  }
  static Book Members() { return Book().Member(7, 3).Member(8, 1); }
  static Book Paid(int64_t last = 5, bool under_way = false) {
    return Book().Pledge(1, 13'600, 2, last, under_way).Worker(1, 7, kTwoMonths);
  }
  static Book Cover() {
    return Book().Pledge(1, 13'600, 2).Worker(1, 7, kTwoMonths).Member(7, 3).Member(8, 1);
  }
  // Coverage holds a month more than is paid.
  static Book More() {
    return Book()
        .Pledge(1, 20'400, 3)
        .Worker(1, 7, {{201911, 6'800}, {201912, 6'800}, {202001, 6'800}})
        .Member(7, 3)
        .Member(8, 1);
  }
  static Book PaidMore(int64_t last) {
    return Book()
        .Pledge(1, 20'400, 3, last)
        .Worker(1, 7, {{201911, 6'800}, {201912, 6'800}, {202001, 6'800}});
  }

  absl::Status Compare(absl::Duration wait = absl::ZeroDuration()) {
    return Reconcile({&registry_, &sponsorship_, &coverage_},
                     {.wait = wait, .pause = absl::ZeroDuration()}, &summary_);
  }
  // A true difference of the kind is told, whether or not there is time.
  void ExpectDifference(Kind kind, int rounds) {
    const absl::Status status = Compare();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_EQ(summary_.difference.kind, kind) << status;
    EXPECT_EQ(status.message(), summary_.difference.ToString());
    EXPECT_EQ(summary_.report.rounds(), rounds);
  }

  static const std::map<int, int64_t> kTwoMonths;
  Service registry_, sponsorship_, coverage_;
  ReconcileSummary summary_;
};
const std::map<int, int64_t> BooksTest::kTwoMonths = {{201911, 6'800}, {201912, 6'800}};

TEST_F(BooksTest, BooksThatAgreeAreAddedUp) {
  EXPECT_EQ(Compare(), absl::OkStatus());
  EXPECT_EQ(summary_.report.sources(), 1);
  EXPECT_EQ(summary_.report.spent_rupiah(), 13'600);
  EXPECT_EQ(summary_.report.person_months(), 2);
  EXPECT_EQ(summary_.report.workers(), 1);
  EXPECT_EQ(summary_.report.members(), 2);
  EXPECT_EQ(summary_.report.rounds(), 1);
}

TEST_F(BooksTest, WorkUnderWayThatMakesNoDifferenceIsNoReasonToWait) {
  sponsorship_.Show({Paid(5, true)});
  EXPECT_EQ(Compare(), absl::OkStatus());
  EXPECT_EQ(summary_.report.sources_under_way(), 1);
}

TEST_F(BooksTest, AFindingOfAnyServiceIsADifferenceAtOnce) {
  for (Service* service : {&registry_, &sponsorship_, &coverage_}) {
    service->Show({Members().Finding("ledger: transaction 3 is off by 1")});
    if (service == &sponsorship_) service->Show({Paid().Finding("it is wrong")});
    if (service == &coverage_) service->Show({Cover().Finding("it is wrong")});
    ExpectDifference(Kind::kFinding, 1);
    service->Show({service == &registry_ ? Members() : service == &coverage_ ? Cover() : Paid()});
  }
}

TEST_F(BooksTest, MoneyThatCoverageDoesNotHoldIsToldByWorkerAndMonth) {
  coverage_.Show(
      {Book().Pledge(1, 6'800, 1).Worker(1, 7, {{201912, 6'800}}).Member(7, 3).Member(8, 1)});
  ExpectDifference(Kind::kPaidNotCovered, 2);
  EXPECT_EQ(summary_.difference.worker_id, 7);
  EXPECT_EQ(summary_.difference.month, 201911);
  EXPECT_EQ(summary_.difference.left, 6'800);
}

TEST_F(BooksTest, CoverThatNobodyPaidIsToldByWorkerAndMonth) {
  coverage_.Show({More()});
  ExpectDifference(Kind::kCoveredNotPaid, 2);
  EXPECT_EQ(summary_.difference.month, 202001);
}

TEST_F(BooksTest, AnotherAmountOrWorkerIsADifferenceThoughTheSumsAgree) {
  const std::map<int, int64_t> other = {{201911, 6'900}, {201912, 6'700}};
  coverage_.Show({Book().Pledge(1, 13'600, 2).Worker(1, 7, other).Member(7, 3).Member(8, 1)});
  ExpectDifference(Kind::kAmount, 2);
  coverage_.Show({Book().Pledge(1, 13'600, 2).Worker(1, 8, kTwoMonths).Member(7, 3).Member(8, 1)});
  ExpectDifference(Kind::kPaidNotCovered, 2);
}

TEST_F(BooksTest, TotalsAreComparedEvenWithoutALineOfAWorker) {
  coverage_.Show({Book().Pledge(1, 13'700, 2).Worker(1, 7, kTwoMonths).Member(7, 3).Member(8, 1)});
  ExpectDifference(Kind::kMoney, 2);
  coverage_.Show({Book().Pledge(1, 13'600, 3).Worker(1, 7, kTwoMonths).Member(7, 3).Member(8, 1)});
  ExpectDifference(Kind::kPersonMonths, 2);
}

TEST_F(BooksTest, CoverOfASourceThatSponsorshipNeverHadIsADifference) {
  coverage_.Show({Cover()});
  sponsorship_.Show({Book()});
  ExpectDifference(Kind::kSource, 2);
}

TEST_F(BooksTest, ASourceThatBeganAfterSponsorshipWasReadIsReadAgain) {
  sponsorship_.Show({Book(), Paid()});
  EXPECT_EQ(Compare(), absl::OkStatus());
  EXPECT_EQ(summary_.report.rounds(), 2);
}

TEST_F(BooksTest, ASourceThatMovedBetweenTheLooksIsReadAgain) {
  coverage_.Show({More()});
  sponsorship_.Show({Paid(5), PaidMore(6)});
  EXPECT_EQ(Compare(), absl::OkStatus());
  EXPECT_EQ(summary_.report.rounds(), 2);
}

TEST_F(BooksTest, ASourceThatIsUnderWayInOneLookIsNoTrueDifference) {
  coverage_.Show({More()});
  sponsorship_.Show({Paid(5), Paid(5, true), Paid(5, true), PaidMore(6)});
  EXPECT_EQ(Compare(absl::Hours(1)), absl::OkStatus());
  EXPECT_EQ(summary_.report.rounds(), 4);
}

TEST_F(BooksTest, AContributionThatEndsBetweenTheLooksIsReadAgain) {
  // It has no last transaction that would tell: what tells is that it was under way.
  const auto contribution = [](bool done) {
    Book book;
    ops::v1::SourceTotal* total = book.lines.emplace_back().mutable_total();
    total->set_contribution_id(4);
    total->set_spent_rupiah(done ? 6'800 : 0);
    total->set_person_months(done ? 1 : 0);
    total->set_under_way(!done);
    if (!done) return book;
    book.Worker(0, 7, {{202002, 6'800}});
    book.lines.back().mutable_worker()->set_contribution_id(4);
    return book;
  };
  sponsorship_.Show({contribution(false), contribution(true)});
  Book cover = contribution(true);
  cover.Member(7, 3).Member(8, 1);
  coverage_.Show({cover});
  EXPECT_EQ(Compare(absl::Hours(1)), absl::OkStatus());
  EXPECT_EQ(summary_.report.rounds(), 2);
}

TEST_F(BooksTest, WhatIsUnderWayWhenTimeIsOverIsNotCalledADifferenceNorFine) {
  Book paid = Paid(5, true);
  paid.owed = 3;
  sponsorship_.Show({paid});
  coverage_.Show({More()});
  const absl::Status status = Compare();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("month 202001"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("sponsorship owes 3 rows"));
}

TEST_F(BooksTest, ATrueDifferenceIsToldWhileOtherSourcesAreUnderWay) {
  sponsorship_.Show({Paid().Pledge(2, 0, 0, 9, true)});
  Book paid = Book().Pledge(1, 13'600, 2, 5).Pledge(2, 0, 0, 9, true).Worker(1, 7, kTwoMonths);
  sponsorship_.Show({paid});
  coverage_.Show({Book()
                      .Pledge(1, 6'800, 1)
                      .Pledge(2, 10'000, 1)
                      .Worker(1, 7, {{201911, 6'800}})
                      .Worker(2, 8, {{201911, 10'000}})
                      .Member(7, 3)
                      .Member(8, 1)});
  const absl::Status status = Compare(absl::Hours(1));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_EQ(summary_.difference.pledge_id, 1);
}

TEST_F(BooksTest, LoadThatNeverRestsDoesNotKeepTheAnswerForEver) {
  std::vector<Book> looks;
  for (int i = 0; i < 50; ++i) looks.push_back(Paid(100 + i));
  sponsorship_.Show(looks);
  coverage_.Show({More()});
  EXPECT_EQ(Compare().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(summary_.report.rounds(), 10);
}

TEST_F(BooksTest, TheSameMonthFromTwoSourcesIsADifferenceAtOnce) {
  sponsorship_.Show({Book()
                         .Pledge(1, 13'600, 2)
                         .Pledge(2, 6'800, 1)
                         .Worker(1, 7, kTwoMonths)
                         .Worker(2, 7, {{201912, 6'800}})});
  coverage_.Show({Book()
                      .Pledge(1, 13'600, 2)
                      .Pledge(2, 6'800, 1)
                      .Worker(1, 7, kTwoMonths)
                      .Worker(2, 7, {{201912, 6'800}})
                      .Member(7, 3)
                      .Member(8, 1)});
  ExpectDifference(Kind::kTwice, 1);
  EXPECT_EQ(summary_.difference.pledge_id, 2);
}

TEST_F(BooksTest, WhoHasCoverMustBeAMember) {
  registry_.Show({Book().Member(8, 1)});
  ExpectDifference(Kind::kNoMember, 1);
  // Unknown to both.
  coverage_.Show({Book().Pledge(1, 13'600, 2).Worker(1, 7, kTwoMonths).Member(8, 1)});
  ExpectDifference(Kind::kNoMember, 1);
}

TEST_F(BooksTest, AMemberWhoIsNotOwedMustBeKnown) {
  registry_.Show({Members().Member(9, 1)});
  ExpectDifference(Kind::kMemberMissing, 2);
  registry_.Show({Members().Member(9, 1, false, /*registering=*/true)});
  ExpectDifference(Kind::kMemberMissing, 2);
}

TEST_F(BooksTest, AMemberWhoIsOwedIsWaitedFor) {
  registry_.Show({Members().Member(9, 1, true), Members().Member(9, 1, true), Members()});
  EXPECT_EQ(Compare(absl::Hours(1)), absl::OkStatus());
  EXPECT_EQ(summary_.report.rounds(), 3);
  registry_.Show({Members().Member(9, 1, true)});
  EXPECT_EQ(Compare().code(), absl::StatusCode::kUnavailable);
}

TEST_F(BooksTest, AMemberWhoChangedBetweenTheLooksIsReadAgain) {
  // Coverage is read before registry, so a change may come between.
  registry_.Show({Book().Member(7, 4).Member(8, 1)});
  coverage_.Show(
      {Cover(), Book().Pledge(1, 13'600, 2).Worker(1, 7, kTwoMonths).Member(7, 4).Member(8, 1)});
  EXPECT_EQ(Compare(), absl::OkStatus());
  EXPECT_EQ(summary_.report.rounds(), 2);
}

TEST_F(BooksTest, AVersionThatIsNotOwedMustHaveCome) {
  registry_.Show({Book().Member(7, 4).Member(8, 1)});
  ExpectDifference(Kind::kMemberBehind, 2);
  // Coverage follows, but never to what it had to know.
  registry_.Show({Book().Member(7, 4).Member(8, 1), Book().Member(7, 9, true).Member(8, 1)});
  ExpectDifference(Kind::kMemberBehind, 2);
}

TEST_F(BooksTest, WhoIsRegisteredAnewMayBeAheadAtRegistry) {
  registry_.Show({Book().Member(7, 9, false, /*registering=*/true).Member(8, 1)});
  EXPECT_EQ(Compare(), absl::OkStatus());
}

TEST_F(BooksTest, CoverageIsNeverAheadAndHasTheSameNumber) {
  registry_.Show({Book().Member(7, 2, true).Member(8, 1)});
  ExpectDifference(Kind::kMemberAhead, 1);
  registry_.Show({Book().Member(7, 3, false, false, "18").Member(8, 1)});
  ExpectDifference(Kind::kMembershipNumber, 1);
}

TEST_F(BooksTest, AServiceThatDoesNotAnswerIsWaitedForAndThenNamed) {
  Book down;
  down.broken = absl::UnavailableError("no connection");
  coverage_.Show({down, Cover()});
  EXPECT_EQ(Compare(absl::Hours(1)), absl::OkStatus());
  coverage_.Show({down});
  Book members = Members();
  members.owed = 2;
  registry_.Show({members});
  const absl::Status status = Compare();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no connection"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("registry owes 2 rows"));
}

TEST_F(BooksTest, AnErrorThatWillNotPassIsPassedOn) {
  Book denied;
  denied.broken = absl::PermissionDeniedError("no right");
  registry_.Show({denied});
  EXPECT_EQ(Compare(absl::Hours(1)).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(BooksTest, AStreamThatIsNotWholeProvesNothing) {
  for (const bool lines_too : {false, true}) {
    Book cut = lines_too ? Cover() : Book();
    cut.summary = false;
    coverage_.Show({cut});
    sponsorship_.Show({lines_too ? Paid() : Book()});
    EXPECT_EQ(Compare().code(), absl::StatusCode::kInternal);
  }
}

TEST_F(BooksTest, LinesOutOfOrderProveNothing) {
  sponsorship_.Show({Book().Worker(1, 7, kTwoMonths).Pledge(1, 13'600, 2)});
  EXPECT_THAT(std::string(Compare().message()), HasSubstr("sponsorship has lines out of order"));
  sponsorship_.Show({Paid()});
  registry_.Show({Book().Member(8, 1).Member(7, 3)});
  EXPECT_THAT(std::string(Compare().message()), HasSubstr("registry has lines out of order"));
}

}  // namespace
}  // namespace lingkaran
