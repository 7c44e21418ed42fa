// AllocatePledge for named workers: many calls, few commits, a verdict for each.
#include <atomic>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/random.h"
#include "services/sponsorship/store/allocations.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/seats.h"
#include "services/sponsorship/store/store.h"
#include "sponsorship_schema.h"
#include "tests/support/gate.h"
#include "tests/support/sponsorship_host.h"
#include "tests/support/test_database.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;
using Answer = absl::StatusOr<v1::AllocatePledgeResponse>;
constexpr char kClaimed[] = "rpc/AllocatePledge/claimed";
constexpr char kBooked[] = "rpc/AllocatePledge/booked";
constexpr char kCommitted[] = "rpc/AllocatePledge/committed";

// What every caller asks and is told.
struct Asked {
  std::vector<int64_t> workers;
  std::string request_id = NewRequestId();
  Answer answer = absl::UnknownError("not answered");
};

class SponsorshipDeskTest : public DatabaseTest {
 protected:
  SponsorshipDeskTest() : DatabaseTest(Schema()), host_(db()) {}
  ~SponsorshipDeskTest() override { SetFailPointHook(nullptr); }

  // The calls stand in line behind one that is held up, and so form a group in this order. `then`
  // is called at each fail point that the group comes by.
  void AskTogether(int64_t pledge, std::vector<Asked>& calls,
                   std::function<void(const std::string&)> then = nullptr) {
    std::atomic<bool> held{false};
    std::atomic<bool> open{false};
    std::atomic<bool> group{false};
    SetFailPointHook([&](const std::string& place) {
      if (group && then) return then(place);
      if (place == kClaimed && !held.exchange(true)) {
        while (!open) std::this_thread::yield();
      }
      if (place == kCommitted) group = true;
    });
    std::vector<std::thread> threads;
    threads.emplace_back(
        [&] { EXPECT_TRUE(host_.Allocate(pledge, {first_++}, NewRequestId()).ok()); });
    while (!held) std::this_thread::yield();
    for (size_t i = 0; i < calls.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          calls[i].answer = host_.Allocate(pledge, calls[i].workers, calls[i].request_id);
        } catch (const Crash&) {
          calls[i].answer = absl::CancelledError("died");
        }
      });
      while (host_.InLine(pledge) <= i) std::this_thread::yield();
    }
    open = true;
    for (std::thread& thread : threads) thread.join();
    SetFailPointHook(nullptr);
  }

  // Rows of a table.
  int64_t Count(const std::string& what) { return lingkaran::Count(db(), what); }

  void ExpectReserved(int64_t pledge, int seats) {
    const PledgeRow row = host_.Pledge(pledge);
    EXPECT_EQ(row.funds.reserved, Rupiah(SponsorshipHost::kSeatPrice) * seats);
    EXPECT_TRUE(row.funds.Closes());
    EXPECT_EQ(Count("seats WHERE busy < 0"), seats);
    const absl::Status closes = db().Read([](Tx& tx) { return AuditLedger(tx); });
    EXPECT_TRUE(closes.ok()) << closes;
  }

  struct Crash {};
  SponsorshipHost host_;
  std::atomic<int64_t> first_{900};  // workers of the calls that are held up
};
LINGKARAN_ON_BOTH_DATABASES(SponsorshipDeskTest);

TEST_P(SponsorshipDeskTest, CallsThatComeTogetherShareACommit) {
  const int64_t pledge = host_.PaidPledge(50, 50);
  std::vector<Asked> calls(20);
  for (int i = 0; i < 20; ++i) calls[i].workers = {100 + i};
  AskTogether(pledge, calls);
  for (const Asked& call : calls) {
    ASSERT_TRUE(call.answer.ok()) << call.answer.status();
    EXPECT_EQ(call.answer->allocation().allocation_id(), 1);
    EXPECT_EQ(call.answer->allocation().seats_wanted(), 21);
  }
  EXPECT_EQ(Count("outbox"), 2);
  EXPECT_EQ(Count("ledger_entries WHERE kind = 'reserve'"), 2 * 2);
  EXPECT_EQ(Count("events"), 21);
  EXPECT_EQ(Count("requests"), 21);
  EXPECT_EQ(Count("allocations"), 1);
  EXPECT_EQ(host_.Allocation(1).chunks, 2);
  EXPECT_EQ(host_.Allocation(1).candidates, 21);
  ExpectReserved(pledge, 21);
  // In the order of their coming.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(
        Count(absl::StrCat("seats WHERE seat_number = ", i + 2, " AND next_worker_id = ", 100 + i)),
        1);
  }
}

