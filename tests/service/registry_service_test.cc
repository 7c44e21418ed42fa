// Agencies and lists through the RPCs: what an office sends, what it is told, who may approve.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/personal_data_vault.h"
#include "tests/service/registry_fixture.h"

namespace lingkaran::registry {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

class RegistryServiceTest : public RegistryTest {
 protected:
  // Sends the one row of a list, and asks for the list and its rows.
  std::vector<absl::Status> UseBatch(int64_t batch_id, const std::string& actor) {
    v1::GetBatchRequest get;
    get.set_batch_id(batch_id);
    v1::ListBatchRowsRequest list;
    list.set_batch_id(batch_id);
    return {Send(batch_id, {GoodRow(2, 1)}, true, 1, actor).status,
            Call(&Stub::GetBatch, get, actor).status(),
            Call(&Stub::ListBatchRows, list, actor).status()};
  }
};
LINGKARAN_ON_BOTH_DATABASES(RegistryServiceTest);

TEST_P(RegistryServiceTest, AgenciesAreCheckedAndListed) {
  v1::CreateAgencyRequest request = NewAgency();
  request.set_region_code("33.99");
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAgency, request)), Reason::kRegionUnknown);
  request.clear_name();
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAgency, request)), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAgency, request, "x;role=clinic")), Reason::kNotAllowed);

  const int64_t first = MakeAgency();
  const int64_t second = MakeAgency("33");
  v1::ListAgenciesRequest list;
  list.set_page_size(1);
  auto page = Call(&Stub::ListAgencies, list);
  ASSERT_THAT(page->agencies(), SizeIs(1));
  EXPECT_EQ(page->agencies(0).agency_id(), first);
  list.set_page_token(page->next_page_token());
  page = Call(&Stub::ListAgencies, list);
  ASSERT_THAT(page->agencies(), SizeIs(1));
  EXPECT_EQ(page->agencies(0).agency_id(), second);
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_P(RegistryServiceTest, ARequestIdIsAnsweredOnce) {
  v1::CreateAgencyRequest request = NewAgency();
  const auto first = Call(&Stub::CreateAgency, request);
  Restart();
  const auto again = Call(&Stub::CreateAgency, request).value();
  EXPECT_EQ(again.SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Count("agencies"), 1);
  request.set_name("Dinas Lain");
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAgency, request)), Reason::kRequestIdReused);
}

TEST_P(RegistryServiceTest, EveryRowIsAnsweredAndTheTotalsClose) {
  std::vector<v1::CandidateRow> rows = GoodRows(8);
  rows[1].set_occupation("");
  rows[3].set_nik("3.37201E+15");
  rows[5] = GoodRow(rows[5].line_number(), 1);  // the same person as the first row
  rows[6].set_district("Atlantis");
  const int64_t batch_id = MakeBatch(MakeAgency(), 8);
  const Sent sent = Send(batch_id, rows, true, 3);
  EXPECT_THAT(sent.responses, SizeIs(3));
  const std::vector<v1::RowResult> results = sent.results();
  ASSERT_THAT(results, SizeIs(8));
  std::vector<v1::RowStatus> statuses;
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].line_number(), rows[i].line_number());
    statuses.push_back(results[i].status());
  }
  constexpr auto kYes = v1::ROW_STATUS_ACCEPTED;
  constexpr auto kNo = v1::ROW_STATUS_REJECTED;
  EXPECT_THAT(statuses,
              ElementsAre(kYes, kNo, kYes, kNo, kYes, v1::ROW_STATUS_DUPLICATE, kYes, kYes));
  EXPECT_EQ(FirstCode(results[1]), v1::FINDING_CODE_OCCUPATION_MISSING);
  EXPECT_EQ(FirstCode(results[3]), v1::FINDING_CODE_NIK_DIGITS_LOST);
  EXPECT_EQ(FirstCode(results[5]), v1::FINDING_CODE_DUPLICATE_IN_LIST);
  EXPECT_EQ(results[5].findings(0).other_line(), 2);
  EXPECT_EQ(results[5].worker_id(), results[0].worker_id());
  EXPECT_EQ(FirstCode(results[6]), v1::FINDING_CODE_DISTRICT_UNKNOWN);
  EXPECT_EQ(results[6].findings(0).severity(), v1::SEVERITY_WARNING);

  const v1::Batch batch = GetBatch(batch_id);
  EXPECT_EQ(batch.state(), v1::BATCH_STATE_SUBMITTED);
  EXPECT_EQ(batch.accepted_rows(), 5);
  EXPECT_EQ(batch.rejected_rows(), 2);
  EXPECT_EQ(batch.duplicate_rows(), 1);
  EXPECT_EQ(batch.warned_rows(), 1);
  for (const auto& [status, total] : {std::pair{1, batch.accepted_rows()},
                                      {2, batch.rejected_rows()},
                                      {3, batch.duplicate_rows()}}) {
    EXPECT_EQ(Count(absl::StrCat("batch_rows WHERE status = ", status)), total);
  }
}

