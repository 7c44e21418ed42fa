// What a service says of its release, of what it owes, and of its book, over its RPCs.
#include <cstdio>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/run_rpc.h"
#include "common/server/operations.h"
#include "tests/support/gate.h"
#include "tests/support/story.h"

namespace lingkaran {
namespace {

using Operations = ops::v1::OperationsService::Stub;
using testing::HasSubstr;
using testing::StartsWith;

class OperationsTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  OperationsTest() : suite_({.dialect = GetParam()}) {}

  // Coverage is away, and an allocation of 3 seats waits for it: its members are owed by registry,
  // its activation by sponsorship.
  void OweSomething() {
    AddWorkers(suite_, 5);
    const sponsorship::v1::Pledge pledge =
        MakePledge(suite_, MakeSponsor(suite_, common::v1::PAYER_CLASS_CSR), 3, 1);
    Pay(suite_, pledge, "BRI-1", 3 * 16'800);
    suite_.StopCoverage();
    allocation_ = Allocate(suite_, pledge.pledge_id(), "solo");
    Await("an activation that failed", [&] {
      const ops::v1::ListOwedResponse owed = List(suite_.sponsorship_ops());
      return owed.rows_size() == 1 && owed.rows(0).kind() == "activate" &&
             !owed.rows(0).last_error().empty();
    });
    Await("members that are owed", [&] { return List(suite_.registry_ops()).rows_size() == 1; });
  }

  static void Await(const char* what, absl::FunctionRef<bool()> done) {
    ASSERT_TRUE(Eventually(done, absl::Minutes(1))) << what;
  }

  ops::v1::ListOwedResponse List(Operations& stub, const std::string& prefix = "",
                                 bool parked = false) {
    ops::v1::ListOwedRequest request;
    request.set_key_prefix(prefix);
    request.set_parked_only(parked);
    return Must(Ask(stub, &Operations::ListOwed, request));
  }

  absl::StatusOr<ops::v1::RetryOwedResponse> Retry(Operations& stub,
                                                   const std::vector<int64_t>& seqs,
                                                   const std::string& request_id = NewRequestId(),
                                                   const std::string& reason = "coverage pulih") {
    ops::v1::RetryOwedRequest request;
    request.set_request_id(request_id);
    request.mutable_seqs()->Add(seqs.begin(), seqs.end());
    request.set_reason(reason);
    return Ask(stub, &Operations::RetryOwed, request);
  }

  // Runs a query for one number on a service's database, past the service.
  static int64_t Number(const std::string& url, const std::string& query) {
    int64_t number = 0;
    const auto database = Must(sql::Database::Open({.url = url, .connections = 1}));
    EXPECT_TRUE(database
                    ->Write([&](sql::Tx& tx) {
                      tx.db() << query, soci::into(number);
                      return absl::OkStatus();
                    })
                    .ok());
    return number;
  }
  // Gives up on all rows of sponsorship, as the relay does at its limit; how many. One more attempt
  // takes the lease from a delivery under way, which would put the row off instead.
  int64_t Park() {
    return Number(suite_.sponsorship_database(),
                  "UPDATE outbox SET parked = 1, attempts = attempts + 1 RETURNING (SELECT "
                  "COUNT(*) FROM outbox)");
  }

  // All lines of an audit.
  static absl::StatusOr<std::vector<ops::v1::AuditBookResponse>> Audit(
      Operations& stub, bool totals_only, const std::string& actor = kBudi) {
    grpc::ClientContext context;
    Prepare(context, {.actor = actor});
    context.set_wait_for_ready(true);
    ops::v1::AuditBookRequest request;
    request.set_totals_only(totals_only);
    const auto stream = stub.AuditBook(&context, request);
    std::vector<ops::v1::AuditBookResponse> lines;
    ops::v1::AuditBookResponse line;
    while (stream->Read(&line)) lines.push_back(line);
    const absl::Status status = FromGrpc(stream->Finish());
    if (!status.ok()) return status;
    return lines;
  }

  Suite suite_;
  int64_t allocation_ = 0;
};
LINGKARAN_ON_BOTH_DATABASES(OperationsTest);

TEST_P(OperationsTest, WhatIsOwedIsListedAndGoneWhenItIsDelivered) {
  OweSomething();
  const ops::v1::ListOwedResponse owed = List(suite_.sponsorship_ops());
  EXPECT_EQ(owed.waiting(), 1);
  EXPECT_EQ(owed.parked(), 0);
  const ops::v1::OwedRow& row = owed.rows(0);
  EXPECT_EQ(row.key(), absl::StrCat("allocation/", allocation_, "/activate"));
  EXPECT_FALSE(row.request_id().empty());
  EXPECT_GT(row.attempts(), 0);
  EXPECT_THAT(row.last_error(), StartsWith("UNAVAILABLE"));
  EXPECT_GT(row.due_time().seconds(), 1'600'000'000);
  EXPECT_THAT(List(suite_.registry_ops()).rows(0).key(), StartsWith("members/"));
  EXPECT_EQ(List(suite_.sponsorship_ops(), "allocation/").rows_size(), 1);
  EXPECT_EQ(List(suite_.sponsorship_ops(), "contribution/").rows_size(), 0);
  EXPECT_EQ(List(suite_.sponsorship_ops(), "contribution/").waiting(), 1);
  EXPECT_EQ(List(suite_.sponsorship_ops(), "", /*parked=*/true).rows_size(), 0);

  suite_.StartCoverage();
  EXPECT_EQ(WaitForEnd(suite_, allocation_).seats_filled(), 3);
  EXPECT_EQ(List(suite_.sponsorship_ops()).waiting(), 0);
  EXPECT_EQ(List(suite_.coverage_ops()).waiting(), 0);
}

TEST_P(OperationsTest, RowsComeInPages) {
  OweSomething();
  Number(suite_.sponsorship_database(),
         "INSERT INTO outbox (seq, request_id, key, kind, body, due_time, attempts, parked) "
         "VALUES (9001, 'r1', 'page/1', 'none', '', 0, 7, 1), (9002, 'r2', 'page/2', 'none', '', "
         "0, 7, 1), (9003, 'r3', 'page/3', 'none', '', 0, 7, 1) RETURNING 1");
  ops::v1::ListOwedRequest request;
  request.set_key_prefix("page/");
  request.set_page_size(2);
  const auto first = Must(Ask(suite_.sponsorship_ops(), &Operations::ListOwed, request));
  ASSERT_EQ(first.rows_size(), 2);
  EXPECT_EQ(first.rows(1).seq(), 9002);
  EXPECT_EQ(first.parked(), 3);
  request.set_page_token(first.next_page_token());
  const auto rest = Must(Ask(suite_.sponsorship_ops(), &Operations::ListOwed, request));
  ASSERT_EQ(rest.rows_size(), 1);
  EXPECT_EQ(rest.rows(0).seq(), 9003);
  EXPECT_TRUE(rest.next_page_token().empty());
}

TEST_P(OperationsTest, AParkedRowIsDeliveredWhenItIsRetried) {
  OweSomething();
  EXPECT_EQ(Park(), 1);
  suite_.StartCoverage();
  const ops::v1::ListOwedResponse parked = List(suite_.sponsorship_ops(), "", /*parked=*/true);
  ASSERT_EQ(parked.rows_size(), 1);
  EXPECT_TRUE(parked.rows(0).parked());
  EXPECT_EQ(parked.parked(), 1);

  const std::string id = NewRequestId();
  EXPECT_EQ(Must(Retry(suite_.sponsorship_ops(), {}, id)).retried(), 1);
  EXPECT_EQ(WaitForEnd(suite_, allocation_).seats_filled(), 3);
  // The first answer again; another body is another request.
  EXPECT_EQ(Must(Retry(suite_.sponsorship_ops(), {}, id)).retried(), 1);
  EXPECT_EQ(ReasonOf(Retry(suite_.sponsorship_ops(), {5}, id).status()), Reason::kRequestIdReused);
  EXPECT_EQ(Must(Retry(suite_.sponsorship_ops(), {})).retried(), 0);
  EXPECT_EQ(Number(suite_.sponsorship_database(),
                   "SELECT COUNT(*) FROM events WHERE method = 'RetryOwed' AND actor = 'budi' "
                   "AND reason = 'coverage pulih'"),
            2);
}

TEST_P(OperationsTest, ARowIsRetriedByItsNumber) {
  OweSomething();
  EXPECT_EQ(Park(), 1);
  suite_.StartCoverage();
  const int64_t seq = List(suite_.sponsorship_ops()).rows(0).seq();
  const absl::Status unknown = Retry(suite_.sponsorship_ops(), {seq, seq + 1'000}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound) << unknown;
  EXPECT_EQ(ReasonOf(unknown), Reason::kOwedNotFound);
  EXPECT_TRUE(List(suite_.sponsorship_ops()).rows(0).parked());
  EXPECT_EQ(Must(Retry(suite_.sponsorship_ops(), {seq})).retried(), 1);
  EXPECT_EQ(WaitForEnd(suite_, allocation_).seats_filled(), 3);
  EXPECT_EQ(Must(Retry(suite_.registry_ops(), {})).retried(), 0);
  EXPECT_EQ(
      Number(suite_.registry_database(), "SELECT COUNT(*) FROM events WHERE method = 'RetryOwed'"),
      1);
  EXPECT_EQ(Must(Retry(suite_.coverage_ops(), {})).retried(), 0);
  EXPECT_EQ(ReasonOf(Retry(suite_.coverage_ops(), {1}).status()), Reason::kOwedNotFound);
}

TEST_P(OperationsTest, ARetryIsForAReasonAndByWhoMay) {
  EXPECT_EQ(ReasonOf(Retry(suite_.sponsorship_ops(), {}, NewRequestId(), "").status()),
            Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Retry(suite_.sponsorship_ops(), {0}).status()), Reason::kInvalidField);
  ops::v1::ListOwedRequest request;
  EXPECT_EQ(
      ReasonOf(
          Ask(suite_.registry_ops(), &Operations::ListOwed, request, "csr;role=sponsor").status()),
      Reason::kNotAllowed);
  EXPECT_EQ(ReasonOf(Audit(suite_.coverage_ops(), true, "rs;role=clinic").status()),
            Reason::kNotAllowed);
}

TEST_P(OperationsTest, AnAuditEndsWithItsSummary) {
  OweSomething();
  suite_.StartCoverage();
  WaitForEnd(suite_, allocation_);
  Await("members that are known", [&] { return List(suite_.registry_ops()).waiting() == 0; });
  const auto count = [](const std::vector<ops::v1::AuditBookResponse>& lines,
                        ops::v1::AuditBookResponse::LineCase kind) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const auto& line) { return line.line_case() == kind; });
  };
  using Line = ops::v1::AuditBookResponse;
  const auto money = Must(Audit(suite_.sponsorship_ops(), false));
  EXPECT_EQ(count(money, Line::kTotal), 1);
  EXPECT_EQ(count(money, Line::kWorker), 3);
  EXPECT_EQ(count(money, Line::kMember), 0);
  ASSERT_TRUE(money.back().has_summary());
  EXPECT_EQ(money.back().summary().findings(), 0);
  EXPECT_EQ(money.back().summary().workers(), 3);
  EXPECT_GT(money.back().summary().entries(), 0);
  const auto cover = Must(Audit(suite_.coverage_ops(), false));
  EXPECT_EQ(count(cover, Line::kTotal), 1);
  EXPECT_EQ(count(cover, Line::kWorker), 3);
  EXPECT_EQ(count(cover, Line::kMember), 3);
  EXPECT_EQ(cover.back().summary().entries(), 6);
  const auto people = Must(Audit(suite_.registry_ops(), false));
  EXPECT_EQ(count(people, Line::kMember), 3);
  EXPECT_EQ(people.back().summary().entries(), 5);
  for (Operations* stub :
       {&suite_.registry_ops(), &suite_.coverage_ops(), &suite_.sponsorship_ops()}) {
    const auto totals = Must(Audit(*stub, true));
    EXPECT_EQ(count(totals, Line::kWorker) + count(totals, Line::kMember), 0);
    EXPECT_TRUE(totals.back().has_summary());
  }
}

TEST_P(OperationsTest, OfManyFindingsTheFirstHundredAreSentAndAllAreCounted) {
  Number(suite_.sponsorship_database(),
         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) "
         "INSERT INTO accounts (account, pledge_id, balance) "
         "SELECT 'odd/' || CAST(i AS TEXT), 0, 1 FROM n RETURNING 1");
  const auto lines = Must(Audit(suite_.sponsorship_ops(), true));
  EXPECT_EQ(lines.size(), 101u);
  EXPECT_THAT(lines[0].finding().text(), HasSubstr("is off by 1"));
  EXPECT_EQ(lines.back().summary().findings(), 150);
}

