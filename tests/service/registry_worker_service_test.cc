// Workers, membership and cards through the RPCs, and what coverage is told of them.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/personal_data_vault.h"
#include "tests/service/registry_fixture.h"

namespace lingkaran::registry {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class RegistryWorkerTest : public RegistryTest {
 protected:
  template <typename Request>
  Request About(int64_t worker_id) {
    Request request;
    request.set_request_id(NewRequestId());
    request.set_worker_id(worker_id);
    return request;
  }
  absl::StatusOr<v1::CorrectWorkerResponse> Correct(int64_t worker_id,
                                                    const v1::CandidateRow& row) {
    auto request = About<v1::CorrectWorkerRequest>(worker_id);
    *request.mutable_correction() = row;
    request.set_reason("sesuai KTP");
    return Call(&Stub::CorrectWorker, request);
  }
  absl::StatusOr<v1::ReportDeathResponse> Death(int64_t worker_id, int32_t day) {
    auto request = About<v1::ReportDeathRequest>(worker_id);
    request.set_death_day(day);
    request.set_source("akta kematian");
    return Call(&Stub::ReportDeath, request);
  }
  absl::StatusOr<v1::WithdrawWorkerResponse> Withdraw(int64_t worker_id, int32_t day = 0) {
    auto request = About<v1::WithdrawWorkerRequest>(worker_id);
    request.set_effective_day(day);
    request.set_reason("peserta lewat majikan");
    return Call(&Stub::WithdrawWorker, request);
  }
  absl::StatusOr<v1::IssueCardsResponse> IssueCards(const std::vector<int64_t>& ids) {
    v1::IssueCardsRequest request;
    request.set_request_id(NewRequestId());
    request.mutable_worker_ids()->Add(ids.begin(), ids.end());
    return Call(&Stub::IssueCards, request);
  }
  absl::StatusOr<v1::ResolveRequestResponse> Resolve(const std::string& request_id) {
    v1::ResolveRequestRequest request;
    request.set_resolved_request_id(request_id);
    request.set_method("EnrolWorkers");
    return Call(&Stub::ResolveRequest, request, kSponsorship);
  }
  static Reason ResultReason(const google::rpc::Status& status) {
    return ReasonOf(FromProto(status));
  }
};
LINGKARAN_ON_BOTH_DATABASES(RegistryWorkerTest);

TEST_P(RegistryWorkerTest, EnrollingGivesNumbersAndTellsCoverage) {
  const std::vector<int64_t> ids = MakeVerified(3);
  const auto enrolled = EnrolAll(ids).value();
  absl::flat_hash_set<std::string> numbers;
  for (const v1::EnrolResult& result : enrolled.results()) {
    EXPECT_EQ(result.status().code(), 0);
    EXPECT_THAT(result.membership_number(), SizeIs(11));
    EXPECT_EQ(result.membership_number().substr(0, 2), "19");
    numbers.insert(result.membership_number());
  }
  EXPECT_THAT(numbers, SizeIs(3));
  // Delivered inline: the token is coverage's.
  const Token token = FromToken(enrolled.consistency_token()).value();
  EXPECT_EQ(token.coverage_position, 1);
  EXPECT_TRUE(token.owed_request_ids.empty());

  const auto taken = coverage().Taken(1);
  ASSERT_THAT(taken, SizeIs(1));
  ASSERT_THAT(taken[0].members(), SizeIs(3));
  EXPECT_EQ(coverage().actor(), "registry;role=service");
  const coverage::v1::Member& member = taken[0].members(0);
  EXPECT_EQ(member.worker_id(), ids[0]);
  EXPECT_EQ(member.nik_hash().size(), 16u);
  EXPECT_EQ(member.membership_number(), enrolled.results(0).membership_number());
  EXPECT_EQ(member.region_code(), "33.72.01");
  EXPECT_EQ(member.version(), Get(ids[0]).version());
  EXPECT_EQ(Get(ids[0]).state(), v1::WORKER_STATE_ENROLLED);
  EXPECT_EQ(Count("outbox"), 0);
}

TEST_P(RegistryWorkerTest, EnrollingIsHarmlessToRepeat) {
  const std::vector<int64_t> ids = MakeVerified(2);
  const auto first = EnrolAll(ids, 7, "enrol");
  const auto replay = EnrolAll(ids, 7, "enrol").value();
  // A replay names the row that was owed when the first answer was stored.
  const Token token = FromToken(replay.consistency_token()).value();
  EXPECT_THAT(token.owed_request_ids, ElementsAre(coverage().Taken(1)[0].request_id()));

  const auto again = EnrolAll(ids, 8);
  for (int i = 0; i < 2; ++i) {
    const std::string number = first->results(i).membership_number();
    EXPECT_EQ(replay.results(i).membership_number(), number);
    EXPECT_EQ(again->results(i).status().code(), 0);
    EXPECT_EQ(again->results(i).membership_number(), number);
  }
  EXPECT_EQ(ReasonOf(EnrolAll(ids, 9, "enrol")), Reason::kRequestIdReused);
}

TEST_P(RegistryWorkerTest, AnEnrolmentInDoubtIsAppliedOrNeverWillBe) {
  const int64_t worker = MakeVerified(1)[0];
  for (int i = 0; i < 2; ++i) {
    const auto abandoned = Resolve("late").value();
    EXPECT_EQ(abandoned.outcome(), v1::REQUEST_OUTCOME_ABANDONED);
    EXPECT_EQ(ReasonOf(EnrolAll({worker}, 7, "late")), Reason::kRequestIdReused);
  }
  EXPECT_EQ(Get(worker).state(), v1::WORKER_STATE_VERIFIED);
  EXPECT_EQ(Count("outbox"), 0);

  ASSERT_TRUE(EnrolAll({worker}, 7, "in time").ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Resolve("in time").value().outcome(), v1::REQUEST_OUTCOME_APPLIED);
    EXPECT_TRUE(EnrolAll({worker}, 7, "in time").ok());
  }