TEST_P(RegistryServiceTest, RowsAreListedAsTheyWereAnswered) {
  std::vector<v1::CandidateRow> rows = GoodRows(5);
  rows[2].set_full_name(" ");
  const int64_t batch_id = MakeBatch(MakeAgency(), 5);
  const Sent sent = Send(batch_id, rows);
  v1::ListBatchRowsRequest request;
  request.set_batch_id(batch_id);
  request.set_page_size(2);
  std::vector<v1::RowResult> listed;
  do {
    const auto page = Call(&Stub::ListBatchRows, request).value();
    listed.insert(listed.end(), page.rows().begin(), page.rows().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_THAT(listed, SizeIs(5));
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(listed[i].SerializeAsString(), sent.results()[i].SerializeAsString());
  }
  request.set_status(v1::ROW_STATUS_REJECTED);
  request.clear_page_token();
  const auto rejected = Call(&Stub::ListBatchRows, request);
  ASSERT_THAT(rejected->rows(), SizeIs(1));
  EXPECT_EQ(rejected->rows(0).line_number(), rows[2].line_number());
  request.set_batch_id(99);
  EXPECT_EQ(ReasonOf(Call(&Stub::ListBatchRows, request)), Reason::kBatchNotFound);
}

TEST_P(RegistryServiceTest, SendingAgainGivesTheSameAndChangesNothing) {
  std::vector<v1::CandidateRow> rows = GoodRows(50);
  rows[7].set_occupation("-");
  rows[9] = GoodRow(rows[9].line_number(), 3);
  const int64_t batch_id = MakeBatch(MakeAgency(), 50);
  // The stream breaks after the first 30 rows.
  const std::vector<v1::CandidateRow> begun(rows.begin(), rows.begin() + 30);
  const Sent first = Send(batch_id, begun, false, 10);
  EXPECT_EQ(GetBatch(batch_id).state(), v1::BATCH_STATE_OPEN);
  const Sent all = Send(batch_id, rows, true, 16);
  const int64_t events = Count("events");
  const Sent again = Send(batch_id, rows, true, 50);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(again.results()[i].SerializeAsString(), all.results()[i].SerializeAsString());
    if (i < 30) {
      EXPECT_EQ(all.results()[i].SerializeAsString(), first.results()[i].SerializeAsString());
    }
  }
  EXPECT_EQ(Count("batch_rows"), 50);
  EXPECT_EQ(Count("events"), events);
  EXPECT_EQ(Count("workers"), 48);
  EXPECT_EQ(Count("workers WHERE version > 1"), 0);
  EXPECT_EQ(GetBatch(batch_id).accepted_rows(), 48);
}

TEST_P(RegistryServiceTest, AChangedLineEndsTheStreamAndWhatWasAcknowledgedStays) {
  std::vector<v1::CandidateRow> rows = GoodRows(4);
  const int64_t batch_id = MakeBatch(MakeAgency(), 4);
  ASSERT_TRUE(Send(batch_id, {rows[0], rows[1]}, false).ok());
  rows[1].set_phone("0811111111");
  const Sent sent = Send(batch_id, {rows[2], rows[1], rows[3]}, true, 1);
  EXPECT_EQ(ReasonOf(sent), Reason::kLineChanged);
  EXPECT_THAT(sent.responses, SizeIs(1));
  EXPECT_EQ(GetBatch(batch_id).accepted_rows(), 3);
  // A chunk is atomic: its good rows are not taken by halves.
  EXPECT_EQ(ReasonOf(Send(batch_id, {rows[3], rows[1]}, false)), Reason::kLineChanged);
  EXPECT_EQ(GetBatch(batch_id).accepted_rows(), 3);
}

