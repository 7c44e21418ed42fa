// Deciding the rows of a chunk and the review of a list, without a database.
#include "services/registry/domain/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace lingkaran::registry {
namespace {

using testing::ElementsAre;

Batch OpenBatch(int declared) {
  Batch batch;
  batch.batch_id = 5;
  batch.agency_id = 3;
  batch.declared_rows = declared;
  batch.list_day = 20191107;
  batch.senders = {"siti"};
  return batch;
}

NikHash HashOf(int64_t person) { return {static_cast<unsigned char>(person)}; }

// A row of the person with this number.
PreparedRow GoodRow(int line, int person) {
  PreparedRow row;
  row.line = line;
  row.content = absl::StrCat("content-", line);
  row.nik_hash = HashOf(person);
  row.personal = PlainPersonalData("personal");
  row.candidate.region_code = "33.72";
  return row;
}

PreparedRow BadRow(int line) {
  PreparedRow row;
  row.line = line;
  row.content = absl::StrCat("content-", line);
  row.candidate.findings = {FindingOf(FindingCode::kNikMissing)};
  return row;
}

Worker KnownWorker(int64_t id, WorkerState state) {
  Worker worker;
  worker.worker_id = id;
  worker.nik_hash = HashOf(id);
  worker.state = state;
  worker.agency_id = 3;
  worker.batch_id = 1;
  return worker;
}

KnownFacts Knowing(const Worker& worker) {
  KnownFacts known;
  known.workers.emplace(worker.nik_hash, worker);
  return known;
}

std::vector<RowStatus> Statuses(const ChunkDecision& decision) {
  std::vector<RowStatus> statuses;
  for (const RowAnswer& row : decision.rows) statuses.push_back(row.status);
  return statuses;
}

// A complete list of these rows, sent by its opener; new workers get ids from 100 on.
ChunkDecision Decide(const Batch& batch, const std::vector<PreparedRow>& rows,
                     const KnownFacts& known = {}) {
  auto decision = DecideChunk(batch, rows, known, true, "siti");
  EXPECT_TRUE(decision.ok()) << decision.status();
  AssignIds(decision.value(), 100);
  return *std::move(decision);
}

FindingCode FirstFinding(const RowAnswer& row) { return row.findings.at(0).code; }

TEST(DecideChunkTest, TheSameNikTwiceInAChunkIsOneWorker) {
  const std::vector<PreparedRow> rows = {GoodRow(2, 1), GoodRow(3, 2), GoodRow(4, 1)};
  const ChunkDecision decision = Decide(OpenBatch(3), rows);
  EXPECT_EQ(decision.rows[2].status, RowStatus::kDuplicate);
  EXPECT_EQ(FirstFinding(decision.rows[2]), FindingCode::kDuplicateInList);
  EXPECT_EQ(decision.rows[2].other_line, 2);
  EXPECT_EQ(decision.rows[2].worker_id, 100);
  EXPECT_EQ(decision.new_workers, 2u);
}

TEST(DecideChunkTest, ARejectedRowDoesNotTakeTheNikAway) {
  std::vector<PreparedRow> rows = {GoodRow(2, 1), GoodRow(3, 1)};
  rows[0].candidate.findings = {FindingOf(FindingCode::kOccupationMissing)};
  const ChunkDecision decision = Decide(OpenBatch(2), rows);
  EXPECT_THAT(Statuses(decision), ElementsAre(RowStatus::kRejected, RowStatus::kAccepted));
}

TEST(DecideChunkTest, KnownPeopleAreDuplicates) {
  struct Case {
    WorkerState state;
    RowStatus status;
    FindingCode code;
  };
  for (const Case& c :
       {Case{WorkerState::kProposed, RowStatus::kDuplicate, FindingCode::kDuplicateCandidate},
        Case{WorkerState::kVerified, RowStatus::kDuplicate, FindingCode::kDuplicateCandidate},
        Case{WorkerState::kEnrolled, RowStatus::kDuplicate, FindingCode::kAlreadyMember},
        Case{WorkerState::kMemberElsewhere, RowStatus::kDuplicate, FindingCode::kAlreadyMember},
        Case{WorkerState::kDeceased, RowStatus::kRejected, FindingCode::kDeceased}}) {
    const KnownFacts known = Knowing(KnownWorker(17, c.state));
    const ChunkDecision decision = Decide(OpenBatch(1), {GoodRow(2, 17)}, known);
    EXPECT_EQ(decision.rows[0].status, c.status);
    EXPECT_EQ(FirstFinding(decision.rows[0]), c.code);
    EXPECT_EQ(decision.rows[0].worker_id, 17);
    EXPECT_TRUE(decision.proposals.empty());
  }
}

TEST(DecideChunkTest, AnotherAgencysWorkerIsNotNamed) {
  Worker worker = KnownWorker(17, WorkerState::kVerified);
  worker.agency_id = 4;
  const KnownFacts known = Knowing(worker);
  const ChunkDecision decision = Decide(OpenBatch(1), {GoodRow(2, 17)}, known);
  EXPECT_EQ(decision.rows[0].status, RowStatus::kDuplicate);
  EXPECT_EQ(decision.rows[0].worker_id, 0);
}

TEST(DecideChunkTest, MembershipNumbersBelongToOnePerson) {
  Batch batch = OpenBatch(3);
  batch.kind = BatchKind::kExistingMembers;
  std::vector<PreparedRow> rows = {GoodRow(2, 1), GoodRow(3, 2), GoodRow(4, 3)};
  rows[0].candidate.membership_number = "K1";
  rows[1].candidate.membership_number = "K1";
  rows[2].candidate.membership_number = "K2";
  KnownFacts known;
  known.taken_numbers.insert("K2");
  const ChunkDecision decision = Decide(batch, rows, known);
  EXPECT_THAT(Statuses(decision),
              ElementsAre(RowStatus::kAccepted, RowStatus::kRejected, RowStatus::kRejected));
  EXPECT_EQ(FirstFinding(decision.rows[1]), FindingCode::kMembershipNumberTaken);
}

TEST(DecideChunkTest, AcceptedRejectedAndDuplicateAreAllRows) {
  EXPECT_TRUE(rc::check("the totals close, and each NIK is proposed once", [] {
    const int count = *rc::gen::inRange(1, 60);
    std::vector<PreparedRow> rows;
    for (int line = 1; line <= count; ++line) {
      const int nik = *rc::gen::inRange(0, 25);
      rows.push_back(nik == 0 ? BadRow(line) : GoodRow(line, nik));
    }
    KnownFacts known = Knowing(KnownWorker(3, WorkerState::kEnrolled));
    known.workers.emplace(HashOf(4), KnownWorker(4, WorkerState::kRefused));
    auto decision = DecideChunk(OpenBatch(count), rows, known, true, "siti");
    RC_ASSERT(decision.ok());
    RC_ASSERT(decision->batch.received_rows() == count);
    RC_ASSERT(decision->proposals.size() == static_cast<size_t>(decision->batch.accepted_rows));
    absl::flat_hash_set<NikHash> proposed;
    for (const Proposal& proposal : decision->proposals) {
      RC_ASSERT(proposed.insert(*rows[proposal.index].nik_hash).second);
    }
    RC_ASSERT(!proposed.contains(HashOf(3)));
  }));
}

// -- review --

Batch Submitted() {
  Batch batch = OpenBatch(1);
  batch.accepted_rows = 1;
  batch.state = BatchState::kSubmitted;
  return batch;
}

Review Approval() {
  Review review;
  review.approve = true;
  review.evidence = {true, true, "Lurah Sondakan", 20191101, "SK 12/2019"};
  review.actor = "budi";
  review.time = absl::FromUnixSeconds(1573090000);
  review.today = Day(2019, 11, 7);
  review.evidence_max_age_days = 90;
  return review;
}

Reason ReviewReason(const Batch& batch, const Review& review) {
  return ReasonOf(DecideReview(batch, review).status());
}

TEST(DecideReviewTest, WhoSubmittedMayNotReview) {
  Review review = Approval();
  review.actor = "siti";
  EXPECT_EQ(ReviewReason(Submitted(), review), Reason::kFourEyes);
  review.approve = false;
  review.reason = "salah daftar";
  EXPECT_EQ(ReviewReason(Submitted(), review), Reason::kFourEyes);
  Batch batch = Submitted();
  batch.senders = {"siti", "budi"};
  EXPECT_EQ(ReviewReason(batch, Approval()), Reason::kFourEyes);
}

TEST(DecideReviewTest, EvidenceMustBeCompleteAndFresh) {
  const Evidence good = Approval().evidence;
  std::vector<Evidence> bad(3, good);
  bad[0].working_attested = false;
  bad[1].healthy_attested = false;
  bad[2].attested_by = "";
  for (const int32_t day : {0, 20190230, 20191108, 20190808}) {
    bad.push_back(good);
    bad.back().attested_day = day;
  }
  Review review = Approval();
  for (size_t i = 0; i < bad.size(); ++i) {
    review.evidence = bad[i];
    EXPECT_EQ(ReviewReason(Submitted(), review), Reason::kEvidenceRequired) << i;
  }
  review.evidence = good;
  for (const int32_t day : {20191107, 20190809}) {
    review.evidence.attested_day = day;
    EXPECT_TRUE(DecideReview(Submitted(), review).ok()) << day;
  }
}

TEST(DecideReviewTest, RejectionNeedsAReason) {
  Review review = Approval();
  review.approve = false;
  review.evidence = {};
  EXPECT_EQ(ReviewReason(Submitted(), review), Reason::kInvalidField);
  review.reason = "daftar keliru";
  const auto batch = DecideReview(Submitted(), review);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->state, BatchState::kRejected);
}

}  // namespace
}  // namespace lingkaran::registry