TEST_P(SponsorshipDeskTest, EachCallHasItsOwnVerdictAndARefusedOneFailsNobody) {
  const int64_t pledge = host_.PaidPledge(6, 5);  // one goes to the call that is held up
  std::vector<Asked> calls(6);
  calls[0].workers = {1, 2};
  calls[1].workers = {3, 2};  // 2 is about to get a seat
  calls[2].workers = {3, 4, 5};
  calls[3].workers = {3};
  calls[4].workers = {4};
  calls[5].workers = {5};
  AskTogether(pledge, calls);
  std::vector<Reason> reasons;
  for (const Asked& call : calls) reasons.push_back(ReasonOf(call.answer.status()));
  EXPECT_EQ(reasons, (std::vector<Reason>{Reason::kUnspecified, Reason::kSeatHeld,
                                          Reason::kFundsExhausted, Reason::kUnspecified,
                                          Reason::kUnspecified, Reason::kFundsExhausted}));
  ExpectReserved(pledge, 5);
  // A refused call keeps nothing: the same request_id may be asked again.
  EXPECT_EQ(Count("requests"), 4);
  EXPECT_EQ(Count("events"), 4);
  EXPECT_EQ(ReasonOf(host_.Allocate(pledge, {3}, calls[2].request_id).status()), Reason::kSeatHeld);
}

TEST_P(SponsorshipDeskTest, SeatsRunOutBeforeMoneyDoes) {
  const int64_t pledge = host_.PaidPledge(2, 2);
  EXPECT_TRUE(host_.Allocate(pledge, {1}, NewRequestId()).ok());
  EXPECT_EQ(ReasonOf(host_.Allocate(pledge, {2, 3}, NewRequestId()).status()),
            Reason::kSeatsExhausted);
  EXPECT_TRUE(host_.Allocate(pledge, {2}, NewRequestId()).ok());
  ExpectReserved(pledge, 2);
}

TEST_P(SponsorshipDeskTest, ARequestIdCountsOnceAlsoWithinAGroup) {
  const int64_t pledge = host_.PaidPledge(50, 50);
  const Answer before = host_.Allocate(pledge, {1}, "kept before");
  ASSERT_TRUE(before.ok()) << before.status();
  std::vector<Asked> calls(7);
  calls[0] = {{1}, "kept before"};
  calls[1] = {{2}, "kept before"};
  calls[2] = {{3}, "twice"};
  calls[3] = {{3}, "twice"};
  calls[4] = {{4}, "twice"};
  calls[5] = {{5, 1}, "refused twice"};
  calls[6] = {{5, 1}, "refused twice"};
  AskTogether(pledge, calls);
  EXPECT_EQ(calls[0].answer->SerializeAsString(), before->SerializeAsString());
  EXPECT_EQ(ReasonOf(calls[1].answer.status()), Reason::kRequestIdReused);
  ASSERT_TRUE(calls[2].answer.ok() && calls[3].answer.ok());
  EXPECT_EQ(calls[3].answer->SerializeAsString(), calls[2].answer->SerializeAsString());
  EXPECT_EQ(ReasonOf(calls[4].answer.status()), Reason::kRequestIdReused);
  EXPECT_EQ(ReasonOf(calls[5].answer.status()), Reason::kSeatHeld);
  EXPECT_EQ(ReasonOf(calls[6].answer.status()), Reason::kSeatHeld);
  ExpectReserved(pledge, 3);
  EXPECT_EQ(host_.Allocate(pledge, {3}, "twice")->SerializeAsString(),
            calls[2].answer->SerializeAsString());
  EXPECT_EQ(ReasonOf(host_.Allocate(pledge, {4}, "twice").status()), Reason::kRequestIdReused);
  ExpectReserved(pledge, 3);
}

