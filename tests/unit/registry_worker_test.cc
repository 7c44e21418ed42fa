// What may happen to a worker, and how personal data are masked.
#include "services/registry/domain/worker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/base/error.h"
#include "services/registry/domain/person.h"

namespace lingkaran::registry {
namespace {

Worker In(WorkerState state) {
  Worker worker;
  worker.worker_id = 17;
  worker.state = state;
  return worker;
}

TEST(EnrolTest, OnlyVerifiedWorkersBecomeMembers) {
  EXPECT_TRUE(MayEnrol(In(WorkerState::kVerified)).ok());
  EXPECT_TRUE(MayEnrol(In(WorkerState::kEnrolled)).ok()) << "to repeat it is harmless";
  const auto reason = [](WorkerState state) { return ReasonOf(MayEnrol(In(state))); };
  EXPECT_EQ(reason(WorkerState::kProposed), Reason::kWorkerNotVerified);
  EXPECT_EQ(reason(WorkerState::kRefused), Reason::kWorkerNotVerified);
  EXPECT_EQ(reason(WorkerState::kWithdrawn), Reason::kWorkerWithdrawn);
  EXPECT_EQ(reason(WorkerState::kDeceased), Reason::kWorkerDeceased);
  EXPECT_EQ(reason(WorkerState::kMemberElsewhere), Reason::kAlreadyMember);
}

TEST(DeathTest, IsRecordedOnce) {
  Worker worker = In(WorkerState::kEnrolled);
  const Day today(2019, 12, 5);
  EXPECT_EQ(ReasonOf(ReportDeath(worker, today + 1, today, 19801107).status()),
            Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(ReportDeath(worker, Day(1980, 11, 6), today, 19801107).status()),
            Reason::kInvalidField);
  EXPECT_EQ(worker.version, 1);
  EXPECT_TRUE(*ReportDeath(worker, today, today, 19801107));
  EXPECT_EQ(worker.state, WorkerState::kDeceased);
  EXPECT_EQ(worker.version, 2);
  EXPECT_FALSE(*ReportDeath(worker, today, today, 19801107));
  EXPECT_EQ(ReasonOf(ReportDeath(worker, today - 1, today, 19801107).status()),
            Reason::kWorkerDeceased);
  EXPECT_EQ(ReasonOf(Withdraw(worker, today, "meninggal").status()), Reason::kWorkerDeceased);
  EXPECT_EQ(worker.version, 2);
}

TEST(WithdrawTest, ALaterCallMayMoveTheDay) {
  Worker worker = In(WorkerState::kEnrolled);
  EXPECT_TRUE(*Withdraw(worker, Day(2019, 12, 1), "peserta lewat majikan"));
  EXPECT_FALSE(*Withdraw(worker, Day(2019, 12, 1), "peserta lewat majikan"));
  EXPECT_TRUE(*Withdraw(worker, Day(2019, 11, 15), "peserta lewat majikan"));
  EXPECT_EQ(worker.withdraw_day, 20191115);
  EXPECT_EQ(worker.version, 3);
}

TEST(MembershipNumberTest, HasElevenDigitsWithACheckDigit) {
  EXPECT_TRUE(rc::check("Luhn's sum is a multiple of ten", [] {
    const int64_t sequence = *rc::gen::inRange<int64_t>(1, 100'000'000);
    const std::string number = *MembershipNumber(2019, sequence);
    RC_ASSERT(number.size() == 11u);
    RC_ASSERT(number.substr(0, 2) == "19");
    int sum = 0;
    for (size_t i = 0; i < number.size(); ++i) {
      int digit = number[number.size() - 1 - i] - '0';
      if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
      sum += digit;
    }
    RC_ASSERT(sum % 10 == 0);
    RC_ASSERT(ReadMembershipNumber(number) == number);
  }));
  EXPECT_FALSE(MembershipNumber(2019, 0).ok());
  EXPECT_FALSE(MembershipNumber(2019, 100'000'000).ok());
}

TEST(MembershipNumberTest, ReadsNumbersFromElsewhere) {
  EXPECT_EQ(ReadMembershipNumber(" 19-000.000 019 "), "19000000019");
  EXPECT_EQ(ReadMembershipNumber("ab12345"), "AB12345");
  EXPECT_EQ(ReadMembershipNumber("123"), "");
  EXPECT_EQ(ReadMembershipNumber("19/000"), "");
  EXPECT_EQ(ReadMembershipNumber("3372010711800001"), "") << "a NIK is no membership number";
}

TEST(CardTest, OnlyMembersHaveOne) {
  EXPECT_TRUE(MayHaveCard(In(WorkerState::kEnrolled)).ok());
  for (const WorkerState state :
       {WorkerState::kProposed, WorkerState::kVerified, WorkerState::kRefused}) {
    EXPECT_EQ(ReasonOf(MayHaveCard(In(state))), Reason::kWorkerNotVerified);
  }
  EXPECT_EQ(ReasonOf(MayHaveCard(In(WorkerState::kDeceased))), Reason::kWorkerDeceased);
  EXPECT_EQ((Card{17, "19000000019", 1, absl::UnixEpoch(), "siti"}).CardNumber(), "19000000019-1");
}

TEST(MaskTest, ShowsNoMoreThanItMust) {
  EXPECT_EQ(MaskNik("3372010711800001"), "3372••••••••0001");
  EXPECT_EQ(MaskNik("123"), "");
  EXPECT_EQ(MaskName("Siti  Wahyu"), "S••• W••••");
  EXPECT_EQ(MaskName("Ünal"), "Ü•••");
  EXPECT_EQ(MaskName(""), "");
}

}  // namespace
}  // namespace lingkaran::registry