// At 16:30 UTC the 6th is still on in Solo (UTC+7) and the 7th has begun in Papua (UTC+9).
TEST_P(RegistryServiceTest, AgesAreCountedOnTheDayWhereTheAgencyIs) {
  clock().Set(absl::FromCivil(absl::CivilSecond(2019, 11, 6, 16, 30, 0), absl::UTCTimeZone()));
  v1::CandidateRow row = GoodRow(2, 1);
  row.set_nik("3372010711540001");
  row.set_birth_date("07/11/1954");
  const Sent papua = Send(MakeBatch(MakeAgency("91"), 1), {row});
  EXPECT_EQ(FirstCode(papua.results()[0]), v1::FINDING_CODE_OVER_AGE);
  const Sent solo = Send(MakeBatch(MakeAgency("33.72"), 1), {row});
  EXPECT_EQ(solo.results()[0].status(), v1::ROW_STATUS_ACCEPTED);
}

TEST_P(RegistryServiceTest, TheDeclaredTotalIsHeld) {
  const int64_t batch_id = MakeBatch(MakeAgency(), 2);
  EXPECT_EQ(ReasonOf(Send(batch_id, GoodRows(3), false)), Reason::kControlTotal);
  EXPECT_EQ(ReasonOf(Send(batch_id, GoodRows(1), true)), Reason::kControlTotal);
  EXPECT_EQ(Count("workers"), 0);
  EXPECT_TRUE(Send(batch_id, GoodRows(2), true).ok());
  EXPECT_EQ(ReasonOf(Send(99, GoodRows(1))), Reason::kBatchNotFound);
  EXPECT_EQ(ReasonOf(Send(batch_id, {GoodRow(2, 1), GoodRow(2, 1)})), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Send(batch_id, {}, false)), Reason::kInvalidField);
}

// Guarded by the unique index on nik_hash: without it each stream would make its own workers.
TEST_P(RegistryServiceTest, TwoStreamsWithTheSameListMakeEachPersonOnce) {
  constexpr int kRows = 3'000;
  const int64_t agency_id = MakeAgency();
  const int64_t batches[2] = {MakeBatch(agency_id, kRows), MakeBatch(agency_id, kRows)};
  const std::vector<v1::CandidateRow> rows = GoodRows(kRows);
  std::vector<v1::CandidateRow> reversed = rows;
  for (int i = 0; i < kRows; ++i) reversed[i] = GoodRow(i + 2, kRows - i);
  Sent sent[2];
  std::thread other([&] { sent[1] = Send(batches[1], reversed, true, 500); });
  sent[0] = Send(batches[0], rows, true, 500);
  other.join();
  int accepted = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(sent[i].ok()) << sent[i].status;
    const v1::Batch batch = GetBatch(batches[i]);
    accepted += batch.accepted_rows();
    EXPECT_EQ(batch.accepted_rows() + batch.rejected_rows() + batch.duplicate_rows(), kRows);
    EXPECT_EQ(Count(absl::StrCat("batch_rows WHERE status = 1 AND batch_id = ", batches[i])),
              batch.accepted_rows());
  }
  EXPECT_EQ(accepted, kRows);
  EXPECT_EQ(Count("workers"), kRows);
  EXPECT_EQ(Count("(SELECT DISTINCT nik_hash FROM workers) AS people"), kRows);
}