TEST_P(SponsorshipDeskTest, SixteenCallersWithOneIdGetOneSeat) {
  const int64_t pledge = host_.PaidPledge(50, 50);
  // A second batcher, as another process has it, on the same database.
  const std::unique_ptr<sql::Database> again = OpenAgain();
  SponsorshipHost other(*again);
  for (int round = 0; round < 5; ++round) {
    std::vector<Answer> answers(16, absl::UnknownError(""));
    const std::string id = NewRequestId();
    OnThreads(16, [&](int i) {
      answers[i] = (i % 2 == 0 ? host_ : other).Allocate(pledge, {round + 1}, id);
    });
    for (const Answer& answer : answers) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->SerializeAsString(), answers[0]->SerializeAsString());
    }
    ExpectReserved(pledge, round + 1);
  }
}

// The id comes in by another method, whose transaction is open when the group looks.
TEST_P(SponsorshipDeskTest, AnIdThatIsTakenMeanwhileFailsItsOwnCallOnly) {
  const int64_t pledge = host_.PaidPledge(50, 50);
  std::vector<Asked> calls(2);
  calls[0] = {{1}, "taken"};
  calls[1] = {{2}, "free"};
  const std::unique_ptr<sql::Database> again = OpenAgain();
  std::thread rival;
  std::atomic<bool> written{false};
  int looks = 0;
  AskTogether(pledge, calls, [&](const std::string& place) {
    if (place != kClaimed || ++looks > 1 || GetParam() == sql::Dialect::kSqlite) return;
    rival = std::thread([&] {
      const absl::Status status = again->Write([&](Tx& tx) {
        tx.db() << "INSERT INTO requests (request_id, method, fingerprint, reply, record_time) "
                   "VALUES ('taken', 'other', 'x', '', 1)";
        written = true;
        return absl::OkStatus();
      });
      EXPECT_TRUE(status.ok()) << status;
    });
    while (!written) std::this_thread::yield();
  });
  if (GetParam() == sql::Dialect::kSqlite) {  // one writer: nobody comes between
    EXPECT_TRUE(calls[0].answer.ok() && calls[1].answer.ok());
    return;
  }
  rival.join();
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(ReasonOf(calls[0].answer.status()), Reason::kRequestIdReused)
      << calls[0].answer.status();
  EXPECT_TRUE(calls[1].answer.ok()) << calls[1].answer.status();
  ExpectReserved(pledge, 2);
}

TEST_P(SponsorshipDeskTest, AGroupThatFailsIsAskedAgain) {
  const int64_t pledge = host_.PaidPledge(50, 50);
  std::vector<Asked> calls(3);
  for (int i = 0; i < 3; ++i) calls[i].workers = {i + 1};
  AskTogether(pledge, calls, [](const std::string& place) {
    if (place == kBooked) throw std::runtime_error("the store fails");
  });
  for (Asked& call : calls) EXPECT_FALSE(call.answer.ok());
  ExpectReserved(pledge, 1);
  for (Asked& call : calls) {
    EXPECT_TRUE(host_.Allocate(pledge, call.workers, call.request_id).ok());
  }
  ExpectReserved(pledge, 4);
}