  v1::ResolveRequestRequest wrong;
  wrong.set_resolved_request_id("in time");
  wrong.set_method("IssueCards");
  EXPECT_EQ(ReasonOf(Call(&Stub::ResolveRequest, wrong)), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Resolve("")), Reason::kInvalidField);
  const v1::CreateAgencyRequest other_method = NewAgency();
  ASSERT_TRUE(Call(&Stub::CreateAgency, other_method).ok());
  EXPECT_EQ(ReasonOf(Resolve(other_method.request_id())), Reason::kRequestIdReused);
}

TEST_P(RegistryWorkerTest, EnrolmentAndResolutionAtOnceAgree) {
  const std::vector<int64_t> ids = MakeVerified(20);
  for (const int64_t worker : ids) {
    const std::string id = absl::StrCat("race-", worker);
    absl::Status enrolled;
    std::thread enrolling([&] { enrolled = EnrolAll({worker}, 7, id).status(); });
    const auto resolved = Resolve(id).value();
    enrolling.join();
    if (resolved.outcome() == v1::REQUEST_OUTCOME_APPLIED) {
      EXPECT_TRUE(enrolled.ok()) << enrolled;
    } else {
      EXPECT_EQ(ReasonOf(enrolled), Reason::kRequestIdReused) << enrolled;
    }
    EXPECT_EQ(Get(worker).state(),
              enrolled.ok() ? v1::WORKER_STATE_ENROLLED : v1::WORKER_STATE_VERIFIED);
    EXPECT_EQ(Resolve(id).value().outcome(), resolved.outcome());
  }
}

