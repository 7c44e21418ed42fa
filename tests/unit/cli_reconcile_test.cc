// When two books differ and when they only seem to.
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

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
  grpc::Status broken;  // the stream ends with it in place of its summary
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

// A service whose book looks like each of these in turn, and like the last one from then on.
class Service final : public ops::v1::OperationsService::Service {
 public:
  Service() : server_(grpc::ServerBuilder().RegisterService(this).BuildAndStart()) {}
  ~Service() override { server_->Shutdown(); }

  ops::v1::OperationsService::Stub& stub() { return stub_; }
  void Show(std::vector<Book> looks) {
    const std::lock_guard lock(mutex_);
    looks_ = {looks.begin(), looks.end()};
  }

  grpc::Status AuditBook(grpc::ServerContext*, const ops::v1::AuditBookRequest*,
                         grpc::ServerWriter<Line>* writer) override {
    const Book book = Next();
    Line last;
    ops::v1::AuditSummary& summary = *last.mutable_summary();
    summary.set_owed(book.owed);
    for (const Line& line : book.lines) {
      summary.set_sources(summary.sources() + line.has_total());
      summary.set_workers(summary.workers() + line.has_worker());
      summary.set_members(summary.members() + line.has_member());
      summary.set_findings(summary.findings() + line.has_finding());
      writer->Write(line);
    }
    if (book.broken.ok() && book.summary) writer->Write(last);
    return book.broken;
  }
  grpc::Status ListOwed(grpc::ServerContext*, const ops::v1::ListOwedRequest*,
                        ops::v1::ListOwedResponse* response) override {
    const std::lock_guard lock(mutex_);
    response->set_waiting(looks_.front().owed);
    return grpc::Status::OK;
  }

 private:
  Book Next() {
    const std::lock_guard lock(mutex_);
    Book book = looks_.front();
    if (looks_.size() > 1) looks_.pop_front();
    return book;
  }

  std::mutex mutex_;
  std::deque<Book> looks_;
  const std::unique_ptr<grpc::Server> server_;
  ops::v1::OperationsService::Stub stub_{server_->InProcessChannel({})};
};

