// What is decided while seats are filled, branch by branch: money, seats, refusals, what comes
// next. One month of a seat costs 10,000 (JKK) and 6,800 (JKM).
#include "services/sponsorship/domain/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/sponsorship/domain/errors.h"

namespace lingkaran::sponsorship {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Day kToday(2019, 11, 7);
const Day kLastDay(2019, 11, 14);
const absl::Status kDeceased =
    Error(absl::StatusCode::kFailedPrecondition, Reason::kWorkerDeceased, "the worker has died");
const absl::Status kWrongPrice =
    Error(absl::StatusCode::kInvalidArgument, Reason::kContributionMismatch, "another price");

PayerRules Rules() {
  return PayerRules({{.payer_class = PayerClass::kCsr,
                      .from = Day(2019, 1, 1),
                      .to = Day(2019, 12, 31),
                      .group_code = "SC",
                      .reservation_days = 7}},
                    "test");
}

FillState Filling(ClaimedBy::Kind kind) {
  FillState state;
  state.owner = {kind, 3};
  state.allocation = {.allocation_id = 3,
                      .pledge_id = 5,
                      .candidates = 9,
                      .chunks = 1,
                      .steps_under_way = 1,
                      .slots_under_way = 2,
                      .next_seat = 3,
                      .reserve_until = 20191114};
  state.pledge.pledge_id = 5;
  state.pledge.payer_class = PayerClass::kCsr;
  state.pledge.seats = 4;
  state.pledge.first_day = 20191107;
  state.pledge.schedule = *PriceSchedule::Make(
      {{Programme::kJkk, 201911, Rupiah(10'000)}, {Programme::kJkm, 201911, Rupiah(6'800)}});
  state.pledge.funds.received = Rupiah(67'200);
  state.pledge.funds.available = Rupiah(33'600);
  state.pledge.funds.reserved = Rupiah(33'600);
  return state;
}
FillState Allocating() { return Filling(ClaimedBy::Kind::kAllocation); }

// The lines 0 and 1 give the seats 1 and 2 up.
FillState Replacing(ReplacementState lines = ReplacementState::kToFill) {
  FillState state = Filling(ClaimedBy::Kind::kReplacement);
  for (int line : {0, 1}) {
    state.lines.push_back({.line = line,
                           .worker_id = 90 + line,
                           .state = lines,
                           .seat_number = line + 1,
                           .cut = 0,
                           .to = 2});
  }
  return state;
}

// Workers 11 and 12 for the seats 1 and 2.
WorkItem Chunk() {
  return {.owner_id = 3,
          .number = 1,
          .slots = {{.seat_number = 1, .worker_id = 11, .to = 2},
                    {.seat_number = 2, .worker_id = 12, .disabled = true, .to = 2}}};
}
// Seat 1 belongs to worker 11, and gets its second person-month.
WorkItem HeldChunk() {
  return {.owner_id = 3,
          .number = 1,
          .slots = {{.seat_number = 1, .worker_id = 11, .held = true, .from = 1, .to = 2}}};
}

// "release 16800".
std::vector<std::string> Moves(const Decision& decision) {
  std::vector<std::string> moves;
  for (const LedgerTransaction& transaction : decision.transactions) {
    EXPECT_TRUE(Check(transaction).ok());
    EXPECT_EQ(transaction.pledge_id, 5);
    moves.push_back(transaction.kind + " " +
                    std::to_string(transaction.lines.back().amount.amount()) + " " +
                    transaction.reference);
  }
  return moves;
}

std::vector<std::string> Refused(const Decision& decision) {
  std::vector<std::string> refused;
  for (const RefusalRow& row : decision.refusals) {
    refused.push_back(std::to_string(row.worker_id) + " " + row.reason);
  }
  return refused;
}

std::vector<int64_t> Workers(const WorkItem& item) {
  std::vector<int64_t> workers;
  for (const Slot& slot : item.slots) workers.push_back(slot.worker_id);
  return workers;
}

TEST(BeginDraw, NeedsAnOpenPledgeWithSeatsMoneyAndARule) {
  PledgeRow pledge = Allocating().pledge;
  const auto begin = [&](bool running, int next_seat, Rupiah money, Day today = kToday) {
    return BeginDraw(pledge, running, {{}, next_seat, 4, money}, Rules(), "solo", today);
  };
  const absl::StatusOr<AllocationRow> draw = begin(false, 3, Rupiah(33'600));
  ASSERT_TRUE(draw.ok()) << draw.status();
  EXPECT_EQ(draw->seats_wanted, 2);
  EXPECT_EQ(draw->next_seat, 3);
  EXPECT_EQ(draw->reserve_until, 20191114);
  EXPECT_EQ(draw->seed, "solo");
  EXPECT_FALSE(draw->named);
  EXPECT_EQ(ReasonOf(begin(true, 3, Rupiah(33'600)).status()), Reason::kAllocationRunning);
  EXPECT_EQ(ReasonOf(begin(false, 5, Rupiah(33'600)).status()), Reason::kSeatsExhausted);
  EXPECT_EQ(ReasonOf(begin(false, 3, Rupiah(9'999)).status()), Reason::kFundsExhausted);
  EXPECT_EQ(ReasonOf(begin(false, 3, Rupiah(33'600), Day(2020, 1, 1)).status()),
            Reason::kNoRuleInForce);
  pledge.cancelled = true;
  EXPECT_EQ(ReasonOf(begin(false, 3, Rupiah(33'600)).status()), Reason::kPledgeState);
}

TEST(JoinNamed, JoinsTheOneThatRunsUntilItHasStopped) {
  PledgeRow pledge = Allocating().pledge;
  const auto join = [&](std::optional<AllocationRow> running, Day today = kToday) {
    return JoinNamed(pledge, std::move(running), 4, Rules(), today);
  };
  const AllocationRow fresh = *join(std::nullopt);
  EXPECT_EQ(fresh.allocation_id, 0);
  EXPECT_TRUE(fresh.named);
  EXPECT_EQ(fresh.next_seat, 4);
  EXPECT_EQ(fresh.reserve_until, 20191114);
  AllocationRow running = Allocating().allocation;
  EXPECT_EQ(ReasonOf(join(running).status()), Reason::kAllocationRunning);  // a draw
  running.named = true;
  EXPECT_EQ(join(running, kLastDay)->allocation_id, 3);
  EXPECT_EQ(join(running)->next_seat, 4);
  EXPECT_EQ(ReasonOf(join(running, kLastDay + 1).status()), Reason::kAllocationRunning);
  running.stop_reason = StopReason::kPriceRefused;
  EXPECT_EQ(ReasonOf(join(running).status()), Reason::kAllocationRunning);
  pledge.cancelled = true;
  EXPECT_EQ(ReasonOf(join(std::nullopt).status()), Reason::kPledgeState);
}

TEST(StopReasonOn, IsTheRefusedPriceOrTheDate) {
  AllocationRow allocation{.reserve_until = 20191114};
  EXPECT_EQ(StopReasonOn(allocation, kLastDay), StopReason::kNone);
  EXPECT_EQ(StopReasonOn(allocation, kLastDay + 1), StopReason::kLastDayOver);
  allocation.stop_reason = StopReason::kPriceRefused;
  EXPECT_EQ(StopReasonOn(allocation, kToday), StopReason::kPriceRefused);
}

TEST(MayPlan, WhileThereIsMoneyTimeAndRoom) {
  FillState state = Allocating();
  const auto may = [&](Rupiah money, Day today = kToday) {
    return MayPlan(state, {{}, 3, 4, money}, today);
  };
  EXPECT_TRUE(may(Rupiah(33'600)));
  EXPECT_EQ(state.allocation.seats_wanted, 2 + 2);  // under way, and paid for
  EXPECT_FALSE(may(Rupiah()));
  EXPECT_EQ(state.allocation.seats_wanted, 2);
  EXPECT_FALSE(may(Rupiah(33'600), kLastDay + 1));
  state.allocation.steps_under_way = kMostChunks;
  EXPECT_FALSE(may(Rupiah(33'600)));
}

TEST(PlanNext, SetsMoneyAsideForTheNextOfTheDraw) {
  FillState state = Allocating();
  const std::vector<Ranked> drawn = {{20, false}, {21, true}, {22, false}, {23, false}};
  const PlannedChunk planned = PlanNext(state, {{}, 3, 4, Rupiah(33'600)}, drawn, {20}, 10, kToday);
  EXPECT_THAT(Moves(planned.decision), ElementsAre("reserve 33600 allocation/3"));
  EXPECT_THAT(Refused(planned.decision), ElementsAre("20 SEAT_HELD"));
  EXPECT_THAT(Workers(planned.decision.to_enrol), ElementsAre(21, 22));
  EXPECT_EQ(planned.decision.to_enrol.number, 2);
  EXPECT_EQ(planned.decision.to_enrol.owner_id, 3);
  EXPECT_EQ(planned.decision.to_enrol.slots[0].first_day, 20191107);
  EXPECT_EQ(planned.decision.first_new_seat, 3);
  EXPECT_EQ(planned.used, 3);  // 23 stays on the reserve list
  EXPECT_EQ(state.allocation.drawn, 3);
  EXPECT_EQ(state.allocation.refused, 1);
  EXPECT_EQ(state.allocation.next_seat, 5);
  EXPECT_EQ(state.allocation.steps_under_way, 2);
  EXPECT_EQ(state.allocation.slots_under_way, 4);
}

TEST(PlanNext, ListsWhoIsSeatedAlsoIfNobodyIsLeft) {
  FillState state = Allocating();
  const std::vector<Ranked> drawn = {{20, false}, {21, false}};
  const PlannedChunk planned =
      PlanNext(state, {{}, 3, 4, Rupiah(33'600)}, drawn, {20, 21}, 10, kToday);
  EXPECT_EQ(planned.used, 2);
  EXPECT_THAT(planned.decision.to_enrol.slots, IsEmpty());
  EXPECT_THAT(Moves(planned.decision), IsEmpty());
  EXPECT_THAT(Refused(planned.decision), ElementsAre("20 SEAT_HELD", "21 SEAT_HELD"));
  EXPECT_EQ(PlanNext(state, {{}, 3, 4, Rupiah(33'600)}, {}, {}, 10, kToday).used, 0);
}

TEST(PlanForNamed, TheNamedJoinTheDraw) {
  FillState state = Allocating();
  state.allocation.drawn = state.allocation.candidates = state.allocation.seats_wanted = 2;
  const Decision decision = PlanForNamed(
      state, {{}, {{.seat_number = 3, .worker_id = 7, .to = 2}}, Rupiah(16'800)}, Day(2019, 11, 9));
  EXPECT_THAT(Moves(decision), ElementsAre("reserve 16800 allocation/3"));
  EXPECT_THAT(Workers(decision.to_enrol), ElementsAre(7));
  EXPECT_EQ(decision.to_enrol.slots[0].first_day, 20191109);  // the month has begun
  EXPECT_EQ(state.allocation.drawn, 3);
  EXPECT_EQ(state.allocation.candidates, 3);
  EXPECT_EQ(state.allocation.seats_wanted, 3);
}

TEST(End, IsCompleteIfNothingThatIsPaidForIsLeft) {
  FillState state = Allocating();
  End(state, {{}, 3, 4, Rupiah(9'999)}, 77);
  EXPECT_EQ(state.allocation.state, AllocationState::kComplete);
  EXPECT_EQ(state.allocation.end_time, 77);
  End(state, {{}, 3, 4, Rupiah(10'000)}, 77);
  EXPECT_EQ(state.allocation.state, AllocationState::kShort);
  state.allocation.named = true;  // complete if nobody was refused
  End(state, {{}, 3, 4, Rupiah(10'000)}, 77);
  EXPECT_EQ(state.allocation.state, AllocationState::kComplete);
  state.allocation.refused = 1;
  End(state, {{}, 3, 4, Rupiah()}, 77);
  EXPECT_EQ(state.allocation.state, AllocationState::kShort);
}

TEST(DecideEnrolment, WhoIsRefusedGivesSeatAndMoneyBack) {
  FillState state = Allocating();
  const Decision decision =
      *DecideEnrolment(state, Chunk(), {{absl::OkStatus(), kDeceased}, {"1", ""}, "t"});
  EXPECT_THAT(Workers(decision.to_activate), ElementsAre(11));
  EXPECT_EQ(decision.to_activate.token, "t");
  EXPECT_THAT(Moves(decision), ElementsAre("release 16800 allocation/3"));
  EXPECT_THAT(Refused(decision), ElementsAre("12 WORKER_DECEASED"));
  EXPECT_THAT(decision.freed, ElementsAre(2));
  EXPECT_EQ(state.allocation.refused, 1);
  EXPECT_EQ(state.allocation.slots_under_way, 1);
  EXPECT_EQ(state.allocation.steps_under_way, 1);  // it goes on to be activated
  EXPECT_EQ(state.allocation.stop_reason, StopReason::kNone);
}

TEST(DecideEnrolment, AChunkThatIsRefusedAsAWholeIsDecided) {
  FillState state = Allocating();
  const Decision decision =
      *DecideEnrolment(state, Chunk(), {{kDeceased, kDeceased}, {"", ""}, "t"});
  EXPECT_THAT(decision.to_activate.slots, IsEmpty());
  EXPECT_THAT(Moves(decision), ElementsAre("release 33600 allocation/3"));
  EXPECT_EQ(state.allocation.steps_under_way, 0);
  EXPECT_EQ(state.allocation.slots_under_way, 0);
}

TEST(DecideEnrolment, WhoHoldsTheSeatIsNotEnrolledAgain) {
  FillState state = Allocating();
  const Decision decision = *DecideEnrolment(state, HeldChunk(), {});
  EXPECT_THAT(Workers(decision.to_activate), ElementsAre(11));
  EXPECT_THAT(Moves(decision), IsEmpty());
}

TEST(DecideEnrolment, ARefusedNewcomerOfAReplacementLeavesItsLineWaiting) {
  FillState state = Replacing();
  const Decision decision =
      *DecideEnrolment(state, Chunk(), {{absl::OkStatus(), kDeceased}, {"0711", ""}, "t"});
  EXPECT_THAT(Workers(decision.to_activate), ElementsAre(11));
  EXPECT_EQ(state.lines[0].membership_number, "0711");
  EXPECT_THAT(decision.lines, ElementsAre(0));
  EXPECT_EQ(state.lines[1].state, ReplacementState::kToFill);
  // Seat and money wait for the next one; the draw lists the refusal.
  EXPECT_THAT(Moves(decision), IsEmpty());
  EXPECT_THAT(decision.freed, IsEmpty());
  EXPECT_THAT(Refused(decision), ElementsAre("12 WORKER_DECEASED"));
  EXPECT_EQ(state.allocation.refused, 1);
  EXPECT_EQ(state.allocation.slots_under_way, 2);  // of the draw's own chunks
  EXPECT_EQ(state.allocation.steps_under_way, 1);
  state.lines.clear();
  EXPECT_TRUE(absl::IsInternal(
      DecideEnrolment(state, Chunk(), {{absl::OkStatus(), absl::OkStatus()}, {"1", "2"}, ""})
          .status()));
}

TEST(DecideActivation, SpendsForTheCoveredAndReleasesForTheRefused) {
  FillState state = Allocating();
  const Decision decision = *DecideActivation(
      state, Chunk(), {{{absl::OkStatus(), 20191108, 20191130}, {kDeceased}}, "t"});
  EXPECT_THAT(Moves(decision),
              ElementsAre("spend 16800 allocation/3", "release 16800 allocation/3"));
  EXPECT_THAT(decision.filled,
              ElementsAre(SeatFill{1, 11, false, 0, 2, 20191108, 20191130, false}));
  EXPECT_THAT(decision.freed, ElementsAre(2));
  EXPECT_THAT(Refused(decision), ElementsAre("12 WORKER_DECEASED"));
  EXPECT_EQ(state.allocation.spent, Rupiah(16'800));
  EXPECT_EQ(state.allocation.person_months, 2);
  EXPECT_EQ(state.allocation.seats_filled, 1);
  EXPECT_EQ(state.allocation.slots_under_way, 0);
  EXPECT_EQ(state.allocation.steps_under_way, 0);
  EXPECT_EQ(state.allocation.token, "t");
}

TEST(DecideActivation, AHeldSeatIsExtendedOrSkipped) {
  FillState state = Allocating();
  Decision decision =
      *DecideActivation(state, HeldChunk(), {{{absl::OkStatus(), 20191107, 20191130}}, "t"});
  EXPECT_THAT(Moves(decision), ElementsAre("spend 6800 allocation/3"));
  EXPECT_THAT(decision.extended,
              ElementsAre(SeatFill{1, 11, false, 1, 2, 20191107, 20191130, false}));
  EXPECT_THAT(decision.filled, IsEmpty());
  decision = *DecideActivation(state, HeldChunk(), {{{kDeceased}}, "t"});
  EXPECT_THAT(Moves(decision), ElementsAre("release 6800 allocation/3"));
  EXPECT_THAT(decision.skipped, ElementsAre(1));
  EXPECT_THAT(decision.freed, IsEmpty());
}

TEST(DecideActivation, ARefusedPriceStopsTheAllocation) {
  FillState state = Allocating();
  ASSERT_TRUE(DecideActivation(state, Chunk(), {{{kWrongPrice}, {kWrongPrice}}, "t"}).ok());
  EXPECT_EQ(state.allocation.stop_reason, StopReason::kPriceRefused);
  FillState replacing = Replacing();  // its draw goes on
  ASSERT_TRUE(DecideActivation(replacing, Chunk(), {{{kWrongPrice}, {kWrongPrice}}, "t"}).ok());
  EXPECT_EQ(replacing.allocation.stop_reason, StopReason::kNone);
}

TEST(DecideActivation, ANewcomerEndsItsLine) {
  FillState state = Replacing();
  const Decision decision = *DecideActivation(
      state, Chunk(), {{{absl::OkStatus(), 20191108, 20191130}, {kDeceased}}, "t"});
  EXPECT_THAT(Moves(decision), ElementsAre("spend 16800 replacement/3"));
  EXPECT_EQ(decision.filled.size(), 1u);
  EXPECT_EQ(state.lines[0].state, ReplacementState::kDone);
  EXPECT_EQ(state.lines[0].new_worker_id, 11);
  EXPECT_EQ(state.lines[0].moved, Rupiah(16'800));
  EXPECT_EQ(state.lines[1].state, ReplacementState::kToFill);
  EXPECT_EQ(state.replacement.token, "t");
  EXPECT_EQ(state.allocation.spent, Rupiah());
  EXPECT_EQ(LinesToFill(state), 1);
}

TEST(DecideExpiry, SaysWhyNobodyWasTried) {
  FillState state = Allocating();
  const Decision late = DecideExpiry(state, Chunk(), kLastDay + 1);
  EXPECT_THAT(Moves(late), ElementsAre("release 33600 allocation/3"));
  EXPECT_THAT(Refused(late), ElementsAre("11 RESERVATION_ENDED", "12 RESERVATION_ENDED"));
  EXPECT_EQ(late.refusals[0].message, ReservationEnded(20191114).message());
  EXPECT_THAT(late.freed, ElementsAre(1, 2));
  EXPECT_EQ(state.allocation.steps_under_way, 0);
  EXPECT_EQ(state.allocation.slots_under_way, 0);
  FillState refused = Allocating();
  refused.allocation.stop_reason = StopReason::kPriceRefused;
  EXPECT_EQ(DecideExpiry(refused, Chunk(), kToday).refusals[0].message, PriceRefused().message());
}

TEST(DecideRevocation, MovesTheMoneyOfWhatWasTakenBack) {
  const std::vector<int> kLines = {0, 1};
  const std::vector<SeatMonth> months = Allocating().pledge.schedule.months();
  FillState state = Replacing(ReplacementState::kToRevoke);
  const Decision decision = *DecideRevocation(state, kLines, {{months, months}, "t"});
  EXPECT_THAT(Moves(decision), ElementsAre("revoke 33600 replacement/3"));
  EXPECT_THAT(decision.vacated, ElementsAre(SeatCut{1, 90, 0}, SeatCut{2, 91, 0}));
  EXPECT_EQ(state.lines[1].state, ReplacementState::kToFill);
  EXPECT_EQ(state.replacement.token, "t");
  FillState wrong = Replacing(ReplacementState::kToRevoke);
  EXPECT_TRUE(absl::IsInternal(DecideRevocation(wrong, kLines, {{months, {}}, "t"}).status()));
}

TEST(TakeReserve, PassesOverWhoIsSeated) {
  FillState state = Replacing();
  Decision decision;
  const std::vector<Ranked> drawn = {{20, false}, {21, true}};
  EXPECT_THAT(TakeReserve(state, drawn, {20}, decision), ElementsAre(Ranked{21, true}));
  EXPECT_THAT(Refused(decision), ElementsAre("20 SEAT_HELD"));
  EXPECT_EQ(state.allocation.drawn, 2);
  EXPECT_EQ(state.allocation.refused, 1);
}

TEST(PlanRound, GivesEachLineANewcomerOrEndsIt) {
  FillState state = Replacing();
  const Decision first = PlanRound(state, {{20, true}}, kToday);
  EXPECT_THAT(Workers(first.to_enrol), ElementsAre(20));
  EXPECT_TRUE(first.to_enrol.slots[0].disabled);
  EXPECT_EQ(first.to_enrol.slots[0].to, 2);
  EXPECT_EQ(first.to_enrol.number, 1);
  EXPECT_THAT(Moves(first), ElementsAre("release 16800 replacement/3"));
  EXPECT_THAT(first.freed, ElementsAre(2));
  EXPECT_EQ(state.lines[1].error_reason, "RESERVE_EMPTY");
  EXPECT_EQ(state.lines[1].released, Rupiah(16'800));
  EXPECT_FALSE(state.replacement.done);
  const Decision second = PlanRound(state, {}, kToday);
  EXPECT_THAT(second.to_enrol.slots, IsEmpty());
  EXPECT_EQ(state.lines[0].error_reason, "RESERVE_EMPTY");
  EXPECT_TRUE(state.replacement.done);
}

}  // namespace
}  // namespace lingkaran::sponsorship