TEST_P(RegistryWorkerTest, OneWhoCannotBeEnrolledHoldsNobodyUp) {
  const std::vector<int64_t> verified = MakeVerified(3);
  const int64_t open = MakeBatch(MakeAgency(), 2);
  const int64_t proposed = Send(open, {GoodRow(2, 500)}, false).results()[0].worker_id();
  ASSERT_TRUE(Death(verified[0], 20191101).ok());
  ASSERT_TRUE(Withdraw(verified[1]).ok());
  const auto enrolled = EnrolAll({verified[0], 999, verified[1], proposed, verified[2]}).value();
  const auto& results = enrolled.results();
  EXPECT_EQ(ResultReason(results[0].status()), Reason::kWorkerDeceased);
  EXPECT_EQ(ResultReason(results[1].status()), Reason::kWorkerNotFound);
  EXPECT_EQ(ResultReason(results[2].status()), Reason::kWorkerWithdrawn);
  EXPECT_EQ(ResultReason(results[3].status()), Reason::kWorkerNotVerified);
  EXPECT_EQ(results[4].status().code(), 0);
  EXPECT_THAT(coverage().Taken(1)[0].members(), SizeIs(1));

  EXPECT_EQ(ReasonOf(EnrolAll({verified[2], verified[2]})), Reason::kInvalidField);
}

TEST_P(RegistryWorkerTest, AMembershipNumberFromElsewhereIsNotGivenAgain) {
  const auto enrolled = EnrolAll(MakeVerified(1));
  const std::string first = enrolled->results(0).membership_number();
  // The next number that the sequence would give stands on somebody's card already.
  ASSERT_EQ(first, "19000000018");
  const int64_t batch = MakeBatch(MakeAgency(), 1, v1::BATCH_KIND_EXISTING_MEMBERS);
  v1::CandidateRow member = GoodRow(2, 700);
  member.set_membership_number("19000000026");
  ASSERT_EQ(Send(batch, {member}).results()[0].status(), v1::ROW_STATUS_ACCEPTED);
  const auto next = EnrolAll(MakeVerified(2, 800)).value();
  EXPECT_EQ(next.results(0).membership_number(), "19000000034");
  EXPECT_EQ(next.results(1).membership_number(), "19000000042");
}

TEST_P(RegistryWorkerTest, CoverageIsToldWhenItIsBack) {
  const std::vector<int64_t> ids = MakeVerified(2);
  coverage().Answer(absl::UnavailableError("down"));
  const auto enrolled = EnrolAll({ids[0]}).value();
  EXPECT_GE(coverage().refused(), 1);
  const Token token = FromToken(enrolled.consistency_token()).value();
  EXPECT_EQ(token.coverage_position, 0);
  ASSERT_THAT(token.owed_request_ids, SizeIs(1));
  EXPECT_EQ(Count("outbox"), 1);

  coverage().Answer(absl::OkStatus());
  // Others don't wait for the row that is owed.
  const auto next = EnrolAll({ids[1]});
  EXPECT_TRUE(FromToken(next->consistency_token())->owed_request_ids.empty());
  const auto taken = coverage().Taken(2);
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_TRUE(taken[0].request_id() == token.owed_request_ids[0] ||
              taken[1].request_id() == token.owed_request_ids[0]);
}

TEST_P(RegistryWorkerTest, WhatIsOwedSurvivesARestart) {
  const std::vector<int64_t> ids = MakeVerified(1);
  coverage().Answer(absl::UnavailableError("down"));
  const auto enrolled = EnrolAll(ids).value();
  Restart();
  coverage().Answer(absl::OkStatus());
  const auto taken = coverage().Taken(1);
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].members(0).worker_id(), ids[0]);
}

