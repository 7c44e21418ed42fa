// "lingkaran audit books" over all three services: a book that was kept well passes, and each cell
// that somebody changes behind the services' backs is found and named.
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/cli/commands/command_line.h"
#include "services/cli/session/connection.h"
#include "tests/system/audit_fixture.h"
#include "tests/system/audit_tamperings.h"

namespace lingkaran {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class AuditTest : public testing::TestWithParam<sql::Dialect> {
 protected:
  AuditTest() : book_(GetParam()) {}

  // Runs the client; gives its exit code.
  int Run(std::vector<std::string> words) {
    std::vector<const char*> argv{"lingkaran"};
    words.insert(words.end(), {"--actor", kBudi, "--registry", book_.suite().registry_address(),
                               "--coverage", book_.suite().coverage_address(), "--sponsorship",
                               book_.suite().sponsorship_address()});
    for (const std::string& word : words) argv.push_back(word.c_str());
    out_.str("");
    err_.str("");
    return cli::RunCommandLine(static_cast<int>(argv.size()), argv.data(), out_, err_);
  }

  AuditFixture book_;
  std::ostringstream out_, err_;
};
LINGKARAN_ON_BOTH_DATABASES(AuditTest);

TEST_P(AuditTest, ABookThatWasKeptWellAddsUp) {
  book_.Play();
  ASSERT_EQ(book_.Compare(absl::Seconds(30)), absl::OkStatus());
  const ops::v1::BooksReport& sum = book_.summary().report;
  EXPECT_EQ(sum.sources(), 2);
  EXPECT_EQ(sum.received_rupiah(), 12 * 50'400 + 16'800 + 1'000 + 16'800);
  EXPECT_EQ(sum.spent_rupiah(), 12 * 50'400 + 16'800 + 16'800);
  EXPECT_EQ(sum.person_months(), 12 * 6 + 2 + 2);
  EXPECT_EQ(sum.workers(), 13 + 2);  // two more have the months of those who left
  EXPECT_EQ(sum.members(), 15);
  EXPECT_EQ(sum.list_rows(), 30);
  EXPECT_EQ(sum.booked_person_months(), 12 * 6 + 2 + 2 + 4);
  EXPECT_EQ(sum.owed(), 0);
  EXPECT_EQ(sum.reserved_rupiah(), 0);
  EXPECT_EQ(sum.rounds(), 1);
}

// Copies of the tables that a tampering writes, and what puts them back.
struct Kept {
  std::vector<std::string> keep, put_back;
};

Kept KeptBy(const Tampering& tampering) {
  if (!tampering.mend.empty()) return {{}, tampering.mend};
  static const std::regex writes("(?:UPDATE|INSERT INTO|DELETE FROM) (\\w+)");
  std::set<std::string> tables;
  for (const std::string& sql : tampering.spoil) {
    for (std::sregex_iterator found(sql.begin(), sql.end(), writes), end; found != end; ++found) {
      tables.insert((*found)[1]);
    }
  }
  Kept kept;
  // A log whose position was set back makes the service write the records for caches anew.
  if (tables.erase("log_position") > 0) {
    tables.insert("member_records");
    kept.put_back.push_back("UPDATE log_position SET recorded = position");
  }
  for (const std::string& table : tables) {
    kept.keep.push_back(absl::StrCat("CREATE TABLE kept_", table, " AS SELECT * FROM ", table));
    for (const char* sql :
         {"DELETE FROM $", "INSERT INTO $ SELECT * FROM kept_$", "DROP TABLE kept_$"}) {
      kept.put_back.push_back(absl::StrReplaceAll(sql, {{"$", table}}));
    }
  }
  return kept;
}

TEST_P(AuditTest, EachCellThatIsChangedIsFoundAndNamed) {
  book_.Play();
  ASSERT_EQ(book_.Compare(absl::Seconds(30)), absl::OkStatus());
  const std::vector<std::pair<std::string, std::string>> names = {
      {"$1", absl::StrCat(book_.left())},
      {"$2", absl::StrCat(book_.payer())},
      {"$3", absl::StrCat(book_.full_seat())},
      {"$4", absl::StrCat(book_.workers().back() + 1'000)}};
  const auto named = [&](std::vector<std::string> texts) {
    for (std::string& text : texts) text = absl::StrReplaceAll(text, names);
    return texts;
  };
  for (const Tampering& tampering : Tamperings()) {
    SCOPED_TRACE(tampering.spoil.back());
    const Kept kept = KeptBy(tampering);
    book_.Sql(tampering.service, kept.keep);
    book_.Sql(tampering.service, named(tampering.spoil));
    const absl::Status status = book_.Compare(absl::ZeroDuration());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(named({tampering.said}).front()));
    book_.Sql(tampering.service, kept.put_back);
  }
  EXPECT_EQ(book_.Compare(absl::ZeroDuration()), absl::OkStatus());
}

class AuditUnderWayTest : public AuditTest {
 protected:
  // Coverage is away when an allocation of 5 seats, paid in full, waits for it.
  void Begin() {
    workers_ = AddWorkers(book_.suite(), 8);
    pledge_ =
        MakePledge(book_.suite(), MakeSponsor(book_.suite(), common::v1::PAYER_CLASS_CSR), 5, 1);
    Pay(book_.suite(), pledge_, "BRI-1", 5 * 16'800);
    book_.suite().StopCoverage();
    allocation_ = Allocate(book_.suite(), pledge_.pledge_id(), "solo");
    const absl::Time end = absl::Now() + absl::Seconds(60);
    while (GetPledge(book_.suite(), pledge_.pledge_id()).funds().reserved_rupiah() != 5 * 16'800 ||
           !Waits("activate")) {
      ASSERT_LT(absl::Now(), end) << "no activation waits";
      std::this_thread::yield();
    }
  }
  bool Waits(const std::string& kind) {
    using Operations = ops::v1::OperationsService::Stub;
    const auto owed = Must(
        Ask(book_.suite().sponsorship_ops(), &Operations::ListOwed, ops::v1::ListOwedRequest()));
    return owed.rows_size() == 1 && owed.rows(0).kind() == kind &&
           !owed.rows(0).last_error().empty();
  }

  void Retry() {
    ops::v1::RetryOwedRequest request;
    request.set_request_id(NewRequestId());
    request.set_reason("pulih");
    const auto retried = Must(Ask(book_.suite().sponsorship_ops(),
                                  &ops::v1::OperationsService::Stub::RetryOwed, request));
    EXPECT_EQ(retried.retried(), 1);
  }

  std::vector<int64_t> workers_;
  sponsorship::v1::Pledge pledge_;
  int64_t allocation_ = 0;
};
LINGKARAN_ON_BOTH_DATABASES(AuditUnderWayTest);

TEST_P(AuditUnderWayTest, WhileCoverageIsAwayItSaysSoAndDoesNotCryWolf) {
  Begin();
  const absl::Status away = book_.Compare(absl::ZeroDuration());
  EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable) << away;
  EXPECT_THAT(std::string(away.message()), HasSubstr("sponsorship owes 1 rows"));
  EXPECT_THAT(std::string(away.message()), HasSubstr("registry owes 1 rows"));

  // It comes back, and the books are found to agree while and after the rest is delivered.
  book_.suite().StartCoverage();
  EXPECT_EQ(book_.Compare(absl::Seconds(60)), absl::OkStatus());
  EXPECT_EQ(WaitForEnd(book_.suite(), allocation_).seats_filled(), 5);
  EXPECT_EQ(book_.Compare(absl::Seconds(60)), absl::OkStatus());
  EXPECT_EQ(book_.summary().report.person_months(), 10);
}

TEST_P(AuditUnderWayTest, AnActivationWhoseAnswerWasLostIsNeitherADifferenceNorFine) {
  Begin();
  // Sponsorship's side as it was before the answer is kept, and put back after it.
  const std::vector<std::string> tables = {"outbox",         "accounts", "allocations",
                                           "ledger_entries", "seats",    "pledges"};
  std::vector<std::string> keep = {"UPDATE outbox SET parked = 1, attempts = attempts + 1"},
                           put_back;
  for (const std::string& table : tables) {
    keep.push_back(absl::StrCat("CREATE TABLE kept_", table, " AS SELECT * FROM ", table));
    put_back.push_back(absl::StrCat("DELETE FROM ", table));
    put_back.push_back(absl::StrCat("INSERT INTO ", table, " SELECT * FROM kept_", table));
  }
  book_.Sql("sponsorship", keep);
  book_.suite().StartCoverage();
  Retry();
  EXPECT_EQ(WaitForEnd(book_.suite(), allocation_).seats_filled(), 5);
  book_.Sql("sponsorship", put_back);

  const absl::Status open = book_.Compare(absl::ZeroDuration());
  EXPECT_EQ(open.code(), absl::StatusCode::kUnavailable) << open;
  EXPECT_THAT(std::string(open.message()), HasSubstr("still under way: pledge 1, worker"));
  Retry();  // the same request_id: coverage answers what it answered
  EXPECT_EQ(book_.Compare(absl::Seconds(60)), absl::OkStatus());
  EXPECT_EQ(WaitForEnd(book_.suite(), allocation_).seats_filled(), 5);
  EXPECT_EQ(book_.Compare(absl::Seconds(60)), absl::OkStatus());
  EXPECT_EQ(book_.summary().report.person_months(), 10);
}

TEST_P(AuditTest, TheClientPrintsWhatWasAddedAndWhatDiffers) {
  book_.Play();
  EXPECT_EQ(Run({"audit", "books"}), cli::kYes) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("Pembukuan cocok"));
  EXPECT_THAT(out_.str(), HasSubstr("76 bulan-orang"));
  EXPECT_THAT(out_.str(), HasSubstr("Rp639.400 dari 2 komitmen dan setoran"));
  EXPECT_EQ(Run({"audit", "books", "--json"}), cli::kYes);
  EXPECT_THAT(out_.str(), HasSubstr("\"agree\":true"));
  EXPECT_EQ(Run({"owed", "list"}), cli::kYes);
  EXPECT_THAT(out_.str(), HasSubstr("sponsorship: 0 menunggu, 0 diparkir"));

  book_.Sql("coverage", {absl::StrCat("UPDATE person_months SET amount = 9999 WHERE worker_id = ",
                                      book_.payer(), " AND programme = 1 AND month = 201912")});
  EXPECT_EQ(Run({"audit", "books", "--wait", "0"}), cli::kNo);
  EXPECT_THAT(out_.str(), HasSubstr("Pembukuan TIDAK cocok"));
  EXPECT_THAT(out_.str(), HasSubstr(absl::StrCat("pekerja ", book_.payer(), ", JKK Desember")));
  EXPECT_EQ(Run({"audit", "books", "--wait", "0", "--field", "difference"}), cli::kNo);
  EXPECT_THAT(out_.str(), HasSubstr("paid 10000 rupiah, covered for 9999"));
  book_.suite().StopCoverage();
  EXPECT_EQ(Run({"audit", "books", "--wait", "0"}), cli::kUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("outbox list"));
}

TEST_P(AuditUnderWayTest, TheClientListsWhatIsParkedAndRetriesIt) {
  Begin();
  book_.Sql("sponsorship", {"UPDATE outbox SET parked = 1, attempts = attempts + 1"});
  book_.suite().StartCoverage();
  EXPECT_EQ(Run({"owed", "list", "--service", "sponsorship", "--parked"}), cli::kYes);
  EXPECT_THAT(out_.str(), HasSubstr("1 menunggu, 1 diparkir"));
  EXPECT_THAT(out_.str(), HasSubstr("allocation/1/activate"));
  EXPECT_EQ(Run({"owed", "retry", "--service", "sponsorship", "--reason", "x"}), cli::kBadInput);
  EXPECT_EQ(Run({"owed", "retry", "--service", "sponsorship", "987", "--reason", "x"}),
            cli::kRefused);
  EXPECT_THAT(err_.str(), HasSubstr("kiriman dengan nomor itu tidak ada lagi"));
  EXPECT_EQ(Run({"owed", "retry", "--service", "coverage", "1", "--reason", "x"}), cli::kBadInput);
  EXPECT_EQ(Run({"owed", "retry", "--service", "sponsorship", "--parked", "--reason", "pulih"}),
            cli::kYes)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("1 baris diantar sekarang"));
  EXPECT_EQ(WaitForEnd(book_.suite(), allocation_).seats_filled(), 5);
}

}  // namespace
}  // namespace lingkaran
