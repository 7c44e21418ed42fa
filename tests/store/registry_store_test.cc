// What the registry's tables hold and refuse, on both databases.
#include "services/registry/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/sql/database.h"
#include "registry_schema.h"
#include "tests/support/test_database.h"

namespace lingkaran::registry {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::SizeIs;

NikHash HashOf(int64_t person) { return {static_cast<unsigned char>(person)}; }

Worker AnyWorker(int64_t id) {
  Worker worker;
  worker.worker_id = id;
  worker.nik_hash = HashOf(id);
  worker.region_code = "33.72.01";
  worker.occupation = "Pedagang";
  worker.personal = SealedPersonalData(absl::StrCat("sealed-", id));
  worker.agency_id = 3;
  worker.batch_id = 5;
  worker.line = static_cast<int32_t>(id + 1);
  worker.create_time = absl::FromUnixMillis(1'573'092'000'123);
  return worker;
}

Batch AnyBatch() {
  Batch batch;
  batch.batch_id = 5;
  batch.agency_id = 3;
  batch.decree_number = "SK 1";
  batch.declared_rows = 10;
  batch.list_day = 20191107;
  batch.senders = {"siti"};
  batch.create_time = absl::FromUnixMillis(1'573'092'000'123);
  return batch;
}

class RegistryStoreTest : public DatabaseTest {
 protected:
  RegistryStoreTest() : DatabaseTest(Schema()) {}