// What one agency sends is no business of another: to it there is no such list.
TEST_P(RegistryServiceTest, AnAgencyActsForItselfOnly) {
  const int64_t solo = MakeAgency();
  const int64_t other = MakeAgency("33");
  v1::CreateBatchRequest create = NewBatch(solo, 1);
  const auto actor = [](int64_t agency) { return absl::StrCat("eko;role=agency;agency=", agency); };
  const auto made = Call(&Stub::CreateBatch, create, actor(solo)).value();
  const int64_t batch_id = made.batch().batch_id();

  // Neither a new list for the other agency nor the stored answer to its request.
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateBatch, create, actor(other))), Reason::kAgencyNotFound);
  create.set_request_id(NewRequestId());
  const auto refused = Call(&Stub::CreateBatch, create, actor(other));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(refused), Reason::kAgencyNotFound);
  EXPECT_EQ(Count("batches"), 1);

  for (const absl::Status& status : UseBatch(batch_id, actor(other))) {
    EXPECT_EQ(ReasonOf(status), Reason::kBatchNotFound);
    EXPECT_EQ(status.message(), absl::StrCat("there is no batch ", batch_id));
  }
  EXPECT_EQ(Count("batch_rows"), 0);
  for (const std::string& allowed : {actor(solo), std::string(kBudi)}) {
    EXPECT_THAT(UseBatch(batch_id, allowed), Each(absl::OkStatus())) << allowed;
  }
}

// Without an agency there is nothing to hold the actor to, so all four refuse the call, whether the
// list exists or not.
TEST_P(RegistryServiceTest, AnAgencysActorNamesTheAgency) {
  const std::string nobody = "eko;role=agency";
  const v1::CreateBatchRequest create = NewBatch(MakeAgency(), 1);
  const auto refused = Call(&Stub::CreateBatch, create, nobody);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(refused), Reason::kNotAllowed);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("agency=3"));
  for (const int64_t batch_id : {MakeBatch(create.agency_id(), 1), int64_t{99}}) {
    for (const absl::Status& status : UseBatch(batch_id, nobody)) {
      EXPECT_EQ(ReasonOf(status), Reason::kNotAllowed);
    }
  }
}

TEST_P(RegistryServiceTest, ReviewNeedsASecondPairOfEyesAndEvidence) {
  const int64_t batch_id = MakeBatch(MakeAgency(), 2);
  EXPECT_EQ(ReasonOf(Review(batch_id)), Reason::kBatchState);
  ASSERT_TRUE(Send(batch_id, {GoodRow(2, 1)}, false).ok());
  ASSERT_TRUE(Send(batch_id, {GoodRow(3, 2)}, true, 1, "agus;role=officer").ok());
  // Opened and sent by siti, completed by agus.
  EXPECT_EQ(ReasonOf(Review(batch_id, v1::REVIEW_DECISION_APPROVE, "siti;role=officer")),
            Reason::kFourEyes);
  EXPECT_EQ(ReasonOf(Review(batch_id, v1::REVIEW_DECISION_APPROVE, "agus;role=officer")),
            Reason::kFourEyes);
  EXPECT_EQ(GetBatch(batch_id).submitted_by(), "siti, agus");

  v1::ReviewBatchRequest request;
  request.set_request_id(NewRequestId());
  request.set_batch_id(batch_id);
  request.set_decision(v1::REVIEW_DECISION_APPROVE);
  EXPECT_EQ(ReasonOf(Call(&Stub::ReviewBatch, request)), Reason::kEvidenceRequired);
  EXPECT_EQ(Count("workers WHERE state = 1"), 2);

  const auto approved = Review(batch_id).value();
  EXPECT_EQ(approved.verified_workers(), 2);
  EXPECT_EQ(approved.batch().reviewed_by(), "budi");
  EXPECT_TRUE(FromToken(approved.consistency_token()).ok());
  EXPECT_EQ(Count("workers WHERE state = 2"), 2);
  EXPECT_EQ(ReasonOf(Review(batch_id)), Reason::kBatchState);
  EXPECT_EQ(ReasonOf(Send(batch_id, {GoodRow(2, 1)})), Reason::kBatchState);
}

