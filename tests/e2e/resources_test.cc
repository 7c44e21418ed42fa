// The machine fails under the services: they are killed, its disk is full, its clock jumps, the
// database hangs or is held by somebody. They say so before their callers give up, go on with what
// does not need the sick part, are back by themselves after the healing (how soon is printed: a
// busy machine takes longer), and have lost nothing that they acknowledged.
#include <sqlite3.h>

#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <libpq-fe.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/e2e/resources_fixture.h"

namespace lingkaran {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr absl::Duration kHealing = absl::Minutes(1);  // then it has not healed

// A mutation of each service that nothing stands behind.
struct Mutations {
  sv1::CreateSponsorRequest sponsor = NewSponsor();
  rv1::CreateAgencyRequest agency;
  cv1::RevokeCoverageRequest revocation;

  Mutations() {
    agency.set_request_id(NewRequestId());
    agency.set_name("Dinas Sosial Kabupaten Klaten");
    agency.set_kind(rv1::AGENCY_KIND_SOCIAL_AGENCY);
    agency.set_region_code("33.10");
    revocation.set_request_id(NewRequestId());
    revocation.mutable_source()->set_pledge_id(1'000'000);  // pays for nobody
    revocation.set_reason("percobaan");
    revocation.add_lines()->set_worker_id(1);
  }
};
constexpr char kService[] = "sponsorship;role=service";

std::vector<absl::Status> TryAll(ResourcesCluster& suite, const Mutations& mutations) {
  Cluster& cluster = suite.cluster();
  return {
      suite.Try(cluster.sponsorship(), &Sponsorships::CreateSponsor, mutations.sponsor).status(),
      suite.Try(cluster.registry(), &Registries::CreateAgency, mutations.agency, "a;role=admin")
          .status(),
      suite.Try(cluster.coverage(), &Coverages::RevokeCoverage, mutations.revocation, kService)
          .status()};
}

// All of them are done.
void ExpectHealed(ResourcesCluster& suite, const Mutations& mutations) {
  const absl::Time start = absl::Now();
  std::vector<absl::Status> statuses;
  bool done = false;
  while (!done && absl::Now() - start < kHealing) {
    statuses = TryAll(suite, mutations);
    done = statuses[0].ok() && statuses[1].ok() && statuses[2].ok();
  }
  EXPECT_TRUE(done) << statuses[0] << "\n" << statuses[1] << "\n" << statuses[2];
  std::printf("healed after %.2f s\n", absl::ToDoubleSeconds(absl::Now() - start));
}

void ExpectRefusedForTheStore(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kStoreUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("send the same request again"));
}

// A worker whom the pledge covers.
int64_t SomeoneCovered(ResourcesCluster& suite, int64_t pledge_id) {
  cv1::ListExpiringRequest request;
  request.set_pledge_id(pledge_id);
  request.set_from_day(20191101);
  request.set_to_day(20201231);
  request.set_page_size(1);
  const auto page = suite.Must(suite.cluster().coverage(), &Coverages::ListExpiring, request);
  EXPECT_EQ(page.covers_size(), 1);
  return page.covers_size() == 1 ? page.covers(0).worker_id() : 0;
}