TEST_P(RegistryWorkerTest, TheWorkerIdSurvivesANewNik) {
  const std::vector<int64_t> ids = MakeVerified(2);
  ASSERT_TRUE(EnrolAll({ids[0]}).ok());
  const int64_t version = Get(ids[0]).version();
  const std::string old_hash = coverage().Taken(1)[0].members(0).nik_hash();
  v1::CandidateRow row;
  row.set_nik(GoodRow(2, 4000).nik());
  const auto corrected = Correct(ids[0], row).value();
  EXPECT_EQ(corrected.worker().worker_id(), ids[0]);
  EXPECT_EQ(corrected.worker().version(), version + 1);

  v1::FindWorkerRequest find;
  find.set_nik(row.nik());
  EXPECT_EQ(Call(&Stub::FindWorker, find).value().worker().worker_id(), ids[0]);
  find.set_nik(GoodRow(2, 1).nik());
  EXPECT_EQ(ReasonOf(Call(&Stub::FindWorker, find)), Reason::kWorkerNotFound);
  const auto taken = coverage().Taken(2);
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(taken[1].members(0).worker_id(), ids[0]);
  EXPECT_NE(taken[1].members(0).nik_hash(), old_hash);
  EXPECT_EQ(taken[1].members(0).version(), version + 1);

  // The second worker's NIK is taken; the wrong one is refused; nothing changes.
  row.set_nik(GoodRow(2, 2).nik());
  EXPECT_EQ(ReasonOf(Correct(ids[0], row)), Reason::kNikTaken);
  row.set_nik("3.37201E+15");
  EXPECT_EQ(ReasonOf(Correct(ids[0], row)), Reason::kInvalidField);
  EXPECT_EQ(Get(ids[0]).version(), version + 1);
}