// As kill -9 does, once before and once after the commit: whoever was in the group is told that
// nothing is known, and learns it by asking again.
TEST_P(SponsorshipDeskTest, ALeaderThatDiesLeavesNobodyInDoubtForEver) {
  for (const char* place : {kClaimed, kBooked, kCommitted}) {
    const int64_t pledge = host_.PaidPledge(50, 50);
    std::vector<Asked> calls(4);
    for (int i = 0; i < 4; ++i) calls[i].workers = {i + 1};
    AskTogether(pledge, calls, [&](const std::string& at) {
      if (at == place) throw Crash();
    });
    int died = 0;
    for (const Asked& call : calls) {
      died += absl::IsCancelled(call.answer.status());
      if (absl::IsCancelled(call.answer.status())) continue;
      EXPECT_EQ(ReasonOf(call.answer.status()), Reason::kStoreUnavailable) << call.answer.status();
    }
    EXPECT_EQ(died, 1) << place;
    const bool stands = place == std::string(kCommitted);
    EXPECT_EQ(host_.Pledge(pledge).funds.reserved,
              Rupiah(SponsorshipHost::kSeatPrice) * (stands ? 5 : 1));
    for (Asked& call : calls) {
      EXPECT_TRUE(host_.Allocate(pledge, call.workers, call.request_id).ok());
    }
    EXPECT_EQ(host_.Pledge(pledge).funds.reserved, Rupiah(SponsorshipHost::kSeatPrice) * 5);
  }
}

TEST_P(SponsorshipDeskTest, OnlyAPledgeThatIsOpenForItTakesNames) {
  EXPECT_EQ(ReasonOf(host_.Allocate(99, {1}, NewRequestId()).status()), Reason::kPledgeNotFound);
  const int64_t unpaid = host_.PaidPledge(5, 0);
  EXPECT_EQ(ReasonOf(host_.Allocate(unpaid, {1}, NewRequestId()).status()),
            Reason::kFundsExhausted);
  const int64_t drawn = host_.PaidPledge(5, 5);
  ASSERT_TRUE(host_.Draw(drawn, "solo").ok());
  EXPECT_EQ(ReasonOf(host_.Allocate(drawn, {1}, NewRequestId()).status()),
            Reason::kAllocationRunning);
  const int64_t named = host_.PaidPledge(5, 5);
  ASSERT_TRUE(host_.Allocate(named, {1}, NewRequestId()).ok());
  EXPECT_EQ(ReasonOf(host_.Draw(named, "solo").status()), Reason::kAllocationRunning);
  // Its last day is over: what is left is on its way to its end, and nobody joins it.
  host_.clock().Advance(absl::Hours(24 * 8));
  EXPECT_EQ(ReasonOf(host_.Allocate(named, {2}, NewRequestId()).status()),
            Reason::kAllocationRunning);
  const int64_t cancelled = host_.PaidPledge(5, 5);
  ASSERT_TRUE(db().Write([&](Tx& tx) {
                    SetCancelled(tx, cancelled, Rupiah());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(ReasonOf(host_.Allocate(cancelled, {1}, NewRequestId()).status()),
            Reason::kPledgeState);
}

TEST_P(SponsorshipDeskTest, WhoseTimeIsOverIsNotServed) {
  const int64_t pledge = host_.PaidPledge(5, 5);
  EXPECT_EQ(ReasonOf(host_.Allocate(pledge, {1}, "late", absl::Now() - absl::Seconds(1)).status()),
            Reason::kDeadlinePassed);
  EXPECT_EQ(Count("requests"), 0);
}

TEST_P(SponsorshipDeskTest, ManyCallersNeverGetMoreThanThereIs) {
  const int64_t pledge = host_.PaidPledge(200, 120);
  const std::unique_ptr<sql::Database> again = OpenAgain();
  SponsorshipHost other(*again, nullptr, {.calls = 7, .weight = 10});
  std::atomic<int> given{0};
  OnThreads(16, [&](int t) {
    SponsorshipHost& host = t % 2 == 0 ? host_ : other;
    for (int i = 0; i < 20; ++i) {
      // Workers are asked for by several at once.
      const int64_t worker = 1 + (t / 2 * 20 + i);
      const Answer answer = host.Allocate(pledge, {worker}, NewRequestId());
      if (answer.ok()) {
        ++given;
        continue;
      }
      const Reason reason = ReasonOf(answer.status());
      EXPECT_TRUE(reason == Reason::kSeatHeld || reason == Reason::kFundsExhausted)
          << answer.status();
    }
  });
  EXPECT_EQ(given, 120);
  ExpectReserved(pledge, 120);
  EXPECT_EQ(host_.Pledge(pledge).funds.available, Rupiah());
}

}  // namespace
}  // namespace lingkaran::sponsorship