  absl::Status Write(absl::FunctionRef<void(sql::Tx&)> body) {
    return db().Write([&](sql::Tx& tx) {
      body(tx);
      return absl::OkStatus();
    });
  }
  void MustWrite(absl::FunctionRef<void(sql::Tx&)> body) {
    const absl::Status status = Write(body);
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Status Insert(const std::vector<Worker>& workers) {
    return Write([&](sql::Tx& tx) { store::InsertWorkers(tx, workers); });
  }
  absl::Status Update(const Batch& batch) {
    return Write([&](sql::Tx& tx) { store::UpdateBatch(tx, batch); });
  }
};
LINGKARAN_ON_BOTH_DATABASES(RegistryStoreTest);

TEST_P(RegistryStoreTest, OneWorkerPerNik) {
  ASSERT_TRUE(Insert({AnyWorker(1)}).ok());
  Worker second = AnyWorker(2);
  second.nik_hash = HashOf(1);
  EXPECT_EQ(Insert({second}).code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(Insert({AnyWorker(2)}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Write([&](sql::Tx& tx) {
    store::UpdateWorkers(tx, {&second, 1});
  })));
}

TEST_P(RegistryStoreTest, OneWorkerPerMembershipNumber) {
  Worker first = AnyWorker(1);
  first.membership_number = "19000000018";
  Worker second = AnyWorker(2);
  ASSERT_TRUE(Insert({first, second, AnyWorker(3)}).ok());  // without a number there may be many
  second.membership_number = "19000000018";
  EXPECT_TRUE(absl::IsAlreadyExists(Write([&](sql::Tx& tx) {
    store::UpdateMemberships(tx, {&second, 1});
  })));
}

TEST_P(RegistryStoreTest, StatesHaveWhatTheyNeed) {
  for (const WorkerState state : {WorkerState::kEnrolled, WorkerState::kMemberElsewhere,
                                  WorkerState::kDeceased, WorkerState::kWithdrawn}) {
    Worker worker = AnyWorker(1);
    worker.state = state;
    EXPECT_EQ(Insert({worker}).code(), StatusCode::kFailedPrecondition) << static_cast<int>(state);
  }
}

TEST_P(RegistryStoreTest, WorkersComeBackAsTheyWent) {
  Worker worker = AnyWorker(17);
  worker.state = WorkerState::kWithdrawn;
  worker.membership_number = "19000000018";
  worker.sector = Sector::kTransport;
  worker.pledge_id = 7;
  worker.death_day = 0;
  worker.withdraw_day = 20191201;
  worker.withdraw_reason = "pindah; 'tanda petik' \t dan \\ lain";
  worker.version = 9;
  worker.enrol_time = absl::FromUnixMillis(1'573'092'000'456);
  ASSERT_TRUE(Insert({AnyWorker(16), worker}).ok());
  MustWrite([&](sql::Tx& tx) {
    for (const std::optional<Worker>& found :
         {store::FindWorker(tx, 17), store::LockWorker(tx, 17),
          store::FindByNumber(tx, "19000000018"), store::FindByNikHash(tx, HashOf(17))}) {
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(*found, worker);
    }
    EXPECT_FALSE(store::FindWorker(tx, 99).has_value());
    EXPECT_EQ(store::FindWorker(tx, 16)->membership_number, "");
  });
}

TEST_P(RegistryStoreTest, LooksUpManyAtOnce) {
  ASSERT_TRUE(Insert({AnyWorker(1), AnyWorker(2), AnyWorker(3)}).ok());
  MustWrite([&](sql::Tx& tx) {
    const auto by_hash = store::LockByNikHashes(tx, {HashOf(3), HashOf(1), HashOf(9)});
    ASSERT_THAT(by_hash, SizeIs(2));
    EXPECT_EQ(by_hash.at(HashOf(3)).worker_id, 3);
    const auto by_id = store::LockWorkers(tx, {3, 99, 1});
    ASSERT_THAT(by_id, SizeIs(2));
    EXPECT_EQ(by_id[0].worker_id, 1);
    EXPECT_THAT(store::LockWorkers(tx, {}), SizeIs(0));
    EXPECT_THAT(store::LockByNikHashes(tx, {}), SizeIs(0));
  });
}

TEST_P(RegistryStoreTest, ListsByStateRegionAndBatch) {
  std::vector<Worker> workers;
  for (int64_t id = 1; id <= 6; ++id) workers.push_back(AnyWorker(id));
  workers[1].state = WorkerState::kVerified;
  workers[2].region_code = "33.72";
  workers[3].region_code = "33.7";
  workers[4].batch_id = 6;
  ASSERT_TRUE(Insert(workers).ok());
  const auto list = [&](store::WorkerFilter filter) {
    std::vector<int64_t> ids;
    if (filter.limit == 0) filter.limit = 10;
    MustWrite([&](sql::Tx& tx) {
      for (const auto& worker : store::ListWorkers(tx, filter)) ids.push_back(worker.worker_id);
    });
    return ids;
  };
  EXPECT_THAT(list({}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(list({WorkerState::kVerified, "", 0, 0, 10}), ElementsAre(2));
  EXPECT_THAT(list({std::nullopt, "33.72", 0, 0, 10}), ElementsAre(1, 2, 3, 5, 6));
  EXPECT_THAT(list({std::nullopt, "33.72.01", 0, 0, 10}), ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(list({std::nullopt, "", 6, 0, 10}), ElementsAre(5));
  EXPECT_THAT(list({std::nullopt, "", 0, 2, 3}), ElementsAre(3, 4, 5));
  EXPECT_THAT(list({WorkerState::kDeceased, "", 0, 0, 10}), SizeIs(0));
}

TEST_P(RegistryStoreTest, ABatchMovesItsProposedWorkersOnly) {
  std::vector<Worker> workers = {AnyWorker(1), AnyWorker(2), AnyWorker(3), AnyWorker(4)};
  workers[1].state = WorkerState::kWithdrawn;
  workers[1].withdraw_day = 20191107;
  workers[2].batch_id = 6;
  workers[3].batch_id = 7;
  workers[3].membership_number = "K4";
  ASSERT_TRUE(Insert(workers).ok());
  MustWrite([&](sql::Tx& tx) {
    EXPECT_EQ(store::MoveProposed(tx, 5, WorkerState::kVerified), 1);
    EXPECT_EQ(store::FindWorker(tx, 1)->state, WorkerState::kVerified);
    EXPECT_EQ(store::FindWorker(tx, 1)->version, 2);
    EXPECT_EQ(store::FindWorker(tx, 2)->state, WorkerState::kWithdrawn);
    EXPECT_EQ(store::FindWorker(tx, 3)->state, WorkerState::kProposed);
    EXPECT_EQ(store::MoveProposed(tx, 7, WorkerState::kRefused), 1);
    EXPECT_EQ(store::FindWorker(tx, 4)->state, WorkerState::kRefused);
    EXPECT_EQ(store::FindWorker(tx, 4)->membership_number, "");
  });
}

TEST_P(RegistryStoreTest, BatchesComeBackAsTheyWent) {
  MustWrite([&](sql::Tx& tx) {
    store::InsertBatch(tx, AnyBatch());
    Batch batch = *store::LockBatch(tx, 5);
    EXPECT_EQ(batch, AnyBatch());
    batch.state = BatchState::kApproved;
    batch.accepted_rows = 7;
    batch.rejected_rows = 2;
    batch.duplicate_rows = 1;
    batch.warned_rows = 3;
    batch.senders.push_back("agus");
    batch.reviewed_by = "budi";
    batch.review_time = absl::FromUnixMillis(5);
    batch.review_reason = "baik";
    batch.evidence = {true, true, "Lurah", 20191101, "BA 1"};
    store::UpdateBatch(tx, batch);
    EXPECT_EQ(*store::FindBatch(tx, 5), batch);
    EXPECT_FALSE(store::FindBatch(tx, 6).has_value());
  });
}

TEST_P(RegistryStoreTest, TotalsCannotPassTheDeclaredNumber) {
  MustWrite([&](sql::Tx& tx) { store::InsertBatch(tx, AnyBatch()); });
  Batch batch = AnyBatch();
  batch.accepted_rows = 11;
  EXPECT_EQ(Update(batch).code(), StatusCode::kFailedPrecondition);
  batch.accepted_rows = 9;
  ASSERT_TRUE(Update(batch).ok());
  batch.state = BatchState::kSubmitted;  // with a row missing
  EXPECT_EQ(Update(batch).code(), StatusCode::kFailedPrecondition);
  batch.accepted_rows = 10;
  ASSERT_TRUE(Update(batch).ok());
  batch.state = BatchState::kApproved;  // without evidence
  batch.reviewed_by = "budi";
  EXPECT_EQ(Update(batch).code(), StatusCode::kFailedPrecondition);
}

TEST_P(RegistryStoreTest, RowsComeBackByLine) {
  std::vector<RowAnswer> rows(4);
  for (int i = 0; i < 4; ++i) {
    rows[i].line = 10 - i;
    rows[i].status = i == 2 ? RowStatus::kRejected : RowStatus::kAccepted;
    rows[i].worker_id = i;
    rows[i].content = absl::StrCat("content", i);
  }
  rows[2].findings = {FindingOf(FindingCode::kOverAge),
                      {FindingCode::kTextUnreadable, RowField::kAddress}};
  rows[2].other_line = 3;
  const std::vector<size_t> which = {0, 2, 3};
  MustWrite([&](sql::Tx& tx) {
    store::InsertRows(tx, 5, rows, which);
    const auto found = store::FindRows(tx, 5, {10, 9, 8});
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found.at(8).findings, rows[2].findings);
    EXPECT_EQ(found.at(8).content, "content2");
    EXPECT_EQ(found.at(8).other_line, 3);
    const auto all = store::ListRows(tx, 5, std::nullopt, 0, 10);
    ASSERT_THAT(all, SizeIs(3));
    EXPECT_EQ(all[0].line, 7);
    EXPECT_THAT(store::ListRows(tx, 5, RowStatus::kRejected, 0, 10), SizeIs(1));
    EXPECT_THAT(store::ListRows(tx, 5, std::nullopt, 8, 10), SizeIs(1));
    EXPECT_THAT(store::ListRows(tx, 5, std::nullopt, 0, 2), SizeIs(2));
    EXPECT_THAT(store::FindRows(tx, 6, {10}), SizeIs(0));
  });
  const std::vector<size_t> again = {0};
  EXPECT_TRUE(
      absl::IsAlreadyExists(Write([&](sql::Tx& tx) { store::InsertRows(tx, 5, rows, again); })));
}

TEST_P(RegistryStoreTest, CardsAndAgencies) {
  MustWrite([&](sql::Tx& tx) {
    store::InsertCards(tx, {Card{1, "K1", 1, absl::FromUnixMillis(7), "budi"},
                            Card{1, "K1", 2, absl::FromUnixMillis(8), "siti"},
                            Card{2, "K2", 1, absl::FromUnixMillis(9), "budi"}});
    const auto cards = store::NewestCards(tx, {1, 3});
    ASSERT_THAT(cards, SizeIs(1));
    EXPECT_EQ(cards.at(1).CardNumber(), "K1-2");
    EXPECT_EQ(cards.at(1).issued_by, "siti");

    store::InsertAgency(
        tx, {1, "Dinas Sosial", AgencyKind::kSocialAgency, "33.72", absl::FromUnixMillis(7)});
    store::InsertAgency(tx, {3, "Cabang", AgencyKind::kBranch, "33", absl::FromUnixMillis(8)});
    EXPECT_FALSE(store::FindAgency(tx, 2).has_value());
    EXPECT_EQ(store::FindAgency(tx, 3)->kind, AgencyKind::kBranch);
    EXPECT_THAT(store::ListAgencies(tx, 1, 10), SizeIs(1));
  });
}

}  // namespace
}  // namespace lingkaran::registry