TEST(ResourcesTest, DiskFull) {
  ResourcesCluster suite("");
  Cluster& cluster = suite.cluster();
  suite.AddWorkers(0, 3'100);
  const sv1::Pledge before = suite.PaidPledge(20);
  suite.ExpectComplete(before,
                       suite.WaitForSeats(suite.Allocate(before.pledge_id()), 20, kHealing));
  const int64_t covered = SomeoneCovered(suite, before.pledge_id());
  const sv1::Pledge pledge = suite.PaidPledge(3'000);
  const int64_t allocation = suite.AllocateUntilCoverage(pledge.pledge_id());
  suite.machine().FillDisk(cluster.directory());
  cluster.process("coverage").Resume();
  const Mutations mutations;
  for (int i = 0; i < 3; ++i) {
    for (const absl::Status& status : TryAll(suite, mutations)) ExpectRefusedForTheStore(status);
    // What only reads goes on, from the database itself.
    EXPECT_TRUE(suite.IsCovered(covered));
    EXPECT_EQ(suite.GetPledge(before.pledge_id()).funds().spent_rupiah(), 20 * kPerSeat);
  }
  EXPECT_GT(suite.machine().faults().refused.load(), 0);
  EXPECT_LT(suite.WaitForSeats(allocation, 0, kHealing).seats_filled(), 3'000);

  suite.machine().faults().disk_full = 0;
  ExpectHealed(suite, mutations);
  suite.ExpectComplete(pledge, suite.WaitForSeats(allocation, 3'000, kHealing));
  suite.ExpectBooksAgree();
  // It also was on the disk: who starts from there finds it.
  for (const std::string& service : ServiceNames()) {
    cluster.Kill(service);
    suite.Start(service);
  }
  ExpectHealed(suite, mutations);
  EXPECT_TRUE(suite.IsCovered(covered));
  EXPECT_EQ(suite.WaitForSeats(allocation, 3'000, kHealing).seats_filled(), 3'000);
  suite.ExpectBooksAgree();
}

TEST(ResourcesTest, SyncsThatFail) {
  ResourcesCluster suite("");
  suite.AddWorkers(0, 30);
  const sv1::Pledge pledge = suite.PaidPledge(20);
  suite.machine().FillDisk(suite.cluster().directory());
  suite.machine().faults().disk_full = 0;
  suite.machine().faults().syncs_fail = 1;
  const Mutations mutations;
  // Nothing is acknowledged that may not be on the disk.
  for (const absl::Status& status : TryAll(suite, mutations)) ExpectRefusedForTheStore(status);
  const sv1::AllocatePledgeRequest allocate = AllocationOf(pledge.pledge_id());
  ExpectRefusedForTheStore(
      suite.Try(suite.cluster().sponsorship(), &Sponsorships::AllocatePledge, allocate).status());
  EXPECT_GE(suite.machine().faults().refused.load(), 4);
  suite.machine().faults().syncs_fail = 0;
  ExpectHealed(suite, mutations);
  const int64_t allocation = suite.Allocate(allocate);
  suite.ExpectComplete(pledge, suite.WaitForSeats(allocation, 20, kHealing));
  suite.ExpectBooksAgree();
}

std::string TestPostgres() {
  const char* url = std::getenv("LINGKARAN_TEST_POSTGRES");
  EXPECT_NE(url, nullptr) << "run through ./tests/run, which starts PostgreSQL";
  return url == nullptr ? "" : url;
}

class ClockTest : public testing::TestWithParam<std::string> {};

// The time of day jumps in the middle of an allocation, on all machines of the services at once.
TEST_P(ClockTest, ClockMovedByAnHour) {
  ResourcesCluster suite(GetParam() == "postgres" ? TestPostgres() : "");
  std::atomic<int64_t>& offset = suite.machine().faults().clock_offset_ns;
  suite.AddWorkers(0, 4'600);
  for (const int64_t to : {int64_t{1}, int64_t{0}}) {  // forward, and back
    const sv1::Pledge pledge = suite.PaidPledge(2'200);
    const int64_t allocation = suite.AllocateUntilCoverage(pledge.pledge_id());
    offset = to * absl::ToInt64Nanoseconds(absl::Hours(1));
    // What a process held a lease on when it died is taken up as well.
    suite.cluster().Kill("sponsorship");
    suite.Start("sponsorship");
    suite.cluster().process("coverage").Resume();
    const Mutations mutations;
    ExpectHealed(suite, mutations);
    // A lease that the jump had made an hour longer would outlast this.
    suite.ExpectComplete(pledge, suite.WaitForSeats(allocation, 2'200, kHealing));
  }
  suite.ExpectBooksAgree();
}

INSTANTIATE_TEST_SUITE_P(Stores, ClockTest, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

class KillTest : public testing::TestWithParam<std::string> {};

// kill -9 of each service in the middle of an allocation: it ends complete, every rupiah and every
// person-month is there once.
TEST_P(KillTest, AllocationSurvivesKillMinusNine) {
  ResourcesCluster suite(GetParam() == "postgres" ? TestPostgres() : "");
  Cluster& cluster = suite.cluster();
  suite.AddWorkers(0, 5'200);
  const sv1::Pledge pledge = suite.PaidPledge(5'000);
  const sv1::AllocatePledgeRequest allocate = AllocationOf(pledge.pledge_id());
  const int64_t allocation = suite.Allocate(allocate);
  int seats = 0;
  for (const char* victim : {"sponsorship", "registry", "coverage", "sponsorship"}) {
    seats = suite.WaitForSeats(allocation, seats + 1, kHealing).seats_filled();
    cluster.Kill(victim);
    suite.Start(victim);
  }
  suite.ExpectComplete(pledge, suite.WaitForSeats(allocation, 5'000, kHealing));
  // The same request again changes nothing and gives the same allocation.
  EXPECT_EQ(suite.Allocate(allocate), allocation);
  suite.ExpectBooksAgree();
}

INSTANTIATE_TEST_SUITE_P(Stores, KillTest, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

// Somebody's session on a PostgreSQL database, with a transaction that stays open.
class Session {
 public:
  explicit Session(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    EXPECT_EQ(PQstatus(connection_), CONNECTION_OK) << PQerrorMessage(connection_);
  }
  ~Session() { PQfinish(connection_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  void Execute(const std::string& statement) {
    PGresult* result = PQexec(connection_, statement.c_str());
    EXPECT_THAT(PQresultStatus(result), AnyOf(PGRES_COMMAND_OK, PGRES_TUPLES_OK))
        << PQerrorMessage(connection_);
    PQclear(result);
  }

 private:
  PGconn* connection_;
};

void ExpectNoAnswer(const absl::Status& status) {
  EXPECT_THAT(status.code(),
              AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded))
      << status;
}

// Somebody holds the row of one pledge: an operator's session, a backup, a rival that hangs.
TEST(ResourcesTest, HungSqlRow) {
  ResourcesCluster suite(TestPostgres());
  suite.AddWorkers(0, 60);
  const sv1::Pledge held = suite.UnpaidPledge(10), other = suite.UnpaidPledge(10);
  const sv1::RecordPaymentRequest payment = PaymentFor(held);
  Session session(suite.cluster().Database("sponsorship"));
  session.Execute("BEGIN");
  session.Execute(
      absl::StrCat("SELECT * FROM pledges WHERE pledge_id = ", held.pledge_id(), " FOR UPDATE"));
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      ExpectNoAnswer(
          suite.Try(suite.cluster().sponsorship(), &Sponsorships::RecordPayment, payment).status());
    });
  }
  // Meanwhile all else is as ever, the held pledge's reads too.
  suite.Must(suite.cluster().sponsorship(), &Sponsorships::RecordPayment, PaymentFor(other));
  suite.ExpectComplete(other, suite.WaitForSeats(suite.Allocate(other.pledge_id()), 10, kHealing));
  EXPECT_EQ(suite.GetPledge(held.pledge_id()).funds().received_rupiah(), 0);
  for (std::thread& caller : callers) caller.join();

  session.Execute("ROLLBACK");
  EXPECT_FALSE(suite.Must(suite.cluster().sponsorship(), &Sponsorships::RecordPayment, payment)
                   .already_recorded());
  suite.ExpectComplete(held, suite.WaitForSeats(suite.Allocate(held.pledge_id()), 10, kHealing));
  suite.ExpectBooksAgree();
}

// The whole database hangs, connections and all, in the middle of an allocation.
TEST(ResourcesTest, HungSqlServer) {
  PostgresServer server;
  ResourcesCluster suite(server.url());
  suite.AddWorkers(0, 3'100);
  const sv1::Pledge pledge = suite.PaidPledge(3'000);
  const int64_t allocation = suite.AllocateUntilCoverage(pledge.pledge_id());
  server.Pause();
  suite.cluster().process("coverage").Resume();
  const Mutations mutations;
  for (const absl::Status& status : TryAll(suite, mutations)) ExpectNoAnswer(status);
  server.Resume();
  ExpectHealed(suite, mutations);
  suite.ExpectComplete(pledge, suite.WaitForSeats(allocation, 3'000, kHealing));
  suite.ExpectBooksAgree();
}

// Another program holds SQLite's write lock, as a copy that is taken with the wrong tool does.
TEST(ResourcesTest, SqliteHeldByAnotherProcess) {
  ResourcesCluster suite("");
  suite.AddWorkers(0, 30);
  const sv1::Pledge pledge = suite.PaidPledge(20);
  const std::string path = suite.cluster().Database("sponsorship").substr(strlen("sqlite:"));
  ::sqlite3* holder = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &holder), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const sv1::AllocatePledgeRequest allocate = AllocationOf(pledge.pledge_id());
  ExpectNoAnswer(
      suite.Try(suite.cluster().sponsorship(), &Sponsorships::AllocatePledge, allocate).status());
  // With more patience than the service has, one hears why.
  ExpectRefusedForTheStore(suite
                               .Try(suite.cluster().sponsorship(), &Sponsorships::AllocatePledge,
                                    allocate, ResourcesCluster::kOfficer, kHealing)
                               .status());
  EXPECT_EQ(suite.GetPledge(pledge.pledge_id()).funds().available_rupiah(), 20 * kPerSeat);
  ASSERT_EQ(sqlite3_exec(holder, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(holder);
  const int64_t allocation = suite.Allocate(allocate);
  suite.ExpectComplete(pledge, suite.WaitForSeats(allocation, 20, kHealing));
  suite.ExpectBooksAgree();
}

}  // namespace
}  // namespace lingkaran