TEST_P(RegistryWorkerTest, ACorrectionChangesWhatItNamesAndNoMore) {
  const std::vector<int64_t> ids = MakeVerified(1);
  v1::CandidateRow row;
  row.set_full_name("Slamet Widodo");
  row.set_district("Jebres");
  row.set_occupation("Tukang becak");
  row.set_sex("P");
  const auto corrected = Correct(ids[0], row).value();
  ASSERT_THAT(corrected.findings(), SizeIs(1));
  EXPECT_EQ(corrected.findings(0).code(), v1::FINDING_CODE_NIK_SEX_DIFFERS);
  EXPECT_EQ(corrected.worker().masked_name(), "S••••• W•••••");
  EXPECT_FALSE(corrected.worker().has_personal());

  v1::GetWorkerRequest get;
  get.set_worker_id(ids[0]);
  get.set_reveal_purpose("cek berkas");
  const v1::Worker worker = Call(&Stub::GetWorker, get).value().worker();
  EXPECT_EQ(worker.region_code(), "33.72.04");
  EXPECT_EQ(worker.sector(), common::v1::SECTOR_TRANSPORT);
  EXPECT_EQ(worker.personal().full_name(), "Slamet Widodo");
  EXPECT_EQ(worker.personal().sex(), "P");
  EXPECT_EQ(worker.personal().birth_day(), 19710101);
  EXPECT_EQ(worker.personal().monthly_income_rupiah(), 900'000);
  EXPECT_EQ(worker.personal().nik(), GoodRow(2, 1).nik());
}

TEST_P(RegistryWorkerTest, RevealingIsRecordedAndMaskingIsTheRule) {
  const std::vector<int64_t> ids = MakeVerified(1);
  const v1::Worker masked = Get(ids[0]);
  EXPECT_FALSE(masked.has_personal());
  EXPECT_EQ(masked.masked_nik(), "3372••••••••0001");
  EXPECT_EQ(Count("reveals"), 0);

  v1::GetWorkerRequest request;
  request.set_worker_id(ids[0]);
  request.set_reveal_purpose("cek NIK 3372010101800002");
  EXPECT_EQ(ReasonOf(Call(&Stub::GetWorker, request)), Reason::kInvalidField);
  request.set_reveal_purpose("klaim keluarga");
  const auto shown = Call(&Stub::GetWorker, request);
  EXPECT_EQ(shown->worker().personal().full_name(), "Warga Nomor 1");
  EXPECT_EQ(
      Count(absl::StrCat(
          "reveals WHERE actor = 'budi' AND purpose = 'klaim keluarga' AND worker_id = ", ids[0])),
      1);
  request.set_worker_id(999);
  EXPECT_EQ(ReasonOf(Call(&Stub::GetWorker, request)), Reason::kWorkerNotFound);
}

TEST_P(RegistryWorkerTest, FoundByNumberAsOnTheCard) {
  const std::vector<int64_t> ids = MakeVerified(1);
  const std::string number = EnrolAll(ids).value().results(0).membership_number();
  v1::FindWorkerRequest find;
  find.set_membership_number(absl::StrCat(number.substr(0, 2), " ", number.substr(2)));
  EXPECT_EQ(Call(&Stub::FindWorker, find).value().worker().worker_id(), ids[0]);
  find.set_membership_number("19999999999");
  EXPECT_EQ(ReasonOf(Call(&Stub::FindWorker, find)), Reason::kWorkerNotFound);
  EXPECT_EQ(ReasonOf(Call(&Stub::FindWorker, v1::FindWorkerRequest())), Reason::kInvalidField);
}

TEST_P(RegistryWorkerTest, DeathAndWithdrawalReachCoverage) {
  const std::vector<int64_t> ids = MakeVerified(3);
  ASSERT_TRUE(EnrolAll({ids[0], ids[1]}).ok());
  const auto died = Death(ids[0], 20191106).value();
  EXPECT_EQ(died.worker().state(), v1::WORKER_STATE_DECEASED);
  EXPECT_EQ(FromToken(died.consistency_token())->coverage_position, 2);
  const auto withdrawn = Withdraw(ids[1], 20191201).value();
  EXPECT_EQ(withdrawn.worker().withdraw_reason(), "peserta lewat majikan");
  const auto taken = coverage().Taken(3);
  ASSERT_THAT(taken, SizeIs(3));
  EXPECT_EQ(taken[1].members(0).death_day(), 20191106);
  EXPECT_EQ(taken[2].members(0).withdraw_day(), 20191201);

  EXPECT_EQ(ReasonOf(Death(ids[0], 20191105)), Reason::kWorkerDeceased);
  EXPECT_TRUE(Death(ids[0], 20191106).ok());
  EXPECT_EQ(ReasonOf(Death(ids[1], 20191108)), Reason::kInvalidField) << "in the future";
  EXPECT_EQ(ReasonOf(Withdraw(ids[0])), Reason::kWorkerDeceased);
  EXPECT_EQ(ReasonOf(Death(999, 20191106)), Reason::kWorkerNotFound);
  // Coverage does not know who was never enrolled.
  const size_t told = coverage().Taken(0).size();
  ASSERT_TRUE(Withdraw(ids[2]).ok());
  EXPECT_THAT(coverage().Taken(0), SizeIs(told));
}

TEST_P(RegistryWorkerTest, AWithdrawnMemberComesBackThroughANewList) {
  const std::vector<int64_t> ids = MakeVerified(1);
  const std::string number = EnrolAll(ids).value().results(0).membership_number();
  ASSERT_TRUE(Withdraw(ids[0], 20191107).ok());
  const int64_t batch = MakeBatch(MakeAgency(), 1);
  const Sent sent = Send(batch, {GoodRow(2, 1)});
  EXPECT_EQ(sent.results()[0].status(), v1::ROW_STATUS_ACCEPTED);
  EXPECT_EQ(sent.results()[0].worker_id(), ids[0]);
  EXPECT_EQ(ResultReason(EnrolAll(ids).value().results(0).status()), Reason::kWorkerNotVerified);
  ASSERT_TRUE(Review(batch).ok());
  EXPECT_EQ(EnrolAll(ids).value().results(0).membership_number(), number);
  EXPECT_EQ(Get(ids[0]).withdraw_reason(), "");
  const auto taken = coverage().Taken(3);
  ASSERT_THAT(taken, SizeIs(3));
  EXPECT_EQ(taken[1].members(0).withdraw_day(), 20191107);
  EXPECT_EQ(taken[2].members(0).withdraw_day(), 0);
  EXPECT_GT(taken[2].members(0).version(), taken[1].members(0).version());
}

TEST_P(RegistryWorkerTest, ListsWorkersForAllocation) {
  const std::vector<int64_t> ids = MakeVerified(25);
  ASSERT_TRUE(EnrolAll({ids[0]}).ok());
  v1::ListWorkersRequest request;
  request.set_state(v1::WORKER_STATE_VERIFIED);
  request.set_region_code("33.72");
  request.set_page_size(10);
  std::vector<v1::WorkerSummary> listed;
  do {
    const auto page = Call(&Stub::ListWorkers, request).value();
    for (const v1::WorkerSummary& worker : page.workers()) listed.push_back(worker);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_THAT(listed, SizeIs(24));
  for (size_t i = 0; i < listed.size(); ++i) {
    EXPECT_EQ(listed[i].worker_id(), ids[i + 1]);
    EXPECT_EQ(listed[i].disabled(), (i + 2) % 10 == 0);
    EXPECT_EQ(listed[i].age_years(), 49 - static_cast<int>(i + 2) % 20) << "by their birth";
    EXPECT_EQ(listed[i].monthly_income_rupiah(), 900'000);
    EXPECT_EQ(listed[i].region_code(), "33.72.01");
  }
  request.set_as_of_day(20200101);
  request.set_page_size(1);
  EXPECT_EQ(Call(&Stub::ListWorkers, request).value().workers(0).age_years(), 48);
  request.set_region_code("33.7");  // no prefix of letters, only of whole parts
  EXPECT_THAT(Call(&Stub::ListWorkers, request).value().workers(), SizeIs(0));
  request.set_region_code("33.72.04");
  EXPECT_THAT(Call(&Stub::ListWorkers, request).value().workers(), SizeIs(0));
  request.set_region_code("%");
  EXPECT_EQ(ReasonOf(Call(&Stub::ListWorkers, request)), Reason::kInvalidField);
  v1::ListWorkersRequest all;
  all.set_batch_id(1);
  EXPECT_THAT(Call(&Stub::ListWorkers, all).value().workers(), SizeIs(25));
  all.set_page_size(5'001);
  EXPECT_EQ(ReasonOf(Call(&Stub::ListWorkers, all)), Reason::kInvalidField);
}

TEST_P(RegistryWorkerTest, CardsAreIssuedOnce) {
  const std::vector<int64_t> ids = MakeVerified(2);
  const std::string number = EnrolAll({ids[0]}).value().results(0).membership_number();
  const auto issued = IssueCards({ids[0], ids[1], 999}).value();
  const v1::Card& card = issued.results(0).card();
  EXPECT_EQ(card.card_number(), absl::StrCat(number, "-1"));
  EXPECT_EQ(card.issued_by(), "budi");
  EXPECT_EQ(ResultReason(issued.results(1).status()), Reason::kWorkerNotVerified);
  EXPECT_EQ(ResultReason(issued.results(2).status()), Reason::kWorkerNotFound);
  clock().Advance(absl::Hours(1));
  const auto again = IssueCards({ids[0]});
  EXPECT_EQ(again->results(0).card().SerializeAsString(), card.SerializeAsString());
  EXPECT_EQ(Count("cards"), 1);

  v1::GetCardRequest get;
  get.set_worker_id(ids[0]);
  EXPECT_EQ(Call(&Stub::GetCard, get).value().card().SerializeAsString(), card.SerializeAsString());
  get.set_worker_id(ids[1]);
  EXPECT_EQ(ReasonOf(Call(&Stub::GetCard, get)), Reason::kCardNotFound);
  get.set_worker_id(999);
  EXPECT_EQ(ReasonOf(Call(&Stub::GetCard, get)), Reason::kWorkerNotFound);
}

}  // namespace
}  // namespace lingkaran::registry