TEST_P(RegistryServiceTest, ARefusedWorkerMayBeProposedAgain) {
  const int64_t agency_id = MakeAgency();
  const int64_t first = MakeBatch(agency_id, 1);
  const Sent sent = Send(first, {GoodRow(2, 1)});
  ASSERT_TRUE(Review(first, v1::REVIEW_DECISION_REJECT).ok());
  EXPECT_EQ(ReasonOf(Send(first, {GoodRow(2, 1)})), Reason::kBatchState);
  const int64_t worker_id = sent.results()[0].worker_id();
  EXPECT_EQ(Get(worker_id).state(), v1::WORKER_STATE_REFUSED);

  const int64_t second = MakeBatch(agency_id, 2);
  v1::CandidateRow moved = GoodRow(2, 1);
  moved.set_district("Jebres");
  const Sent again = Send(second, {moved, GoodRow(3, 1)});
  EXPECT_EQ(again.results()[0].status(), v1::ROW_STATUS_ACCEPTED);
  EXPECT_EQ(again.results()[0].worker_id(), worker_id);
  EXPECT_EQ(again.results()[1].status(), v1::ROW_STATUS_DUPLICATE);
  ASSERT_TRUE(Review(second).ok());
  const v1::Worker worker = Get(worker_id);
  EXPECT_EQ(worker.state(), v1::WORKER_STATE_VERIFIED);
  EXPECT_EQ(worker.region_code(), "33.72.04");
  EXPECT_EQ(worker.batch_id(), second);
  EXPECT_EQ(worker.evidence().document(), "BA-1");
}

TEST_P(RegistryServiceTest, ExistingMembersAreRecognised) {
  const int64_t agency_id = MakeAgency();
  const int64_t members = MakeBatch(agency_id, 3, v1::BATCH_KIND_EXISTING_MEMBERS);
  std::vector<v1::CandidateRow> rows = GoodRows(3);
  rows[0].set_membership_number("12345678901");
  rows[1].set_membership_number("12345678901");
  const Sent sent = Send(members, rows);
  EXPECT_EQ(sent.results()[0].status(), v1::ROW_STATUS_ACCEPTED);
  EXPECT_EQ(FirstCode(sent.results()[1]), v1::FINDING_CODE_MEMBERSHIP_NUMBER_TAKEN);
  EXPECT_EQ(FirstCode(sent.results()[2]), v1::FINDING_CODE_MEMBERSHIP_NUMBER_MISSING);

  const int64_t candidates = MakeBatch(agency_id, 1);
  const Sent before = Send(candidates, {GoodRow(2, 1)});
  EXPECT_EQ(FirstCode(before.results()[0]), v1::FINDING_CODE_ALREADY_MEMBER);
  ASSERT_TRUE(Review(members).ok());
  const int64_t worker_id = sent.results()[0].worker_id();
  EXPECT_EQ(Get(worker_id).state(), v1::WORKER_STATE_MEMBER_ELSEWHERE);
  const Sent after = Send(MakeBatch(agency_id, 1), {GoodRow(2, 1)});
  EXPECT_EQ(after.results()[0].status(), v1::ROW_STATUS_DUPLICATE);
  EXPECT_EQ(FirstCode(after.results()[0]), v1::FINDING_CODE_ALREADY_MEMBER);

  const auto enrolled = EnrolAll({worker_id}).value();
  EXPECT_EQ(ReasonOf(FromProto(enrolled.results(0).status())), Reason::kAlreadyMember);
}

// -- nothing personal in the clear --