// What a program prints with --version.
std::string VersionOf(const std::string& program) {
  FILE* const pipe = popen((LINGKARAN_BIN_DIR "/" + program + " --version").c_str(), "r");
  char line[200] = {};
  EXPECT_NE(std::fgets(line, sizeof line, pipe), nullptr) << program;
  EXPECT_EQ(pclose(pipe), 0) << program;
  return line;
}

TEST(BuildInfoTest, EveryServiceServesTheReleaseThatItsProgramPrints) {
  Suite suite({});
  const std::vector<std::pair<std::string, Operations*>> programs = {
      {"lingkaran-registry", &suite.registry_ops()},
      {"lingkaran-coverage", &suite.coverage_ops()},
      {"lingkaran-sponsorship", &suite.sponsorship_ops()},
      {"lingkaran", &suite.registry_ops()}};
  for (const auto& [program, stub] : programs) {
    const auto build = Must(
        Ask(*stub, &Operations::GetBuildInfo, ops::v1::GetBuildInfoRequest(), "rs;role=clinic"));
    EXPECT_THAT(build.version(), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
    EXPECT_EQ(VersionOf(program), absl::StrCat(program, " ", build.version(), " (",
                                               build.compiler(), ", ", build.build_type(), ")\n"));
  }
}

TEST(AuditBookTest, AnAuditThatTheDatabaseBreaksOffIsNotBegunAgainInTheSameStream) {
  TestDatabase database = MakeTestDatabase(sql::Dialect::kSqlite);
  int begun = 0;
  OperationsServiceImpl service(
      {database.db.get(),
       nullptr,
       nullptr,
       [&](sql::Tx&, bool, AuditLines& lines) -> absl::StatusOr<AuditCounts> {
         ++begun;
         RETURN_IF_ERROR(lines.Total({.pledge_id = 1}));
         return absl::AbortedError("serialization failure");
       },
       {}});
  Server::Options options;
  options.listen = "127.0.0.1:0";
  options.healthy = [] { return absl::OkStatus(); };
  const std::unique_ptr<Server> server = Must(Server::Start(options, {&service}));
  const auto stub = ops::v1::OperationsService::NewStub(MakeChannel(server->address()));
  grpc::ClientContext context;
  Prepare(context, {.actor = kBudi});
  const auto stream = stub->AuditBook(&context, ops::v1::AuditBookRequest());
  int lines = 0;
  ops::v1::AuditBookResponse line;
  while (stream->Read(&line)) ++lines;
  EXPECT_EQ(ReasonOf(FromGrpc(stream->Finish())), Reason::kStoreUnavailable);
  EXPECT_EQ(lines, 1);
  EXPECT_EQ(begun, 1);
  server->Shutdown();
}

}  // namespace
}  // namespace lingkaran
