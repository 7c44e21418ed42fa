// The chain that fills seats, step by step, against peers that refuse, lose answers and come back
// too late: who gets a seat, where the money is, and what an operator reads of it.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "services/sponsorship/store/ledger_entries.h"
#include "services/sponsorship/store/replacements.h"
#include "services/sponsorship/store/seats.h"
#include "services/sponsorship/store/store.h"
#include "sponsorship_schema.h"
#include "tests/support/fake_peers.h"
#include "tests/support/sponsorship_host.h"
#include "tests/support/test_database.h"

namespace lingkaran::sponsorship {
namespace {

using sql::Tx;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr int64_t kSeat = SponsorshipHost::kSeatPrice;

class SponsorshipProcessTest : public DatabaseTest {
 protected:
  SponsorshipProcessTest() : DatabaseTest(Schema()), host_(db(), &peers_) {}

  int64_t Name(int64_t pledge, const std::vector<int64_t>& workers) {
    const auto answer = host_.Allocate(pledge, workers, NewRequestId());
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->allocation().allocation_id() : 0;
  }

  int64_t Draw(int64_t pledge, const std::string& seed = "solo") {
    const absl::StatusOr<int64_t> id = host_.Draw(pledge, seed);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }

  // Delivers until nothing is due any more; what failed gets its time to be due again.
  void DeliverAll() {
    for (int i = 0; i < 3; ++i) {
      host_.Deliver();
      host_.WaitOut(absl::Minutes(1));
    }
  }

  std::map<int64_t, std::string> Refused(int64_t allocation) {
    std::map<int64_t, std::string> reasons;
    for (const RefusalRow& one : host_.Refusals(allocation)) {
      reasons[one.worker_id] = one.reason;
      EXPECT_FALSE(one.message.empty());
    }
    return reasons;
  }

  std::vector<int64_t> Holders(int64_t pledge) {
    std::vector<int64_t> holders;
    EXPECT_TRUE(db().Read([&](Tx& tx) {
                      for (const auto& [worker, day] : ListHolders(tx, pledge)) {
                        holders.push_back(worker);
                      }
                      return absl::OkStatus();
                    })
                    .ok());
    return holders;
  }

  // Nothing is under way, the ledger closes, and what is spent stands at coverage.
  void ExpectSettled(int64_t pledge, int seats_spent, int seats_available) {
    const Funds funds = host_.Pledge(pledge).funds;
    EXPECT_EQ(funds.reserved, Rupiah());
    EXPECT_EQ(funds.spent, Rupiah(kSeat) * seats_spent);
    EXPECT_EQ(funds.available, Rupiah(kSeat) * seats_available);
    EXPECT_TRUE(funds.Closes());
    const absl::Status closes = db().Read([](Tx& tx) { return AuditLedger(tx); });
    EXPECT_TRUE(closes.ok()) << closes;
  }

  void PayMore(int64_t pledge, Rupiah amount) {
    EXPECT_TRUE(db().Write([&](Tx& tx) -> absl::Status {
                      AddReceived(tx, pledge, amount);
                      return Post(tx, Payment(pledge, 1, amount, Rupiah(), "BRI-2"),
                                  host_.clock().Now());
                    })
                    .ok());
  }

  void PassTheLastDay() { host_.clock().Advance(absl::Hours(24 * 8)); }