using Months = std::map<int, int64_t>;
const Months kTwoMonths = {{201911, 6'800}, {201912, 6'800}};
const Months kThreeMonths = {{201911, 6'800}, {201912, 6'800}, {202001, 6'800}};

class BooksTest : public testing::Test {
 protected:
  // One pledge that pays two months of worker 7, who is a member: everything agrees.
  BooksTest() {
    registry_.Show({Members()});
    sponsorship_.Show({Paid()});
    coverage_.Show({Cover()});
  }
  static Book Members(int64_t version_of_7 = 3) {
    return Book().Member(7, version_of_7).Member(8, 1);
  }
  static Book Paid(int64_t last = 5, bool under_way = false) {
    return Book().Pledge(1, 13'600, 2, last, under_way).Worker(1, 7, kTwoMonths);
  }
  // What coverage holds of pledge 1, all for one worker.
  static Book Cover(int64_t spent = 13'600, int64_t months = 2,
                    const Months& of_worker = kTwoMonths, int64_t worker = 7) {
    return Book().Pledge(1, spent, months).Worker(1, worker, of_worker).Member(7, 3).Member(8, 1);
  }
  // A month more than is paid, and what pays it.
  static Book More() { return Cover(20'400, 3, kThreeMonths); }
  static Book PaidMore(int64_t last) {
    return Book().Pledge(1, 20'400, 3, last).Worker(1, 7, kThreeMonths);
  }

  absl::Status Compare(absl::Duration wait = absl::ZeroDuration()) {
    return Reconcile(registry_.stub(), sponsorship_.stub(), coverage_.stub(), "sari;role=officer",
                     {.wait = wait, .pause = absl::ZeroDuration()}, &summary_);
  }
  // A true difference of the kind is told, whether or not there is time.
  void ExpectDifference(Kind kind, int rounds) {
    const absl::Status status = Compare();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_EQ(summary_.difference.kind, kind) << status;
    EXPECT_EQ(status.message(), summary_.difference.ToString());
    EXPECT_EQ(summary_.report.difference(), summary_.difference.ToString());
    EXPECT_FALSE(summary_.report.agree());
    EXPECT_EQ(summary_.report.rounds(), rounds);
  }
  void ExpectAgreement(int rounds, absl::Duration wait = absl::ZeroDuration()) {
    EXPECT_EQ(Compare(wait), absl::OkStatus());
    EXPECT_TRUE(summary_.report.agree());
    EXPECT_EQ(summary_.report.rounds(), rounds);
  }
  // It ends with the error, whose message has all the words.
  void ExpectError(absl::StatusCode code, const std::vector<std::string>& words,
                   absl::Duration wait = absl::ZeroDuration()) {
    const absl::Status status = Compare(wait);
    EXPECT_EQ(status.code(), code) << status;
    for (const std::string& word : words) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(word));
    }
  }

  Service registry_, sponsorship_, coverage_;
  ReconcileSummary summary_;
};
TEST_F(BooksTest, BooksThatAgreeAreAddedUp) {
  ExpectAgreement(1);
  EXPECT_EQ(summary_.report.sources(), 1);
  EXPECT_EQ(summary_.report.spent_rupiah(), 13'600);
  EXPECT_EQ(summary_.report.person_months(), 2);
  EXPECT_EQ(summary_.report.workers(), 1);
  EXPECT_EQ(summary_.report.members(), 2);
}

TEST_F(BooksTest, WorkUnderWayThatMakesNoDifferenceIsNoReasonToWait) {
  sponsorship_.Show({Paid(5, true)});
  ExpectAgreement(1);
  EXPECT_EQ(summary_.report.sources_under_way(), 1);
}

TEST_F(BooksTest, AFindingOfAnyServiceIsADifferenceAtOnce) {
  const std::pair<Service*, Book> books[] = {
      {&registry_, Members()}, {&sponsorship_, Paid()}, {&coverage_, Cover()}};
  for (const auto& [service, book] : books) {
    service->Show({Book(book).Finding("transaction 3 is off by 1")});
    ExpectDifference(Kind::kFinding, 1);
    EXPECT_EQ(summary_.difference.text, "transaction 3 is off by 1");
    service->Show({book});
  }
}

TEST_F(BooksTest, MoneyThatCoverageDoesNotHoldIsToldByWorkerAndMonth) {
  coverage_.Show({Cover(6'800, 1, {{201912, 6'800}})});
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
  coverage_.Show({Cover(13'600, 2, {{201911, 6'900}, {201912, 6'700}})});
  ExpectDifference(Kind::kAmount, 2);
  coverage_.Show({Cover(13'600, 2, kTwoMonths, /*worker=*/8)});
  ExpectDifference(Kind::kPaidNotCovered, 2);
}

TEST_F(BooksTest, TotalsAreComparedEvenWithoutALineOfAWorker) {
  coverage_.Show({Cover(13'700, 2)});
  ExpectDifference(Kind::kMoney, 2);
  coverage_.Show({Cover(13'600, 3)});
  ExpectDifference(Kind::kPersonMonths, 2);
}

TEST_F(BooksTest, CoverOfASourceThatSponsorshipNeverHadIsADifference) {
  sponsorship_.Show({Book()});
  ExpectDifference(Kind::kSource, 2);
}

TEST_F(BooksTest, ASourceThatBeganAfterSponsorshipWasReadIsReadAgain) {
  sponsorship_.Show({Book(), Paid()});
  ExpectAgreement(2);
}

TEST_F(BooksTest, ASourceThatMovedBetweenTheLooksIsReadAgain) {
  coverage_.Show({More()});
  sponsorship_.Show({Paid(5), PaidMore(6)});
  ExpectAgreement(2);
}

TEST_F(BooksTest, ASourceThatIsUnderWayInOneLookIsNoTrueDifference) {
  coverage_.Show({More()});
  sponsorship_.Show({Paid(5), Paid(5, true), Paid(5, true), PaidMore(6)});
  ExpectAgreement(4, absl::Hours(1));
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
  ExpectAgreement(2, absl::Hours(1));
}

TEST_F(BooksTest, WhatIsUnderWayWhenTimeIsOverIsNotCalledADifferenceNorFine) {
  Book paid = Paid(5, true);
  paid.owed = 3;
  sponsorship_.Show({paid});
  coverage_.Show({More()});
  ExpectError(absl::StatusCode::kUnavailable, {"month 202001", "sponsorship owes 3 rows"});
}

TEST_F(BooksTest, ATrueDifferenceIsToldWhileOtherSourcesAreUnderWay) {
  sponsorship_.Show(
      {Book().Pledge(1, 13'600, 2, 5).Pledge(2, 0, 0, 9, true).Worker(1, 7, kTwoMonths)});
  coverage_.Show({Book()
                      .Pledge(1, 6'800, 1)
                      .Pledge(2, 10'000, 1)
                      .Worker(1, 7, {{201911, 6'800}})
                      .Worker(2, 8, {{201911, 10'000}})
                      .Member(7, 3)
                      .Member(8, 1)});
  ExpectError(absl::StatusCode::kDataLoss, {}, absl::Hours(1));
  EXPECT_EQ(summary_.difference.pledge_id, 1);
}

TEST_F(BooksTest, LoadThatNeverRestsDoesNotKeepTheAnswerForEver) {
  std::vector<Book> looks;
  for (int i = 0; i < 50; ++i) looks.push_back(Paid(100 + i));
  sponsorship_.Show(looks);
  coverage_.Show({More()});
  ExpectError(absl::StatusCode::kUnavailable, {});
  EXPECT_LT(summary_.report.rounds(), 10);
}

TEST_F(BooksTest, TheSameMonthFromTwoSourcesIsADifferenceAtOnce) {
  const Book both = Book()
                        .Pledge(1, 13'600, 2)
                        .Pledge(2, 6'800, 1)
                        .Worker(1, 7, kTwoMonths)
                        .Worker(2, 7, {{201912, 6'800}});
  sponsorship_.Show({both});
  coverage_.Show({Book(both).Member(7, 3).Member(8, 1)});
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
  for (const bool registering : {false, true}) {
    registry_.Show({Members().Member(9, 1, false, registering)});
    ExpectDifference(Kind::kMemberMissing, 2);
  }
}

TEST_F(BooksTest, AMemberWhoIsOwedIsWaitedFor) {
  registry_.Show({Members().Member(9, 1, true), Members().Member(9, 1, true), Members()});
  ExpectAgreement(3, absl::Hours(1));
  registry_.Show({Members().Member(9, 1, true)});
  ExpectError(absl::StatusCode::kUnavailable, {});
}

TEST_F(BooksTest, AMemberWhoChangedBetweenTheLooksIsReadAgain) {
  // Coverage is read before registry, so a change may come between.
  registry_.Show({Members(4)});
  coverage_.Show(
      {Cover(), Book().Pledge(1, 13'600, 2).Worker(1, 7, kTwoMonths).Member(7, 4).Member(8, 1)});
  ExpectAgreement(2);
}

TEST_F(BooksTest, AVersionThatIsNotOwedMustHaveCome) {
  registry_.Show({Members(4)});
  ExpectDifference(Kind::kMemberBehind, 2);
  // Coverage follows, but never to what it had to know.
  registry_.Show({Members(4), Book().Member(7, 9, true).Member(8, 1)});
  ExpectDifference(Kind::kMemberBehind, 2);
}

TEST_F(BooksTest, WhoIsRegisteredAnewMayBeAheadAtRegistry) {
  registry_.Show({Book().Member(7, 9, false, /*registering=*/true).Member(8, 1)});
  ExpectAgreement(1);
}

TEST_F(BooksTest, CoverageIsNeverAheadAndHasTheSameNumber) {
  registry_.Show({Book().Member(7, 2, true).Member(8, 1)});
  ExpectDifference(Kind::kMemberAhead, 1);
  registry_.Show({Book().Member(7, 3, false, false, "18").Member(8, 1)});
  ExpectDifference(Kind::kMembershipNumber, 1);
}

TEST_F(BooksTest, AServiceThatDoesNotAnswerIsWaitedForAndThenNamed) {
  Book down;
  down.broken = {grpc::StatusCode::UNAVAILABLE, "no connection"};
  coverage_.Show({down, Cover()});
  ExpectAgreement(2, absl::Hours(1));
  coverage_.Show({down});
  Book members = Members();
  members.owed = 2;
  registry_.Show({members});
  ExpectError(absl::StatusCode::kUnavailable, {"no connection", "registry owes 2 rows"});
}

TEST_F(BooksTest, AnErrorThatWillNotPassIsPassedOn) {
  Book denied;
  denied.broken = {grpc::StatusCode::PERMISSION_DENIED, "no right"};
  registry_.Show({denied});
  ExpectError(absl::StatusCode::kPermissionDenied, {"no right"}, absl::Hours(1));
}

TEST_F(BooksTest, AStreamThatIsNotWholeProvesNothing) {
  for (const bool lines_too : {false, true}) {
    Book cut = lines_too ? Cover() : Book();
    cut.summary = false;
    coverage_.Show({cut});
    sponsorship_.Show({lines_too ? Paid() : Book()});
    ExpectError(absl::StatusCode::kInternal, {});
  }
}

TEST_F(BooksTest, LinesOutOfOrderProveNothing) {
  sponsorship_.Show({Book().Worker(1, 7, kTwoMonths).Pledge(1, 13'600, 2)});
  ExpectError(absl::StatusCode::kInternal, {"sponsorship has lines out of order"});
  sponsorship_.Show({Paid()});
  registry_.Show({Book().Member(8, 1).Member(7, 3)});
  ExpectError(absl::StatusCode::kInternal, {"registry has lines out of order"});
}

}  // namespace
}  // namespace lingkaran