// Every text of every table, as it stands and decoded.
std::vector<std::string> AllTexts(sql::Database& database) {
  std::vector<std::pair<std::string, std::string>> columns;
  std::vector<std::string> texts;
  const absl::Status status = database.Read([&](sql::Tx& tx) {
    std::string table, column, text;
    sql::ForEach(
        tx,
        tx.dialect() == sql::Dialect::kSqlite
            ? "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p "
              "WHERE m.type = 'table'"
            : "SELECT table_name, column_name FROM information_schema.columns "
              "WHERE table_schema = 'public'",
        [&] { columns.emplace_back(table, column); }, soci::into(table), soci::into(column));
    for (const auto& [t, c] : columns) {
      sql::ForEach(
          tx, absl::StrCat("SELECT COALESCE(CAST(", c, " AS TEXT), '') FROM ", t),
          [&] {
            texts.push_back(text);
            if (const auto decoded = FromBase64Url(text); decoded.ok()) texts.push_back(*decoded);
          },
          soci::into(text));
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return texts;
}

bool Holds(const std::vector<std::string>& texts, const std::string& what) {
  for (const std::string& text : texts) {
    if (absl::StrContains(text, what)) return true;
  }
  return false;
}

TEST_P(RegistryServiceTest, NoPersonalDataStandInTheClear) {
  std::vector<v1::CandidateRow> rows = GoodRows(6);
  for (v1::CandidateRow& row : rows) {
    row.set_full_name("Kanarinama Rahasia");
    row.set_address("Jalan Kanarialamat 5");
    row.set_birth_place("Kanaritempat");
    row.set_village("Kanaridesa");
    row.set_phone("0812999777555");
    row.set_disability("Kanaricacat");
    row.set_birth_date("01/01/1980");
    row.set_monthly_income("7654321");
  }
  rows[1].set_occupation("");  // rejected
  rows[2] = rows[0];           // duplicate
  rows[2].set_line_number(99);
  const int64_t batch_id = MakeBatch(MakeAgency(), 6);
  const Sent sent = Send(batch_id, rows);
  ASSERT_TRUE(Review(batch_id).ok());
  const int64_t worker_id = sent.results()[0].worker_id();
  coverage().Answer(absl::UnavailableError("so that the outbox keeps its row"));
  ASSERT_TRUE(EnrolAll({worker_id}).ok());
  v1::CorrectWorkerRequest correct;
  correct.set_request_id(NewRequestId());
  correct.set_worker_id(worker_id);
  correct.set_reason("nama sesuai KTP");
  correct.mutable_correction()->set_full_name("Kanarinama Baru");
  ASSERT_TRUE(Call(&Stub::CorrectWorker, correct).ok());
  v1::FindWorkerRequest find;
  find.set_nik(rows[0].nik());
  find.set_reveal_purpose("cek berkas");
  const auto found = Call(&Stub::FindWorker, find);
  ASSERT_EQ(found->worker().personal().full_name(), "Kanarinama Baru");

  const std::vector<std::string> texts = AllTexts(db());
  EXPECT_TRUE(Holds(texts, "Pedagang")) << "the search finds what is there";
  EXPECT_TRUE(Holds(texts, "463/1"));
  for (const v1::CandidateRow& row : rows) {
    EXPECT_FALSE(Holds(texts, row.nik()));
    EXPECT_FALSE(Holds(texts, row.nik().substr(4)));
  }
  for (const char* canary :
       {"Kanarinama", "Kanarialamat", "Kanaritempat", "Kanaridesa", "Kanaricacat", "0812999777555",
        "7654321", "19800101", "nama sesuai KTP"}) {
    EXPECT_FALSE(Holds(texts, canary)) << canary;
  }
  lingkaran::Call rpc;
  rpc.method = "lingkaran.registry.v1.RegistryService/CorrectWorker";
  const auto key = RequestKeyOf(rpc, correct);
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(Holds(texts, key->fingerprint)) << "a digest without a key is soon guessed";
}

TEST_P(RegistryServiceTest, MutationsLeaveAnEvent) {
  const int64_t batch_id = MakeBatch(MakeAgency(), 1);
  ASSERT_TRUE(Send(batch_id, {GoodRow(2, 1)}).ok());
  ASSERT_TRUE(Review(batch_id).ok());
  std::vector<std::string> events;
  std::string actor, method, subject;
  ASSERT_TRUE(db().Read([&](sql::Tx& tx) {
                    sql::ForEach(
                        tx, "SELECT actor, method, subject FROM events ORDER BY seq",
                        [&] { events.push_back(absl::StrCat(actor, " ", method, " ", subject)); },
                        soci::into(actor), soci::into(method), soci::into(subject));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(events, ElementsAre("budi CreateAgency agency/1", "siti CreateBatch batch/1",
                                  "siti SubmitCandidates batch/1", "budi ReviewBatch batch/1"));
}

}  // namespace
}  // namespace lingkaran::registry