  FakePeers peers_;
  SponsorshipHost host_;
};
LINGKARAN_ON_BOTH_DATABASES(SponsorshipProcessTest);

TEST_P(SponsorshipProcessTest, NamedWorkersAreEnrolledAndCovered) {
  const int64_t pledge = host_.PaidPledge(5, 4);
  const int64_t allocation = Name(pledge, {7, 5});
  EXPECT_EQ(Name(pledge, {6}), allocation);
  DeliverAll();
  const AllocationRow row = host_.Allocation(allocation);
  EXPECT_EQ(row.state, AllocationState::kComplete);
  EXPECT_EQ(row.seats_wanted, 3);
  EXPECT_EQ(row.seats_filled, 3);
  EXPECT_EQ(row.person_months, 6);
  EXPECT_THAT(Holders(pledge), ElementsAre(5, 6, 7));
  EXPECT_THAT(peers_.enrolled, ElementsAre(5, 6, 7));
  ExpectSettled(pledge, 3, 1);
  // The next one is another allocation; it has no draw, so there is no reserve list.
  EXPECT_NE(Name(pledge, {8}), allocation);
  DeliverAll();
  ExpectSettled(pledge, 4, 0);
}

TEST_P(SponsorshipProcessTest, ARefusedNameIsListedAndItsSeatIsFree) {
  const int64_t pledge = host_.PaidPledge(4, 4);
  peers_.verified = {1, 2, 3, 4, 5, 6};
  peers_.enrolment[2] = Error(absl::StatusCode::kFailedPrecondition, Reason::kWorkerDeceased, "x");
  peers_.activation[3] = Error(absl::StatusCode::kFailedPrecondition, Reason::kAfterDeath, "x");
  const int64_t allocation = Name(pledge, {1, 2, 3});
  DeliverAll();
  EXPECT_EQ(host_.Allocation(allocation).state, AllocationState::kShort);
  EXPECT_EQ(host_.Allocation(allocation).refused, 2);
  EXPECT_THAT(Refused(allocation), UnorderedElementsAre(testing::Pair(2, "WORKER_DECEASED"),
                                                        testing::Pair(3, "AFTER_DEATH")));
  EXPECT_THAT(Holders(pledge), ElementsAre(1));
  ExpectSettled(pledge, 1, 3);
  // Nobody follows them; the next who is named gets the free seat, and so does a draw.
  Name(pledge, {4});
  DeliverAll();
  EXPECT_THAT(Holders(pledge), ElementsAre(1, 4));
  const int64_t drawn = Draw(pledge);
  DeliverAll();
  EXPECT_EQ(host_.Allocation(drawn).state, AllocationState::kComplete);
  EXPECT_THAT(Holders(pledge), testing::SizeIs(4));
  ExpectSettled(pledge, 4, 0);
}

TEST_P(SponsorshipProcessTest, AReservationThatWasNeverSentEndsByItsDate) {
  const int64_t pledge = host_.PaidPledge(3, 3);
  const int64_t allocation = Name(pledge, {1, 2});
  peers_.away = true;
  DeliverAll();
  EXPECT_EQ(host_.Pledge(pledge).funds.reserved, Rupiah(kSeat) * 2);
  PassTheLastDay();
  DeliverAll();  // nobody can say yet whether it arrived
  EXPECT_EQ(host_.Pledge(pledge).funds.reserved, Rupiah(kSeat) * 2);
  peers_.away = false;
  peers_.old_registry = true;  // in a rolling upgrade
  DeliverAll();
  EXPECT_EQ(host_.Pledge(pledge).funds.reserved, Rupiah(kSeat) * 2);
  peers_.old_registry = false;
  peers_.later_registry = true;
  DeliverAll();
  EXPECT_EQ(host_.Pledge(pledge).funds.reserved, Rupiah(kSeat) * 2) << "no answer is not a no";
  peers_.later_registry = false;
  DeliverAll();
  EXPECT_EQ(host_.Allocation(allocation).state, AllocationState::kShort);
  EXPECT_THAT(Refused(allocation), UnorderedElementsAre(testing::Pair(1, "RESERVATION_ENDED"),
                                                        testing::Pair(2, "RESERVATION_ENDED")));
  EXPECT_THAT(peers_.enrolled, IsEmpty());
  ExpectSettled(pledge, 0, 3);
}

TEST_P(SponsorshipProcessTest, WhoWasEnrolledInTimeIsCoveredAfterTheLastDay) {
  const int64_t pledge = host_.PaidPledge(3, 3);
  const int64_t allocation = Name(pledge, {1, 2});
  peers_.lose_next = true;  // enrolled, but we never heard of it
  host_.Deliver(1);
  EXPECT_THAT(peers_.enrolled, ElementsAre(1, 2));
  PassTheLastDay();
  DeliverAll();
  EXPECT_EQ(host_.Allocation(allocation).state, AllocationState::kComplete);
  EXPECT_THAT(Holders(pledge), ElementsAre(1, 2));
  ExpectSettled(pledge, 2, 1);
}

// The clock is set back after the registry was told that nobody comes any more.
TEST_P(SponsorshipProcessTest, AnEndedReservationStaysEnded) {
  const int64_t pledge = host_.PaidPledge(3, 3);
  const int64_t allocation = Name(pledge, {1, 2});
  PassTheLastDay();
  peers_.lose_next = true;
  host_.Deliver(1);
  host_.clock().Advance(-absl::Hours(24 * 8));
  DeliverAll();
  EXPECT_THAT(Refused(allocation), testing::SizeIs(2));
  EXPECT_THAT(peers_.enrolled, IsEmpty());
  ExpectSettled(pledge, 0, 3);
}

TEST_P(SponsorshipProcessTest, ADrawEndsAtAPriceThatCoverageRefuses) {
  const int64_t pledge = host_.PaidPledge(2, 2);
  for (int64_t worker = 1; worker <= 20; ++worker) {
    peers_.verified.push_back(worker);
    peers_.activation[worker] =
        Error(absl::StatusCode::kInvalidArgument, Reason::kContributionMismatch, "another price");
  }
  const int64_t allocation = Draw(pledge);
  DeliverAll();
  EXPECT_EQ(host_.Allocation(allocation).state, AllocationState::kShort);
  EXPECT_EQ(host_.Allocation(allocation).refused, 2);  // the other 18 were spared
  EXPECT_EQ(host_.Allocation(allocation).candidates, 20);
  EXPECT_EQ(peers_.enrolled.size(), 2u);
  ExpectSettled(pledge, 0, 2);
}

// Two chunks are under way; the first meets the fault before the second is sent.
TEST_P(SponsorshipProcessTest, AChunkBehindAPriceFaultIsNotSent) {
  const int64_t pledge = host_.PaidPledge(10, 10);
  const int64_t allocation = Name(pledge, {1});
  host_.Deliver(1);  // 1 is enrolled
  Name(pledge, {2});
  peers_.activation[1] =
      Error(absl::StatusCode::kInvalidArgument, Reason::kContributionMismatch, "another price");
  DeliverAll();
  const std::map<int64_t, std::string> refused = Refused(allocation);
  EXPECT_EQ(refused.at(1), "CONTRIBUTION_MISMATCH");
  EXPECT_EQ(refused.at(2), "RESERVATION_ENDED");
  EXPECT_THAT(peers_.enrolled, ElementsAre(1));
  ExpectSettled(pledge, 0, 10);
}

// Money for a further month has come, but the holder of the seat can't be covered for it.
TEST_P(SponsorshipProcessTest, ASeatThatIsLeftOpenIsNoCompletion) {
  const int64_t pledge = host_.MakePledge(1, Rupiah(10'000));  // JKK of one seat
  peers_.verified = {1};
  const int64_t first = Draw(pledge);
  DeliverAll();
  EXPECT_EQ(host_.Allocation(first).state, AllocationState::kComplete);
  PayMore(pledge, Rupiah(6'800));
  peers_.activation[1] = Error(absl::StatusCode::kFailedPrecondition, Reason::kAfterDeath, "x");
  const int64_t second = Draw(pledge, "lagi");
  DeliverAll();
  EXPECT_EQ(host_.Allocation(second).state, AllocationState::kShort);
  EXPECT_EQ(host_.Pledge(pledge).funds.available, Rupiah(6'800));
  // What stood in the way is over.
  peers_.activation.clear();
  const int64_t third = Draw(pledge, "lagi");
  DeliverAll();
  EXPECT_EQ(host_.Allocation(third).state, AllocationState::kComplete);
  ExpectSettled(pledge, 1, 0);
}

// The reserve list of the first draw and the list of a second one, read before the enrolment, hold
// the same worker.
TEST_P(SponsorshipProcessTest, WhoIsDrawnTwiceGetsOneSeat) {
  const int64_t pledge = host_.PaidPledge(4, 2);
  peers_.verified = {1, 2, 3};
  Draw(pledge);
  DeliverAll();
  const std::vector<int64_t> held = Holders(pledge);
  ASSERT_EQ(held.size(), 2u);
  const int64_t reserve = 6 - held[0] - held[1];
  PayMore(pledge, Rupiah(kSeat) * 2);
  ASSERT_TRUE(host_.Replace(pledge, {held[0]}).ok());
  host_.Deliver(1);  // taken back; the reserve is next
  peers_.verified = {1, 2, 3, 4};
  peers_.stale_list = true;
  const int64_t second = Draw(pledge, "lagi");
  DeliverAll();
  EXPECT_THAT(Holders(pledge), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Refused(second), UnorderedElementsAre(testing::Pair(held[1], "SEAT_HELD"),
                                                    testing::Pair(reserve, "SEAT_HELD")));
  EXPECT_EQ(host_.Allocation(second).state, AllocationState::kComplete);
  ExpectSettled(pledge, 4, 0);
}

// Who stands on the reserve list has been given a seat by name meanwhile.
TEST_P(SponsorshipProcessTest, AReplacementPassesOverWhoHasASeat) {
  const int64_t pledge = host_.PaidPledge(4, 2);
  peers_.verified = {1, 2, 3};
  const int64_t draw = Draw(pledge);
  DeliverAll();
  const std::vector<int64_t> held = Holders(pledge);
  const int64_t reserve = 6 - held[0] - held[1];
  PayMore(pledge, Rupiah(kSeat));
  Name(pledge, {reserve});
  DeliverAll();
  ASSERT_TRUE(host_.Replace(pledge, {held[0]}).ok());
  DeliverAll();
  EXPECT_THAT(Holders(pledge), UnorderedElementsAre(held[1], reserve));
  EXPECT_THAT(Refused(draw), ElementsAre(testing::Pair(reserve, "SEAT_HELD")));
  ExpectSettled(pledge, 2, 1);
}

TEST_P(SponsorshipProcessTest, ANewcomerUnderWayCanNotBeNamed) {
  const int64_t pledge = host_.PaidPledge(3, 3);
  peers_.verified = {1, 2, 3};
  const int64_t pledge_of_two = host_.PaidPledge(2, 2);
  Draw(pledge_of_two);
  DeliverAll();
  const std::vector<int64_t> held = Holders(pledge_of_two);
  const int64_t reserve = 6 - held[0] - held[1];
  ASSERT_TRUE(host_.Replace(pledge_of_two, {held[0]}).ok());
  host_.Deliver(1);  // taken back; the newcomer is next
  EXPECT_EQ(ReasonOf(host_.Allocate(pledge_of_two, {reserve}, NewRequestId()).status()),
            Reason::kSeatHeld);
  EXPECT_TRUE(host_.Allocate(pledge, {reserve}, NewRequestId()).ok());  // another pledge
  DeliverAll();
  // One of the two pledges got the worker; the other lists the refusal and keeps its money.
  const Funds funds = host_.Pledge(pledge).funds;
  const Funds of_two = host_.Pledge(pledge_of_two).funds;
  EXPECT_EQ(funds.spent + of_two.spent, Rupiah(kSeat) * 2);
  EXPECT_EQ(funds.available + of_two.available, Rupiah(kSeat) * 3);
}

}  // namespace
}  // namespace lingkaran::sponsorship
